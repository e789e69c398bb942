// Package svg judges pictures in SVG.
//
// A released picture is XML as our writer writes it. All its elements are of SVG and of a list, without a prefix; all its
// attributes are of lists, and none runs or loads something: references go to places in the picture, links of persons to
// where policy allows, and pictures inside are data, judged by their own judges. Styles have no at-rule, no escape and no
// url but to a place in the picture.
package svg

import (
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

// The rules of SVG, a closed set.
const (
	RuleSyntax  = "verify/svg/syntax"  // XML as our writer does not write it
	RuleName    = "verify/svg/name"    // an element or attribute that is not of the list
	RuleActive  = "verify/svg/active"  // an attribute or a style that runs or loads something
	RuleLink    = "verify/svg/link"    // a reference that leads out of the picture
	RulePicture = "verify/svg/picture" // a picture inside that is none, or not of the type that it says
)

// Judge judges the format "svg".
type Judge struct{}

var _ verify.Judge = Judge{}

const (
	nsSVG   = "http://www.w3.org/2000/svg"
	nsXlink = "http://www.w3.org/1999/xlink"
	nsXML   = "http://www.w3.org/XML/1998/namespace"
)

// ID implements verify.Judge.
func (Judge) ID() string { return "svg" }

// maxHead bounds the bytes in which Claims looks for the start tag of the root.
const maxHead = 256 << 10

// Claims implements verify.Judge.
func (Judge) Claims(in sanitize.Input) bool {
	if head := in.Head(1); len(head) == 0 || head[0] != '<' {
		return false
	}
	t, ok, err := xmlread.NewStream(io.LimitReader(in.Reader(), maxHead), 1).Next()
	return err == nil && ok && t.Kind == xmlread.Start && t.Name == (xmlread.Name{Space: nsSVG, Local: "svg"})
}

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	if in.Size() > pass.Policy.Limits.XMLPart {
		return verify.Fail(verify.RuleLimit, "", "%d bytes", in.Size())
	}
	j := &judge{ctx: ctx, pass: pass, r: xmlread.NewStream(in.Reader(), pass.Policy.Limits.Nesting)}
	return j.r.Each(ctx, broken, j.token)
}

func broken(err error) error { return verify.Fail(RuleSyntax, "", "%v", err) }

// judge reads one picture.
type judge struct {
	ctx  context.Context
	pass verify.Pass
	r    *xmlread.Reader
	open []string
	text strings.Builder // of a style sheet, or of a note
}

func (j *judge) token(t *xmlread.Token) (err error) {
	switch t.Kind {
	case xmlread.Start:
		err = j.start(t)
		j.open = append(j.open, t.Name.Local)
		j.text.Reset()
	case xmlread.Text:
		j.text.Write(t.Text)
	case xmlread.End:
		err = j.end(t.Name.Local)
	}
	return err
}

func (j *judge) start(t *xmlread.Token) error {
	local := t.Name.Local
	switch {
	case t.Name.Space != nsSVG || !slices.Contains(elements[:], local):
		return verify.Fail(RuleName, "", "the element %q of %q", local, t.Name.Space)
	case len(j.open) == 0 && local != "svg":
		return verify.Fail(RuleName, "", "the root %q", local)
	case len(j.open) > 0 && slices.Contains([]string{"style", "title", "desc"}, j.open[len(j.open)-1]):
		return verify.Fail(RuleName, "", "the element %q in text", local)
	case slices.Contains(movers[:], local):
		if err := j.mover(local, t.Attrs); err != nil {
			return err
		}
	}
	for _, a := range t.Attrs {
		if err := j.attribute(local, a); err != nil {
			return err
		}
	}
	return nil
}

// mover judges what an animation changes.
func (j *judge) mover(local string, attrs []xmlread.Attr) error {
	if !j.pass.Policy.Animation {
		return verify.Fail(RuleActive, "", "an animation")
	}
	for _, a := range attrs {
		if a.Name.Local == "attributeName" {
			if low := strings.ToLower(a.Value); !known(a.Value) || low == "style" || low == "class" || low == "id" || strings.Contains(low, "href") {
				return verify.Fail(RuleActive, "", "an animation of %q", a.Value)
			}
			return nil
		}
	}
	if local != "animateMotion" && local != "mpath" {
		return verify.Fail(RuleActive, "", "an animation of nothing")
	}
	return nil
}

func (j *judge) attribute(element string, a xmlread.Attr) error {
	switch {
	case a.Name.Space == nsXML && (a.Name.Local == "space" || a.Name.Local == "lang"):
		return nil
	case a.Name.Local == "href" && a.Name.Space == nsXlink:
		return j.reference(element, a.Value)
	case a.Name.Space != "" || !known(a.Name.Local) && !(slices.Contains(movers[:], element) && slices.Contains(moving[:], a.Name.Local)):
		return verify.Fail(RuleName, "", "the attribute %q of %q on %q", a.Name.Local, a.Name.Space, element)
	case !still(a.Value):
		return verify.Fail(RuleActive, "", "%q: %q", a.Name.Local, a.Value)
	}
	return nil
}

// known reports whether an attribute without a namespace is of the list.
func known(local string) bool {
	_, ok := slices.BinarySearch(attributes[:], local)
	return ok || strings.HasPrefix(local, "aria-")
}

// still reports whether a value or a style neither runs nor loads anything.
func still(value string) bool {
	low := strings.ToLower(value)
	for _, bad := range []string{"\\", "<", "@", "/*", "script:", "expression(", "image(", "image-set(", "src(", "attr(", "var(", "env(", "element(", "-moz-binding", "behavior"} {
		if strings.Contains(low, bad) {
			return false
		}
	}
	for {
		i := strings.Index(low, "url")
		if i < 0 {
			return true
		}
		rest := strings.TrimLeft(low[i+3:], " \t\r\n")
		low = low[i+3:]
		if !strings.HasPrefix(rest, "(") {
			continue
		}
		if !strings.HasPrefix(strings.TrimLeft(rest[1:], " \t\r\n\"'"), "#") {
			return false
		}
	}
}

// reference judges what an element refers to.
func (j *judge) reference(element, target string) error {
	switch {
	case strings.HasPrefix(target, "#") || target == "":
		return nil
	case element == "a":
		if j.pass.Policy.Links && link.Public(target) {
			return nil
		}
	case element == "image":
		return j.picture(target)
	}
	return verify.Fail(RuleLink, "", "%q leads to %q", element, target[:min(len(target), 200)])
}

// picture judges a picture that stands in an attribute as data.
func (j *judge) picture(target string) error {
	head, body, ok := strings.Cut(target, ";base64,")
	types := map[string]string{"data:image/gif": "gif", "data:image/jpeg": "jpeg", "data:image/png": "png", "data:image/webp": "webp", "data:image/svg+xml": "svg"}
	want := types[head]
	if !ok || want == "" {
		return verify.Fail(RuleLink, "", "a picture from %q", target[:min(len(target), 200)])
	}
	data, err := base64.StdEncoding.Strict().DecodeString(body)
	if err != nil {
		return verify.Fail(RulePicture, "", "data that are no base64: %v", err)
	}
	if err := errors.Join(j.pass.Entry(), j.pass.Expand(int64(len(data)))); err != nil {
		return err
	}
	in := sanitize.BytesInput(data)
	if id := j.pass.Identify(in); id != want {
		return verify.Fail(RulePicture, "", "the type is %q, the content %q", want, id)
	}
	return j.pass.Member(j.ctx, "", in)
}

// end judges the text of an element whose text is not shown as such.
func (j *judge) end(local string) error {
	j.open = j.open[:len(j.open)-1]
	text := j.text.String()
	j.text.Reset()
	switch {
	case local == "style" && !still(text):
		return verify.Fail(RuleActive, "", "a style sheet")
	case (local == "title" || local == "desc") && strings.Contains(text, "<"):
		return verify.Fail(RuleActive, "", "markup in a description")
	}
	return nil
}
