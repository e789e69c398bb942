// Package metafile judges Windows metafiles, the vector pictures of Office: EMF ([MS-EMF]) and WMF ([MS-WMF]).
//
// A released metafile is a header, records of kinds that draw or say how to draw, one behind the other, and the end
// record, which ends the file. No record is an escape, a comment that is no EMF+, or talks to a printer, to OpenGL or to colour
// management; bitmaps lie inside of their records.
package metafile

import (
	"bytes"
	"context"
	"encoding/binary"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// The rules of metafiles, a closed set.
const (
	RuleStructure = "verify/metafile/structure" // no header, or records that do not fill the file
	RuleRecord    = "verify/metafile/record"    // a record of a kind that is not on the list
	RuleBitmap    = "verify/metafile/bitmap"    // a bitmap that is not in its record, or compressed
)

// EMF judges the format "emf".
type EMF struct{}

var _ verify.Judge = EMF{}

// ID implements verify.Judge.
func (EMF) ID() string { return "emf" }

// Claims implements verify.Judge.
func (EMF) Claims(in sanitize.Input) bool {
	h := in.Head(44)
	return len(h) == 44 && binary.LittleEndian.Uint32(h) == emrHeader && string(h[40:]) == " EMF"
}

// Records of EMF that are spoken of here ([MS-EMF] 2.1.1).
const (
	emrHeader  = 1
	emrEOF     = 14
	emrComment = 70
)

// Check implements verify.Judge.
func (e EMF) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return err
	}
	if !e.Claims(in) || len(b) < 88 {
		return verify.Fail(RuleStructure, "header", "no header")
	}
	le := binary.LittleEndian
	if int64(le.Uint32(b[48:])) != int64(len(b)) || le.Uint32(b[60:]) != 0 || le.Uint32(b[64:]) != 0 {
		return verify.Fail(RuleStructure, "header", "another length, or a description")
	}
	count, kind, plus := uint32(0), uint32(0), plusJudge{ctx: ctx, pass: pass}
	for rest := b; len(rest) > 0; count++ {
		if count%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if kind == emrEOF || len(rest) < 8 {
			return verify.Fail(RuleStructure, "", "%d bytes behind the last record", len(rest))
		}
		kind = le.Uint32(rest)
		n := int64(le.Uint32(rest[4:]))
		if n < 8 || n%4 != 0 || n > int64(len(rest)) || (kind == emrHeader) != (count == 0) {
			return verify.Fail(RuleStructure, "", "record %d has %d bytes", count, n)
		}
		judge := emfRecord
		if kind == emrComment {
			judge = func(_ uint32, r []byte) error { return plus.comment(r) }
		}
		if err := judge(kind, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if err := plus.end(); err != nil {
		return err
	}
	if kind != emrEOF || le.Uint32(b[52:]) != count {
		return verify.Fail(RuleStructure, "", "%d records, or no end", count)
	}
	return nil
}

// emfKept reports whether a kind of record draws or says how to draw: not comments (70), colour management (98 to 101,
// 111 to 113, 121, 122), OpenGL (102 to 104), escapes (105, 106, 110), nor what is reserved.
func emfKept(kind uint32) bool {
	switch {
	case kind >= 1 && kind <= 69, kind >= 71 && kind <= 98, kind == 108, kind >= 114 && kind <= 116, kind == 118, kind == 120:
		return true
	}
	return false
}

// bitmapFields returns where a record says where its bitmaps are: each in four numbers, the offsets and the lengths of
// header and bits.
func bitmapFields(kind uint32) []int {
	switch kind {
	case 76, 77, 114, 116:
		return []int{84}
	case 78:
		return []int{84, 112}
	case 79:
		return []int{96, 124}
	case 80, 81:
		return []int{48}
	case 93, 94:
		return []int{16}
	}
	return nil
}

func emfRecord(kind uint32, r []byte) error {
	if !emfKept(kind) {
		return verify.Fail(RuleRecord, "", "a record of the kind %d", kind)
	}
	for _, at := range bitmapFields(kind) {
		if len(r) < at+16 {
			return verify.Fail(RuleBitmap, "", "a record of the kind %d has %d bytes", kind, len(r))
		}
		var f [4]int64
		for i := range f {
			f[i] = int64(binary.LittleEndian.Uint32(r[at+4*i:]))
		}
		n := int64(len(r))
		if f[1] == 0 && f[3] == 0 {
			continue // a raster operation without a source
		}
		if f[0]+f[1] > n || f[2]+f[3] > n || !plainBitmap(r[f[0]:f[0]+f[1]]) {
			return verify.Fail(RuleBitmap, "", "a bitmap of %d and %d bytes", f[1], f[3])
		}
	}
	return nil
}

// plainBitmap reports whether h begins with the header of a bitmap whose bits are no other file: JPEG and PNG have
// compressions of their own ([MS-WMF] 2.1.1.7).
func plainBitmap(h []byte) bool {
	if len(h) < 12 {
		return false
	}
	size := int64(binary.LittleEndian.Uint32(h))
	if size == 12 {
		return true
	}
	return size >= 40 && size <= int64(len(h)) && binary.LittleEndian.Uint32(h[16:]) <= 3
}

// placeable is how a WMF with a size begins ([MS-WMF] 2.3.2.3).
var placeable = []byte{0xD7, 0xCD, 0xC6, 0x9A}

// WMF judges the format "wmf".
type WMF struct{}

var _ verify.Judge = WMF{}

// ID implements verify.Judge.
func (WMF) ID() string { return "wmf" }

// Claims implements verify.Judge.
func (WMF) Claims(in sanitize.Input) bool {
	h := in.Head(6)
	return bytes.HasPrefix(h, placeable) || len(h) == 6 && (h[0] == 1 || h[0] == 2) && h[1] == 0 && h[2] == 9 && h[3] == 0 && h[4] == 0 && (h[5] == 1 || h[5] == 3)
}

// Sizes of the headers, in bytes ([MS-WMF] 2.3.2).
const (
	placeableSize = 22
	headerSize    = 18
)

// Check implements verify.Judge.
func (WMF) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(b, placeable) {
		if len(b) < placeableSize || checksum(b) != binary.LittleEndian.Uint16(b[20:]) {
			return verify.Fail(RuleStructure, "header", "the size has no checksum")
		}
		b = b[placeableSize:]
	}
	le := binary.LittleEndian
	if len(b) < headerSize || le.Uint16(b[2:]) != 9 || int64(le.Uint32(b[6:]))*2 != int64(len(b)) || le.Uint16(b[16:]) != 0 {
		return verify.Fail(RuleStructure, "header", "no header, or another length")
	}
	ended := false
	for rest := b[headerSize:]; len(rest) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if ended || len(rest) < 6 {
			return verify.Fail(RuleStructure, "", "%d bytes behind the last record", len(rest))
		}
		n, function := int64(le.Uint32(rest))*2, le.Uint16(rest[4:])
		if n < 6 || n > int64(len(rest)) {
			return verify.Fail(RuleStructure, "", "a record of %d bytes", n)
		}
		if !wmfKept(function) {
			return verify.Fail(RuleRecord, "", "the function %#x", function)
		}
		ended = function == 0
		rest = rest[n:]
	}
	if !ended {
		return verify.Fail(RuleStructure, "", "no end")
	}
	return nil
}

// checksum returns the exclusive or of the first ten words of the placeable header.
func checksum(b []byte) uint16 {
	sum := uint16(0)
	for i := 0; i < 20; i += 2 {
		sum ^= binary.LittleEndian.Uint16(b[i:])
	}
	return sum
}

// wmfKept reports whether a function draws or says how to draw ([MS-WMF] 2.1.1.1): every one but the escape, which
// reaches printer drivers and once installed a procedure, and the functions of printing.
func wmfKept(function uint16) bool {
	switch function {
	case 0x0000, 0x001E, 0x0035, 0x0037, 0x00F7, 0x00F8, 0x0102, 0x0103, 0x0104, 0x0105, 0x0106, 0x0107, 0x0108, 0x0127, 0x012A, 0x012B, 0x012C, 0x012D,
		0x012E, 0x0139, 0x0142, 0x0149, 0x01F0, 0x01F9, 0x0201, 0x0209, 0x020A, 0x020B, 0x020C, 0x020D, 0x020E, 0x020F, 0x0211, 0x0213, 0x0214,
		0x0220, 0x0228, 0x0231, 0x0234, 0x02FA, 0x02FB, 0x02FC, 0x0324, 0x0325, 0x0410, 0x0412, 0x0415, 0x0416, 0x0418, 0x0419, 0x041B, 0x041F,
		0x0429, 0x0436, 0x0521, 0x0538, 0x0548, 0x061C, 0x061D, 0x06FF, 0x0817, 0x081A, 0x0830, 0x0922, 0x0940, 0x0A32, 0x0B23, 0x0B41, 0x0D33, 0x0F43:
		return true
	}
	return false
}
