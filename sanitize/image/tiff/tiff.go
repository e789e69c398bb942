// Package tiff rebuilds TIFF pictures, all their pages (TIFF 6.0 and its supplements).
//
// A TIFF is a chain of directories of tags. Each page is copied tag by tag from an allow-list, every value checked;
// its strips or tiles are decompressed to exactly the bytes that the tags promise, and compressed anew:
//
//	input ─► directories ─► tags ─► strips ─┬─► decompress ─► compress ─┬─► fresh file: data, values, directory
//	                                        └─► JPEG: the engine again ─┘
//
// What the samples mean is not looked at, so that pictures of any depth, in floating point, in press colours and in
// planes come out as they were. Texts, XMP, Exif, GPS, private tags, further directories, thumbnails, and all bytes
// that no tag of a page points to, do not exist in the output.
package tiff

import (
	"context"
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
	ruleText      = "tiff/text"      // descriptions, maker, software, artist, date, copyright
	ruleXMP       = "tiff/xmp"       // XMP packets
	ruleIPTC      = "tiff/iptc"      // Photoshop resources, IPTC
	ruleExif      = "tiff/exif"      // Exif and GPS directories
	ruleICC       = "tiff/icc"       // a colour profile that was not understood, or what one held beside numbers
	ruleSubIFD    = "tiff/sub-ifd"   // further directories of a page
	ruleThumbnail = "tiff/thumbnail" // pages that are a smaller copy of another
	ruleTag       = "tiff/tag"       // other tags
	ruleSurplus   = "tiff/surplus"   // data behind the last sample of a strip
	ruleTrailing  = "tiff/trailing"  // bytes behind everything that a page points to
)

// Format rebuilds TIFF pictures.
type Format struct{}

var _ sanitize.Format = Format{}

// Info describes the format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "tiff", Name: "TIFF 画像 / TIFF picture", Extensions: []string{"tif", "tiff"}, MIME: "image/tiff"}
}

// Detect reports whether in starts with a byte order and the number of TIFF, or of BigTIFF, which Rebuild refuses.
func (Format) Detect(in sanitize.Input) bool {
	switch string(in.Head(4)) {
	case "II\x2a\x00", "MM\x00\x2a", "II\x2b\x00", "MM\x00\x2b":
		return true
	}
	return false
}

// Rebuild writes the pages anew. Compressions that few programs read (old JPEG, two-dimensional Group 3, and others)
// and BigTIFF are ErrUnsupported.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	untrusted, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	pages, order, err := parse(ctx, untrusted, pass.Policy.Limits, &report)
	if err != nil {
		return report, fmt.Errorf("cannot read TIFF: %w", err)
	}
	w := newWriter(order, pass, &report)
	for i, p := range pages {
		if err := w.page(ctx, p); err != nil {
			return report, fmt.Errorf("cannot rebuild page %d of TIFF: %w", i+1, err)
		}
	}
	_, err = out.Write(w.out)
	return report, err
}
