package xmlread

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// characters reads text up to the next tag.
func (r *Reader) characters() (Token, bool, error) {
	if len(r.open) == 0 {
		return Token{}, false, fmt.Errorf("text outside of the root at offset %d", r.at(r.pos))
	}
	end := bytes.IndexByte(r.b[r.pos:], '<')
	if end < 0 {
		return Token{}, false, errEnd
	}
	raw := r.b[r.pos : r.pos+end]
	if bytes.Contains(raw, []byte("]]>")) {
		return Token{}, false, fmt.Errorf("%q in text at offset %d", "]]>", r.at(r.pos))
	}
	text, err := r.resolve(raw)
	if err != nil {
		return Token{}, false, err
	}
	r.pos += end
	return Token{Kind: Text, Text: text}, true, nil
}

// resolve replaces references and checks every character (2.2, 4.1).
func (r *Reader) resolve(raw []byte) ([]byte, error) {
	plain := true
	for _, c := range raw {
		if c == '&' || c < ' ' && !blank(c) || c >= 0x80 {
			plain = false
			break
		}
	}
	if plain {
		return raw, nil
	}
	out := r.text[:0]
	for i := 0; i < len(raw); {
		if raw[i] == '&' {
			c, n, err := reference(raw[i:])
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, c)
			i += n
			continue
		}
		c, n := utf8.DecodeRune(raw[i:])
		if c == utf8.RuneError && n == 1 || !character(c) {
			return nil, fmt.Errorf("the byte %#x", raw[i])
		}
		out = append(out, raw[i:i+n]...)
		i += n
	}
	r.text = out
	return out, nil
}

func character(c rune) bool {
	return c >= ' ' && c != 0xFFFE && c != 0xFFFF || c == '\t' || c == '\n' || c == '\r'
}

// reference reads the reference that b begins with.
func reference(b []byte) (rune, int, error) {
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 0 {
		return 0, 0, errors.New("a reference without an end")
	}
	body := string(b[1:end])
	switch body {
	case "amp":
		return '&', end + 1, nil
	case "lt":
		return '<', end + 1, nil
	case "gt":
		return '>', end + 1, nil
	case "quot":
		return '"', end + 1, nil
	case "apos":
		return '\'', end + 1, nil
	}
	if len(body) < 2 || body[0] != '#' {
		return 0, 0, fmt.Errorf("the reference %q", body)
	}
	digits, base := body[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !character(rune(n)) || !utf8.ValidRune(rune(n)) {
		return 0, 0, fmt.Errorf("the reference %q", body)
	}
	return rune(n), end + 1, nil
}
