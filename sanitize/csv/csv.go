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
		if clean, err = bothReadings(ctx, clean, enc, &report); err != nil {
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

// bothReadings neutralises the table in its encoding and, when all of it could be in another, in that one too. It
// fails with ErrMalformed when the two get in each other's way.
func bothReadings(ctx context.Context, b []byte, enc textenc.Encoding, report *sanitize.Report) ([]byte, error) {
	b, err := neutralise(ctx, b, enc, report)
	other := textenc.Other(b, enc)
	if err != nil || other == textenc.None {
		return b, err
	}
	var found, again sanitize.Report
	second, err := neutralise(ctx, b, other, &found)
	if err != nil || len(found.Findings) == 0 {
		return b, err
	}
	if _, err = neutralise(ctx, second, enc, &again); err != nil {
		return nil, err
	}
	if len(again.Findings) > 0 || textenc.Detect(second, true) != enc || textenc.Other(second, enc) != other {
		return nil, fmt.Errorf("cannot read table: %w: the encoding is not certain", sanitize.ErrMalformed)
	}
	report.Findings = append(report.Findings, found.Findings...)
	return second, nil
}
