package xmltext

import "unicode/utf8"

// Classes of ASCII bytes, as bits.
const (
	plainText   = 1 << iota // stands for itself in character data, and needs no look
	plainValue              // the same in an attribute value
	nameStart               // NameStartChar of XML 1.0 (2.3) without the colon
	nameByte                // NameChar without the colon
	blank                   // S (2.3)
	escapeText              // is written as a reference in character data and attribute values
	escapeValue             // the same in attribute values only
	qNameByte               // nameByte or a colon
)

// classes holds the classes of each byte. Bytes from 0x80 have none: they are decoded.
var classes = [256]uint8{
	'\t': blank | plainText | escapeValue, '\n': blank | plainText | escapeValue, '\r': blank | escapeText, ' ': blank | plainText | plainValue,
	'!': all, '"': plainText | escapeValue, '#': all, '$': all, '%': all, '&': escapeText, '\'': plainText, '(': all, ')': all, '*': all,
	'+': all, ',': all, '-': all | inName, '.': all | inName, '/': all,
	'0': digit, '1': digit, '2': digit, '3': digit, '4': digit, '5': digit, '6': digit, '7': digit, '8': digit, '9': digit,
	':': all | qNameByte, ';': all, '<': escapeText, '=': all, '>': all | escapeText, '?': all, '@': all,
	'A': letter, 'B': letter, 'C': letter, 'D': letter, 'E': letter, 'F': letter, 'G': letter, 'H': letter, 'I': letter,
	'J': letter, 'K': letter, 'L': letter, 'M': letter, 'N': letter, 'O': letter, 'P': letter, 'Q': letter, 'R': letter,
	'S': letter, 'T': letter, 'U': letter, 'V': letter, 'W': letter, 'X': letter, 'Y': letter, 'Z': letter,
	'[': all, '\\': all, ']': plainValue, '^': all, '_': letter, '`': all,
	'a': letter, 'b': letter, 'c': letter, 'd': letter, 'e': letter, 'f': letter, 'g': letter, 'h': letter, 'i': letter,
	'j': letter, 'k': letter, 'l': letter, 'm': letter, 'n': letter, 'o': letter, 'p': letter, 'q': letter, 'r': letter,
	's': letter, 't': letter, 'u': letter, 'v': letter, 'w': letter, 'x': letter, 'y': letter, 'z': letter,
	'{': all, '|': all, '}': all, '~': all, 0x7f: all,
}

const (
	all    = plainText | plainValue
	inName = nameByte | qNameByte
	letter = all | nameStart | inName
	digit  = all | inName
)

// runeLen returns the length of the character at the start of b, or 0 when b does not start with a character that XML
// allows (2.2) in well-formed UTF-8, or -1 when b may be the start of one that is cut off.
func runeLen(b []byte) int {
	if len(b) >= 3 && b[0] >= 0xe1 && b[0] <= 0xec && b[1]&0xc0 == 0x80 && b[2]&0xc0 == 0x80 {
		return 3 // most of what is not ASCII here: kana and the common ideographs
	}
	if !utf8.FullRune(b) {
		return -1
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n <= 1 || !isChar(r) {
		return 0
	}
	return n
}

// isChar reports whether XML allows r in a document (2.2).
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r <= 0xd7ff:
		return true
	}
	return r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= 0x10ffff
}

// isNameStart reports whether a name may start with r, which is not ASCII (2.3).
func isNameStart(r rune) bool {
	switch {
	case r < 0xc0, r == 0xd7, r == 0xf7, r == 0x37e:
		return false
	case r <= 0x2ff, r >= 0x370 && r <= 0x1fff:
		return true
	case r == 0x200c, r == 0x200d, r >= 0x2070 && r <= 0x218f, r >= 0x2c00 && r <= 0x2fef:
		return true
	}
	return r >= 0x3001 && r <= 0xd7ff || r >= 0xf900 && r <= 0xfdcf || r >= 0xfdf0 && r <= 0xfffd ||
		r >= 0x10000 && r <= 0xeffff
}

// isNameRune reports whether r, which is not ASCII, may stand inside a name.
func isNameRune(r rune) bool {
	return isNameStart(r) || r == 0xb7 || r >= 0x300 && r <= 0x36f || r == 0x203f || r == 0x2040
}

// ncName returns the length of the name without a colon at the start of b; 0 when there is none.
// The name is whole only if something follows it.
func ncName(b []byte) int {
	i := 0
	for i < len(b) {
		c := b[i]
		if c < utf8.RuneSelf {
			if classes[c]&nameByte == 0 || i == 0 && classes[c]&nameStart == 0 {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError || !isNameRune(r) || i == 0 && !isNameStart(r) {
			return i
		}
		i += n
	}
	return i
}
