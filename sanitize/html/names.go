package html

import "slices"

// kind is what is done with an element.
type kind uint8

const (
	open     kind = iota // not written; what is in it is
	kept                 // written
	gone                 // not written, nor what is in it
	pictured             // img
)

// elementKind returns what is done with the element called name (HTML, 4), and the rule for one that is not written.
func elementKind(name string) (kind, string) {
	if in(elements[:], name) {
		return kept, ""
	}
	switch name {
	case "img":
		return pictured, ""
	case "script", "noembed", "xmp", "plaintext", "template", "noframes":
		return gone, RuleScript
	case "style", "title": // written in the head
		return gone, ""
	case "link", "meta", "base", "basefont", "bgsound":
		return gone, RuleHead
	case "iframe", "frame", "frameset", "portal":
		return gone, RuleFrame
	case "object", "embed", "applet", "param", "audio", "video", "source", "track", "canvas", "svg", "math", "map", "area", "marquee":
		return gone, RuleObject
	case "input", "select", "textarea", "datalist", "keygen", "optgroup", "option":
		return gone, RuleForm
	case "form", "button", "fieldset", "legend", "label", "output":
		return open, RuleForm
	case "html", "head", "body", "noscript", "picture", "dialog", "slot":
		return open, ""
	}
	return open, RuleUnknown
}

// elements are those that are written, sorted.
var elements = [...]string{
	"a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col",
	"colgroup", "data", "dd", "del", "details", "dfn", "dir", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3",
	"h4", "h5", "h6", "header", "hgroup", "hr", "i", "ins", "kbd", "li", "main", "mark", "menu", "meter", "nav", "nobr", "ol", "p", "pre",
	"progress", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "search", "section", "small", "span", "strike", "strong", "sub", "summary", "sup",
	"table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
}

// attributes are those that any element may have, sorted: how it looks, and what it says of itself.
var attributes = [...]string{
	"abbr", "align", "alt", "axis", "bgcolor", "border", "cellpadding", "cellspacing", "char", "charoff", "class", "clear", "color", "cols", "colspan",
	"compact", "datetime", "dir", "face", "frame", "headers", "height", "hidden", "high", "hspace", "id", "lang", "low", "max", "min", "name", "noshade",
	"nowrap", "open", "optimum", "reversed", "role", "rows", "rowspan", "rules", "scope", "size", "span", "start", "summary", "text", "title", "type",
	"valign", "value", "vspace", "width",
}

// void reports whether an element has no content and no end tag (HTML, 13.1.2).
func void(name string) bool {
	switch name {
	case "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta", "param", "source", "track", "wbr":
		return true
	}
	return false
}

// properties are those of CSS that may be set, sorted: text, colours, boxes and tables. Nothing that lays one thing over
// another, or that names a file.
var properties = [...]string{
	"background", "background-color", "border", "border-bottom", "border-bottom-color", "border-bottom-style", "border-bottom-width", "border-collapse",
	"border-color", "border-left", "border-left-color", "border-left-style", "border-left-width", "border-radius", "border-right", "border-right-color",
	"border-right-style", "border-right-width", "border-spacing", "border-style", "border-top", "border-top-color", "border-top-style", "border-top-width",
	"border-width", "box-sizing", "caption-side", "clear", "color", "column-count", "column-gap", "column-rule", "column-width", "columns", "direction",
	"display", "empty-cells", "float", "font", "font-family", "font-feature-settings", "font-kerning", "font-size", "font-size-adjust", "font-stretch",
	"font-style", "font-variant", "font-weight", "height", "hyphens", "letter-spacing", "line-break", "line-height", "list-style", "list-style-position",
	"list-style-type", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top", "max-height", "max-width", "min-height", "min-width",
	"orphans", "overflow", "overflow-wrap", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "page-break-after",
	"page-break-before", "page-break-inside", "quotes", "ruby-align", "ruby-position", "table-layout", "text-align", "text-align-last",
	"text-combine-upright", "text-decoration", "text-decoration-color", "text-decoration-line", "text-decoration-style", "text-emphasis", "text-indent",
	"text-justify", "text-orientation", "text-transform", "unicode-bidi", "vertical-align", "visibility", "white-space", "widows", "width", "word-break",
	"word-spacing", "word-wrap", "writing-mode",
}

// functions are those of values of styles, sorted.
var functions = [...]string{"calc", "clamp", "hsl", "hsla", "max", "min", "rgb", "rgba"}

func in(list []string, name string) bool {
	_, ok := slices.BinarySearch(list, name)
	return ok
}
