// Package css reads styles as far as a static page or picture needs them: rules of plain selectors, and declarations of known
// properties whose values load nothing (CSS 2.2, 4.1). What is not that, goes: at-rules, escapes, other functions, and every
// url but that of a place in the same picture.
package css

import (
	"slices"
	"strings"
)

// Grammar says what is known. Its lists are sorted.
type Grammar struct {
	Properties []string
	Functions  []string // of values
	Places     bool     // url(#id) may stand in a value
}

// Sheet reads a style sheet and returns the rules of it that may stay. dropped counts what went.
func (g *Grammar) Sheet(css string) (kept string, dropped int) {
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
		style, n := g.Declarations(body)
		dropped += n
		if !Selector(selector) {
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

// Selector reports whether a selector is made of names, classes, ids, attributes by name and combinators.
func Selector(s string) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r >= 0x80, strings.ContainsRune("-_.#*,>+~ :()[]", r):
		default:
			return false
		}
	}
	return s != "" && !strings.Contains(strings.ToLower(s), ":visited") // what was visited is not told
}

// Declarations reads "property: value; …" and returns those that may stay.
func (g *Grammar) Declarations(style string) (kept string, dropped int) {
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
		if !ok || !has(g.Properties, name) || !g.Value(value) {
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

// Value reports whether a value loads nothing: each function in it is known, and a url is a place in the picture.
func (g *Grammar) Value(value string) bool {
	low := strings.ToLower(value)
	if strings.ContainsAny(low, "\\<&{}@;") || strings.Contains(low, "/*") || strings.Contains(low, "script:") {
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
			if _, ok := place(rest); !ok || !g.Places {
				return false
			}
		} else if name != "" && !has(g.Functions, name) {
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

// Places returns the ids that a value refers to by url(#id).
func Places(value string) []string {
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

func has(list []string, name string) bool {
	_, ok := slices.BinarySearch(list, name)
	return ok
}
