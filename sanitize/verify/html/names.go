package html

// elements are those that may be in a body, sorted: text and what arranges it (HTML, 4.3 to 4.9), and old ones that do the same.
var elements = [...]string{
	"a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
	"cite", "code", "col", "colgroup", "data", "dd", "del", "details", "dfn", "dir", "div", "dl", "dt", "em", "figcaption",
	"figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "i", "img", "ins", "kbd", "li",
	"main", "mark", "menu", "meter", "nav", "nobr", "ol", "p", "pre", "progress", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp",
	"search", "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
	"thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
}

// attributes are those that an element may have, sorted, beside style, href and src: none that runs, loads or sends.
var attributes = [...]string{
	"abbr", "align", "alt", "axis", "bgcolor", "border", "cellpadding", "cellspacing", "char", "charoff", "class", "clear", "color",
	"cols", "colspan", "compact", "datetime", "dir", "face", "frame", "headers", "height", "hidden", "high", "hspace", "id", "lang",
	"low", "max", "min", "name", "noshade", "nowrap", "open", "optimum", "reversed", "role", "rows", "rowspan", "rules", "scope",
	"size", "span", "start", "summary", "text", "title", "type", "valign", "value", "vspace", "width",
}
