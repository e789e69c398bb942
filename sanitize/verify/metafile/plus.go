package metafile

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// RulePlus is for EMF+ ([MS-EMFPLUS]), which stands in comments of EMF: a record or an object that is not on the list, bytes
// between or behind them, or a picture that is no picture.
const RulePlus = "verify/metafile/plus"

// plusJudge looks at the EMF+ of one metafile, comment by comment.
type plusJudge struct {
	ctx    context.Context
	pass   verify.Pass
	begun  bool
	ended  bool
	kind   uint16 // flags of the object that goes on
	object []byte
	total  int
}

// broken is the violation of a metafile whose EMF+ is not as it must be.
func broken(format string, args ...any) error { return verify.Fail(RulePlus, "", format, args...) }

// comment judges the comment in the EMF record r: it holds EMF+ and fills the record.
func (j *plusJudge) comment(r []byte) error {
	le := binary.LittleEndian
	if len(r) < 16 || string(r[12:16]) != "EMF+" {
		return verify.Fail(RuleRecord, "", "a comment")
	}
	if int(le.Uint32(r[8:])) != len(r)-12 {
		return broken("bytes behind a comment")
	}
	for rest := r[16:]; len(rest) > 0; {
		if len(rest) < 12 || j.ended {
			return broken("%d bytes behind the last record", len(rest))
		}
		kind, size := le.Uint16(rest), int64(le.Uint32(rest[4:]))
		if size < 12 || size%4 != 0 || size > int64(len(rest)) || !plusKept(kind) || (kind == 0x4001) == j.begun {
			return broken("the record %#x of %d bytes", kind, size)
		}
		if err := j.record(kind, le.Uint16(rest[2:]), rest[8:size]); err != nil {
			return err
		}
		j.begun, j.ended = true, kind == 0x4002
		rest = rest[size:]
	}
	return nil
}

// plusKept reports whether a record draws, says how to draw, or makes an object ([MS-EMFPLUS] 2.1.1.1): not comments, what is
// reserved, effects, and what terminal servers use.
func plusKept(kind uint16) bool {
	return kind == 0x4001 || kind == 0x4002 || kind == 0x4004 || kind >= 0x4008 && kind <= 0x4036
}

// record judges a record, of which b is what follows its size.
func (j *plusJudge) record(kind, flags uint16, b []byte) error {
	le := binary.LittleEndian
	goes := kind == 0x4008 && flags&0x8000 != 0
	if goes {
		if len(b) < 8 {
			return broken("a piece of %d bytes", len(b))
		}
		if j.total == 0 {
			j.total, j.kind, j.object = int(le.Uint32(b)), flags, nil
		}
		b = b[4:]
	}
	data := b[4:]
	if int(le.Uint32(b)) != len(data) {
		return broken("bytes behind the data of a record")
	}
	switch {
	case kind != 0x4008 && j.total > 0:
		return broken("an object ends early")
	case kind != 0x4008:
		return nil
	case j.total == 0:
		return j.whole(flags, data)
	case flags&0x7fff != j.kind&0x7fff || len(j.object)+len(data) > j.total || goes && len(j.object)+len(data) == j.total:
		return broken("pieces that do not fit")
	}
	if j.object = append(j.object, data...); len(j.object) < j.total {
		if !goes {
			return broken("an object ends early")
		}
		return nil
	}
	whole := j.object
	j.object, j.total = nil, 0
	return j.whole(flags, whole)
}

// end judges what is open at the end of the metafile.
func (j *plusJudge) end() error {
	if j.total > 0 {
		return broken("an object ends early")
	}
	return nil
}

// whole judges an object. Pictures are pictures, brushes of pictures, and pens with such brushes.
func (j *plusJudge) whole(flags uint16, b []byte) error {
	if flags&0xff > 63 || len(b) < 8 {
		return broken("object %d of %d bytes", flags&0xff, len(b))
	}
	n := func(at int) int {
		if at+4 > len(b) {
			return 1 << 30
		}
		return int(binary.LittleEndian.Uint32(b[at:]))
	}
	exact := func(want int) error {
		if want < 0 || len(b) != (want+3)&^3 {
			return broken("an object of %d bytes that needs %d", len(b), want)
		}
		return nil
	}
	switch flags >> 8 & 0x7f {
	case 1:
		return j.brush(b)
	case 2:
		return j.pen(b)
	case 5:
		return j.picture(b)
	case 6:
		return exact(24 + 2*n(20))
	case 7:
		return exact(60 + 4*n(52) + 8*n(56))
	case 8:
		return exact(24)
	case 3, 4, 9:
		return nil
	}
	return broken("an object of the kind %d", flags>>8&0x7f)
}

// brush judges a brush: one made of a picture has it behind its transformation.
func (j *plusJudge) brush(b []byte) error {
	le := binary.LittleEndian
	if len(b) < 12 || le.Uint32(b[4:]) > 4 {
		return broken("a brush of %d bytes", len(b))
	}
	if le.Uint32(b[4:]) != 2 {
		return nil
	}
	at := 16
	if le.Uint32(b[8:])&2 != 0 {
		at += 24
	}
	if len(b) < at {
		return broken("a brush of %d bytes", len(b))
	}
	return j.picture(b[at:])
}

// pen judges the brush of a pen, which stands behind what the pen's flags say is there.
func (j *plusJudge) pen(b []byte) error {
	at := 20
	number := func() int {
		if at < 0 || at+4 > len(b) {
			return 1 << 30
		}
		at += 4
		return int(binary.LittleEndian.Uint32(b[at-4:]))
	}
	if len(b) < at {
		return broken("a pen of %d bytes", len(b))
	}
	flags := binary.LittleEndian.Uint32(b[8:])
	for bit := range 13 {
		if flags>>bit&1 == 0 || at > len(b) {
			continue
		}
		switch bit {
		case 0:
			at += 24
		case 8, 10:
			at += 4 * number()
		case 11, 12:
			at += number()
		default:
			at += 4
		}
	}
	if at > len(b) {
		return broken("a pen of %d bytes", len(b))
	}
	return j.brush(b[at:])
}

// picture judges an image: its pixels fill it, or it is a file that has a judge of its own.
func (j *plusJudge) picture(b []byte) error {
	le := binary.LittleEndian
	if len(b) < 16 {
		return broken("a picture of %d bytes", len(b))
	}
	switch kind := le.Uint32(b[4:]); {
	case kind == 2:
		if n := int(le.Uint32(b[12:])); n <= len(b)-16 && len(b)-16-n < 4 {
			return j.file(b[16:16+n], "emf", "wmf")
		}
	case kind == 1 && len(b) >= 28 && le.Uint32(b[24:]) == 1:
		return j.file(unpadded(b[28:]), "png", "jpeg", "gif")
	case kind == 1 && len(b) >= 28 && le.Uint32(b[24:]) == 0:
		rows, stride := int64(le.Uint32(b[12:])), int64(int32(le.Uint32(b[16:])))
		have := int64(len(b) - 28)
		if le.Uint32(b[20:])&0x10000 != 0 && have >= 8 {
			have -= 8 + 4*int64(le.Uint32(b[32:]))
		}
		if want := rows * max(stride, -stride); have >= want && have-want < 4 {
			return nil
		}
	}
	return broken("a picture that its header does not fit")
}

// unpadded returns b without the zeros that fill a PNG, JPEG or GIF to a multiple of four.
func unpadded(b []byte) []byte {
	for n := range min(4, len(b)) {
		short, zeros := b[:len(b)-n], b[len(b)-n:]
		for _, end := range [][]byte{{0xAE, 0x42, 0x60, 0x82}, {0xFF, 0xD9}, {0x3B}} {
			if bytes.HasSuffix(short, end) && len(bytes.Trim(zeros, "\x00")) == 0 {
				return short
			}
		}
	}
	return b
}

// file judges a file inside, which is of one of these formats.
func (j *plusJudge) file(b []byte, formats ...string) error {
	in := sanitize.BytesInput(b)
	if id := j.pass.Identify(in); !slices.Contains(formats, id) {
		return broken("data of the type %q in the place of a picture", id)
	}
	if err := j.pass.Entry(); err != nil {
		return err
	}
	return j.pass.Member(j.ctx, "picture", in)
}
