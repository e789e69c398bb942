package textenc

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Char is one character of a text.
type Char struct {
	Rune  rune   // Unassigned when Unicode has none
	Bytes []byte // its code, a part of the text
	Bad   bool   // the bytes are no character of the encoding
	set   byte   // ISO-2022-JP: the character set that the code is of
}

// Decoder splits a text into characters.
type Decoder struct {
	enc  Encoding
	rest []byte
	set  byte
}

// NewDecoder returns a decoder of b, which is what follows the byte order mark.
func NewDecoder(e Encoding, b []byte) *Decoder { return &Decoder{enc: e, rest: b, set: setASCII} }

// Next returns the next character, and false at the end.
func (d *Decoder) Next() (Char, bool) {
	if d.enc == ISO2022JP {
		d.shift()
	}
	if len(d.rest) == 0 {
		return Char{}, false
	}
	c := d.next()
	d.rest = d.rest[len(c.Bytes):]
	return c, true
}

func (d *Decoder) next() Char {
	switch d.enc {
	case UTF16LE, UTF16BE:
		return nextUTF16(d.rest, d.enc == UTF16BE)
	case CP932:
		return next932(d.rest)
	case EUCJP:
		return nextEUC(d.rest)
	case ISO2022JP:
		return d.next2022()
	case Windows1252:
		return next1252(d.rest)
	}
	r, n := utf8.DecodeRune(d.rest)
	return Char{Rune: r, Bytes: d.rest[:n], Bad: r == utf8.RuneError && n == 1}
}

func nextUTF16(b []byte, big bool) Char {
	unit := func(i int) rune {
		if big {
			return rune(b[i])<<8 | rune(b[i+1])
		}
		return rune(b[i+1])<<8 | rune(b[i])
	}
	if len(b) < 2 {
		return Char{Rune: Unassigned, Bytes: b, Bad: true}
	}
	r := unit(0)
	if !utf16.IsSurrogate(r) {
		return Char{Rune: r, Bytes: b[:2]}
	}
	if len(b) >= 4 {
		if pair := utf16.DecodeRune(r, unit(2)); pair != utf8.RuneError {
			return Char{Rune: pair, Bytes: b[:4]}
		}
	}
	return Char{Rune: Unassigned, Bytes: b[:2], Bad: true}
}

func next1252(b []byte) Char {
	r := charmap.Windows1252.DecodeByte(b[0])
	return Char{Rune: r, Bytes: b[:1], Bad: r == utf8.RuneError}
}

// plainRun returns how many bytes from here are ASCII characters of text, tabs and line ends, in an encoding where
// they need no decoding. It is what makes long texts fast.
func (d *Decoder) plainRun() int {
	if !d.enc.asciiTransparent() {
		return 0
	}
	for i, c := range d.rest {
		if (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c >= 0x7f {
			return i
		}
	}
	return len(d.rest)
}
