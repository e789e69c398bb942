package textenc

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Encoder writes characters in one encoding.
type Encoder struct {
	enc Encoding
	out []byte
	set byte
}

// NewEncoder returns an encoder that appends to out, which may be nil.
func NewEncoder(e Encoding, out []byte) *Encoder { return &Encoder{enc: e, out: out, set: setASCII} }

// Put writes a character that a Decoder of the same encoding gave, and that is not Bad.
func (e *Encoder) Put(c Char) {
	switch e.enc {
	case UTF8, UTF8BOM:
		e.out = utf8.AppendRune(e.out, c.Rune)
	case UTF16LE, UTF16BE:
		e.put16(c.Rune)
	case ISO2022JP:
		e.designate(c)
		e.out = append(e.out, c.Bytes...)
	default:
		e.out = append(e.out, c.Bytes...)
	}
}

// PutASCII writes an ASCII character.
func (e *Encoder) PutASCII(c byte) { e.Put(Char{Rune: rune(c), Bytes: []byte{c}}) }

// putRun writes ASCII bytes of an encoding in which they stand for themselves.
func (e *Encoder) putRun(b []byte) { e.out = append(e.out, b...) }

// Len returns how many bytes were written.
func (e *Encoder) Len() int { return len(e.out) }

// Bytes ends the text and returns it.
func (e *Encoder) Bytes() []byte {
	if e.enc == ISO2022JP && e.set != setASCII {
		e.out = append(e.out, designation(setASCII)...)
		e.set = setASCII
	}
	return e.out
}

func (e *Encoder) put16(r rune) {
	hi, lo := utf16.EncodeRune(r)
	if hi == utf8.RuneError {
		e.putUnit(r)
		return
	}
	e.putUnit(hi)
	e.putUnit(lo)
}

func (e *Encoder) putUnit(u rune) {
	if e.enc == UTF16BE {
		e.out = append(e.out, byte(u>>8), byte(u))
	} else {
		e.out = append(e.out, byte(u), byte(u>>8))
	}
}

// designate selects the set of c, which for spaces and controls is ASCII.
func (e *Encoder) designate(c Char) {
	if c.set != e.set {
		e.out = append(e.out, designation(c.set)...)
		e.set = c.set
	}
}
