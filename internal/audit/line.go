package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Entry is one line of the record.
type Entry struct {
	Seq uint64 `json:"seq"` // 1, 2, 3, …: the order of the record, whatever the clock did
	Event
	Prev string `json:"prev"` // hash of the entry before; firstPrev for the first
	Hash string `json:"-"`    // of this entry, lower-case hex
}

// firstPrev is what the first entry has for a predecessor.
var firstPrev = strings.Repeat("0", 2*sha256.Size)

// maxLine bounds a line in bytes, line feed included: 1,000 findings of 3 × 256 bytes and 12 texts of 4 KiB, each byte
// escaped to six at worst, come to 4.9 MB.
const maxLine = 8 << 20

// hashKey stands between what is hashed and the hash.
const hashKey = `,"hash":"`

// hashTail is the length of what follows the hashed bytes: key, hash, quote, brace.
const hashTail = len(hashKey) + 2*sha256.Size + len(`"}`)

// encode returns the entry as a line with line feed, and its hash.
func (e Entry) encode() (line []byte, hash string, err error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, "", fmt.Errorf("cannot encode entry: %w", err)
	}
	body = escape(body[:len(body)-1]) // without the closing brace
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	return append(append(append(body, hashKey...), hash...), "\"}\n"...), hash, nil
}

// escape spells runes that no one sees, or that turn the reading direction, as \uXXXX. encoding/json does so for ASCII
// controls alone. Such runes stand in strings only, so the JSON means the same.
func escape(b []byte) []byte {
	if !bytes.ContainsFunc(b, invisible) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case !invisible(r):
			out = append(out, b[:n]...)
		case r > 0xFFFF:
			high, low := (r-0x10000)>>10+0xD800, (r-0x10000)&0x3FF+0xDC00
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		b = b[n:]
	}
	return out
}

// invisible reports whether a rune could hide or turn what stands around it: controls, format characters (bidirectional
// marks, zero-width characters, tags), line and paragraph separators, variation selectors and private-use characters.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Variation_Selector)
}

// decode reads a line, line feed included, and checks that it is spelled as encode spells it and that its hash is right.
func decode(line []byte) (Entry, error) {
	text, whole := bytes.CutSuffix(line, []byte("\n"))
	if !whole {
		return Entry{}, errors.New("the line is not finished")
	}
	if len(text) < hashTail || len(line) > maxLine {
		return Entry{}, errors.New("the line is no entry")
	}
	body := text[:len(text)-hashTail]
	dec := json.NewDecoder(bytes.NewReader(append(bytes.Clone(body), '}')))
	dec.DisallowUnknownFields()
	var e Entry
	if err := dec.Decode(&e); err != nil {
		return Entry{}, fmt.Errorf("the line cannot be read: %w", err)
	}
	again, hash, err := e.encode()
	if err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(again, line) {
		return Entry{}, errors.New("the line was changed: its hash or its spelling is wrong")
	}
	e.Hash = hash
	return e, nil
}

// EscapeJSON spells runes that no one sees, or that turn the reading direction, as \uXXXX in JSON, which means the same.
func EscapeJSON(b []byte) []byte { return escape(b) }
