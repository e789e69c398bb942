package pdf

import (
	"strings"
	"unicode/utf16"

	"sekisho/sanitize/verify"
)

// fileNames judges the names under which an embedded file is to be written (7.11.3).
func fileNames(d dict, where string) error {
	for _, k := range [...]name{"F", "UF"} {
		s, ok := d[k].(text)
		if !ok && d[k] == nil {
			continue
		}
		if err := verify.CheckName(unicodeText(string(s))); err != nil {
			return verify.Fail(RuleEmbedded, where, "%v", err)
		}
	}
	return nil
}

// unicodeText returns a text string (7.9.2.2): UTF-16 with a mark, UTF-8 with a mark, or bytes that are letters.
func unicodeText(s string) string {
	if rest, ok := strings.CutPrefix(s, "\xef\xbb\xbf"); ok {
		return rest
	}
	rest, ok := strings.CutPrefix(s, "\xfe\xff")
	if !ok {
		return s
	}
	var units []uint16
	for ; len(rest) > 1; rest = rest[2:] {
		units = append(units, uint16(rest[0])<<8|uint16(rest[1]))
	}
	return string(utf16.Decode(units))
}
