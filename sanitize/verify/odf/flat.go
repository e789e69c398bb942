package odf

import (
	"context"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/xmlread"
)

// Flat judges one of the formats that are one XML file (OpenDocument 1.3 Part 3, 3.1.2). The zero value judges nothing: take
// one of the functions below.
type Flat struct{ id, mime string }

var _ verify.Judge = Flat{}

// Fodg judges flat drawings.
func Fodg() Flat { return Flat{"fodg", mimePrefix + "graphics"} }

// Fodp judges flat presentations.
func Fodp() Flat { return Flat{"fodp", mimePrefix + "presentation"} }

// Fods judges flat sheets.
func Fods() Flat { return Flat{"fods", mimePrefix + "spreadsheet"} }

// Fodt judges flat texts.
func Fodt() Flat { return Flat{"fodt", mimePrefix + "text"} }

// ID implements verify.Judge.
func (f Flat) ID() string { return f.id }

// maxHead bounds the bytes in which Claims looks for the start tag of the root.
const maxHead = 256 << 10

// Claims implements verify.Judge: a document whose root says this type, or that of a template for it.
func (f Flat) Claims(in sanitize.Input) bool {
	if head := in.Head(1); len(head) == 0 || head[0] != '<' {
		return false
	}
	t, ok, err := xmlread.NewStream(io.LimitReader(in.Reader(), maxHead), 1).Next()
	if err != nil || !ok || t.Kind != xmlread.Start || t.Name != (xmlread.Name{Space: oasis + "office:1.0", Local: "document"}) {
		return false
	}
	for _, a := range t.Attrs {
		if a.Name == (xmlread.Name{Space: oasis + "office:1.0", Local: "mimetype"}) {
			return a.Value == f.mime || a.Value == f.mime+"-template"
		}
	}
	return false
}

// Check implements verify.Judge.
func (f Flat) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	switch {
	case in.Size() > pass.Policy.Limits.XMLPart:
		return verify.Fail(verify.RuleLimit, "", "%d bytes", in.Size())
	case !f.Claims(in):
		return verify.Fail(RuleName, "", "the root is not that of %s", f.mime)
	}
	p := &pkg{ctx: ctx, pass: pass, mime: f.mime, used: map[string]bool{}}
	j := &xmlJudge{pkg: p, root: "document", flat: true, r: xmlread.NewStream(in.Reader(), pass.Policy.Limits.Nesting)}
	return j.check()
}
