package svg

import "strings"

// sheet reads a style sheet (CSS 2.2, 4.1) and returns the rules of it that may stay: a list of plain selectors, and
// declarations of known properties. At-rules load or are not about this picture; they go whole. dropped counts what went.
func sheet(css string) (kept string, dropped int) {
	css, ok := plainCSS(css)
	if !ok {
		return "", 1
	}
	var b strings.Builder
	for {
		css = strings.TrimSpace(css)
		if css == "" {
			return b.String(), dropped
		}
		if css[0] == '@' {
			css = css[atRule(css):]
			dropped++
			continue
		}
		selector, rest, ok := strings.Cut(css, "{")
		body, rest, closed := strings.Cut(rest, "}")
		if !ok || !closed || strings.Contains(body, "{") {
			return b.String(), dropped + 1
		}
		css = rest
		selector = strings.Join(strings.Fields(selector), " ")
		style, n := declarations(body)
		dropped += n
		if !plainSelector(selector) {
			dropped++
			continue
		}
		if style != "" {
			b.WriteString(selector + "{" + style + "}")
		}
	}
}

// plainCSS returns css without comments, and whether it can be read by these rules: no escape (by which any word can be
// spelt so that it is not seen), no markup, and text without line ends.
func plainCSS(css string) (string, bool) {
	if strings.ContainsAny(css, "\\<\x00") {
		return "", false
	}
	for {
		before, rest, ok := strings.Cut(css, "/*")
		if !ok {
			return css, true
		}
		_, after, ok := strings.Cut(rest, "*/")
		if !ok {
			return before, true
		}
		css = before + " " + after
	}
}

// atRule returns the length of the at-rule at the start of css: up to its semicolon or the end of its block.
func atRule(css string) int {
	depth := 0
	for i := range len(css) {
		switch css[i] {
		case ';':
			if depth == 0 {
				return i + 1
			}
		case '{':
			depth++
		case '}':
			if depth--; depth <= 0 {
				return i + 1
			}
		}
	}
	return len(css)
}

// plainSelector reports whether a selector is made of names, classes, ids, attributes by name and combinators.
func plainSelector(s string) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r >= 0x80, strings.ContainsRune("-_.#*,>+~ :()[]", r):
		default:
			return false
		}
	}
	return s != "" && !strings.Contains(strings.ToLower(s), ":visited") // what was visited is not told
}

// declarations reads "property: value; …" and returns those that may stay.
func declarations(style string) (kept string, dropped int) {
	style, ok := plainCSS(style)
	if !ok {
		return "", 1
	}
	var b strings.Builder
	for part := range strings.SplitSeq(style, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, ok := strings.Cut(part, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.Join(strings.Fields(value), " ")
		if strings.HasPrefix(name, "-") { // of an editor or a browser (-inkscape-stroke): no reader needs it
			continue
		}
		if !ok || !in(properties[:], name) || !plainValue(value) {
			dropped++
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		b.WriteString(name + ":" + value)
	}
	return b.String(), dropped
}

// functions are those of CSS and of presentation attributes that compute or name a colour or a shape.
var functions = [...]string{
	"blur", "brightness", "calc", "circle", "contrast", "drop-shadow", "ellipse", "grayscale", "hsl", "hsla", "hue-rotate", "icc-color", "inset",
	"invert", "matrix", "opacity", "polygon", "rect", "rgb", "rgba", "rotate", "rotatex", "rotatey", "rotatez", "saturate", "scale", "scalex", "scaley",
	"sepia", "skewx", "skewy", "translate", "translatex", "translatey",
}

// plainValue reports whether a value loads nothing: each function in it is known, and a url is a place in the picture.
func plainValue(value string) bool {
	low := strings.ToLower(value)
	if strings.ContainsAny(low, "\\<{}@;") || strings.Contains(low, "/*") || strings.Contains(low, "script:") {
		return false
	}
	for {
		i := strings.IndexByte(low, '(')
		if i < 0 {
			return true
		}
		start := strings.LastIndexFunc(low[:i], func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') }) + 1
		name, rest := low[start:i], low[i+1:]
		if name == "url" {
			if _, ok := place(rest); !ok {
				return false
			}
		} else if name != "" && !in(functions[:], name) {
			return false
		}
		low = rest
	}
}

// place returns the id that stands after "url(", when it is one of this picture.
func place(rest string) (string, bool) {
	target, _, ok := strings.Cut(rest, ")")
	target = strings.Trim(strings.TrimSpace(target), `"'`)
	id, inside := strings.CutPrefix(target, "#")
	return id, ok && inside && id != ""
}

// places returns the ids that a value refers to by url(#id).
func places(value string) []string {
	var ids []string
	for {
		i := strings.Index(value, "url(")
		if i < 0 {
			return ids
		}
		value = value[i+4:]
		if id, ok := place(value); ok {
			ids = append(ids, id)
		}
	}
}
