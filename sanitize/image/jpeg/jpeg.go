// Package jpeg rebuilds JPEG pictures (ITU-T T.81, ISO/IEC 10918-1) without loss.
//
// A picture is read down to the symbols that carry its coefficients, and those are written again behind markers,
// Huffman tables and restart-free scans of our own, so that every coefficient stays what it was:
//
//	input ─► parse (markers, tables, scans) ─► read a scan ─┬─► count symbols ─► optimal Huffman tables
//	                                                        └─► read it again ─► write symbols ─► output
//
// The tables of T.81 annex K, which most scans have, are ours as well: a scan that has them keeps them, and is read once.
// Where it then is to the last bit what would be written, it is copied instead of written (canonical); anything that says
// the same coefficients in another way, or more than them, makes it be written.
//
// A long scan of a sequential picture is read by tables that know all coefficients in the next twelve bits (leap); it
// comes out as one that is read coefficient by coefficient. A scan is read twice instead of being kept: the memory of a
// rebuild is the input, one scan without its stuffing, and, for a progressive picture, eight bytes for each block of 64
// coefficients.
//
// Kept are the JFIF density, the Adobe marker (it decides the colour model), the orientation, and a colour profile
// whose every number was understood. All other application data, comments, thumbnails, and everything behind the end
// of the picture or between its segments, falls away.
package jpeg

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
)

// Format rebuilds JPEG pictures.
type Format struct{}

var _ sanitize.Format = Format{}

// Info describes the format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{
		ID: "jpeg", Name: "JPEG 画像 / JPEG picture", Extensions: []string{"jpg", "jpeg", "jpe", "jfif"}, MIME: "image/jpeg",
	}
}

// maxIdentifier is how much of an application segment is looked at for its identifier.
const maxIdentifier = 6

// Detect reports whether in starts with a start-of-image marker and another marker. Those four bytes before something else
// make no JPEG: an application segment that is longer than the whole input must say what it is.
func (Format) Detect(in sanitize.Input) bool {
	head := in.Head(6 + maxIdentifier)
	if !bytes.HasPrefix(head, []byte{0xff, markerSOI, 0xff}) {
		return false
	}
	if len(head) < 6 || head[3]&0xf0 != markerAPP0 || 4+int64(head[4])<<8+int64(head[5]) <= in.Size() {
		return true
	}
	for _, id := range []string{"JFIF", "JFXX", "Exif", "http", "ICC_", "MPF", "Adobe", "Photos", "AVI1", "CIFF", "Ducky"} {
		if bytes.HasPrefix(head[6:], []byte(id)) {
			return true
		}
	}
	return false
}

// Rebuild writes the picture anew. Arithmetic coding, hierarchical and lossless processes, samples of twelve bits
// and DNL segments are ErrUnsupported; a picture that lacks any of its coefficients is ErrMalformed.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var report sanitize.Report
	untrusted, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return report, err
	}
	p, err := parse(ctx, untrusted, pass.Policy.Limits, &report)
	if err != nil {
		return report, fmt.Errorf("cannot read JPEG: %w", err)
	}
	if pass.Policy.Pixels && p.decodable() {
		err = p.rebuildPixels(ctx, untrusted, out, pass, &report)
	} else {
		err = p.write(ctx, out)
	}
	if err != nil {
		return report, fmt.Errorf("cannot rebuild JPEG: %w", err)
	}
	p.meta.report(p, &report)
	return report, nil
}
