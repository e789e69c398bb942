package manifest

import (
	"strings"
	"unicode/utf8"
)

// SafeName returns a name that CheckName accepts and that is as near to the untrusted one as it can be. A name that
// is accepted already is returned as it is, byte for byte. Characters that Windows reserves become their full-width
// forms; bytes that are no UTF-8 and hidden characters become '_'; too long names lose the end of the stem and keep the
// extension. Different names may become the same: releasing numbers those.
func SafeName(untrusted string) string {
	if nameFault(untrusted) == "" {
		return untrusted
	}
	name := strings.TrimRight(replaceForbidden(untrusted), " .")
	if name == "" {
		return "_"
	}
	if strings.IndexByte(badFirst, name[0]) >= 0 || device(name) || settings(name) {
		name = "_" + name
	}
	if strings.HasSuffix(name, "}") && settings(name) {
		name += "_"
	}
	return Shorten(name, "", MaxName)
}

// SafePath applies SafeName to each part of a slash-separated relative path. Empty parts vanish; parts beyond MaxDepth or
// MaxPath are cut off at the front, so the folder nearest to the file stays.
func SafePath(untrusted string) string {
	var parts []string
	for part := range strings.SplitSeq(untrusted, "/") {
		if part != "" && part != "." {
			parts = append(parts, SafeName(part))
		}
	}
	if len(parts) > MaxDepth {
		parts = parts[len(parts)-MaxDepth:]
	}
	for len(strings.Join(parts, "/")) > MaxPath {
		parts = parts[1:]
	}
	return strings.Join(parts, "/")
}

// Shorten returns stem + suffix + extension of name in at most limit bytes; where that is too long, the stem is cut
// between characters. An extension of more than 32 bytes counts as part of the stem.
func Shorten(name, suffix string, limit int) string {
	stem, ext := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 32 {
		stem, ext = name[:i], name[i:]
	}
	room := max(limit-len(suffix)-len(ext), 0)
	if len(stem) > room {
		for room > 0 && !utf8.RuneStart(stem[room]) {
			room--
		}
		stem = strings.TrimRight(stem[:room], " .")
	}
	return stem + suffix + ext
}

// replaceForbidden replaces what forbidden reports, and bytes that are not UTF-8.
func replaceForbidden(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1, hidden(r), r&0xfffe == 0xfffe:
			b.WriteByte('_')
		case forbidden(r):
			b.WriteRune(r - '!' + '！') // ASCII 0x21–0x7E and U+FF01–U+FF5E run in parallel
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// SafeText returns text that a manifest may hold, as near to the untrusted one as it can be: at most limit bytes (and
// never more than MaxText), hidden characters and bytes that are no UTF-8 as '_', and "…" for what was cut off.
func SafeText(untrusted string, limit int) string {
	limit = min(limit, MaxText)
	s := strings.Map(func(r rune) rune {
		if hidden(r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(untrusted, "_"))
	if len(s) <= limit {
		return s
	}
	end := max(limit-len("…"), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
