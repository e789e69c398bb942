package textenc

import "bytes"

// The character sets of ISO-2022-JP (RFC 1468) and of its vendor form with half-width kana.
const (
	setASCII byte = iota
	setRoman      // JIS X 0201, Roman
	setKana       // JIS X 0201, half-width kana
	setOld        // JIS C 6226-1978
	setNew        // JIS X 0208-1983
	set0212       // JIS X 0212-1990 (RFC 2237)
)

// designation is the escape sequence that selects a set.
func designation(set byte) string {
	return [...]string{"\x1b(B", "\x1b(J", "\x1b(I", "\x1b$@", "\x1b$B", "\x1b$(D"}[set]
}

// shift reads the designations that stand here. Any other escape sequence is left as characters.
func (d *Decoder) shift() {
	for len(d.rest) > 0 && d.rest[0] == 0x1b {
		found := false
		for set := setASCII; set <= set0212; set++ {
			if seq := designation(set); bytes.HasPrefix(d.rest, []byte(seq)) {
				d.set, d.rest, found = set, d.rest[len(seq):], true
				break
			}
		}
		if !found {
			return
		}
	}
}

// next2022 reads one character of the selected set. Controls are the same in all, and a line end selects ASCII again
// (RFC 1468: a line ends in ASCII), which old mail programs rely on.
func (d *Decoder) next2022() Char {
	b := d.rest
	c := b[0]
	switch {
	case c >= 0x80:
		return Char{Rune: Unassigned, Bytes: b[:1], Bad: true}
	case c == '\n' || c == '\r':
		d.set = setASCII
		return Char{Rune: rune(c), Bytes: b[:1]}
	case c < ' ' || c == 0x7f || c == ' ':
		return Char{Rune: rune(c), Bytes: b[:1]}
	}
	switch d.set {
	case setASCII:
		return Char{Rune: rune(c), Bytes: b[:1]}
	case setRoman:
		return Char{Rune: roman(c), Bytes: b[:1], set: setRoman}
	case setKana:
		if c > 0x5f {
			return Char{Rune: Unassigned, Bytes: b[:1], Bad: true}
		}
		return Char{Rune: rune(c) - 0x21 + 0xff61, Bytes: b[:1], set: setKana}
	}
	if len(b) < 2 || b[1] < 0x21 || b[1] > 0x7e {
		return Char{Rune: Unassigned, Bytes: b[:1], Bad: true}
	}
	p := jisX0208()
	if d.set == set0212 {
		p = jisX0212()
	}
	return Char{Rune: p.rune(c|0x80, b[1]|0x80), Bytes: b[:2], set: d.set}
}

// roman differs from ASCII in two characters.
func roman(c byte) rune {
	switch c {
	case '\\':
		return '¥'
	case '~':
		return '‾'
	}
	return rune(c)
}
