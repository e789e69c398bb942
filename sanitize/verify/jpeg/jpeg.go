// Package jpeg judges JPEG pictures (ITU-T T.81, T.871).
//
// A released picture has the segments of a list, each with exactly the content its marker allows: JFIF without a
// thumbnail, Exif with an orientation and nothing else, a colour profile, the Adobe marker, tables, one baseline,
// extended or progressive frame of 8 bits, and scans. Every coefficient of every scan is decoded, by Huffman codes
// only, many at a look where a scan is long (sequence): the entropy coded data must end exactly where the picture does, and the file with it. The decoder keeps one
// bit a coefficient, and only of progressive pictures, so that a judge needs little memory for a large picture.
package jpeg

import (
	"bytes"
	"context"
	"encoding/binary"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// Judge judges the format "jpeg".
type Judge struct{}

var _ verify.Judge = Judge{}

// The markers that our writer writes (T.81, table B.1).
const (
	mSOF0, mSOF1, mSOF2 = 0xC0, 0xC1, 0xC2
	mDHT                = 0xC4
	mRST0               = 0xD0
	mSOI, mEOI, mSOS    = 0xD8, 0xD9, 0xDA
	mDQT, mDRI          = 0xDB, 0xDD
	mAPP0, mAPP1        = 0xE0, 0xE1
	mAPP2, mAPP14       = 0xE2, 0xEE
)

// ID implements verify.Judge.
func (Judge) ID() string { return "jpeg" }

// Claims implements verify.Judge.
func (Judge) Claims(in sanitize.Input) bool {
	return bytes.Equal(in.Head(3), []byte{0xFF, mSOI, 0xFF})
}

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return err
	}
	d := decoder{ctx: ctx, limits: pass.Policy.Limits, b: b, long: longScan}
	return d.picture()
}

// picture judges the whole picture.
func (d *decoder) picture() error {
	if !bytes.HasPrefix(d.b, []byte{0xFF, mSOI}) {
		return verify.Fail(RuleStructure, "", "no start of image")
	}
	d.pos = 2
	for !d.ended {
		if err := d.segment(); err != nil {
			return err
		}
	}
	if d.pos != len(d.b) {
		return verify.Fail(RuleTrailing, "", "%d bytes after the end", len(d.b)-d.pos)
	}
	return d.complete()
}

// decoder is what the segments so far say.
type decoder struct {
	ctx    context.Context
	limits sanitize.Limits
	b      []byte
	long   int // units of a scan from which it is read quickly
	pos    int
	ended  bool
	count  int // segments so far

	quant    [4]bool
	tables   [2][4]*huffman // DC and AC
	restart  int            // MCUs between restart markers, or 0
	frame    *frame
	scans    int
	profile  []byte // the parts of APP2 so far
	chunks   int    // how many of them
	announce int    // how many of them there are to be
	adobe    bool
	exif     bool
}

// segment judges the segment at pos and moves past it.
func (d *decoder) segment() error {
	if d.pos+2 > len(d.b) || d.b[d.pos] != 0xFF {
		return verify.Fail(RuleStructure, "", "no marker at offset %d", d.pos)
	}
	marker := d.b[d.pos+1]
	d.pos += 2
	d.count++
	if marker == mEOI {
		d.ended = true
		return nil
	}
	if d.pos+2 > len(d.b) {
		return verify.Fail(RuleStructure, "", "it ends in a segment")
	}
	n := int(binary.BigEndian.Uint16(d.b[d.pos:]))
	if n < 2 || d.pos+n > len(d.b) {
		return verify.Fail(RuleStructure, "", "a segment of %d bytes at offset %d", n, d.pos)
	}
	data := d.b[d.pos+2 : d.pos+n]
	d.pos += n
	return d.dispatch(marker, data)
}

func (d *decoder) dispatch(marker byte, data []byte) error {
	switch marker {
	case mAPP0:
		return d.jfif(data)
	case mAPP1:
		return d.orientation(data)
	case mAPP2:
		return d.colour(data)
	case mAPP14:
		return d.adobeSegment(data)
	case mDQT:
		return d.quantisation(data)
	case mSOF0, mSOF1, mSOF2:
		return d.start(marker, data)
	case mDHT:
		return d.codes(data)
	case mDRI:
		if len(data) != 2 {
			return verify.Fail(RuleSegment, "DRI", "%d bytes", len(data))
		}
		d.restart = int(binary.BigEndian.Uint16(data))
		return nil
	case mSOS:
		return d.scan(data)
	}
	return verify.Fail(RuleSegment, "", "marker %#x is not on the list", marker)
}

// complete fails when the file ended and the picture had not.
func (d *decoder) complete() error {
	switch {
	case d.frame == nil || d.scans == 0:
		return verify.Fail(RuleStructure, "", "no picture")
	case d.chunks != d.announce:
		return verify.Fail(RuleProfile, "APP2", "%d parts of %d", d.chunks, d.announce)
	}
	for i := range d.frame.comps {
		if !d.frame.comps[i].seen {
			return verify.Fail(RuleEntropy, "", "component %d has no data", i)
		}
	}
	return nil
}
