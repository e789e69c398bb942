// Package ooxml judges Office Open XML documents (ECMA-376).
//
// A released document is a package laid out as package zipread says, in which every part is reached from the root by
// relationships of a list, with the content type and the root element that belong to the relationship; nothing leads
// out of it but hyperlinks, by policy. Every element and attribute is a name of the vocabulary and none that runs,
// loads or links something. Field codes are put together from all their pieces, formulas are read wherever they
// stand, and every picture and embedded document is judged by the judge of its own type. Macro types do not exist
// here: no judge knows them.
package ooxml

import (
	"context"
	"errors"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/zipread"
)

// Judge judges one of the formats. The zero value judges nothing: take one of the functions below.
type Judge struct{ id, main string }

var _ verify.Judge = Judge{}

// The content types of main parts, without their common beginning.
const mainPrefix = "application/vnd.openxmlformats-officedocument."

// Docx judges Word documents.
func Docx() Judge { return Judge{"docx", mainPrefix + "wordprocessingml.document.main+xml"} }

// Dotx judges Word templates.
func Dotx() Judge { return Judge{"dotx", mainPrefix + "wordprocessingml.template.main+xml"} }

// Potx judges PowerPoint templates.
func Potx() Judge { return Judge{"potx", mainPrefix + "presentationml.template.main+xml"} }

// Ppsx judges PowerPoint shows.
func Ppsx() Judge { return Judge{"ppsx", mainPrefix + "presentationml.slideshow.main+xml"} }

// Pptx judges PowerPoint presentations.
func Pptx() Judge { return Judge{"pptx", mainPrefix + "presentationml.presentation.main+xml"} }

// Xlsx judges Excel workbooks.
func Xlsx() Judge { return Judge{"xlsx", mainPrefix + "spreadsheetml.sheet.main+xml"} }

// Xltx judges Excel templates.
func Xltx() Judge { return Judge{"xltx", mainPrefix + "spreadsheetml.template.main+xml"} }

// ID implements verify.Judge.
func (j Judge) ID() string { return j.id }

// The limits of Claims, which has no policy: entries of a package, and bytes of the list of content types.
const (
	maxClaimedEntries = 1<<16 - 1
	maxContentTypes   = 4 << 20
)

// Claims implements verify.Judge: a package whose list of content types has the main part of this format.
func (j Judge) Claims(in sanitize.Input) bool {
	if !zipread.Looks(in) {
		return false
	}
	a, err := zipread.Open(in, maxClaimedEntries)
	if err != nil {
		return false
	}
	for _, e := range a.Entries {
		if e.Name != contentTypesName || e.Size > maxContentTypes {
			continue
		}
		b, err := a.Read(e, func(int64) error { return nil })
		return err == nil && strings.Contains(string(b), `"`+j.main+`"`)
	}
	return false
}

// Check implements verify.Judge.
func (j Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	a, err := zipread.Open(in, pass.Policy.Limits.Entries)
	if errors.Is(err, sanitize.ErrLimit) {
		return err
	}
	if err != nil {
		return verify.Fail(RulePackage, "", "%v", err)
	}
	p := &pkg{
		ctx: ctx, pass: pass, archive: a, main: j.main, entries: map[string]zipread.Entry{}, parts: map[string]*part{},
		lexicon: newLexicon(), bound: map[string]bool{}, stores: map[string]string{}, defined: map[string]bool{}, calls: map[string]string{},
	}
	return p.check()
}
