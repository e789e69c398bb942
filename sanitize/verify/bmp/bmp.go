// Package bmp judges Windows bitmaps ([MS-WMF] 2.2.2, and the headers of the Windows SDK).
//
// A released bitmap is a file header, an info header of 40 bytes (108 with alpha), its colours and its rows, one
// behind the other, with nothing between them and nothing after. The pixels are in the table, the filling of rows is
// zero, and run-length encoded rows are followed to their end. No header can name a colour profile.
package bmp

import (
	"bytes"
	"context"
	"encoding/binary"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// The rules of BMP, a closed set.
const (
	RuleStructure = "verify/bmp/structure" // no headers as our writer writes them
	RulePixels    = "verify/bmp/pixels"    // rows too long, too short, or of other colours
)

// Judge judges the format "bmp".
type Judge struct{}

var _ verify.Judge = Judge{}

// Sizes of headers, in bytes.
const (
	fileHeader = 14
	infoHeader = 40
	v4Header   = 108
)

// ID implements verify.Judge.
func (Judge) ID() string { return "bmp" }

// Claims implements verify.Judge.
func (Judge) Claims(in sanitize.Input) bool {
	h := in.Head(fileHeader + 4)
	if len(h) < fileHeader+4 || string(h[:2]) != "BM" {
		return false
	}
	size := binary.LittleEndian.Uint32(h[fileHeader:])
	return size == infoHeader || size == v4Header
}

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return err
	}
	h, err := readHeader(b, pass.Policy.Limits.Pixels)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if h.rle {
		return h.runs(b[h.offset:])
	}
	return h.rows(b[h.offset:])
}

// header is what the headers say.
type header struct {
	width, height, depth int
	colours              int
	offset               int
	rle                  bool
}

// readHeader reads both headers and holds every field against what our writer writes.
func readHeader(b []byte, pixels int64) (h header, err error) {
	le := binary.LittleEndian
	if len(b) < fileHeader+infoHeader || string(b[:2]) != "BM" {
		return h, verify.Fail(RuleStructure, "header", "no header")
	}
	i := b[fileHeader:]
	size := int(le.Uint32(i))
	if size != infoHeader && size != v4Header || len(i) < size {
		return h, verify.Fail(RuleStructure, "header", "a header of %d bytes", size)
	}
	h.width, h.height, h.depth = int(int32(le.Uint32(i[4:]))), int(int32(le.Uint32(i[8:]))), int(le.Uint16(i[14:]))
	h.colours = int(min(le.Uint32(i[32:]), 257))
	if h.width <= 0 || h.height <= 0 || int64(h.width) > pixels/int64(h.height) {
		return h, verify.Fail(verify.RuleLimit, "header", "%d by %d pixels", h.width, h.height)
	}
	h.offset = fileHeader + size + 4*h.colours
	compression := le.Uint32(i[16:])
	h.rle = compression == 1
	switch {
	case int64(le.Uint32(b[2:])) != int64(len(b)), le.Uint32(b[6:]) != 0, int64(le.Uint32(b[10:])) != int64(h.offset), h.offset > len(b):
		return h, verify.Fail(RuleStructure, "header", "lengths that are not those of the file")
	case le.Uint16(i[12:]) != 1, le.Uint32(i[36:]) != 0, int64(le.Uint32(i[20:])) != int64(len(b)-h.offset):
		return h, verify.Fail(RuleStructure, "header", "fields of another bitmap")
	}
	return h, h.shape(size, compression, i)
}

// shape holds depth, compression and colours against each other.
func (h header) shape(size int, compression uint32, info []byte) error {
	palette := h.depth == 1 || h.depth == 4 || h.depth == 8
	ok := false
	switch {
	case size == v4Header:
		ok = h.depth == 32 && compression == 3 && h.colours == 0 && plainV4(info[infoHeader:v4Header])
	case palette:
		ok = h.colours >= 1 && h.colours <= 1<<h.depth && (compression == 0 || compression == 1 && h.depth == 8)
	default:
		ok = h.depth == 24 && compression == 0 && h.colours == 0
	}
	if !ok {
		return verify.Fail(RuleStructure, "header", "depth %d, compression %d, %d colours", h.depth, compression, h.colours)
	}
	return nil
}

// plainV4 reports whether the fields that a V4 header adds say four bytes of colour and alpha in sRGB, and no more.
func plainV4(b []byte) bool {
	masks := []byte{0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 'B', 'G', 'R', 's'}
	return bytes.HasPrefix(b, masks) && len(bytes.Trim(b[len(masks):], "\x00")) == 0
}

// rows judges rows that are not compressed: each is filled up to four bytes with zeros.
func (h header) rows(b []byte) error {
	used := (h.width*h.depth + 7) / 8
	row := (used + 3) &^ 3
	if len(b) != row*h.height {
		return verify.Fail(RulePixels, "", "%d bytes of %d by %d", len(b), row, h.height)
	}
	for ; len(b) > 0; b = b[row:] {
		if len(bytes.Trim(b[used:row], "\x00")) > 0 {
			return verify.Fail(RulePixels, "", "data in the filling of a row")
		}
		if h.colours > 0 && !h.inTable(b[:used]) {
			return verify.Fail(RulePixels, "", "a colour that the table does not have")
		}
	}
	return nil
}

// inTable reports whether the colours of a row are in the table, and the bits after its last pixel zero.
func (h header) inTable(row []byte) bool {
	per := 8 / h.depth
	for x := range len(row) * per {
		v := int(row[x/per]>>(8-h.depth*(x%per+1))) & (1<<h.depth - 1)
		if x < h.width && v >= h.colours || x >= h.width && v != 0 {
			return false
		}
	}
	return true
}

// runs follows run-length encoded rows of 8 bits: pairs of a count and a colour, and escapes for the end of a row, the
// end of the bitmap, and pixels that stand for themselves. Our writer does not move without pixels.
func (h header) runs(b []byte) error {
	x, y := 0, 0
	for pos := 0; pos+1 < len(b); {
		count, v := int(b[pos]), int(b[pos+1])
		pos += 2
		switch {
		case count > 0:
			x += count
			if v >= h.colours {
				return verify.Fail(RulePixels, "", "a colour that the table does not have")
			}
		case v == 0:
			x, y = 0, y+1
		case v == 1:
			if pos != len(b) || y < h.height-1 || y > h.height {
				return verify.Fail(RulePixels, "", "the end in row %d, %d bytes behind it", y, len(b)-pos)
			}
			return nil
		case v == 2 || pos+(v+1)&^1 > len(b):
			return verify.Fail(RulePixels, "", "a move, or pixels that are cut")
		default:
			for _, c := range b[pos : pos+v] {
				if int(c) >= h.colours {
					return verify.Fail(RulePixels, "", "a colour that the table does not have")
				}
			}
			if v%2 == 1 && b[pos+v] != 0 {
				return verify.Fail(RulePixels, "", "data in the filling of pixels")
			}
			pos += (v + 1) &^ 1
			x += v
		}
		if x > h.width || y > h.height {
			return verify.Fail(RulePixels, "", "pixels outside of the bitmap")
		}
	}
	return verify.Fail(RulePixels, "", "no end of the bitmap")
}
