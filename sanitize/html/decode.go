package html

import (
	"fmt"
	"regexp"
	"slices"
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

// misnamed returns the encoding of a page that names one by a label of nobody, or one that is not read here, where there is no
// doubt: its bytes are ASCII, which all but a few encodings hold as it is; or the label speaks of Japanese, and so do the bytes.
func misnamed(label string, b []byte, shown textenc.Encoding) (textenc.Encoding, bool) {
	label = strings.ToLower(label)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(label, w) })
	}
	switch {
	case has("utf-7", "utf7", "utf-32", "utf32", "hz-", "2022"): // ASCII stands for something else in them
		return textenc.None, false
	case !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf || c == 0x1b }):
		return textenc.UTF8, true
	case has("jis", "jp", "japan", "932", "943", "kanji"):
		switch shown {
		case textenc.CP932, textenc.EUCJP, textenc.ISO2022JP, textenc.UTF8:
			return shown, true
		}
	}
	return textenc.None, false
}

// decode returns a page as UTF-8, and the encoding that it had: that of its byte order mark, the one that it names, or the
// one that its bytes show. One that names an encoding which is not read here is held where browsers would differ about it.
func decode(b []byte) ([]byte, textenc.Encoding, error) {
	enc := textenc.Detect(b, true)
	if len(enc.BOM(b)) == 0 && enc != textenc.UTF16LE && enc != textenc.UTF16BE {
		if m := named.FindSubmatch(b[:min(len(b), prescan)]); m != nil {
			says, ok := encodingOf(string(m[1]))
			if !ok {
				says, ok = misnamed(string(m[1]), b, enc)
			}
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
