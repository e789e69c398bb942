// Package json rebuilds JSON (RFC 8259). Every token is read by the grammar and written again, in its order and with
// its numbers and white space as they were spelled. Characters that no text keeps (controls, escape sequences, those
// that turn the direction) go, also where a string spells them as \u escapes. An object that names a key twice is
// refused, because readers differ in which value counts.
package json

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
)

// Format rebuilds JSON.
type Format struct{}

var _ sanitize.Format = Format{}

// The rules of this format. The kinds of character are those of textenc.Dropped.
const (
	RuleControl = "json/control"
	RuleBidi    = "json/bidi"
	RuleHidden  = "json/hidden"
	RuleInvalid = "json/invalid" // half of a surrogate pair
)

// Info implements sanitize.Format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{
		ID: "json", Name: "JSON", Extensions: []string{"json", "geojson"}, MIME: "application/json", Refines: "txt", ByName: true,
	}
}

// detectLen is how much of a file tells that it is JSON, in bytes.
const detectLen = 4096

// Detect implements sanitize.Format. It is true for text in UTF-8 that begins with an object or a list: whether that
// is JSON, or a text with a bracket, its name decides.
func (Format) Detect(in sanitize.Input) bool {
	b := in.Head(detectLen)
	e := textenc.Detect(b, int64(len(b)) == in.Size())
	if e != textenc.UTF8 && e != textenc.UTF8BOM {
		return false
	}
	rest := bytes.TrimLeft(b[len(e.BOM(b)):], " \t\r\n")
	return len(rest) > 0 && (rest[0] == '{' || rest[0] == '[')
}

// Rebuild implements sanitize.Format.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	bom := textenc.UTF8BOM.BOM(b)
	w := &rewriter{in: b[len(bom):], out: append(make([]byte, 0, len(b)), bom...), limits: pass.Policy.Limits}
	if err := w.document(ctx); err != nil {
		return report, fmt.Errorf("cannot read JSON at byte %d: %w", len(bom)+w.at, err)
	}
	w.dropped.Add(&report, "json")
	if _, err := out.Write(w.out); err != nil {
		return report, fmt.Errorf("cannot write JSON: %w", err)
	}
	return report, nil
}
