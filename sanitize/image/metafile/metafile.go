// Package metafile rebuilds Windows metafiles, the vector pictures of Office: EMF (MS-EMF) and WMF (MS-WMF).
//
// A metafile is a list of drawing calls. Each record whose kind is on the list is read to its fields, checked against
// its length, and written anew with nothing between or behind the fields; bitmaps in it have the length that their
// header says. Escapes, comments, printer, OpenGL and colour management records fall away, the description in the header
// and what stands behind the end too. EMF+, which stands in comments, is kept when all of it can be read to its fields;
// pictures in it are rebuilt by their formats. What nothing is drawn by in the end is no picture, and is refused.
package metafile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize"
)

// The rules of findings.
const (
	ruleRecord      = "metafile/record"      // a record that is not on the list, or is broken
	ruleDescription = "metafile/description" // text or a pixel format in the header
	ruleTrailing    = "metafile/trailing"    // bytes behind the end record
)

// errNothing says that no record that draws is left: the picture was made of records that are not kept.
var errNothing = errors.New("no drawing record that is kept")

// maxRecords bounds the records of one metafile.
const maxRecords = 1_000_000

var le = binary.LittleEndian

// EMF rebuilds enhanced metafiles.
type EMF struct{}

var _ sanitize.Format = EMF{}

// Info implements sanitize.Format.
func (EMF) Info() sanitize.Info {
	return sanitize.Info{ID: "emf", Name: "拡張メタファイル (EMF) / Enhanced metafile", Extensions: []string{"emf"}, MIME: "image/x-emf"}
}

// Detect implements sanitize.Format: the first record is a header with its signature (MS-EMF 2.3.4.2).
func (EMF) Detect(in sanitize.Input) bool {
	h := in.Head(44)
	return len(h) == 44 && le.Uint32(h) == emrHeader && string(h[40:]) == " EMF"
}

// Rebuild implements sanitize.Format. The output is at most four times as long as the input.
func (EMF) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	return rebuild(ctx, in, out, pass, rebuildEMF)
}

// WMF rebuilds the older metafiles, with a placeable header and without.
type WMF struct{}

var _ sanitize.Format = WMF{}

// Info implements sanitize.Format.
func (WMF) Info() sanitize.Info {
	return sanitize.Info{ID: "wmf", Name: "Windows メタファイル (WMF) / Windows metafile", Extensions: []string{"wmf"}, MIME: "image/x-wmf"}
}

// Detect implements sanitize.Format: the placeable header or the plain one (MS-WMF 2.3.2) begins the file.
func (WMF) Detect(in sanitize.Input) bool {
	h := in.Head(6)
	if len(h) < 6 {
		return false
	}
	kind, words, version := le.Uint16(h), le.Uint16(h[2:]), le.Uint16(h[4:])
	return le.Uint32(h) == placeableKey || (kind == 1 || kind == 2) && words == 9 && (version == 0x100 || version == 0x300)
}

// Rebuild implements sanitize.Format.
func (WMF) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	return rebuild(ctx, in, out, pass, rebuildWMF)
}

// rebuild reads the whole metafile and writes what do makes of it.
func rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass,
	do func(context.Context, []byte, sanitize.Pass, *sanitize.Report) ([]byte, error)) (sanitize.Report, error) {
	var report sanitize.Report
	untrusted, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	b, err := do(ctx, untrusted, pass, &report)
	if err != nil {
		return report, fmt.Errorf("cannot rebuild metafile: %w", err)
	}
	if _, err := out.Write(b); err != nil {
		return report, err
	}
	return report, nil
}

// records counts the records that are read, and looks now and then whether the run is over.
type records struct {
	ctx context.Context
	n   int
}

// next counts one record.
func (r *records) next() error {
	if r.n++; r.n > maxRecords {
		return fmt.Errorf("%w: more than %d records", sanitize.ErrLimit, maxRecords)
	}
	if r.n&0xfff == 0 {
		return r.ctx.Err()
	}
	return nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", sanitize.ErrMalformed, fmt.Sprintf(format, args...))
}

// nothing is the error for a picture of which no drawing is left.
func nothing() error { return fmt.Errorf("%w: %v", sanitize.ErrUnsupported, errNothing) }

// part returns the n bytes of b from off, or nil when b does not have them.
func part(b []byte, off, n uint64) []byte {
	if off > uint64(len(b)) || n > uint64(len(b))-off {
		return nil
	}
	return b[off : off+n]
}

// pad fills b with zero bytes to a multiple of n.
func pad(b []byte, n int) []byte {
	for len(b)%n != 0 {
		b = append(b, 0)
	}
	return b
}

// untilZero returns a field of text of width bytes a unit, with zeros from its first zero unit on.
func untilZero(text []byte, width int) []byte {
	out := make([]byte, len(text))
	for i := 0; i+width <= len(text); i += width {
		zero := true
		for _, c := range text[i : i+width] {
			zero = zero && c == 0
		}
		if zero {
			break
		}
		copy(out[i:], text[i:i+width])
	}
	return out
}
