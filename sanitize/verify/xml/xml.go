// Package xml judges data in XML.
//
// A released document says its encoding in its first line and is in it. It is elements, attributes and text, and nothing
// else that XML has. None of its names is of a vocabulary that a reader acts on, and no attribute says where something is
// to be loaded from, but links by policy.
package xml

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/link"
	"sekisho/sanitize/verify/internal/xmlread"
)

// The rules of XML, a closed set.
const (
	RuleEncoding  = "verify/xml/encoding"  // no first line as our writer writes it
	RuleSyntax    = "verify/xml/syntax"    // XML as our writer does not write it
	RuleActive    = "verify/xml/active"    // a name of a vocabulary that a reader acts on
	RuleReference = "verify/xml/reference" // an attribute that says where something is to be loaded from
)

// Judge judges the format "xml".
type Judge struct{}

var _ verify.Judge = Judge{}

// ID implements verify.Judge.
func (Judge) ID() string { return "xml" }

// maxHead bounds the bytes in which Claims looks for the start tag of the root.
const maxHead = 256 << 10

// Claims implements verify.Judge: our first line, and a root of no other kind of document.
func (Judge) Claims(in sanitize.Input) bool {
	r, err := open(in, maxHead, 1)
	if err != nil {
		return false
	}
	t, ok, err := r.Next()
	return err == nil && ok && t.Kind == xmlread.Start && !active(t.Name) && !otherRoot(t.Name)
}

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	if in.Size() > pass.Policy.Limits.XMLPart {
		return verify.Fail(verify.RuleLimit, "", "%d bytes", in.Size())
	}
	r, err := open(in, in.Size(), pass.Policy.Limits.Nesting)
	if err != nil {
		return verify.Fail(RuleEncoding, "", "%v", err)
	}
	broken := func(err error) error { return verify.Fail(RuleSyntax, "", "%v", err) }
	return r.Each(ctx, broken, func(t *xmlread.Token) error {
		if t.Kind != xmlread.Start {
			return nil
		}
		if r.Depth() == 1 && otherRoot(t.Name) {
			return verify.Fail(RuleActive, "", "the root %q", t.Name.Local)
		}
		return element(t, pass.Policy)
	})
}

// The first lines that our writer writes: what stands around the name of the encoding.
const (
	before = `<?xml version="1.0" encoding="`
	after  = `"?>` + "\n"
)

// encodings are the ones that a document may say, and how each is read.
var encodings = [...]struct {
	label string
	enc   encoding.Encoding // nil for UTF-8
}{
	{"UTF-8", nil}, {"Shift_JIS", japanese.ShiftJIS}, {"Windows-31J", japanese.ShiftJIS}, {"EUC-JP", japanese.EUCJP}, {"ISO-2022-JP", japanese.ISO2022JP},
}

// open returns a reader of what follows the first line.
func open(in sanitize.Input, limit int64, depth int) (*xmlread.Reader, error) {
	if head := in.Head(2); bytes.Equal(head, []byte("\xff\xfe")) || bytes.Equal(head, []byte("\xfe\xff")) {
		return wide(in, limit, depth)
	}
	for _, e := range encodings {
		first := before + e.label + after
		if string(in.Head(len(first))) != first {
			continue
		}
		rest := int64(len(first))
		var r io.Reader = io.NewSectionReader(in, rest, max(0, min(limit, in.Size())-rest))
		if e.enc != nil {
			r = e.enc.NewDecoder().Reader(r)
		}
		return xmlread.NewStream(r, depth), nil
	}
	return nil, errors.New("the first line")
}

// wide is open for UTF-16.
func wide(in sanitize.Input, limit int64, depth int) (*xmlread.Reader, error) {
	r := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(io.LimitReader(in.Reader(), limit))
	first := make([]byte, len(before+"UTF-16"+after))
	if _, err := io.ReadFull(r, first); err != nil || string(first) != before+"UTF-16"+after {
		return nil, errors.New("the first line")
	}
	return xmlread.NewStream(r, depth), nil
}

// element judges one element and its attributes.
func element(t *xmlread.Token, policy sanitize.Policy) error {
	if active(t.Name) {
		return verify.Fail(RuleActive, "", "the element %q of %q", t.Name.Local, t.Name.Space)
	}
	for _, a := range t.Attrs {
		if actsOn(a.Name.Space) {
			return verify.Fail(RuleActive, "", "the attribute %q of %q", a.Name.Local, a.Name.Space)
		}
		if !reference(a, policy) {
			return verify.Fail(RuleReference, "", "%q: %q", a.Name.Local, a.Value)
		}
	}
	return nil
}

// reference reports whether an attribute leads nowhere, or to where policy allows.
func reference(a xmlread.Attr, policy sanitize.Policy) bool {
	switch a.Name.Space {
	case "http://www.w3.org/XML/1998/namespace":
		return a.Name.Local != "base"
	case "http://www.w3.org/1999/xlink":
		switch a.Name.Local {
		case "href":
			return a.Value == "" || a.Value[0] == '#' || policy.Links && link.Public(a.Value)
		case "show":
			return a.Value != "embed" && a.Value != "auto"
		case "actuate":
			return !strings.EqualFold(a.Value, "onLoad") && a.Value != "auto"
		}
	}
	return !strings.HasPrefix(a.Name.Space, "http://www.w3.org/") || !strings.HasSuffix(strings.ToLower(a.Name.Local), "schemalocation")
}

// active reports whether an element is one that a reader acts on: by its vocabulary, or by its name in any.
func active(n xmlread.Name) bool {
	local := strings.ToLower(n.Local)
	if slices.Contains([]string{"script", "scriptlet", "iframe", "foreignobject"}, local) {
		return true
	}
	return actsOn(n.Space)
}

// otherRoot reports whether a root without a namespace begins a document of another kind: a page, a picture, a script of
// Windows.
func otherRoot(n xmlread.Name) bool {
	return n.Space == "" && slices.Contains([]string{"html", "svg", "job", "component", "package", "registration"}, strings.ToLower(n.Local))
}

// actsOn reports whether a namespace is of a vocabulary that a browser, an Office program or a build program acts on.
func actsOn(space string) bool {
	space = strings.ToLower(space)
	for _, w3c := range [...]string{"1999/xhtml", "2002/06/xhtml2", "tr/rec-html40", "2000/svg", "1998/math/mathml", "1999/xsl/", "tr/wd-xsl",
		"2001/xinclude", "2003/xinclude", "2002/xforms", "2001/xml-events", "ns/xbl", "2001/smil", "2005/smil", "ns/smil", "2005/07/scxml"} {
		if strings.HasPrefix(space, "http://www.w3.org/"+w3c) {
			return true
		}
	}
	for _, other := range [...]string{"http://www.mozilla.org/", "urn:schemas-microsoft-com:", "urn:oasis:names:tc:opendocument:", "http://openoffice.org/",
		"http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/", "http://ns.adobe.com/xdp/", "http://www.xfa.org/",
		"http://schemas.microsoft.com/office/", "http://schemas.microsoft.com/winfx/", "http://schemas.microsoft.com/developer/",
		"http://schemas.microsoft.com/windows/", "http://schemas.microsoft.com/visio/"} {
		if strings.HasPrefix(space, other) {
			return true
		}
	}
	return false
}
