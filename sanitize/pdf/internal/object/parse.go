package object

import (
	"errors"
	"math"
	"strconv"
)

// The ways in which bytes are no object.
var (
	ErrEnd    = errors.New("end of data")
	ErrSyntax = errors.New("no PDF object")
	ErrDepth  = errors.New("nested too deep")
)

// Parser reads objects from Buf, from Pos on.
type Parser struct {
	Buf   []byte
	Pos   int
	Depth int // how deep arrays and dictionaries may nest

	// Lenient passes over words in an array or a dictionary that have no business there, and ends both where the object
	// around them ends: what can be read of a damaged object is worth having.
	Lenient bool
}

// ends reports whether a word is one that no array or dictionary goes beyond.
func ends(k Keyword) bool {
	switch k {
	case "endobj", "stream", "endstream", "obj", "xref", "trailer", "startxref":
		return true
	}
	return false
}

// Next reads the next object or keyword. At the end of the data the error is ErrEnd.
func (p *Parser) Next() (Object, error) { return p.next(0) }

func (p *Parser) next(depth int) (Object, error) {
	if depth > p.Depth {
		return nil, ErrDepth
	}
	p.Pos = SkipSpace(p.Buf, p.Pos)
	if p.Pos >= len(p.Buf) {
		return nil, ErrEnd
	}
	switch c := p.Buf[p.Pos]; c {
	case '/':
		end := Word(p.Buf, p.Pos+1)
		name := Name(UnescapeName(p.Buf[p.Pos+1 : end]))
		p.Pos = end
		return name, nil
	case '(':
		return p.text(Literal)
	case '[':
		p.Pos++
		return p.array(depth)
	case '<':
		if p.Pos+1 < len(p.Buf) && p.Buf[p.Pos+1] == '<' {
			p.Pos += 2
			return p.dict(depth)
		}
		return p.text(Hex)
	case ']', '>', ')', '{', '}':
		p.Pos++
		if c == '>' && p.Pos < len(p.Buf) && p.Buf[p.Pos] == '>' {
			p.Pos++
			return Keyword(">>"), nil
		}
		return Keyword(c), nil
	}
	return p.word()
}

func (p *Parser) text(read func(dst, b []byte, i int) ([]byte, int)) (Object, error) {
	s, end := read(nil, p.Buf, p.Pos)
	if end < 0 {
		return nil, ErrSyntax
	}
	p.Pos = end
	return String(s), nil
}

func (p *Parser) array(depth int) (Object, error) {
	a := Array{}
	for {
		o, err := p.next(depth + 1)
		if err != nil {
			return nil, err
		}
		if k, ok := o.(Keyword); ok {
			switch {
			case k == "]":
				return a, nil
			case !p.Lenient:
				return nil, ErrSyntax
			case ends(k) || k == ">>":
				p.Pos -= len(k)
				return a, nil
			}
			continue
		}
		a = append(a, o)
	}
}

func (p *Parser) dict(depth int) (Object, error) {
	var entries []Entry
	for {
		key, err := p.next(depth + 1)
		if err != nil {
			return nil, err
		}
		if key == Keyword(">>") {
			return NewDict(entries), nil
		}
		name, ok := key.(Name)
		if k, word := key.(Keyword); word && p.Lenient && ends(k) {
			p.Pos -= len(k)
			return NewDict(entries), nil
		}
		if !ok && !p.Lenient {
			return nil, ErrSyntax
		}
		if !ok {
			continue
		}
		value, err := p.next(depth + 1)
		if err != nil {
			return nil, err
		}
		switch v := value.(type) {
		case Keyword:
			if v == ">>" { // a key without a value: the dictionary ends all the same
				return NewDict(entries), nil
			}
			if !p.Lenient {
				return nil, ErrSyntax
			}
			if ends(v) {
				p.Pos -= len(v)
				return NewDict(entries), nil
			}
		case nil:
		default:
			entries = append(entries, Entry{name, value})
		}
	}
}

// word reads a number, a reference, true, false, null or a keyword.
func (p *Parser) word() (Object, error) {
	end := Word(p.Buf, p.Pos)
	w := p.Buf[p.Pos:end]
	p.Pos = end
	switch string(w) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	if w[0] > '9' {
		return Keyword(w), nil
	}
	n, ok := ParseNumber(w)
	if !ok {
		return Keyword(w), nil
	}
	if i, isInt := n.(int64); isInt && i >= 0 && i < math.MaxInt32 {
		if after, ok := p.reference(); ok {
			p.Pos = after
			return Ref(i), nil
		}
	}
	return n, nil
}

// reference reports whether "g R" follows, and where it ends.
func (p *Parser) reference() (int, bool) {
	i := SkipSpace(p.Buf, p.Pos)
	end := Word(p.Buf, i)
	if end == i || end-i > 5 || !digits(p.Buf[i:end]) {
		return 0, false
	}
	i = SkipSpace(p.Buf, end)
	end = Word(p.Buf, i)
	return end, end-i == 1 && p.Buf[i] == 'R'
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// ParseNumber reads a number (ISO 32000-2 7.3.3). As readers do, it forgives a doubled sign and a sign in the middle,
// and takes an integer that is too big for a real.
func ParseNumber(w []byte) (Object, bool) {
	var clean [64]byte
	n, ok := CanonicalNumber(clean[:0], w)
	if !ok {
		return nil, false
	}
	s := string(n)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, false
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), true
	}
	return f, true
}

// CanonicalNumber appends the number that w spells to dst: no plus, no needless zeros, one minus in front, no exponent.
// It reports false when w is no number.
func CanonicalNumber(dst, w []byte) ([]byte, bool) {
	i, negative := 0, false
	for i < len(w) && (w[i] == '+' || w[i] == '-') {
		negative = negative || w[i] == '-'
		i++
	}
	start := len(dst)
	dst = append(dst, '-')
	dot, seen := -1, false
	for ; i < len(w); i++ {
		switch c := w[i]; {
		case c >= '0' && c <= '9':
			seen = true
			if c == '0' && dot < 0 && len(dst) == start+1 {
				continue // a leading zero
			}
			dst = append(dst, c)
		case c == '.' && dot < 0:
			dot = len(dst)
			dst = append(dst, '.')
		case c == '-': // in the middle: passed over, as readers do
		default:
			return dst[:start], false
		}
	}
	if !seen && dot < 0 && len(w) > 1 || len(w) == 0 {
		return dst[:start], false
	}
	if dot >= 0 {
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
		if len(dst)-1 == dot {
			dst = dst[:dot]
		}
	}
	if len(dst) == start+1 {
		return append(dst[:start], '0'), true
	}
	if !negative {
		dst = append(dst[:start], dst[start+1:]...)
	}
	return dst, true
}
