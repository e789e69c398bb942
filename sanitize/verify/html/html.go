// Package html judges pages.
//
// A released page is HTML that is well-formed as XML too, so that it can be read in one way only: a document type, a head that
// names the encoding, the title and styles, and a body of elements and attributes of a list. Only elements without content are
// written as empty. No attribute and no style runs or loads anything; links lead to the web, by policy, or to a place in the
// page; pictures are data, judged by their own judges.
package html

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/link"
	"sekisho/sanitize/verify/internal/xmlread"
)

// The rules of pages, a closed set.
const (
	RuleSyntax  = "verify/html/syntax"  // a page as our writer does not write it
	RuleName    = "verify/html/name"    // an element or attribute that is not of the list, or not there
	RuleActive  = "verify/html/active"  // a style that loads something, or markup in a description
	RuleLink    = "verify/html/link"    // a reference that leads to where the policy does not allow
	RulePicture = "verify/html/picture" // a picture that is none, or not of the type that it says
)

// Judge judges the format "html".
type Judge struct{}

var _ verify.Judge = Judge{}

// ID implements verify.Judge.
func (Judge) ID() string { return "html" }

// first is how a page of our writer begins.
const first = "<!DOCTYPE html>\n<html"

// Claims implements verify.Judge.
func (Judge) Claims(in sanitize.Input) bool {
	return bytes.Equal(in.Head(len(first)), []byte(first))
}

// Check implements verify.Judge.
func (j Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	if !j.Claims(in) {
		return verify.Fail(RuleSyntax, "", "another beginning")
	}
	at := int64(len(first) - len("<html"))
	p := &page{ctx: ctx, pass: pass, r: xmlread.NewStream(io.NewSectionReader(in, at, in.Size()-at), 600)}
	return p.check()
}

// page is one page that is read.
type page struct {
	ctx  context.Context
	pass verify.Pass
	r    *xmlread.Reader
	open []string
	text strings.Builder // of the title or style
	seen []string        // elements of the head, and the body
}

func (p *page) token(t *xmlread.Token) (err error) {
	switch t.Kind {
	case xmlread.Start:
		err = p.start(t)
		p.open = append(p.open, t.Name.Local)
	case xmlread.Text:
		err = p.characters(t.Text)
	case xmlread.End:
		p.open = p.open[:len(p.open)-1]
		err = p.end(t.Name.Local)
	}
	return err
}

func (p *page) check() error {
	broken := func(err error) error { return verify.Fail(RuleSyntax, "", "%v", err) }
	if err := p.r.Each(p.ctx, broken, p.token); err != nil {
		return err
	}
	if s := strings.Join(p.seen, " "); s != "head meta title body" && s != "head meta title style body" {
		return verify.Fail(RuleName, "", "the page is made of %q", s)
	}
	return nil
}

// void reports whether an element has no content and no end tag.
func void(name string) bool {
	return slices.Contains([]string{"br", "col", "hr", "img", "meta", "wbr"}, name)
}

func (p *page) start(t *xmlread.Token) error {
	name, up := t.Name.Local, strings.Join(p.open, " ")
	switch {
	case t.Name.Space != "":
		return verify.Fail(RuleName, "", "the element %q of %q", name, t.Name.Space)
	case t.Empty != void(name):
		return verify.Fail(RuleSyntax, "", "the element %q, empty or not", name)
	case up == "":
		return p.attributes(t)
	case up == "html" && (name == "head" || name == "body"), up == "html head" && (name == "meta" || name == "title" || name == "style"):
		p.seen = append(p.seen, name)
		p.text.Reset()
		if name == "body" {
			return p.attributes(t)
		}
		if name == "meta" && (len(t.Attrs) != 1 || t.Attrs[0].Name.Local != "charset" || t.Attrs[0].Value != "utf-8") || name != "meta" && len(t.Attrs) > 0 {
			return verify.Fail(RuleName, "", "attributes of %q", name)
		}
		return nil
	case !strings.HasPrefix(up, "html body"):
		return verify.Fail(RuleName, "", "the element %q in %q", name, up)
	}
	if _, ok := slices.BinarySearch(elements[:], name); !ok {
		return verify.Fail(RuleName, "", "the element %q", name)
	}
	return p.attributes(t)
}

func (p *page) attributes(t *xmlread.Token) error {
	for _, a := range t.Attrs {
		if err := p.attribute(t.Name.Local, a); err != nil {
			return err
		}
	}
	return nil
}

func (p *page) attribute(element string, a xmlread.Attr) error {
	name := a.Name.Local
	_, known := slices.BinarySearch(attributes[:], name)
	aria := strings.HasPrefix(name, "aria-") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == ""
	switch {
	case a.Name.Space != "":
	case name == "style":
		if !still(a.Value) {
			return verify.Fail(RuleActive, "", "the style %q", a.Value)
		}
		return nil
	case name == "href" && element == "a":
		if strings.HasPrefix(a.Value, "#") || p.pass.Policy.Links && link.Public(a.Value) {
			return nil
		}
		return verify.Fail(RuleLink, "", "a link to %q", a.Value)
	case name == "src" && element == "img":
		return p.picture(a.Value)
	case known || aria:
		if strings.ContainsAny(a.Value, "<>") {
			return verify.Fail(RuleActive, "", "markup in %q", name)
		}
		return nil
	}
	return verify.Fail(RuleName, "", "the attribute %q of %q", name, element)
}

// still reports whether a style loads nothing: it has no escape, no at-rule, no comment, and no function but those that
// compute.
func still(style string) bool {
	low := strings.ToLower(style)
	if strings.ContainsAny(low, "\\<&@") || strings.Contains(low, "/*") || strings.Contains(low, "script:") || strings.Contains(low, "behavior") || strings.Contains(low, "binding") {
		return false
	}
	for {
		i := strings.IndexByte(low, '(')
		if i < 0 {
			return true
		}
		start := strings.LastIndexFunc(low[:i], func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_') }) + 1
		if !slices.Contains([]string{"", "calc", "clamp", "hsl", "hsla", "lang", "max", "min", "not", "nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type", "is", "where", "rgb", "rgba"}, low[start:i]) {
			return false
		}
		low = low[i+1:]
	}
}

// picture judges a picture that stands in an attribute as data.
func (p *page) picture(src string) error {
	head, body, ok := strings.Cut(src, ";base64,")
	want, isImage := strings.CutPrefix(head, "data:image/")
	if !ok || !isImage || !slices.Contains([]string{"gif", "jpeg", "png", "webp"}, want) {
		return verify.Fail(RuleLink, "", "a picture from %q", src[:min(len(src), 200)])
	}
	data, err := base64.StdEncoding.Strict().DecodeString(body)
	if err != nil {
		return verify.Fail(RulePicture, "", "data that are no base64: %v", err)
	}
	if err := errors.Join(p.pass.Entry(), p.pass.Expand(int64(len(data)))); err != nil {
		return err
	}
	in := sanitize.BytesInput(data)
	if id := p.pass.Identify(in); id != want {
		return verify.Fail(RulePicture, "", "the type is %q, the content %q", want, id)
	}
	return p.pass.Member(p.ctx, "", in)
}

// characters judges text: it stands in the body, the title or the style sheet.
func (p *page) characters(b []byte) error {
	up := strings.Join(p.open[:min(len(p.open), 2)], " ")
	switch {
	case len(p.open) > 2 && up == "html head":
		p.text.Write(b)
		if p.open[2] == "style" && bytes.IndexByte(b, '&') >= 0 {
			return verify.Fail(RuleActive, "", "a reference in the style sheet")
		}
		return nil
	case up == "html body":
		return nil
	}
	return verify.Fail(RuleSyntax, "", "text in %q", up)
}

// end judges the style sheet when it is whole. It is not read as XML by a browser: what stands in it stands for itself.
func (p *page) end(name string) error {
	if name == "style" && !still(p.text.String()) {
		return verify.Fail(RuleActive, "", "the style sheet")
	}
	return nil
}
