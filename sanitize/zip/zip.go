// Package zip rebuilds zip archives: every file in them goes back through the engine, and a fresh archive is written.
//
//	archive ──► zipfile (both headers agree, nothing hidden) ──► plan (names) ──► Pass.Member, one by one ──► archive
//	                                                              └─ left out ─► a notice in its place
//
// A file that cannot be cleaned does not take the others with it: a notice in Japanese and English stands in its
// place, unless the policy holds the whole. The whole is held when the archive itself cannot be trusted (its headers
// disagree, data between its entries), when a password is needed, when a limit is reached, and when nothing is left.
package zip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/zipfile"
)

// Format rebuilds zip archives.
type Format struct{}

var _ sanitize.Format = Format{}

// The rules of this format.
const (
	RuleMember  = "zip/member-held" // a file that could not be cleaned; a notice stands in its place
	RuleName    = "zip/name"        // a file with a name that nobody gives in good faith
	RulePath    = "zip/path"        // a name that leads out of the archive, too deep or too long
	RuleTwin    = "zip/twin"        // files whose names are the same on some system, or a file that is a folder too
	RuleSpecial = "zip/special"     // a link, a device or another thing that is no file
	RuleClutter = "zip/clutter"     // what file managers leave behind: no document of anybody
	RuleComment = "zip/comment"
	RuleExtra   = "zip/extra"  // an extra field that is no bookkeeping
	RuleHeader  = "zip/header" // headers that say the same in different ways
	RuleMode    = "zip/mode"   // permission to run as another user
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
	r := rebuild{pass: pass, out: zipfile.NewWriter(out)}
	var err error
	if r.archive, err = zipfile.Open(in, pass.Policy.Limits.Entries); err != nil {
		return r.report, err
	}
	if kind := packageKind(r.archive); kind != "" {
		return r.report, fmt.Errorf("%w: %s", sanitize.ErrUnsupported, kind)
	}
	r.odd()
	r.plan()
	for i := range r.slots {
		if err := ctx.Err(); err != nil {
			return r.report, err
		}
		if err := r.write(ctx, &r.slots[i]); err != nil {
			return r.report, err
		}
	}
	if r.kept == 0 && r.first != nil {
		return r.report, fmt.Errorf("no file of the archive can pass: %w", r.first)
	}
	return r.report, r.out.Close()
}

// rebuild is one run.
type rebuild struct {
	pass    sanitize.Pass
	archive *zipfile.Archive
	slots   []slot
	taken   map[string]bool // keys of the names that are in use
	out     *zipfile.Writer
	body    bytes.Buffer // of the member at hand
	report  sanitize.Report
	kept    int   // files that passed
	first   error // why the first file did not
}

// odd reports what the reader put up with.
func (r *rebuild) odd() {
	for _, o := range r.archive.Oddities {
		switch o.Kind {
		case zipfile.OddComment, zipfile.OddEntryComment:
			r.find(RuleComment, sanitize.Removed, o.Entry)
		case zipfile.OddExtra:
			r.find(RuleExtra, sanitize.Removed, o.Entry)
		default:
			r.find(RuleHeader, sanitize.Repaired, o.Entry)
		}
	}
}

// find adds a finding about one entry. It does not look for an earlier one to count up: there may be many.
func (r *rebuild) find(rule string, action sanitize.Action, where string) {
	r.report.Findings = append(r.report.Findings, sanitize.Finding{Rule: rule, Action: action, Where: where, Count: 1})
}

// write writes one slot of the plan: a folder, a rebuilt file, or the notice of one that was left out.
func (r *rebuild) write(ctx context.Context, s *slot) error {
	if err := r.pass.Entry(); err != nil {
		return err
	}
	switch {
	case s.clutter:
		r.find(RuleClutter, sanitize.Removed, s.where())
		return nil
	case s.refused != nil:
		return r.hold(s, s.rule, s.refused)
	case s.entry.Mode&(setuid) != 0:
		r.find(RuleMode, sanitize.Removed, s.where())
	}
	if s.dir {
		return r.out.Add(zipfile.Header{Name: s.path + "/", Modified: s.entry.Modified}, nil)
	}
	data, err := r.archive.ReadAll(s.entry, r.pass.Policy.Limits.FileSize, r.pass.Expand, r.pass.Passwords...)
	if errors.Is(err, sanitize.ErrUnsupported) {
		return r.hold(s, RuleMember, err)
	}
	if err != nil {
		return err
	}
	return r.member(ctx, s, data)
}

// member sends one file through the engine and writes what comes back.
func (r *rebuild) member(ctx context.Context, s *slot, data []byte) error {
	r.body.Reset()
	report, err := r.pass.Member(ctx, s.base(), sanitize.BytesInput(data), &r.body)
	switch {
	case err == nil:
	case isWhole(ctx, err):
		return fmt.Errorf("%s: %w", s.where(), err)
	default:
		return r.hold(s, RuleMember, err)
	}
	path := s.path
	if r.pass.OutputName != nil && report.Output != "" {
		path = r.rename(s, r.pass.OutputName(s.base(), report.Output))
	}
	for _, f := range report.Findings {
		f.Where = inside(s.where(), f.Where)
		r.report.Findings = append(r.report.Findings, f)
	}
	r.kept++
	return r.out.Add(zipfile.Header{Name: path, Modified: s.entry.Modified}, r.body.Bytes())
}

func inside(path, where string) string {
	if where == "" {
		return path
	}
	return path + ": " + where
}

// isWhole reports whether the failure of a member is one of the whole archive: the run is over or out of budget, the
// fault may go away, or a password is missing, which somebody can still supply for all of it.
func isWhole(ctx context.Context, err error) bool {
	return ctx.Err() != nil || sanitize.IsTransient(err) || errors.Is(err, sanitize.ErrLimit) || errors.Is(err, sanitize.ErrEncrypted)
}
