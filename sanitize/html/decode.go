package html

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
)

// named finds the encoding that a page names, in an XML declaration or a meta element (HTML 13.2.3.2).
var named = regexp.MustCompile(`(?i)(?:charset|encoding)[ \t\r\n\f]*=[ \t\r\n\f]*["']?[ \t\r\n\f]*([a-z0-9._:-]+)`)

// prescan is how many bytes from the start may name the encoding.
const prescan = 1024

// encodingOf returns the encoding of a label (Encoding Standard, 4.2), of those that are read here.
func encodingOf(label string) (textenc.Encoding, bool) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "unicode-1-1-utf-8", "utf-16", "utf-16le", "utf-16be": // one that can be read as bytes is not in UTF-16
		return textenc.UTF8, true
	case "shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j", "cp932", "ms932", "csshiftjis":
		return textenc.CP932, true
	case "euc-jp", "x-euc-jp", "cseucpkdfmtjapanese":
		return textenc.EUCJP, true
	case "iso-2022-jp", "csiso2022jp":
		return textenc.ISO2022JP, true
	case "windows-1252", "cp1252", "iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii", "x-cp1252":
		return textenc.Windows1252, true
	}
	return textenc.None, false
}

// decode returns a page as UTF-8, and the encoding that it had: that of its byte order mark, the one that it names, or the
// one that its bytes show. One that names an encoding which is not read here is held: browsers would differ about it.
func decode(b []byte) ([]byte, textenc.Encoding, error) {
	enc := textenc.Detect(b, true)
	if len(enc.BOM(b)) == 0 && enc != textenc.UTF16LE && enc != textenc.UTF16BE {
		if m := named.FindSubmatch(b[:min(len(b), prescan)]); m != nil {
			says, ok := encodingOf(string(m[1]))
			if !ok {
				return nil, textenc.None, fmt.Errorf("%w: the encoding %q", sanitize.ErrUnsupported, m[1])
			}
			enc = says
		}
	}
	if enc == textenc.None {
		return nil, enc, fmt.Errorf("%w: no text", sanitize.ErrMalformed)
	}
	out := make([]byte, 0, len(b)+len(b)/2)
	for d := textenc.NewDecoder(enc, b[len(enc.BOM(b)):]); ; {
		c, ok := d.Next()
		switch {
		case !ok:
			return out, enc, nil
		case c.Rune == 0: // old browsers read over it, in the middle of a tag too
			return nil, enc, fmt.Errorf("%w: a NUL in a page", sanitize.ErrMalformed)
		case c.Bad:
			out = utf8.AppendRune(out, utf8.RuneError)
		default:
			out = utf8.AppendRune(out, c.Rune)
		}
	}
}
