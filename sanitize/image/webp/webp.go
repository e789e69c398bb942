// Package webp turns WebP pictures (RFC 9649) into pictures of formats that can be written without loss of trust: a
// lossy one without alpha into JPEG, all others into PNG.
//
// The chunks of a picture are read by an allow-list; those with pixels, alone in a container of ours, are decoded,
// and the pixels encoded:
//
//	input ─► chunks ─► fresh container ─► decode ─► PNG or JPEG ─► the engine again ─► output
//
// A colour profile that is understood goes with the picture. Exif, XMP, unknown chunks and everything behind the end
// fall away. Animations are ErrUnsupported.
package webp

import (
	"bytes"
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
	ruleConverted = "webp/converted" // the picture is now a PNG or JPEG
	ruleExif      = "webp/exif"      // Exif data
	ruleXMP       = "webp/xmp"       // XMP packets
	ruleICC       = "webp/icc"       // a colour profile that was not understood, or what one held beside numbers
	ruleChunk     = "webp/chunk"     // other chunks
	ruleTrailing  = "webp/trailing"  // bytes behind the end of the picture
)

// Format rebuilds WebP pictures.
type Format struct{}

var _ sanitize.Format = Format{}

// Info describes the format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{ID: "webp", Name: "WebP 画像 / WebP picture", Extensions: []string{"webp"}, MIME: "image/webp"}
}

// Detect reports whether in starts with the header of a RIFF file of the kind WEBP.
func (Format) Detect(in sanitize.Input) bool {
	head := in.Head(12)
	return len(head) == 12 && string(head[:4]) == "RIFF" && string(head[8:]) == "WEBP"
}

// Rebuild writes a JPEG or PNG picture with the pixels of the input, and says so in the report's Output.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	untrusted, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	p, err := parse(ctx, untrusted, pass.Policy.Limits, &report)
	if err != nil {
		return report, fmt.Errorf("cannot read WebP: %w", err)
	}
	fresh, err := p.encode(ctx)
	if err != nil {
		return report, fmt.Errorf("cannot rebuild WebP: %w", err)
	}
	member, err := pass.Member(ctx, "", sanitize.BytesInput(fresh), out)
	if err != nil {
		return report, fmt.Errorf("cannot rebuild WebP: %w", err)
	}
	report.Add(ruleConverted, sanitize.Replaced, "")
	if !bytes.Equal(p.profile, p.untrustedProfile) {
		action := sanitize.Replaced
		if p.profile == nil {
			action = sanitize.Removed
		}
		report.Add(ruleICC, action, "")
	}
	report.Output = member.Output
	return report, nil
}
