package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// lexer reads tokens and objects (ISO 32000-2 7.2 and 7.3). It knows no comments: our writer writes none, and they
// are where things hide.
type lexer struct {
	b       []byte
	pos     int
	nesting int // the most levels of arrays and dictionaries
	objects int // the most values that may still be read
	noRefs  bool
}

var errEnd = errors.New("it ends in an object")

func blank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func (l *lexer) skip() {
	for l.pos < len(l.b) && blank(l.b[l.pos]) {
		l.pos++
	}
}

// object reads one value. A keyword that is no value comes back as a word.
func (l *lexer) object(depth int) (any, error) {
	if l.objects--; l.objects < 0 || depth > l.nesting {
		return nil, errors.New("too many objects, or nested too deep")
	}
	if l.skip(); l.pos >= len(l.b) {
		return nil, errEnd
	}
	switch c := l.b[l.pos]; c {
	case '/':
		return l.name()
	case '(':
		return l.literal()
	case '[':
		return l.array(depth)
	case '<':
		if l.pos+1 < len(l.b) && l.b[l.pos+1] == '<' {
			return l.dictionary(depth)
		}
		return l.hex()
	case '%', ')', '>', ']', '{', '}':
		return nil, fmt.Errorf("%q where an object should be", c)
	}
	return l.keyword()
}

// token returns the run of regular characters at pos.
func (l *lexer) token() []byte {
	start := l.pos
	for l.pos < len(l.b) && regular(l.b[l.pos]) {
		l.pos++
	}
	return l.b[start:l.pos]
}

// regular reports whether c is neither white space nor a delimiter (7.2.3).
func regular(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%', 0x7f:
		return false
	}
	return c > ' '
}

func (l *lexer) name() (any, error) {
	l.pos++
	raw := l.token()
	if bytes.IndexByte(raw, '#') < 0 {
		return name(raw), nil
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '#' {
			out = append(out, raw[i])
			continue
		}
		if i+2 >= len(raw) {
			return nil, errors.New("a name with a broken escape")
		}
		v, err := strconv.ParseUint(string(raw[i+1:i+3]), 16, 8)
		if err != nil || v == 0 {
			return nil, errors.New("a name with a broken escape")
		}
		out = append(out, byte(v))
		i += 2
	}
	return name(out), nil
}

func (l *lexer) array(depth int) (any, error) {
	l.pos++
	out := list{}
	for {
		if l.skip(); l.pos >= len(l.b) {
			return nil, errEnd
		}
		if l.b[l.pos] == ']' {
			l.pos++
			return out, nil
		}
		v, err := l.object(depth + 1)
		if err != nil {
			return nil, err
		}
		if w, ok := v.(word); ok {
			return nil, fmt.Errorf("%q in an array", w)
		}
		out = append(out, v)
	}
}

func (l *lexer) dictionary(depth int) (any, error) {
	l.pos += 2
	out := dict{}
	for {
		if l.skip(); l.pos+1 >= len(l.b) {
			return nil, errEnd
		}
		if l.b[l.pos] == '>' && l.b[l.pos+1] == '>' {
			l.pos += 2
			return out, nil
		}
		if l.b[l.pos] != '/' {
			return nil, errors.New("a dictionary key that is no name")
		}
		k, err := l.name()
		if err != nil {
			return nil, err
		}
		v, err := l.object(depth + 1)
		if err != nil {
			return nil, err
		}
		if w, ok := v.(word); ok {
			return nil, fmt.Errorf("%q in a dictionary", w)
		}
		if _, twice := out[k.(name)]; twice {
			return nil, fmt.Errorf("the key %q twice", k)
		}
		out[k.(name)] = v
	}
}

// keyword reads a number, a reference, a constant or a word.
func (l *lexer) keyword() (any, error) {
	t := l.token()
	if len(t) == 0 {
		return nil, fmt.Errorf("byte %#x where an object should be", l.b[l.pos])
	}
	if c := t[0]; c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
		return l.number(t)
	}
	switch string(t) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	return word(t), nil
}

func (l *lexer) number(t []byte) (any, error) {
	if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
		if !l.noRefs && n >= 0 && t[0] != '+' {
			return l.reference(n)
		}
		return n, nil
	}
	for i, c := range t {
		if (c < '0' || c > '9') && c != '.' && !(i == 0 && (c == '-' || c == '+')) {
			return nil, fmt.Errorf("no number: %q", t)
		}
	}
	f, err := strconv.ParseFloat(string(t), 64)
	if err != nil {
		return nil, fmt.Errorf("no number: %q", t)
	}
	return f, nil
}

// reference returns the reference that begins with n, or n when none does (7.3.10).
func (l *lexer) reference(n int64) (any, error) {
	rest := l.b[l.pos:]
	if len(rest) < 4 || rest[0] != ' ' || rest[1] < '0' || rest[1] > '9' {
		return n, nil
	}
	i := 1
	for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
		i++
	}
	if i+1 >= len(rest) || rest[i] != ' ' || rest[i+1] != 'R' || i+2 < len(rest) && regular(rest[i+2]) {
		return n, nil
	}
	if string(rest[1:i]) != "0" || n == 0 || n > maxObject {
		return nil, fmt.Errorf("a reference to %d of generation %q", n, rest[1:i])
	}
	l.pos += i + 2
	return ref(n), nil
}

// maxObject is the largest object number that ISO 32000-2 annex C knows of.
const maxObject = 8_388_607
