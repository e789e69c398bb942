// Package svg rebuilds pictures in SVG (SVG 1.1 second edition, SVG 2).
//
// The document is read to tokens by the strict reader. Elements and attributes of a list are written anew without a
// prefix; style sheets and style attributes are read to properties, and those of a list are written; a picture that
// stands inside as data goes through the engine again. The result is one static picture, which moves where policy keeps
// animation.
//
//	bytes ──► tokens ──┬─► elements, attributes of the list ─┐
//	                   ├─► CSS: selectors, properties        ├─► SVG, UTF-8
//	                   └─► data: pictures ─► Pass.Member ────┘
//
// What it promises: nothing in the output runs, and nothing is loaded: every reference is to a place in the picture, but
// links that a person follows, by policy. A picture whose references multiply past the limit of objects, or whose filters
// are out of all proportion, is held: it would stop whoever opens it.
package svg

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
)

// Format rebuilds SVG.
type Format struct{}

var _ sanitize.Format = Format{}

// The rules of this format, a closed set.
const (
	RuleAnimation = "svg/animation" // an animation, by policy, or of something that may not be animated
	RuleCSS       = "svg/css"       // a style that is not of the list, or that loads something
	RuleDTD       = "svg/dtd"       // a document type declaration, or a reference to an entity of it
	RuleEvent     = "svg/event"     // an attribute that runs something
	RuleFont      = "svg/font"      // a font inside the picture
	RuleForeign   = "svg/foreign"   // content of another kind: a page in the picture
	RuleLink      = "svg/link"      // a link that policy does not keep, or that is none of a person
	RuleMetadata  = "svg/metadata"  // data about the picture, and what its editor keeps in it
	RulePicture   = "svg/picture"   // a picture that is loaded, or that cannot be rebuilt
	RuleScript    = "svg/script"    // a script or a handler
	RuleUnknown   = "svg/unknown"   // a name that is not of the list
	RuleXMLNote   = "svg/xml-note"  // comments and processing instructions, style sheets among them
)

// Info implements sanitize.Format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "svg", Name: "SVG 画像 / SVG picture", Extensions: []string{"svg"}, MIME: "image/svg+xml", Refines: "txt"}
}

const (
	svgURI   = "http://www.w3.org/2000/svg"
	xlinkURI = "http://www.w3.org/1999/xlink"
)

// The namespaces that matter.
const (
	nsSVG   xmltext.Space = 1
	nsXlink xmltext.Space = 2
)

func space(uri []byte) xmltext.Space {
	switch string(uri) {
	case svgURI:
		return nsSVG
	case xlinkURI:
		return nsXlink
	}
	return xmltext.Unknown
}

// headLen is how much of a file is looked at to find the start tag of its root element.
const headLen = 256 << 10

// Detect implements sanitize.Format.
func (Format) Detect(in sanitize.Input) bool {
	r := xmltext.NewReader(io.LimitReader(in.Reader(), headLen), xmltext.Options{MaxToken: headLen, Doctype: true, Space: space})
	k, err := r.Next()
	return err == nil && k == xmltext.Start && r.Name.Space == nsSVG && string(r.Name.Local) == "svg"
}

// Rebuild implements sanitize.Format.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	limits := pass.Policy.Limits
	if in.Size() > limits.XMLPart {
		return report, fmt.Errorf("cannot rebuild SVG: %w: %d bytes, at most %d", sanitize.ErrLimit, in.Size(), limits.XMLPart)
	}
	f := &filter{
		ctx: ctx, pass: pass, report: &report, w: xmltext.NewWriter(out), gone: map[string]int{},
		r: xmltext.NewReader(in.Reader(), xmltext.Options{MaxDepth: limits.Nesting, Doctype: true, Stop: ctx.Err, Space: space}),
	}
	if err := errors.Join(f.run(), f.w.Flush()); err != nil {
		return report, fmt.Errorf("cannot rebuild SVG: %w", kindOf(err))
	}
	if err := f.cost.check(int64(limits.Objects)); err != nil {
		return report, fmt.Errorf("cannot rebuild SVG: %w", err)
	}
	f.tell()
	return report, nil
}

// kindOf gives an error of the XML reader its kind.
func kindOf(err error) error {
	switch {
	case errors.Is(err, xmltext.ErrSyntax):
		return fmt.Errorf("%w: %v", sanitize.ErrMalformed, err)
	case errors.Is(err, xmltext.ErrLimit):
		return fmt.Errorf("%w: %v", sanitize.ErrLimit, err)
	}
	return err
}
