package textenc

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
)

// Unassigned is the rune of a code that is well-formed and stands for no character of Unicode: a cell that some
// vendor filled. Its bytes are kept.
const Unassigned = utf8.RuneError

// firstGaiji is where Windows maps the first user-defined character.
const firstGaiji = 0xE000

// plane holds the characters of a double-byte set, by lead<<8 | trail; 0 where there is none.
type plane [1 << 16]uint16

// The double-byte sets, computed once from the tables of golang.org/x/text, which are those of the WHATWG Encoding
// Standard: JIS X 0208 with NEC row 13, the NEC selection and the IBM extensions, and JIS X 0212.
var (
	shiftJIS = sync.OnceValue(func() *plane { return fill(japanese.ShiftJIS, nil) })
	jisX0208 = sync.OnceValue(func() *plane { return fill(japanese.EUCJP, nil) })
	jisX0212 = sync.OnceValue(func() *plane { return fill(japanese.EUCJP, []byte{0x8f}) })
)

func fill(e encoding.Encoding, prefix []byte) *plane {
	p := new(plane)
	dec := e.NewDecoder()
	src := append(append([]byte{}, prefix...), 0, 0)
	var dst [8]byte
	for lead := 0x81; lead <= 0xfe; lead++ {
		for trail := 0x40; trail <= 0xfe; trail++ {
			src[len(prefix)], src[len(prefix)+1] = byte(lead), byte(trail)
			dec.Reset()
			n, _, err := dec.Transform(dst[:], src, true)
			r, size := utf8.DecodeRune(dst[:n])
			if err == nil && size == n && r != utf8.RuneError && r <= 0xffff {
				p[lead<<8|trail] = uint16(r)
			}
		}
	}
	return p
}

func (p *plane) rune(lead, trail byte) rune {
	if r := p[int(lead)<<8|int(trail)]; r != 0 {
		return rune(r)
	}
	return Unassigned
}

// isLead932 reports whether c begins a double-byte code of CP932.
func isLead932(c byte) bool { return c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc }

// isTrail932 reports whether c ends one.
func isTrail932(c byte) bool { return c >= 0x40 && c <= 0x7e || c >= 0x80 && c <= 0xfc }

// next932 reads one CP932 character.
func next932(b []byte) Char {
	c := b[0]
	switch {
	case c < 0x80:
		return Char{Rune: rune(c), Bytes: b[:1]}
	case c >= 0xa1 && c <= 0xdf:
		return Char{Rune: rune(c) - 0xa1 + 0xff61, Bytes: b[:1]} // half-width kana
	case !isLead932(c) || len(b) < 2 || !isTrail932(b[1]):
		return Char{Rune: Unassigned, Bytes: b[:1], Bad: true}
	case c >= 0xf0 && c <= 0xf9:
		cell := rune(b[1]) - 0x40
		if b[1] > 0x7f {
			cell--
		}
		return Char{Rune: firstGaiji + rune(c-0xf0)*188 + cell, Bytes: b[:2]}
	}
	return Char{Rune: shiftJIS().rune(c, b[1]), Bytes: b[:2]}
}

func isGR(c byte) bool { return c >= 0xa1 && c <= 0xfe }

// nextEUC reads one EUC-JP character: ASCII, JIS X 0208, half-width kana behind 8E, JIS X 0212 behind 8F. The rows
// that the standards leave to users are gaiji, as in eucJP-ms.
func nextEUC(b []byte) Char {
	c := b[0]
	switch {
	case c < 0x80:
		return Char{Rune: rune(c), Bytes: b[:1]}
	case c == 0x8e && len(b) >= 2 && b[1] >= 0xa1 && b[1] <= 0xdf:
		return Char{Rune: rune(b[1]) - 0xa1 + 0xff61, Bytes: b[:2]}
	case c == 0x8f && len(b) >= 3 && isGR(b[1]) && isGR(b[2]):
		r := jisX0212().rune(b[1], b[2])
		if r == Unassigned && b[1] >= 0xf5 {
			r = firstGaiji + 940 + rune(b[1]-0xf5)*94 + rune(b[2]-0xa1)
		}
		return Char{Rune: r, Bytes: b[:3]}
	case isGR(c) && len(b) >= 2 && isGR(b[1]):
		r := jisX0208().rune(c, b[1])
		if r == Unassigned && c >= 0xf5 {
			r = firstGaiji + rune(c-0xf5)*94 + rune(b[1]-0xa1)
		}
		return Char{Rune: r, Bytes: b[:2]}
	}
	return Char{Rune: Unassigned, Bytes: b[:1], Bad: true}
}
