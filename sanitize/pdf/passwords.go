package pdf

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/unicode/norm"
)

// spellings returns passwords as the bytes that writers have made of them. Revision 6 has UTF-8 after SASLprep (ISO
// 32000-2 7.6.4.3.3); the revisions before have PDFDocEncoding, or, where that has no such letters, whatever the system
// had: in Japan Shift_JIS, elsewhere UTF-8 or Latin-1. All are tried: a wrong one costs little and opens nothing.
func spellings(passwords []string) []string {
	var all []string
	add := func(s string) {
		if s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	for _, p := range passwords {
		for _, form := range []string{p, saslPrep(p), norm.NFC.String(p), norm.NFD.String(p)} {
			add(form)
			if s, ok := docEncoded(form); ok {
				add(s)
			}
			for _, e := range []encoding.Encoding{japanese.ShiftJIS, charmap.ISO8859_1, charmap.Windows1252, charmap.Macintosh, japanese.EUCJP} {
				if s, err := e.NewEncoder().String(form); err == nil {
					add(s)
				}
			}
		}
	}
	return all
}

// saslPrep maps a password as RFC 4013 has it: spaces of any kind become the plain one, what is not seen goes, and
// letters that are the same become one (NFKC). What that profile forbids stays: a writer that did not mind took it.
func saslPrep(s string) string {
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r != 0x200b && unicode.Is(unicode.Zs, r): // RFC 3454 C.1.2
			return ' '
		case r == 0xad, r == 0x34f, r == 0x1806, r >= 0x180b && r <= 0x180d, r >= 0x200b && r <= 0x200d, r == 0x2060,
			r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff: // RFC 3454 B.1
			return -1
		}
		return r
	}, s))
}

// docEncoding has the characters of PDFDocEncoding that are not those of Latin-1, from 0x18 and from 0x80 on (ISO 32000-2
// annex D.3). A zero is no character.
var docEncoding = map[byte][]rune{
	0x18: []rune("\u02d8\u02c7\u02c6\u02d9\u02dd\u02db\u02da\u02dc"),
	0x80: []rune("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\x00€"),
}

// docEncoded returns s in PDFDocEncoding, if it can be.
func docEncoded(s string) (string, bool) {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		b, ok := docByte(r)
		if !ok {
			return "", false
		}
		out = append(out, b)
	}
	return string(out), true
}

func docByte(r rune) (byte, bool) {
	for from, list := range docEncoding {
		if i := slices.Index(list, r); i >= 0 && r != 0 {
			return from + byte(i), true
		}
	}
	return byte(r), r < 0x18 || r >= 0x20 && r < 0x7f || r > 0xa0 && r <= 0xff && r != 0xad
}
