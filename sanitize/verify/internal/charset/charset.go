// Package charset reads text in the encodings that Japanese files use, for the judges: UTF-8, UTF-16, CP932 (Shift_JIS
// as Windows knows it), EUC-JP and ISO-2022-JP; and windows-1252 for letters from the west.
//
// It decides whether bytes are text at all, by the structure of each encoding, and shows the characters that a judge
// asks about: ASCII, and of the double-byte sets the symbols and digits of JIS X 0208 rows 1 and 3. Any other
// double-byte character is shown as the geta mark '〓', which stands for a character by convention. It needs no tables.
package charset

import (
	"bytes"
	"unicode/utf8"
)

// Encoding is a way to read bytes as text.
type Encoding struct {
	Name string
	skip int // length of the byte order mark
	step func(b []byte, s *state) (r rune, n int)
}

// state is what an encoding with escape sequences remembers.
type state struct{ set charSet }

// charSet is what a designation of ISO-2022-JP chose.
type charSet byte

const (
	ascii charSet = iota
	kana          // JIS X 0201 katakana
	kanji         // two bytes a character
)

// Geta stands for a double-byte character that no judge asks about.
const Geta = '〓'

// Designated is what Each shows for an escape sequence that chooses a character set.
const Designated = '\uFFF9'

// Readings returns every encoding in which b is a text, the likeliest first. It returns nil when b is none. Control
// characters do not matter here, but escape sequences do: they are ISO-2022-JP, or no text.
func Readings(b []byte) []Encoding {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return valid(b, Encoding{"UTF-8", 3, stepUTF8})
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return valid(b, Encoding{"UTF-16LE", 2, stepUTF16LE})
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return valid(b, Encoding{"UTF-16BE", 2, stepUTF16BE})
	case bytes.IndexByte(b, 0) >= 0:
		return plausible(b, valid(b, Encoding{"UTF-16LE", 0, stepUTF16LE}, Encoding{"UTF-16BE", 0, stepUTF16BE}))
	case bytes.IndexByte(b, escape) >= 0:
		return valid(b, Encoding{"ISO-2022-JP", 0, stepISO2022})
	case utf8.Valid(b):
		return []Encoding{{"UTF-8", 0, stepUTF8}}
	}
	if r := valid(b, Encoding{"CP932", 0, stepCP932}, Encoding{"EUC-JP", 0, stepEUC}); r != nil {
		return r
	}
	if !western(b) {
		return nil
	}
	return valid(b, Encoding{"windows-1252", 0, stepWestern})
}

// western reports whether b, which is in no other encoding, may be in windows-1252: at most three of ten bytes are
// beyond ASCII. Any bytes at all would be valid in it but for five.
func western(b []byte) bool {
	high := 0
	for _, c := range b {
		if c >= utf8.RuneSelf {
			high++
		}
	}
	return high*10 <= len(b)*3
}

func valid(b []byte, encodings ...Encoding) []Encoding {
	var out []Encoding
	for _, e := range encodings {
		if e.Each(b, func(int, rune) bool { return true }) {
			out = append(out, e)
		}
	}
	return out
}

// plausible keeps the readings in which at least one character of four is ASCII, kana or punctuation: UTF-16 without
// a mark, and not bytes of another kind that happen to be valid.
func plausible(b []byte, readings []Encoding) []Encoding {
	var out []Encoding
	for _, e := range readings {
		all, plain := 0, 0
		e.Each(b, func(_ int, r rune) bool {
			all++
			if r >= 0x20 && r < 0x7F || r == '\n' || r == '\r' || r == '\t' || r >= 0x3000 && r < 0x3100 {
				plain++
			}
			return r != 0
		})
		if plain*4 >= all {
			out = append(out, e)
		}
	}
	return out
}

// Each calls f with the characters of b and their offsets until f returns false. It reports whether b is a text in
// this encoding as far as it was read.
func (e Encoding) Each(b []byte, f func(off int, r rune) bool) bool {
	var s state
	for i := e.skip; i < len(b); {
		r, n := e.step(b[i:], &s)
		if n == 0 {
			return false
		}
		if !f(i, r) {
			return true
		}
		i += n
	}
	return s.set == ascii
}

func stepUTF8(b []byte, _ *state) (rune, int) {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n < 2 {
		return 0, 0
	}
	return r, n
}

// stepWestern reads windows-1252. Which letter it is matters to no judge.
func stepWestern(b []byte, _ *state) (rune, int) {
	switch c := b[0]; {
	case c < utf8.RuneSelf:
		return rune(c), 1
	case c == 0x81 || c == 0x8D || c == 0x8F || c == 0x90 || c == 0x9D:
		return 0, 0
	}
	return Geta, 1
}

func stepUTF16LE(b []byte, _ *state) (rune, int) {
	return stepUTF16(b, func(i int) rune { return rune(b[i]) | rune(b[i+1])<<8 })
}

func stepUTF16BE(b []byte, _ *state) (rune, int) {
	return stepUTF16(b, func(i int) rune { return rune(b[i])<<8 | rune(b[i+1]) })
}

// stepUTF16 reads a code unit, or a pair of surrogates (RFC 2781).
func stepUTF16(b []byte, unit func(int) rune) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	hi := unit(0)
	switch {
	case hi < 0xD800 || hi > 0xDFFF:
		return hi, 2
	case hi > 0xDBFF || len(b) < 4:
		return 0, 0
	}
	lo := unit(2)
	if lo < 0xDC00 || lo > 0xDFFF {
		return 0, 0
	}
	return 0x10000 + (hi-0xD800)<<10 + (lo - 0xDC00), 4
}
