// Package text rebuilds plain text. It keeps the encoding, and writes every character again but those that no reader
// wants: controls, terminal escape sequences, and characters that turn the direction of what follows.
//
// Markup, programs and messages are no plain text, whatever their name: they are of their own formats or of none.
package text

import (
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
)

// Format rebuilds plain text.
type Format struct{}

var _ sanitize.Format = Format{}

// The rules of this format. The kind of thing behind each is textenc.Dropped.
const (
	RuleControl = "text/control"
	RuleEscape  = "text/escape"
	RuleBidi    = "text/bidi"
	RuleHidden  = "text/hidden"
	RuleInvalid = "text/invalid"
)

// Info implements sanitize.Format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{
		ID: "txt", Name: "テキスト / Plain text", Extensions: []string{"txt", "log", "md", "text"}, MIME: "text/plain",
	}
}

// Detect implements sanitize.Format.
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
	clean, _, dropped, err := textenc.Clean(ctx, b)
	if err != nil {
		return report, err
	}
	dropped.Add(&report, "text")
	if _, err := out.Write(clean); err != nil {
		return report, fmt.Errorf("cannot write text: %w", err)
	}
	return report, nil
}
