package ooxml

import (
	"strings"

	"sekisho/sanitize/internal/weblink"
)

const maxLink = 2083 // characters of a hyperlink, as Office has it

// webLink reports whether target is a link that a reader may follow, where policy keeps links.
func webLink(target string) bool { return len(target) <= maxLink && weblink.Allowed(target) }

// insideLink reports whether target is a place in the same document: "#Sheet1!A1".
func insideLink(target string) bool {
	return strings.HasPrefix(target, "#") && len(target) <= maxLink && !strings.ContainsAny(target, "\\|\x00\r\n\"<>")
}
