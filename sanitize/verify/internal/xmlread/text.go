package xmlread

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// characters reads text up to the next tag.
func (r *Reader) characters() error {
	if len(r.open) == 0 {
		return fmt.Errorf("text outside of the root at offset %d", r.at(r.pos))
	}
	end := bytes.IndexByte(r.b[r.pos:], '<')
	if end < 0 {
		return errEnd
	}
	text, _, err := r.resolve(r.b[r.pos:r.pos+end], 0)
	if err != nil {
		return err
	}
	r.pos += end
	r.tok = Token{Kind: Text, Text: text}
	return nil
}

// resolve replaces references and checks every character (2.2, 4.1). What is of the classes forbidden may not be there.
// same says that the text is raw itself.
func (r *Reader) resolve(raw []byte, forbidden uint8) (text []byte, same bool, err error) {
	seen := look(raw)
	switch {
	case seen&(control|forbidden) != 0:
		return nil, false, errors.New("a character that may not stand there")
	case seen&bracket != 0 && forbidden == 0 && bytes.Contains(raw, []byte("]]>")):
		return nil, false, fmt.Errorf("%q in text at offset %d", "]]>", r.at(r.pos))
	case seen&wide != 0 && (!utf8.Valid(raw) || bytes.Contains(raw, []byte("\uFFFE")) || bytes.Contains(raw, []byte("\uFFFF"))):
		return nil, false, errors.New("bytes that are no characters")
	case seen&ampersand == 0:
		return raw, true, nil
	}
	out := r.text[:0]
	for {
		plain, rest, found := bytes.Cut(raw, []byte("&"))
		out = append(out, plain...)
		if !found {
			break
		}
		c, n, err := reference(raw[len(plain):])
		if err != nil {
			return nil, false, err
		}
		out = utf8.AppendRune(out, c)
		raw = rest[n-1:]
	}
	r.text = out
	return out, false, nil
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
