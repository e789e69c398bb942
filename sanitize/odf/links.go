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
		return c < ' ' || c == '<' || c == '>' || c == '\\' || hiding(c)
	})
}

// hiding reports whether r is not seen, or changes the direction of what is around it.
func hiding(r rune) bool {
	return r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f ||
		r == 0xfeff || r == 0xfffd
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
	for _, name := range []string{href, unescape(href)} {
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

// unescape replaces percent escapes (RFC 3986, 2.1); one that is broken stays as it is.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
