package html

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/url"
	"strings"

	xhtml "golang.org/x/net/html"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/css"
	"sekisho/sanitize/internal/weblink"
)

// writer writes one page from its tree.
type writer struct {
	ctx    context.Context
	pass   sanitize.Pass
	report *sanitize.Report
	out    bytes.Buffer
	gone   map[string]int // findings by rule
	steps  int            // nodes since the context was looked at
}

func styles() *css.Grammar { return &css.Grammar{Properties: properties[:], Functions: functions[:]} }

// document writes the page: its title and styles in a head of our own, then what its body shows.
func (w *writer) document(root *xhtml.Node) error {
	w.out.WriteString("<!DOCTYPE html>\n<html")
	if html := find(root, "html"); html != nil {
		w.attributes(html)
	}
	w.out.WriteString(`><head><meta charset="utf-8"/><title>`)
	if title := find(root, "title"); title != nil {
		w.text(textOf(title))
	}
	w.out.WriteString("</title>")
	if sheet := w.sheets(root); sheet != "" {
		w.out.WriteString("<style>" + sheet + "</style>")
	}
	w.out.WriteString("</head><body")
	body := find(root, "body")
	if body != nil {
		w.attributes(body)
	}
	w.out.WriteString(">")
	if err := w.children(root); err != nil {
		return err
	}
	w.out.WriteString("</body></html>") // a line end would be read as one of the body
	return nil
}

// find returns the first element called name, depth first, that is HTML.
func find(n *xhtml.Node, name string) *xhtml.Node {
	for c := range n.Descendants() {
		if c.Type == xhtml.ElementNode && c.Data == name && c.Namespace == "" {
			return c
		}
	}
	return nil
}

func textOf(n *xhtml.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == xhtml.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// sheets returns the style sheets of the page as one.
func (w *writer) sheets(root *xhtml.Node) string {
	var b strings.Builder
	for c := range root.Descendants() {
		if c.Type != xhtml.ElementNode || c.Data != "style" || c.Namespace != "" {
			continue
		}
		text := strings.TrimSpace(textOf(c))
		text = strings.TrimSuffix(strings.TrimPrefix(text, "<!--"), "-->") // so that browsers of 1996 do not show it
		sheet, n := styles().Sheet(text)
		w.gone[RuleCSS] += n
		b.WriteString(sheet)
	}
	if strings.Contains(b.String(), "]]>") {
		w.gone[RuleCSS]++
		return ""
	}
	return b.String()
}

// children writes what is in n.
func (w *writer) children(n *xhtml.Node) error {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if w.steps++; w.steps&0xfff == 0 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
		}
		var err error
		switch c.Type {
		case xhtml.TextNode:
			if !outside(n) {
				w.text(c.Data)
			}
		case xhtml.ElementNode:
			err = w.element(c)
		case xhtml.CommentNode:
			w.gone[RuleComment]++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// outside reports whether text in n is none of the body.
func outside(n *xhtml.Node) bool {
	return n.Type == xhtml.DocumentNode || n.Data == "html" || n.Data == "head"
}

// element writes an element, or what is in it, or nothing.
func (w *writer) element(n *xhtml.Node) error {
	k, rule := elementKind(n.Data)
	if n.Namespace != "" {
		k, rule = gone, RuleObject
	}
	if rule == RuleHead && charset(n) {
		rule = ""
	}
	if rule != "" {
		w.gone[rule]++
	}
	switch k {
	case gone:
		return nil
	case open:
		if !outside(n) && n.Data != "body" {
			w.dropped(n)
		}
		return w.children(n)
	}
	w.out.WriteString("<" + n.Data)
	w.attributes(n)
	if k == pictured {
		if err := w.source(n); err != nil {
			return err
		}
	}
	if void(n.Data) {
		w.out.WriteString("/>")
		return nil
	}
	w.out.WriteByte('>')
	if first := n.FirstChild; n.Data == "pre" && first != nil && first.Type == xhtml.TextNode && strings.HasPrefix(first.Data, "\n") {
		w.out.WriteByte('\n') // the first line end of it is not read (HTML, 13.1.2.5)
	}
	if err := w.children(n); err != nil {
		return err
	}
	w.out.WriteString("</" + n.Data + ">")
	return nil
}

// charset reports whether an element names the encoding, as ours does.
func charset(n *xhtml.Node) bool {
	return n.Data == "meta" && len(n.Attr) == 1 && n.Attr[0].Key == "charset"
}

// dropped tells of the handlers of an element that is not written.
func (w *writer) dropped(n *xhtml.Node) {
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") {
			w.gone[RuleEvent]++
		}
	}
}

// attributes writes the attributes of the list.
func (w *writer) attributes(n *xhtml.Node) {
	for _, a := range n.Attr {
		switch {
		case a.Namespace != "" || a.Key == "xmlns" || a.Key == "xml:lang":
		case strings.HasPrefix(a.Key, "on"):
			w.gone[RuleEvent]++
		case a.Key == "style":
			kept, dropped := styles().Declarations(a.Val)
			w.gone[RuleCSS] += dropped
			if kept != "" {
				w.attribute(a.Key, kept)
			}
		case a.Key == "href" && n.Data == "a":
			if strings.HasPrefix(a.Val, "#") || w.pass.Policy.Links && weblink.Allowed(strings.TrimSpace(a.Val)) {
				w.attribute(a.Key, strings.TrimSpace(a.Val))
			} else {
				w.gone[RuleLink]++
			}
		case n.Data == "img" && (a.Key == "src" || a.Key == "srcset" || a.Key == "lowsrc" || a.Key == "dynsrc" || a.Key == "loading" || a.Key == "sizes"):
			// see source
		case n.Data == "a" && (a.Key == "target" || a.Key == "rel" || a.Key == "rev"):
			// a link is opened as its reader likes
		case !in(attributes[:], a.Key) && !aria(a.Key):
			w.gone[RuleUnknown]++
		case strings.ContainsAny(a.Val, "<>"): // a description that would be markup where it is read once more
			w.gone[RuleUnknown]++
		default:
			w.attribute(a.Key, a.Val)
		}
	}
}

// aria reports whether an attribute says something to those who cannot see the page (WAI-ARIA).
func aria(key string) bool {
	name, ok := strings.CutPrefix(key, "aria-")
	return ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == ""
}

func (w *writer) attribute(key, value string) {
	w.out.WriteString(" " + key + `="`)
	w.text(value)
	w.out.WriteByte('"')
}

// source writes the picture of an img that has it as data. What is loaded goes; the description of it stays.
func (w *writer) source(n *xhtml.Node) error {
	for _, a := range n.Attr {
		if a.Namespace != "" || a.Key != "src" {
			continue
		}
		data, err := w.data(strings.TrimSpace(a.Val))
		if err != nil {
			return err
		}
		if data == "" {
			w.gone[RulePicture]++
			return nil
		}
		w.attribute("src", data)
	}
	return nil
}

// data rebuilds a picture that stands in an attribute as data (RFC 2397), and returns it as such, or "".
func (w *writer) data(src string) (string, error) {
	head, body, ok := strings.Cut(src, ",")
	if len(head) < 5 || !strings.EqualFold(head[:5], "data:") || !ok || !strings.HasSuffix(strings.ToLower(head), ";base64") {
		return "", nil
	}
	body, err := url.PathUnescape(body)
	if err != nil {
		return "", nil
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.Join(strings.Fields(body), ""), "="))
	if err != nil || len(raw) == 0 {
		return "", nil
	}
	if err := w.pass.Entry(); err != nil {
		return "", err
	}
	if err := w.pass.Expand(int64(len(raw))); err != nil {
		return "", err
	}
	var out bytes.Buffer
	report, err := w.pass.Member(w.ctx, "", sanitize.BytesInput(raw), &out)
	if err != nil {
		return "", w.ctx.Err()
	}
	switch report.Output {
	case "gif", "jpeg", "png", "webp":
	default:
		return "", nil
	}
	w.report.Findings = append(w.report.Findings, report.Findings...)
	return "data:image/" + report.Output + ";base64," + base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// text writes characters that mean themselves, in text and in attributes. Those that XML does not have are left out.
func (w *writer) text(s string) {
	for _, r := range s {
		switch {
		case r == '&':
			w.out.WriteString("&amp;")
		case r == '<':
			w.out.WriteString("&lt;")
		case r == '>':
			w.out.WriteString("&gt;")
		case r == '"':
			w.out.WriteString("&quot;")
		case r == '\f' || r == '\r':
			w.out.WriteByte(' ')
		case r < ' ' && r != '\t' && r != '\n', r >= 0x7f && r < 0xa0, r == 0xfffe, r == 0xffff, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		default:
			w.out.WriteRune(r)
		}
	}
}

// tell gives the findings to the report.
func (w *writer) tell() {
	for rule, n := range w.gone {
		if n > 0 {
			w.report.Findings = append(w.report.Findings, sanitize.Finding{Rule: rule, Action: sanitize.Removed, Count: n})
		}
	}
}
