package textenc

import (
	"bytes"
	"unicode"
)

// Detect returns the encoding of b, and None when b is no text: when it has the controls of a binary file, or too many
// bytes that are no character in any encoding. A few broken characters are put up with, since programs that cut fields
// by bytes leave half ones. When b is not the whole text, a character that is cut at its end counts for nothing.
func Detect(b []byte, whole bool) Encoding {
	switch {
	case bytes.HasPrefix(b, []byte(bomUTF32LE)), bytes.HasPrefix(b, []byte(bomUTF32BE)):
		return None
	case bytes.HasPrefix(b, []byte(bomUTF16LE)):
		return marked(UTF16LE, b[2:], whole)
	case bytes.HasPrefix(b, []byte(bomUTF16BE)):
		return marked(UTF16BE, b[2:], whole)
	}
	if !looksBinary(b) {
		if e := byBytes(b, whole); e != None {
			return e
		}
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return unmarked(b, whole)
	}
	return None
}

// byBytes returns the encoding of a text that is not in UTF-16.
func byBytes(b []byte, whole bool) Encoding {
	switch {
	case bytes.HasPrefix(b, []byte(bomUTF8)):
		return marked(UTF8BOM, b[len(bomUTF8):], whole)
	case switches(b) && count(ISO2022JP, b, whole).good():
		return ISO2022JP
	case count(UTF8, b, whole).good():
		return UTF8
	}
	return legacy(b, whole)
}

// looksBinary reports whether b has zeros in a row, or more controls than stray ones. Escape sequences are judged
// elsewhere, and do not count.
func looksBinary(b []byte) bool {
	if bytes.Contains(b, []byte{0, 0}) {
		return true
	}
	controls := 0
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b && c != '\b' && c != '\a' {
			if controls++; controls > 2+len(b)/64 {
				return true
			}
		}
	}
	return false
}

// tally is how well a text fits an encoding, in characters.
type tally struct {
	chars    int
	multi    int // outside ASCII
	bad      int
	odd      int // well-formed without a meaning
	controls int
	strange  int // neither ASCII nor of a kind that Japanese or European text has
	kana     int // full-width
	signs    int // Japanese punctuation
	wide     int // full-width letters, digits and punctuation
	ascii    int // with tabs and line ends
	double   int // of two bytes
	common   int // of those, kanji of the first level of JIS X 0208
}

// hopeless is how many bad characters end the count, when they are the most of what is not ASCII.
const hopeless = 100

// count reads b as e, to its end unless that is hopeless.
func count(e Encoding, b []byte, whole bool) (t tally) {
	d := NewDecoder(e, b)
	for {
		n := d.plainRun()
		t.chars += n
		t.ascii += n
		d.rest = d.rest[n:]
		left := len(d.rest)
		c, ok := d.Next()
		if !ok || (c.Bad && !whole && left < 4) {
			return t
		}
		t.add(c)
		if t.bad > hopeless && t.bad > t.multi {
			return t
		}
	}
}

func (t *tally) add(c Char) {
	t.chars++
	switch {
	case c.Bad:
		t.bad++
		return
	case isControl(c.Rune):
		t.controls++
		return
	case c.Rune < 0x80:
		t.ascii++
		return
	case c.Rune == Unassigned:
		t.odd++
	case c.Rune >= 0x3041 && c.Rune <= 0x30fe:
		t.kana++
	case c.Rune >= 0x3000 && c.Rune <= 0x303f:
		t.signs++
	case c.Rune >= 0xff01 && c.Rune <= 0xff5e:
		t.wide++
	}
	t.multi++
	if len(c.Bytes) == 2 {
		t.double++
		if b := c.Bytes[0]; b >= 0x88 && b <= 0x97 || b >= 0xb0 && b <= 0xcf { // the rows of the first level, CP932 and EUC-JP
			t.common++
		}
	}
	if !isUsual(c.Rune) {
		t.strange++
	}
}

// isUsual reports whether r is of the blocks that Japanese and European texts are made of.
func isUsual(r rune) bool {
	return r < 0x0530 || r >= 0x2000 && r < 0x2800 || r >= 0x2e80 && r < 0xa000 || r >= 0xe000 && r < 0xe760 ||
		r >= 0xf900 && r < 0xfb00 || r >= 0xff00 && r < 0xfff0 || r >= 0x1f000 && r < 0x30000
}

// good reports whether the text is of the encoding: all of it, or all but one character in fifty, while no more than
// a quarter is without a meaning.
func (t tally) good() bool {
	return (t.bad == 0 || t.bad*50 <= t.multi) && t.odd*4 <= t.multi
}

// japanese reports whether the text is good, and, if some of it is broken, whether the rest is what Japanese text
// is made of: other 8-bit encodings can be read as rare kanji with few faults.
func (t tally) japanese() bool {
	return t.good() && (t.bad == 0 || (t.kana+t.signs+t.wide)*10 >= t.multi || t.common*10 >= t.multi*8)
}

// marked judges a text whose byte order mark names its encoding.
func marked(e Encoding, b []byte, whole bool) Encoding {
	t := count(e, b, whole)
	if t.bad*50 > t.chars || t.controls > 2+t.chars/64 {
		return None
	}
	return e
}

// unmarked recognises UTF-16 without a byte order mark, when nothing speaks against it: no broken pair, no control,
// hardly a character that such a text would not have, a third of it ASCII, kana or punctuation, not two ASCII
// letters in nine units of ten, and no such reading with the bytes the other way round.
func unmarked(b []byte, whole bool) Encoding {
	letters := 0
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] >= ' ' && b[i] < 0x7f && b[i+1] >= ' ' && b[i+1] < 0x7f {
			letters++
		}
	}
	if letters*20 > len(b)*9 {
		return None
	}
	switch {
	case isPlain(UTF16LE, b, whole) && !count(UTF16BE, b, whole).familiar(4):
		return UTF16LE
	case isPlain(UTF16BE, b, whole) && !count(UTF16LE, b, whole).familiar(4):
		return UTF16BE
	}
	return None
}

// isPlain reports whether the reading of b as e, which is UTF-16, has nothing against it. It reads no further than to
// the first thing that has: most files that come here are binary.
func isPlain(e Encoding, b []byte, whole bool) bool {
	const sample = 256
	first := b[:min(sample, len(b)&^1)]
	if t := count(e, first, false); t.bad > 0 || t.controls > 0 {
		return false
	}
	return count(e, b, whole).plain()
}

// familiar reports whether one character of n is ASCII, kana or Japanese punctuation.
func (t tally) familiar(n int) bool { return (t.ascii+t.kana+t.signs)*n >= t.chars }

// plain reports whether a reading as UTF-16 has nothing against it.
func (t tally) plain() bool {
	return t.chars > 3 && t.bad == 0 && t.controls == 0 && t.odd == 0 && t.strange*20 <= t.chars && t.familiar(3)
}

// switches reports whether b selects a Japanese character set of ISO-2022-JP. Designating ASCII alone is also what
// terminal programs write, and says nothing.
func switches(b []byte) bool {
	for set := setRoman; set <= set0212; set++ {
		if bytes.Contains(b, []byte(designation(set))) {
			return true
		}
	}
	return false
}

// legacy tells the 8-bit encodings apart. The same bytes can be half-width kana in CP932 and kanji in EUC-JP; then no
// lead byte of CP932 below A0 occurs, and full-width kana, or kanji that only CP932 would mix with half-width kana,
// speak for EUC-JP.
func legacy(b []byte, whole bool) Encoding {
	sjis, euc := count(CP932, b, whole), count(EUCJP, b, whole)
	switch {
	case sjis.japanese() && euc.japanese() && sjis.bad == euc.bad:
		if euc.kana*4 >= euc.multi || sjis.double > 0 {
			return EUCJP
		}
		return CP932
	case sjis.japanese() && (!euc.japanese() || sjis.bad < euc.bad):
		return CP932
	case euc.japanese():
		return EUCJP
	case isWestern(b):
		return Windows1252
	}
	return None
}

// Other returns the encoding, beside e, in which all of b reads as text too, or None. Short texts in CP932 and EUC-JP can
// be either, and a reader may take the one that Detect does not.
func Other(b []byte, e Encoding) Encoding {
	other := None
	switch e {
	case CP932:
		other = EUCJP
	case EUCJP:
		other = CP932
	}
	if other == None || count(other, b, true).bad > 0 {
		return None
	}
	return other
}

// isWestern reports whether b is mostly ASCII letters with some accented ones.
func isWestern(b []byte) bool {
	letters, high := 0, 0
	for _, c := range b {
		switch {
		case c >= 0x80:
			if r := next1252([]byte{c}); r.Bad || !unicode.IsPrint(r.Rune) && r.Rune != 0xa0 && r.Rune != 0xad {
				return false
			}
			high++
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c == ' ':
			letters++
		}
	}
	return high*10 <= len(b)*3 && letters*2 >= len(b)
}
