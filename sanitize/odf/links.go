package odf

import (
	"path"
	"strings"

	"sekisho/sanitize/internal/weblink"
)

// maxLink is the length of the longest reference in bytes.
const maxLink = 2083

// insideLink reports whether href is a place in the same document: "#Sheet1.A1", "#Heading|outline".
func insideLink(href string) bool {
	return strings.HasPrefix(href, "#") && len(href) <= maxLink && !strings.ContainsFunc(href, func(c rune) bool {
		return c < ' ' || c == '<' || c == '>' || c == '\\' || weblink.Hiding(c)
	})
}

// allowedLink reports whether a reader may follow href.
func (d *document) allowedLink(href string) bool {
	return insideLink(href) || d.pass.Policy.Links && weblink.Allowed(href)
}

// resolve returns the name of the entry that href leads to from a part in folder, and whether it is there. A reference
// with a scheme, or one that climbs out of the folder, leads nowhere (OpenDocument 1.3 Part 2, 3.7).
func (d *document) resolve(folder, href string) (string, bool) {
	href = strings.TrimPrefix(href, "./")
	if d.archive == nil || href == "" || strings.HasPrefix(href, "/") || strings.ContainsAny(href, "\\#?:") {
		return "", false
	}
	for _, name := range []string{href, weblink.Unescape(href)} {
		clean := path.Clean(name)
		if clean == ".." || strings.HasPrefix(clean, "../") || strings.HasPrefix(clean, "/") {
			continue
		}
		if e := d.entries[folder+clean]; e != nil && !e.Dir {
			return folder + clean, true
		}
	}
	return "", false
}

// targetRule returns the rule for a reference that leads to no entry of the package.
func targetRule(href string) string {
	if strings.Contains(href, ":") || strings.HasPrefix(href, "/") || strings.HasPrefix(href, "..") || strings.HasPrefix(href, "\\") {
		return ruleExternalLink
	}
	return ruleDangling
}
