// Package odf judges OpenDocument packages, and flat documents that are one XML file (OpenDocument 1.3).
//
// A released document is a package laid out as package zipread says: the mimetype first, and exactly the parts that
// the manifest lists. Every element and attribute is of a namespace of the list, and none that runs, loads or links
// something; references lead to parts that are there, to places in the document, or, by policy, to the web; pictures
// are judged by their own judges.
package odf

import (
	"context"
	"errors"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/zipread"
)

// The rules of OpenDocument, a closed set.
const (
	RulePackage = "verify/odf/package" // no package as our writer writes it
	RuleXML     = "verify/odf/xml"     // XML as our writer does not write it
	RuleName    = "verify/odf/name"    // a name of a namespace that is not on the list
	RuleActive  = "verify/odf/active"  // an element or attribute that runs, loads or links something
	RuleLink    = "verify/odf/link"    // a reference that the policy or its scheme forbids, or that leads nowhere
	RuleFormula = "verify/odf/formula" // a formula that reaches out of the file
)

// Judge judges one of the formats that are packages. The zero value judges nothing: take one of the functions below.
type Judge struct{ id, mime string }

var _ verify.Judge = Judge{}

const mimePrefix = "application/vnd.oasis.opendocument."

// Odg judges drawings.
func Odg() Judge { return Judge{"odg", mimePrefix + "graphics"} }

// Odp judges presentations.
func Odp() Judge { return Judge{"odp", mimePrefix + "presentation"} }

// Ods judges sheets.
func Ods() Judge { return Judge{"ods", mimePrefix + "spreadsheet"} }

// Odt judges texts.
func Odt() Judge { return Judge{"odt", mimePrefix + "text"} }

// Otg judges templates of drawings.
func Otg() Judge { return Judge{"otg", mimePrefix + "graphics-template"} }

// Otp judges templates of presentations.
func Otp() Judge { return Judge{"otp", mimePrefix + "presentation-template"} }

// Ots judges templates of sheets.
func Ots() Judge { return Judge{"ots", mimePrefix + "spreadsheet-template"} }

// Ott judges templates of texts.
func Ott() Judge { return Judge{"ott", mimePrefix + "text-template"} }

// ID implements verify.Judge.
func (j Judge) ID() string { return j.id }

// maxClaimed bounds the entries that Claims looks at; Check holds them against the policy.
const maxClaimed = 1<<16 - 1

// Claims implements verify.Judge: a package whose first entry is the mimetype of this format.
func (j Judge) Claims(in sanitize.Input) bool {
	if !zipread.Looks(in) {
		return false
	}
	a, err := zipread.Open(in, maxClaimed)
	return err == nil && j.first(a)
}

// first reports whether the first entry is the mimetype of this format (Part 2 section 3.3).
func (j Judge) first(a *zipread.Archive) bool {
	if len(a.Entries) == 0 || a.Entries[0].Name != "mimetype" || a.Entries[0].Size != int64(len(j.mime)) {
		return false
	}
	b, err := a.Read(a.Entries[0], func(int64) error { return nil })
	return err == nil && string(b) == j.mime
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
	if !j.first(a) {
		return verify.Fail(RulePackage, "mimetype", "it is not %s", j.mime)
	}
	p := &pkg{ctx: ctx, pass: pass, archive: a, mime: j.mime, entries: map[string]zipread.Entry{}, used: map[string]bool{}}
	return p.check()
}

// part returns what an entry is by its place in the package: its root element, or "" for a member.
func part(name string) (root string, ok bool) {
	base := name[strings.LastIndexByte(name, '/')+1:]
	switch base {
	case "content.xml":
		return "document-content", true
	case "styles.xml":
		return "document-styles", true
	case "meta.xml":
		return "document-meta", true
	case "settings.xml":
		return "document-settings", true
	}
	return "", strings.Contains(name, "Pictures/") || strings.Contains(name, "ObjectReplacements/")
}
