package jpeg

import (
	"bytes"
	"encoding/binary"

	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/icc"
)

// jfif judges APP0: 14 bytes, no thumbnail (T.871 section 10.1).
func (d *decoder) jfif(data []byte) error {
	if d.count != 1 || len(data) != 14 || !bytes.HasPrefix(data, []byte("JFIF\x00\x01")) || data[6] > 2 || data[7] > 2 || data[12] != 0 || data[13] != 0 {
		return verify.Fail(RuleSegment, "APP0", "no plain JFIF header")
	}
	return nil
}

// orientation judges APP1: an Exif header and one directory with the one entry Orientation (Exif 3.0 section 4.6.5).
func (d *decoder) orientation(data []byte) error {
	const size = 6 + 8 + 2 + 12 + 4
	if d.exif || d.frame != nil || len(data) != size || !bytes.HasPrefix(data, []byte("Exif\x00\x00")) {
		return verify.Fail(RuleExif, "APP1", "%d bytes", len(data))
	}
	d.exif = true
	var order binary.ByteOrder = binary.BigEndian
	t := data[6:]
	switch string(t[:4]) {
	case "MM\x00*":
	case "II*\x00":
		order = binary.LittleEndian
	default:
		return verify.Fail(RuleExif, "APP1", "no TIFF header")
	}
	e := t[10:]
	ok := order.Uint32(t[4:]) == 8 && order.Uint16(t[8:]) == 1 && order.Uint16(e) == 0x0112 && order.Uint16(e[2:]) == 3 &&
		order.Uint32(e[4:]) == 1 && order.Uint16(e[8:]) >= 1 && order.Uint16(e[8:]) <= 8 &&
		order.Uint16(e[10:]) == 0 && order.Uint32(e[12:]) == 0
	if !ok {
		return verify.Fail(RuleExif, "APP1", "more than an orientation")
	}
	return nil
}

// colour judges APP2: the parts of a colour profile, in order (ICC.1:2022 annex B.4).
func (d *decoder) colour(data []byte) error {
	const mark = "ICC_PROFILE\x00"
	if d.frame != nil || len(data) < len(mark)+3 || !bytes.HasPrefix(data, []byte(mark)) {
		return verify.Fail(RuleProfile, "APP2", "no colour profile")
	}
	number, count := int(data[len(mark)]), int(data[len(mark)+1])
	if number != d.chunks+1 || d.chunks > 0 && count != d.announce || number > count {
		return verify.Fail(RuleProfile, "APP2", "part %d of %d", number, count)
	}
	d.chunks, d.announce = number, count
	d.profile = append(d.profile, data[len(mark)+2:]...)
	if number < count {
		return nil
	}
	if err := icc.Check(d.profile); err != nil {
		return verify.Fail(RuleProfile, "APP2", "%v", err)
	}
	return nil
}

// adobeSegment judges APP14: 12 bytes that say how colours are coded.
func (d *decoder) adobeSegment(data []byte) error {
	if d.adobe || d.frame != nil || len(data) != 12 || !bytes.HasPrefix(data, []byte("Adobe")) || data[11] > 2 {
		return verify.Fail(RuleSegment, "APP14", "no Adobe marker")
	}
	d.adobe = true
	return nil
}

// quantisation judges DQT (T.81 section B.2.4.1): whole tables without a zero.
func (d *decoder) quantisation(data []byte) error {
	for len(data) > 0 {
		precision, id := data[0]>>4, data[0]&15
		n := 64 << precision
		if precision > 1 || id > 3 || len(data) < 1+n {
			return verify.Fail(RuleSegment, "DQT", "no quantisation table")
		}
		for i := range 64 {
			v := uint16(data[1+i])
			if precision == 1 {
				v = binary.BigEndian.Uint16(data[1+2*i:])
			}
			if v == 0 {
				return verify.Fail(RuleSegment, "DQT", "a step of zero")
			}
		}
		d.quant[id] = true
		data = data[1+n:]
	}
	return nil
}

// frame is the frame header (T.81 section B.2.2).
type frame struct {
	width, height int
	progressive   bool
	comps         []component
	hMax, vMax    int
}

// component is one colour component.
type component struct {
	id     byte
	h, v   int
	tq     byte
	seen   bool
	stride int      // blocks of a row, padded to whole MCUs
	rows   int      // rows of blocks, padded to whole MCUs
	known  []uint64 // progressive: which coefficients of each block are not zero
	bits   [64]int8 // progressive: the position of the last bit sent of each coefficient plus one, 0 before the first
}

// start judges a frame header and holds the size against the limit before anything is allocated for it.
func (d *decoder) start(marker byte, data []byte) error {
	if d.frame != nil || len(data) < 6 || data[0] != 8 || len(data) != 6+3*int(data[5]) {
		return verify.Fail(RuleSegment, "SOF", "no frame of 8 bits, or a second one")
	}
	f := &frame{height: int(binary.BigEndian.Uint16(data[1:])), width: int(binary.BigEndian.Uint16(data[3:])), progressive: marker == mSOF2}
	if f.width == 0 || f.height == 0 || int64(f.width)*int64(f.height) > d.limits.Pixels {
		return verify.Fail(verify.RuleLimit, "SOF", "%d by %d pixels", f.width, f.height)
	}
	if data[5] < 1 || data[5] > 4 {
		return verify.Fail(RuleSegment, "SOF", "%d components", data[5])
	}
	for c := data[6:]; len(c) > 0; c = c[3:] {
		n := component{id: c[0], h: int(c[1] >> 4), v: int(c[1] & 15), tq: c[2]}
		if n.h < 1 || n.h > 4 || n.v < 1 || n.v > 4 || n.tq > 3 || f.find(n.id) != nil {
			return verify.Fail(RuleSegment, "SOF", "no component")
		}
		f.comps = append(f.comps, n)
		f.hMax, f.vMax = max(f.hMax, n.h), max(f.vMax, n.v)
	}
	f.layout()
	d.frame = f
	return nil
}

func (f *frame) find(id byte) *component {
	for i := range f.comps {
		if f.comps[i].id == id {
			return &f.comps[i]
		}
	}
	return nil
}

// layout gives every component its blocks.
func (f *frame) layout() {
	across, down := ceil(f.width, 8*f.hMax), ceil(f.height, 8*f.vMax)
	for i := range f.comps {
		c := &f.comps[i]
		c.stride, c.rows = across*c.h, down*c.v
		if f.progressive {
			c.known = make([]uint64, c.stride*c.rows)
		}
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }
