// Package xml rebuilds data in XML: what one program exports and another reads, in a vocabulary that nobody else knows.
//
// The document is read to tokens by the strict reader and written anew in the encoding that it had: elements, attributes
// and text, with their prefixes. Nothing else of XML comes into the output: no document type, and so no entity; no
// processing instruction, and so no style sheet; no comment. Of the names, those of vocabularies that a reader acts on
// (pages, pictures, style sheets, inclusions, forms, events) go with all that is in them, and so do attributes that say
// where something is to be loaded from.
//
//	bytes ──► decoded (UTF-8, UTF-16, Shift_JIS, EUC-JP, ISO-2022-JP) ──► tokens ──► kept ones ──► encoded as before
//
// A document that is itself a page, a picture, an Office document or a program in XML is of another format, or held.
package xml

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
	"sekisho/sanitize/internal/xmltext"
)

// Format rebuilds data in XML.
type Format struct{}

var _ sanitize.Format = Format{}

// The rules of this format, a closed set.
const (
	RuleActive      = "xml/active"      // an element or attribute of a vocabulary that a reader acts on
	RuleComment     = "xml/comment"     // a comment
	RuleDTD         = "xml/dtd"         // a document type declaration, or a reference to an entity of it
	RuleInstruction = "xml/instruction" // a processing instruction: a style sheet, or a program to open the file with
	RuleReference   = "xml/reference"   // an attribute that says where something is to be loaded from
)

// Info implements sanitize.Format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "xml", Name: "XML データ / XML data", Extensions: []string{"xml"}, MIME: "application/xml", Refines: "txt"}
}

// headLen is how much of a file is looked at to find the start tag of its root element.
const headLen = 256 << 10

// Detect implements sanitize.Format. It is true of what begins like XML, up to a root element that no other format knows, and is
// no piece of a page.
func (Format) Detect(in sanitize.Input) bool {
	s, err := openHead(in)
	if err != nil {
		return false
	}
	r := xmltext.NewReader(s.r, xmltext.Options{MaxToken: headLen, Doctype: true, Space: space})
	k, err := r.Next()
	if err != nil || k != xmltext.Start || foreignRoot(r.Name) {
		return false
	}
	beginning, ok := textenc.Beginning(in)
	return !ok || !textenc.IsPage(beginning)
}

// Rebuild implements sanitize.Format.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	limits := pass.Policy.Limits
	if in.Size() > limits.XMLPart {
		return report, fmt.Errorf("cannot rebuild XML: %w: %d bytes, at most %d", sanitize.ErrLimit, in.Size(), limits.XMLPart)
	}
	s, err := open(in, limits.XMLPart)
	if err != nil {
		return report, fmt.Errorf("cannot rebuild XML: %w", err)
	}
	w := s.writer(out)
	if _, err := io.WriteString(w, s.declaration()); err != nil {
		return report, err
	}
	f := &filter{
		ctx: ctx, policy: pass.Policy, report: &report, w: xmltext.NewWriter(w),
		r: xmltext.NewReader(s.r, xmltext.Options{MaxDepth: limits.Nesting, Doctype: true, Stop: ctx.Err, Space: space}),
	}
	if err := errors.Join(f.run(), f.w.Flush()); err != nil {
		return report, fmt.Errorf("cannot rebuild XML: %w", kindOf(err))
	}
	if err := w.Close(); err != nil {
		return report, err
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
