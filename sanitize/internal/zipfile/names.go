package zipfile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// decodeName reads a name: UTF-8 when its flag says so, else UTF-8 when it is valid (macOS and Linux set no flag), else
// CP932 (Windows in Japan), else CP437 (APPNOTE D.1). A Unicode name beside it must say the same.
func decodeName(raw []byte, flagged bool, unicodeName string) (string, error) {
	name, err := plainName(raw, flagged)
	if err != nil || unicodeName == "" {
		return name, err
	}
	if !utf8.ValidString(unicodeName) || strings.ContainsRune(unicodeName, 0) {
		return "", malformed("a Unicode name that is no text")
	}
	if unicodeName == name || escaped(unicodeName) == name || saysTheSame(raw, unicodeName) {
		return unicodeName, nil
	}
	return "", malformed("the entry has two names, %q and %q", name, unicodeName)
}

func plainName(raw []byte, flagged bool) (string, error) {
	if utf8.Valid(raw) {
		return string(raw), nil
	}
	if flagged {
		return "", malformed("a name %q that is marked UTF-8 and is not", raw)
	}
	if s, ok := decodeAll(japanese.ShiftJIS, raw); ok {
		return s, nil
	}
	s, _ := decodeAll(charmap.CodePage437, raw) // every byte has a meaning there
	return s, nil
}

// saysTheSame reports whether raw is name in one of the code pages that zip programs write.
func saysTheSame(raw []byte, name string) bool {
	for _, e := range []encoding.Encoding{japanese.ShiftJIS, charmap.CodePage437, charmap.CodePage850, japanese.EUCJP} {
		if s, ok := decodeAll(e, raw); ok && s == name {
			return true
		}
	}
	return false
}

// escaped returns name as Info-ZIP writes it beside a Unicode name: #Uxxxx, or #Lxxxxxx past the first plane.
func escaped(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, "#U%04x", r)
		default:
			fmt.Fprintf(&b, "#L%06x", r)
		}
	}
	return b.String()
}

func decodeAll(e encoding.Encoding, raw []byte) (string, bool) {
	b, err := e.NewDecoder().Bytes(raw)
	return string(b), err == nil && !strings.ContainsRune(string(b), utf8.RuneError)
}
