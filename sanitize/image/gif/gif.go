// Package gif rebuilds GIF pictures and animations (GIF89a).
//
// The blocks of a picture are read by an allow-list, the pixels of each frame are decoded and encoded anew:
//
//	input ─► blocks ─► frames ─► decode, count colours ─► decode, encode ─► fresh blocks
//
// Kept are the frames with their places, delays, disposal and interlacing, and how often an animation repeats. Colour
// tables are written in an order of our own, without entries that no pixel uses. Comments, texts, all other
// application data, and everything behind the end of the picture, fall away.
//
// One frame is held in memory at a time. The pixels of all frames together are bounded by Limits.Pixels.
package gif

import (
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
)

var (
	errMalformed = sanitize.ErrMalformed
	errLimit     = sanitize.ErrLimit
)

// Format rebuilds GIF pictures.
type Format struct{}

var _ sanitize.Format = Format{}

// Info describes the format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "gif", Name: "GIF 画像 / GIF picture", Extensions: []string{"gif"}, MIME: "image/gif"}
}

// Detect reports whether in starts with a signature of GIF.
func (Format) Detect(in sanitize.Input) bool {
	head := string(in.Head(6))
	return head == "GIF87a" || head == "GIF89a"
}

// Rebuild writes the picture anew. A picture that lacks pixels, or that uses colours that it does not have, is
// ErrMalformed.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	untrusted, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	p, err := parse(ctx, untrusted, pass.Policy, &report)
	if err != nil {
		return report, fmt.Errorf("cannot read GIF: %w", err)
	}
	if err := p.arrange(ctx); err != nil {
		return report, fmt.Errorf("cannot read GIF: %w", err)
	}
	if err := p.write(ctx, out); err != nil {
		return report, fmt.Errorf("cannot rebuild GIF: %w", err)
	}
	return report, nil
}
