package jpeg

import (
	"encoding/binary"
	"fmt"
)

// frame is a frame header, T.81 B.2.2, and the layout that follows from it.
type frame struct {
	marker        int // SOF0, SOF1 or SOF2; 0 before there is one
	width, height int
	components    []component
	maxH, maxV    int
	mcusX, mcusY  int // of an interleaved scan
}

// component is one colour channel.
type component struct {
	id      byte
	h, v    int
	quantID byte
	quant   *[64]uint16 // as it was at the first scan of the component
	blocksX int         // that hold samples: the size of a scan of this component alone
	blocksY int
	precise [64]int8 // successive approximation: bits still missing of each coefficient; unseen before its first scan
	nonzero []uint64 // for each block, which coefficients are known not to be zero; progressive pictures only
}

// unseen is the precision of a coefficient that no scan has coded.
const unseen = -1

func (f *frame) progressive() bool { return f.marker == markerSOF2 }

// complete reports whether every component has been coded, at least coarsely.
func (f *frame) complete() bool {
	for i := range f.components {
		if f.components[i].precise[0] == unseen {
			return false
		}
	}
	return f.marker != 0
}

// parseFrame reads a frame header. The number of pixels is checked before anything depends on it.
func (p *parser) parseFrame(marker int, b []byte) error {
	f := &p.frame
	switch {
	case f.marker != 0:
		return fmt.Errorf("%w: two frames", errMalformed)
	case len(b) < 6 || len(b) != 6+3*int(b[5]):
		return fmt.Errorf("%w: frame header of %d bytes", errMalformed, len(b))
	case b[0] != 8:
		return fmt.Errorf("%w: samples of %d bits", errUnsupported, b[0])
	case b[5] < 1 || b[5] > 4:
		return fmt.Errorf("%w: %d components", errUnsupported, b[5])
	}
	f.marker, f.maxH, f.maxV = marker, 1, 1
	f.height, f.width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if f.width == 0 || f.height == 0 {
		return fmt.Errorf("%w: %d by %d pixels", errMalformed, f.width, f.height)
	}
	if int64(f.width)*int64(f.height) > p.limits.Pixels {
		return fmt.Errorf("%w: %d by %d pixels", errLimit, f.width, f.height)
	}
	for c := b[6:]; len(c) > 0; c = c[3:] {
		if err := f.addComponent(c); err != nil {
			return err
		}
	}
	f.layOut()
	return nil
}

func (f *frame) addComponent(b []byte) error {
	c := component{id: b[0], h: int(b[1] >> 4), v: int(b[1] & 15), quantID: b[2]}
	if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.quantID > 3 {
		return fmt.Errorf("%w: component with sampling %d by %d", errMalformed, c.h, c.v)
	}
	for _, other := range f.components {
		if other.id == c.id {
			return fmt.Errorf("%w: two components are called %d", errMalformed, c.id)
		}
	}
	for k := range c.precise {
		c.precise[k] = unseen
	}
	f.maxH, f.maxV = max(f.maxH, c.h), max(f.maxV, c.v)
	f.components = append(f.components, c)
	return nil
}

// layOut computes the sizes in blocks, T.81 A.1.1 and A.2.
func (f *frame) layOut() {
	f.mcusX, f.mcusY = ceil(f.width, 8*f.maxH), ceil(f.height, 8*f.maxV)
	for i := range f.components {
		c := &f.components[i]
		c.blocksX = ceil(ceil(f.width*c.h, f.maxH), 8)
		c.blocksY = ceil(ceil(f.height*c.v, f.maxV), 8)

	}
}

func ceil(a, b int) int { return (a + b - 1) / b }

// parseQuant reads quantisation tables, T.81 B.2.4.1.
func (p *parser) parseQuant(b []byte) error {
	for len(b) > 0 {
		wide, id := int(b[0]>>4), b[0]&15
		size := 1 + 64*(1+wide)
		if wide > 1 || id > 3 || len(b) < size {
			return fmt.Errorf("%w: quantisation table", errMalformed)
		}
		q := new([64]uint16)
		for k := range q {
			if wide == 1 {
				q[k] = binary.BigEndian.Uint16(b[1+2*k:])
			} else {
				q[k] = uint16(b[1+k])
			}
			if q[k] == 0 {
				return fmt.Errorf("%w: quantisation by zero", errMalformed)
			}
		}
		if p.quant[id] != nil && !p.used[id] {
			p.report.Add(ruleTable, removed, "")
		}
		p.quant[id], p.used[id] = q, false
		b = b[size:]
	}
	return nil
}
