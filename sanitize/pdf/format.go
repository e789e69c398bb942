package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/source"
	"sekisho/sanitize/pdf/internal/writer"
)

// Format rebuilds PDF files.
type Format struct{}

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

// Rebuild implements sanitize.Format.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	data, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return sanitize.Report{}, err
	}
	found := findings{}
	outside(found, data)
	doc, err := open(ctx, data, pass)
	if err != nil {
		return sanitize.Report{}, err
	}
	w := newWalk(ctx, doc, writer.New(out), pass, found)
	err = w.document()
	return sanitize.Report{Findings: found.report()}, kind(err)
}

// outside tells of what stands before the header, after the end, and of earlier revisions.
func outside(found findings, data []byte) {
	if !bytes.HasPrefix(data, headerMark) {
		found.add(ruleLeading, sanitize.Removed, "")
	}
	end := []byte("%%EOF")
	i := bytes.LastIndex(data, end)
	if i < 0 {
		return
	}
	if len(bytes.Trim(data[i+len(end):], "\r\n\t \x00")) > 0 {
		found.add(ruleTrailing, sanitize.Removed, "")
	}
	linearized := bytes.Contains(data[:min(len(data), 2*headerRange)], []byte("/Linearized"))
	if n := bytes.Count(data, []byte("startxref")); n > 2 || n == 2 && !linearized {
		found.add(ruleRevisions, sanitize.Removed, "")
	}
}

// open reads the objects of a file.
func open(ctx context.Context, data []byte, pass sanitize.Pass) (*source.Document, error) {
	limits := source.Limits{
		Objects: pass.Policy.Limits.Objects, Nesting: pass.Policy.Limits.Nesting, Bytes: pass.Policy.Limits.Expanded,
	}
	doc, err := source.Open(ctx, data, "", limits)
	for _, p := range pass.Passwords {
		if !errors.Is(err, source.ErrPassword) {
			break
		}
		doc, err = source.Open(ctx, data, p, limits)
	}
	if err != nil {
		return nil, kind(err)
	}
	return doc, nil
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
	case errors.Is(err, filter.ErrUnknown):
		return fmt.Errorf("%w: %w", sanitize.ErrMalformed, err)
	}
	return err
}
