package textenc

import (
	"regexp"
	"slices"
	"strings"
)

// startTag finds the names of start tags in a text in lower case.
var startTag = regexp.MustCompile(`<([a-z][a-z0-9:._-]*)`)

// IsPage reports whether a text, of which this is the beginning (see Beginning), is a page of HTML: one that begins with the
// element of a page, after an XML declaration, comments and a document type; or a piece of one, which begins with an element
// that stands in pages and holds no others, and so is no data in XML.
func IsPage(beginning string) bool {
	if !strings.HasPrefix(beginning, "<") || strings.Contains(beginning, "<hta:") {
		return false
	}
	rest, declared := afterProlog(beginning)
	name := startTag.FindStringSubmatch(rest)
	if name == nil || !strings.HasPrefix(rest, name[0]) {
		return false
	}
	switch name[1] {
	case "html", "head", "body":
		return true
	}
	return !declared && in(pieces[:], name[1]) && !slices.ContainsFunc(startTag.FindAllStringSubmatch(rest, -1), func(m []string) bool {
		return !in(pageElements[:], m[1]) && !cutOff(rest, m[0])
	})
}

// cutOff reports whether the beginning of a text ends in the middle of this tag's name.
func cutOff(beginning, tag string) bool { return strings.HasSuffix(beginning, tag) }

func in(sorted []string, name string) bool {
	_, ok := slices.BinarySearch(sorted, name)
	return ok
}

// afterProlog returns what follows the XML declaration, comments and the document type of a page, which must be one of HTML,
// and whether there was a declaration.
func afterProlog(head string) (rest string, declared bool) {
	for {
		head = strings.TrimLeft(head, " \t\r\n\f")
		end := ""
		switch {
		case strings.HasPrefix(head, "<!--"):
			end = "-->"
		case strings.HasPrefix(head, "<?xml"):
			end, declared = "?>", true
		case strings.HasPrefix(head, "<!doctype html"):
			end = ">"
		default:
			return head, declared
		}
		_, rest, ok := strings.Cut(head, end)
		if !ok {
			return "", declared
		}
		head = rest
	}
}

// pieces are the elements with which a piece of a page begins, sorted: what is copied from a page, or written by a program that
// leaves out what it can.
var pieces = [...]string{
	"article", "b", "big", "blockquote", "br", "center", "dir", "div", "dl", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "main",
	"meta", "nobr", "ol", "p", "pre", "section", "small", "span", "strong", "style", "table", "tt", "u", "ul",
}

// pageElements are the elements of HTML (HTML, 4 and 16.2), sorted.
var pageElements = [...]string{
	"a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base", "basefont", "bdi", "bdo", "big", "blockquote", "body",
	"br", "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup", "data", "datalist", "dd", "del", "details", "dfn", "dialog", "dir",
	"div", "dl", "dt", "em", "embed", "fieldset", "figcaption", "figure", "font", "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6",
	"head", "header", "hgroup", "hr", "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "legend", "li", "link", "main", "map", "mark", "marquee",
	"menu", "meta", "meter", "nav", "nobr", "noframes", "noscript", "object", "ol", "optgroup", "option", "output", "p", "param", "picture", "pre",
	"progress", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "script", "search", "section", "select", "slot", "small", "source", "span", "strike",
	"strong", "style", "sub", "summary", "sup", "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "tt",
	"u", "ul", "var", "video", "wbr", "xmp",
}
