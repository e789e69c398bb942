package ooxml

import "strings"

const maxLink = 2083 // characters of a hyperlink, as Office has it

// webLink reports whether target is a link that a reader may follow by policy: http, https or mailto, complete, of
// characters that may stand in a URI (RFC 3986) or an IRI (RFC 3987), and with nothing but a host before the path.
func webLink(target string) bool {
	if len(target) > maxLink {
		return false
	}
	for _, r := range target {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) || hiding(r) {
			return false
		}
	}
	scheme, rest, ok := strings.Cut(target, ":")
	switch strings.ToLower(scheme) {
	case "mailto":
		return ok && rest != "" && !strings.HasPrefix(rest, "/")
	case "http", "https":
	default:
		return false
	}
	rest, ok = strings.CutPrefix(rest, "//")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	host, _, _ = strings.Cut(host, "#")
	return ok && host != "" && !strings.Contains(host, "@")
}

// hiding reports whether r is not seen, or changes the direction of what is around it.
func hiding(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f ||
		r == 0xfeff || r == 0xfffd
}

// insideLink reports whether target is a place in the same document: "#Sheet1!A1".
func insideLink(target string) bool {
	return strings.HasPrefix(target, "#") && len(target) <= maxLink && !strings.ContainsAny(target, "\\|\x00\r\n\"<>")
}
