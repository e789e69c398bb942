package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/object"
	"sekisho/sanitize/pdf/internal/source"
	"sekisho/sanitize/pdf/internal/writer"
)

// Format rebuilds PDF files.
type Format struct {
	// Engine does what needs a complete second reader of PDF. With nil, files that need it are refused.
	Engine Engine
}

var _ sanitize.Format = Format{}

// headerRange is how far into a file readers look for its header; what stands before it is not PDF.
const headerRange = 1024

var headerMark = []byte("%PDF-")

// Info implements sanitize.Format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "pdf", Name: "PDF 文書 / PDF document", Extensions: []string{"pdf"}, MIME: "application/pdf"}
}

// Detect implements sanitize.Format: a PDF has its header within the first 1,024 bytes (ISO 32000-2 7.5.2, and what
// readers make of it).
func (Format) Detect(in sanitize.Input) bool {
	return bytes.Contains(in.Head(headerRange+len(headerMark)), headerMark)
}

// Rebuild implements sanitize.Format. With an Engine, damaged files are set right, pictures that only an engine can
// decode are, and pages are drawn when the policy says so.
func (f Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	data, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return sanitize.Report{}, err
	}
	switch {
	case pass.Policy.Render:
		return f.render(ctx, data, out, pass)
	case f.Engine != nil:
		return f.rebuildOrRepair(ctx, data, out, pass)
	}
	done, err := f.rebuild(ctx, data, out, pass)
	return sanitize.Report{Findings: done.found.report()}, err
}

// outcome says what came of a rebuild.
type outcome struct {
	found findings
	pages int // in the output
	inked int // of them, those that have content
}

// rebuild is the ordinary way.
func (f Format) rebuild(ctx context.Context, data []byte, out io.Writer, pass sanitize.Pass) (outcome, error) {
	found := findings{}
	outside(found, data)
	doc, err := open(ctx, data, pass)
	if err != nil {
		return outcome{}, err
	}
	w := newWalk(ctx, doc, writer.New(out), pass, found)
	w.engine = f.Engine
	err = w.document()
	return outcome{found, len(w.pages), w.inked}, kind(err)
}

// outside tells of what stands before the header, after the end, and of earlier revisions.
func outside(found findings, data []byte) {
	if !bytes.HasPrefix(data, headerMark) {
		found.add(ruleLeading, sanitize.Removed, "")
	}
	end := []byte("%%EOF")
	if i := bytes.LastIndex(data, end); i >= 0 && len(bytes.Trim(data[i+len(end):], "\r\n\t \x00")) > 0 {
		found.add(ruleTrailing, sanitize.Removed, "")
	}
	if !pointed(data) {
		found.add(ruleRepaired, sanitize.Repaired, "")
	}
	linearized := bytes.Contains(data[:min(len(data), 2*headerRange)], []byte("/Linearized"))
	if n := bytes.Count(data, []byte("startxref")); n > 2 || n == 2 && !linearized {
		found.add(ruleRevisions, sanitize.Removed, "")
	}
}

// pointed reports whether the last startxref names the offset of a cross-reference table or stream (ISO 32000-2 7.5.5),
// from the start of the file or from its header. pdfcpu does not say when it had to look for one.
func pointed(data []byte) bool {
	word := []byte("startxref")
	i := bytes.LastIndex(data, word)
	if i < 0 {
		return false
	}
	p := object.Parser{Buf: data, Pos: i + len(word)}
	o, _ := p.Next()
	offset, _ := o.(int64)
	for _, base := range []int64{0, int64(max(0, bytes.Index(data, headerMark)))} {
		if at := base + offset; at > 0 && at < int64(len(data)) {
			p := object.Parser{Buf: data[:min(int64(len(data)), at+64)], Pos: int(at)}
			first, _ := p.Next()
			if _, number := first.(int64); number || first == object.Keyword("xref") {
				return true
			}
		}
	}
	return false
}

// readTime is how long the ordinary reader may take before the scan for objects is tried in its place, a fraction of
// the time of the whole run.
const readTime = 4

// open reads the objects of a file: with pdfcpu, and when pages are missing then, by looking for them.
func open(ctx context.Context, data []byte, pass sanitize.Pass) (*source.Document, error) {
	limits := source.Limits{
		Objects: pass.Policy.Limits.Objects, Nesting: pass.Policy.Limits.Nesting, Bytes: pass.Policy.Limits.Expanded,
		Time: pass.Policy.Limits.Time / readTime,
	}
	doc, err := ordinary(ctx, data, pass, limits)
	if errors.Is(err, source.ErrPassword) {
		return nil, kind(err)
	}
	pages, whole := countPages(ctx, doc, pass)
	if pages > 0 && whole && !doc.Damaged {
		return doc, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	repaired, rerr := source.Repair(ctx, data, limits, pass.Expand)
	if rerr != nil && doc != nil && pages > 0 {
		return doc, nil
	}
	if rerr != nil {
		return nil, unreadable(err, rerr)
	}
	more, _ := countPages(ctx, repaired, pass)
	if more == 0 && pages == 0 {
		repaired.Salvage()
		more, _ = countPages(ctx, repaired, pass)
	}
	if doc != nil && (pages > more || pages == more && !doc.Damaged) {
		return doc, nil
	}
	return repaired, nil
}

// unreadable says why a file that neither reader could make sense of is refused.
func unreadable(err, rerr error) error {
	if k := kind(rerr); errors.Is(k, sanitize.ErrLimit) || errors.Is(k, sanitize.ErrEncrypted) || errors.Is(rerr, context.DeadlineExceeded) || errors.Is(rerr, context.Canceled) {
		return k
	}
	if err == nil {
		return fmt.Errorf("%w: %w", sanitize.ErrMalformed, rerr)
	}
	return fmt.Errorf("%w: %w; %w", sanitize.ErrMalformed, err, rerr)
}

// ordinary reads a file with pdfcpu, with no password and then with each that was given.
func ordinary(ctx context.Context, data []byte, pass sanitize.Pass, limits source.Limits) (*source.Document, error) {
	if bytes.Count(data, []byte(" obj")) > limits.Objects {
		return nil, fmt.Errorf("%w: more than %d objects", source.ErrLimit, limits.Objects)
	}
	doc, err := source.Open(ctx, data, "", limits)
	if !errors.Is(err, source.ErrPassword) {
		return doc, err
	}
	for _, p := range spellings(pass.Passwords) {
		doc, other := source.Open(ctx, data, p, limits)
		if other == nil || errors.Is(other, source.ErrLimit) || ctx.Err() != nil {
			return doc, other
		}
	}
	return nil, err // whatever pdfcpu makes of a password that it does not take, the file wants another
}

// countPages returns how many pages the page tree of doc has, and whether every node of it is there. A page tree beyond
// a limit is whole: it is refused later.
func countPages(ctx context.Context, doc *source.Document, pass sanitize.Pass) (int, bool) {
	if doc == nil {
		return 0, false
	}
	w := newWalk(ctx, doc, nil, pass, findings{})
	catalog, _, err := doc.Load(doc.Root)
	d, ok := catalog.(object.Dict)
	if err != nil || !ok {
		return 0, false
	}
	pages, err := w.collect(d)
	if errors.Is(err, sanitize.ErrLimit) {
		return pass.Policy.Limits.Pages + 1, true
	}
	return len(pages), err == nil && !w.gap
}

// kind gives err one of the kinds of package sanitize.
func kind(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, source.ErrPassword):
		return fmt.Errorf("%w: %w", sanitize.ErrEncrypted, err)
	case errors.Is(err, source.ErrLimit):
		return fmt.Errorf("%w: %w", sanitize.ErrLimit, err)
	case errors.Is(err, filter.ErrUnknown), errors.Is(err, filter.ErrLocked):
		return fmt.Errorf("%w: %w", sanitize.ErrMalformed, err)
	}
	return err
}
