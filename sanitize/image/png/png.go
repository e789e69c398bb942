// Package png rebuilds PNG and APNG pictures (W3C PNG third edition, ISO/IEC 15948).
//
// The chunks of a picture are read by an allow-list, each with its length, values, order and checksum; pixels are
// inflated row by row, counted, and deflated anew with the row filters that they had, so that every pixel stays what
// it was:
//
//	input ─► chunks ─► header, palette, colour space ─► rows ─► inflate, check ─► deflate ─► fresh chunks
//
// A palette is written in an order of our own, without entries that no pixel uses, for it is the one place of a PNG
// that readers never show as it is written and that a text fits in. Text, time, Exif and private chunks fall away, and
// so does everything behind the last row, in the pixel stream or behind the end of the picture.
//
// No picture is held in memory. Pixels are bounded by Limits.Pixels, all frames of an animation together.
package png

import (
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
)

const signature = "\x89PNG\r\n\x1a\n"

var (
	errMalformed   = sanitize.ErrMalformed
	errUnsupported = sanitize.ErrUnsupported
	errLimit       = sanitize.ErrLimit

	errPalette = fmt.Errorf("%w: a pixel has a colour that the palette lacks", errMalformed)
)

// Format rebuilds PNG pictures.
type Format struct{}

var _ sanitize.Format = Format{}

// Info describes the format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "png", Name: "PNG 画像 / PNG picture", Extensions: []string{"png"}, MIME: "image/png"}
}

// Detect reports whether in starts with the signature.
func (Format) Detect(in sanitize.Input) bool { return string(in.Head(len(signature))) == signature }

// Rebuild writes the picture anew. A critical chunk that is not of the standard is ErrUnsupported; a picture without
// all its pixels, or with a wrong checksum where it matters, is ErrMalformed.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	untrusted, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	p, err := parse(ctx, untrusted, pass, &report)
	if err != nil {
		return report, fmt.Errorf("cannot read PNG: %w", err)
	}
	if err := p.write(ctx, out); err != nil {
		return report, fmt.Errorf("cannot rebuild PNG: %w", err)
	}
	return report, nil
}
