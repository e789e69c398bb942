package ooxml

import (
	"strings"

	"sekisho/sanitize/internal/weblink"
)

const maxLink = 2083 // characters of a hyperlink, as Office has it

// webLink reports whether target is a link that a reader may follow, where policy keeps links.
func webLink(target string) bool { return len(target) <= maxLink && weblink.Allowed(target) }

// hiding reports whether r is not seen, or changes the direction of what is around it.
func hiding(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f ||
		r == 0xfeff || r == 0xfffd
}

// insideLink reports whether target is a place in the same document: "#Sheet1!A1".
func insideLink(target string) bool {
	return strings.HasPrefix(target, "#") && len(target) <= maxLink && !strings.ContainsAny(target, "\\|\x00\r\n\"<>")
}
