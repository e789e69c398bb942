// Package bmp rebuilds BMP pictures (Windows bitmaps, [MS-WMF] 2.2.2.9 and the bitmap headers of the Windows SDK).
//
// Every kind of bitmap comes out as one of few: palettes of 1, 4 or 8 bits (of 8 bits run-length encoded where it was),
// 24 bits of colour, or 32 bits with alpha; rows from the bottom up. The header holds sizes and the resolution.
// Colour profiles, linked ones above all, bytes between header and pixels, in the filling of rows, and behind the
// pixels, do not exist in the output. Colour tables are written in an order of our own, without entries that no pixel
// uses.
package bmp

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"sekisho/sanitize"
)

var (
	errMalformed   = sanitize.ErrMalformed
	errUnsupported = sanitize.ErrUnsupported
	errLimit       = sanitize.ErrLimit
)

// The rules of findings.
const (
	ruleProfile  = "bmp/profile"  // an embedded or linked colour profile
	ruleGap      = "bmp/gap"      // bytes between the header and the pixels
	rulePalette  = "bmp/palette"  // colours that no pixel uses
	ruleTrailing = "bmp/trailing" // bytes behind the pixels
	ruleNoEnd    = "bmp/no-end"   // run-length codes without an end
)

// Format rebuilds BMP pictures.
type Format struct{}

var _ sanitize.Format = Format{}

// Info describes the format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "bmp", Name: "BMP 画像 / BMP picture", Extensions: []string{"bmp", "dib"}, MIME: "image/bmp"}
}

// Detect reports whether in starts with the file header of a bitmap and an info header of a known size. Two letters
// alone would be too little: texts start with them too.
func (Format) Detect(in sanitize.Input) bool {
	head := in.Head(fileHeader + 4)
	return len(head) == fileHeader+4 && string(head[:2]) == "BM" && knownHeader(binary.LittleEndian.Uint32(head[fileHeader:]))
}

// Rebuild writes the picture anew. Bitmaps that hold a JPEG or PNG picture, which only printers may get, are
// ErrUnsupported; one that lacks pixels is ErrMalformed.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	untrusted, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	p, err := parse(untrusted, pass, &report)
	if err != nil {
		return report, fmt.Errorf("cannot read BMP: %w", err)
	}
	if err := p.write(ctx, out, &report); err != nil {
		return report, fmt.Errorf("cannot rebuild BMP: %w", err)
	}
	return report, nil
}
