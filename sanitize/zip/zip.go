// Package zip rebuilds zip archives: every file in them goes back through the engine, and a fresh archive is written.
//
//	archive ──► zipfile (both headers agree, nothing hidden) ──► bundle (names, members, notices) ──► archive
//
// An archive that cannot be trusted as a whole (its headers disagree, data between its entries) is held. What becomes
// of its files otherwise, package bundle says.
package zip

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/bundle"
	"sekisho/sanitize/internal/zipfile"
)

// Format rebuilds zip archives.
type Format struct{}

var _ sanitize.Format = Format{}

// The rules of this format: those that all archives have, and those about how a zip archive is written.
const (
	RuleMember  = "zip" + bundle.Member
	RuleName    = "zip" + bundle.Name
	RulePath    = "zip" + bundle.Path
	RuleTwin    = "zip" + bundle.Twin
	RuleSpecial = "zip" + bundle.Special
	RuleClutter = "zip" + bundle.Clutter
	RuleMode    = "zip" + bundle.Mode

	RuleComment = "zip/comment"
	RuleExtra   = "zip/extra"  // an extra field that is no bookkeeping
	RuleHeader  = "zip/header" // headers that say the same in different ways
)

// Info implements sanitize.Format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "zip", Name: "ZIP 書庫 / ZIP archive", Extensions: []string{"zip"}, MIME: "application/zip"}
}

// Detect implements sanitize.Format. It is true for whatever is packed as zip: what is more than an archive refines it.
func (Format) Detect(in sanitize.Input) bool {
	head := in.Head(8)
	for _, magic := range []string{"PK\x03\x04", "PK\x05\x06", "PK\x07\x08PK\x03\x04", "PK00PK\x03\x04"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// Rebuild implements sanitize.Format.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	archive, err := zipfile.Open(in, pass.Policy.Limits.Entries)
	if err != nil {
		return report, err
	}
	if kind := packageKind(archive); kind != "" {
		return report, fmt.Errorf("%w: %s", sanitize.ErrUnsupported, kind)
	}
	odd(archive, &report)
	entries := make([]bundle.Entry, len(archive.Entries))
	for i, e := range archive.Entries {
		entries[i] = bundle.Entry{
			Name: e.Name, Dir: e.Dir || e.Mode.IsDir() && e.Size == 0, Mode: e.Mode, Modified: e.Modified, Size: e.Size,
			Read: func() ([]byte, error) {
				return archive.ReadAll(e, pass.Policy.Limits.FileSize, pass.Expand, pass.Passwords...)
			},
		}
	}
	err = bundle.Rebuild(ctx, "zip", entries, out, pass, &report)
	return report, err
}

// odd reports what the reader put up with.
func odd(archive *zipfile.Archive, report *sanitize.Report) {
	for _, o := range archive.Oddities {
		f := sanitize.Finding{Rule: RuleHeader, Action: sanitize.Repaired, Where: o.Entry, Count: 1}
		switch o.Kind {
		case zipfile.OddComment, zipfile.OddEntryComment:
			f.Rule, f.Action = RuleComment, sanitize.Removed
		case zipfile.OddExtra:
			f.Rule, f.Action = RuleExtra, sanitize.Removed
		}
		report.Findings = append(report.Findings, f)
	}
}
