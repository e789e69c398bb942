// Package csv rebuilds tables written as text, with commas, tabs or semicolons. It is plain text first: the encoding
// is kept and every character written again. Beyond that, a cell that a spreadsheet would calculate gets an apostrophe
// in front, so that it is shown and not run; the layout (delimiters, quotes, line ends) stays byte for byte.
//
// Programs differ in how they split such a file: by their country's delimiter, and in what a stray quote means. So a
// cell is taken to begin wherever one of them might begin it.
package csv

import (
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
)

// Format rebuilds CSV and TSV.
type Format struct{}

var _ sanitize.Format = Format{}

// The rules of this format. The kinds of character are those of textenc.Dropped.
const (
	RuleFormula = "csv/formula" // a cell that a spreadsheet would calculate; an apostrophe stands before it
	RuleSep     = "csv/sep"     // a first line that makes a spreadsheet split by a character that is no delimiter
	RuleControl = "csv/control"
	RuleEscape  = "csv/escape"
	RuleBidi    = "csv/bidi"
	RuleHidden  = "csv/hidden"
	RuleInvalid = "csv/invalid"
)

// Info implements sanitize.Format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{
		ID: "csv", Name: "CSV 表 / CSV table", Extensions: []string{"csv", "tsv"}, MIME: "text/csv",
		Refines: "txt", ByName: true,
	}
}

// Detect implements sanitize.Format. Any text may be a table: its name decides.
func (Format) Detect(in sanitize.Input) bool {
	_, ok := textenc.Sniff(in)
	return ok
}

// Rebuild implements sanitize.Format.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	clean, enc, dropped, err := textenc.Clean(ctx, b)
	if err != nil {
		return report, err
	}
	dropped.Add(&report, "csv")
	if !pass.Policy.CSVFormulas {
		if clean, err = neutralise(ctx, clean, enc, &report); err != nil {
			return report, err
		}
	}
	if _, ok := textenc.Sniff(sanitize.BytesInput(clean)); !ok {
		return report, fmt.Errorf("cannot write table: %w: what is left is no text", sanitize.ErrUnsupported)
	}
	if _, err := out.Write(clean); err != nil {
		return report, fmt.Errorf("cannot write table: %w", err)
	}
	return report, nil
}
