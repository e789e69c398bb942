// Package bundle rebuilds what the format of an archive has taken apart: a list of files and folders. Each file goes
// through the engine, and a fresh zip archive is written, whatever the archive was.
//
//	entries ──► plan (names) ──► Pass.Member, one by one ──► zip archive
//	              └─ left out ─► a notice in its place
//
// A file that cannot be cleaned does not take the others with it: a notice in Japanese and English stands in its
// place, unless the policy holds the whole. The whole is held when a password is needed, when a limit is reached, and
// when no file is left. A name that is itself an attack is never written, nor repeated in a notice.
package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/zipfile"
)

// What a rule of an archive's format is about: the rule is the format's ID and one of these.
const (
	Member  = "/member-held" // a file that could not be cleaned; a notice stands in its place
	Name    = "/name"        // a file with a name that nobody gives in good faith
	Path    = "/path"        // a name that leads out of the archive, too deep or too long
	Twin    = "/twin"        // files whose names are the same on some system, or a file that is a folder too
	Special = "/special"     // a link, a device or another thing that is no file
	Clutter = "/clutter"     // what file managers leave behind: no document of anybody
	Mode    = "/mode"        // permission to run as another user
)

// Entry is one file or folder of an archive.
type Entry struct {
	Name     string // untrusted, as text
	Dir      bool
	Mode     fs.FileMode // a link or device shows here
	Modified time.Time
	Size     int64 // bytes, as the archive declares them

	// Read returns the content, charged to the run. It is called at most once, and in the order of the entries, but
	// not for all. An error that wraps ErrUnsupported leaves this file out; any other ends the run.
	Read func() ([]byte, error)
}

// Rebuild writes the archive of what is left of entries. Findings go to report, under the rules of format.
func Rebuild(ctx context.Context, format string, entries []Entry, out io.Writer, pass sanitize.Pass, report *sanitize.Report) error {
	r := rebuild{format: format, pass: pass, out: zipfile.NewWriter(out), report: report}
	r.plan(entries)
	for i := range r.slots {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.write(ctx, &r.slots[i]); err != nil {
			return err
		}
	}
	if r.kept == 0 && r.first != nil {
		return fmt.Errorf("no file of the archive can pass: %w", r.first)
	}
	return r.out.Close()
}

// rebuild is one run.
type rebuild struct {
	format string
	pass   sanitize.Pass
	slots  []slot
	taken  map[string]bool // keys of the names that are in use
	out    *zipfile.Writer
	body   bytes.Buffer // of the member at hand
	report *sanitize.Report
	kept   int   // files that passed
	first  error // why the first file did not
}

// find adds a finding about one entry. It does not look for an earlier one to count up: there may be many.
func (r *rebuild) find(thing string, action sanitize.Action, where string) {
	r.report.Findings = append(r.report.Findings, sanitize.Finding{Rule: r.format + thing, Action: action, Where: where, Count: 1})
}

// write writes one slot of the plan: a folder, a rebuilt file, or the notice of one that was left out.
func (r *rebuild) write(ctx context.Context, s *slot) error {
	if err := r.pass.Entry(); err != nil {
		return err
	}
	switch {
	case s.clutter:
		r.find(Clutter, sanitize.Removed, s.where())
		return nil
	case s.refused != nil:
		if err := r.sight(ctx, s); err != nil {
			return err
		}
		return r.hold(s, s.thing, s.refused)
	case s.entry.Mode&setuid != 0:
		r.find(Mode, sanitize.Removed, s.where())
	}
	if s.dir {
		return r.out.Add(zipfile.Header{Name: s.path + "/", Modified: s.entry.Modified}, nil)
	}
	data, err := s.entry.Read()
	if errors.Is(err, sanitize.ErrUnsupported) {
		return r.hold(s, Member, err)
	}
	if err != nil {
		return err
	}
	return r.member(ctx, s, data)
}

// sight shows a file that is left out to the engine all the same: malware in it is malware in the archive.
func (r *rebuild) sight(ctx context.Context, s *slot) error {
	if s.dir || !s.entry.Mode.IsRegular() {
		return nil
	}
	data, err := s.entry.Read()
	if err == nil {
		_, err = r.pass.Member(ctx, s.base(), sanitize.BytesInput(data), io.Discard)
	}
	if err != nil && isWhole(ctx, err) {
		return fmt.Errorf("%s: %w", s.where(), err)
	}
	return nil
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
		return r.hold(s, Member, err)
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
// fault may go away, it is malware, or a password is missing, which somebody can still supply for all of it.
func isWhole(ctx context.Context, err error) bool {
	return ctx.Err() != nil || sanitize.IsTransient(err) || errors.Is(err, sanitize.ErrLimit) || errors.Is(err, sanitize.ErrEncrypted) ||
		errors.Is(err, sanitize.ErrMalware)
}
