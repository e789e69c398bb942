package textenc

import "bytes"

// Encoding is one way to write text as bytes.
type Encoding int

// The encodings, a closed set. The zero value is none of them.
const (
	None        Encoding = iota
	UTF8                 // ASCII is this too
	UTF8BOM              // UTF-8 behind a byte order mark
	UTF16LE              // little-endian, with or without a byte order mark
	UTF16BE              // big-endian, likewise
	CP932                // Shift_JIS as Windows writes it
	EUCJP                // EUC-JP with JIS X 0212 and the vendor rows
	ISO2022JP            // with half-width kana, as CP50221
	Windows1252          // Western European; told by what it is not
)

// String returns the common name.
func (e Encoding) String() string {
	names := [...]string{
		"none", "UTF-8", "UTF-8 with BOM", "UTF-16LE", "UTF-16BE", "CP932", "EUC-JP", "ISO-2022-JP", "windows-1252",
	}
	if int(e) >= len(names) {
		return "unknown"
	}
	return names[e]
}

// asciiTransparent reports whether a byte below 0x80 at the start of a character is always that ASCII character.
func (e Encoding) asciiTransparent() bool {
	return e != UTF16LE && e != UTF16BE && e != ISO2022JP
}

const (
	bomUTF8    = "\xef\xbb\xbf"
	bomUTF16LE = "\xff\xfe"
	bomUTF16BE = "\xfe\xff"
	bomUTF32LE = "\xff\xfe\x00\x00"
	bomUTF32BE = "\x00\x00\xfe\xff"
)

// BOM returns the byte order mark at the start of b if the encoding has one and it is there, else nil.
func (e Encoding) BOM(b []byte) []byte {
	mark := ""
	switch e {
	case UTF8BOM:
		mark = bomUTF8
	case UTF16LE:
		mark = bomUTF16LE
	case UTF16BE:
		mark = bomUTF16BE
	}
	if mark == "" || !bytes.HasPrefix(b, []byte(mark)) {
		return nil
	}
	return b[:len(mark)]
}
