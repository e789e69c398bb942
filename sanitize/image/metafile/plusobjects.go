package metafile

import (
	"bytes"
	"slices"
)

// maxObjects is how many objects EMF+ has at a time (MS-EMFPLUS 2.3.5.1).
const maxObjects = 64

// Kinds of objects (2.1.1.22).
const (
	plusBrush = iota + 1
	plusPen
	plusPath
	plusRegion
	plusImage
	plusFont
	plusFormat
	plusAttributes
	plusCap
)

// object copies an object of this kind; every one begins with its version.
func (c *copier) object(kind, number uint16) {
	if number >= maxObjects {
		c.fail()
		return
	}
	switch kind {
	case plusBrush:
		c.brush()
	case plusPen:
		c.pen()
	case plusPath:
		c.path()
	case plusRegion:
		c.words(2)
		c.node(0)
	case plusImage:
		c.image()
	case plusFont: // 2.2.1.3
		c.words(4)
		c.reserved(4)
		c.array(c.number(), 2)
	case plusFormat: // 2.2.1.9
		c.words(13)
		tabs, ranges := c.number(), c.number()
		c.words(tabs)
		c.array(ranges, 8)
	case plusAttributes: // 2.2.1.5
		c.words(1)
		c.reserved(4)
		c.words(3)
		c.reserved(4)
	case plusCap:
		c.lineCap()
	default:
		c.fail()
	}
}

// Flags of what follows in brushes (2.1.2.1).
const (
	brushPath      = 0x01
	brushTransform = 0x02
	brushPreset    = 0x04
	brushBlendH    = 0x08
	brushBlendV    = 0x10
	brushFocus     = 0x40
)

// brush copies a brush (2.2.1.1).
func (c *copier) brush() {
	c.words(1)
	switch c.number() {
	case 0: // one colour
		c.words(1)
	case 1: // hatched
		c.words(3)
	case 2: // a picture
		flags := c.number()
		c.words(1)
		c.optional(flags, brushTransform, 6)
		c.image()
	case 3: // colours around a place
		c.pathGradient()
	case 4: // colours along a line
		flags := c.number()
		c.words(7)
		c.reserved(8)
		c.blend(flags, brushBlendH|brushBlendV)
	default:
		c.fail()
	}
}

func (c *copier) pathGradient() {
	flags := c.number()
	c.words(4)
	c.words(c.number())
	if flags&brushPath != 0 {
		c.sized((*copier).path)
	} else {
		c.array(c.number(), 8)
	}
	c.blend(flags, brushBlendH)
	if flags&brushFocus != 0 {
		c.words(3)
	}
}

// optional copies n fields when flags has flag.
func (c *copier) optional(flags, flag, n uint64) {
	if flags&flag != 0 {
		c.words(n)
	}
}

// blend copies the transformation of a gradient and how its colours blend: by colours, or by factors of the kinds that
// may stand there.
func (c *copier) blend(flags, factors uint64) {
	c.optional(flags, brushTransform, 6)
	for _, flag := range [...]uint64{brushPreset, brushBlendH & factors, brushBlendV & factors} {
		if flags&flag != 0 {
			c.array(c.number(), 8)
		}
	}
}

// pen copies a pen (2.2.1.7).
func (c *copier) pen() {
	c.words(2)
	flags := c.number()
	c.words(2)
	c.optional(flags, 1, 6)
	for flag := uint64(2); flag <= 0x80; flag <<= 1 {
		c.optional(flags, flag, 1)
	}
	if flags&0x100 != 0 {
		c.words(c.number())
	}
	c.optional(flags, 0x200, 1)
	if flags&0x400 != 0 {
		c.words(c.number())
	}
	for flag := uint64(0x800); flag <= 0x1000; flag <<= 1 {
		if flags&flag != 0 {
			c.sized((*copier).lineCap)
		}
	}
	c.brush()
}

// sized copies an object behind its length.
func (c *copier) sized(copyIt func(*copier)) {
	n := c.number()
	if n > uint64(len(c.in)) {
		c.fail()
		return
	}
	inner := copier{in: c.in[:n], p: c.p}
	copyIt(&inner)
	if inner.failed || c.failed {
		c.fail()
		return
	}
	inner.out = pad(inner.out, 4)
	le.PutUint32(c.out[len(c.out)-4:], uint32(len(inner.out)))
	c.out = append(c.out, inner.out...)
	c.in = c.in[n:]
}

// path copies a path (2.2.1.6): points and a type for each.
func (c *copier) path() {
	c.words(1)
	n := c.number()
	flags := c.number()
	c.points(n, flags)
	if flags&plusRuns == 0 {
		c.array(n, 1)
	} else {
		for left := n; left > 0 && !c.failed; {
			c.bytes(2)
			if c.failed {
				return
			}
			run := uint64(c.out[len(c.out)-2] & 0x3f)
			if run == 0 || run > left {
				c.fail()
			}
			left -= min(run, left)
		}
	}
	c.align()
}

// maxNodes bounds the depth of a region's tree.
const maxNodes = 64

// node copies a node of a region (2.2.2.40): an operation on two others, a rectangle, a path, nothing or all.
func (c *copier) node(depth int) {
	switch kind := c.number(); {
	case c.failed || depth > maxNodes:
		c.fail()
	case kind >= 1 && kind <= 5:
		c.node(depth + 1)
		c.node(depth + 1)
	case kind == 0x10000000:
		c.words(4)
	case kind == 0x10000001:
		c.sized((*copier).path)
	case kind != 0x10000002 && kind != 0x10000003:
		c.fail()
	}
}

// image copies a picture (2.2.1.4): pixels, or a file that is rebuilt by its own format.
func (c *copier) image() {
	c.words(1)
	switch c.number() {
	case 1:
		c.bitmap()
	case 2: // a metafile
		c.words(1)
		n := c.number()
		if c.failed || n > uint64(len(c.in)) {
			c.fail()
			return
		}
		at := len(c.out) - 4
		c.file(c.in[:n], "emf", "wmf")
		if !c.failed {
			le.PutUint32(c.out[at:], uint32(len(c.out)-at-4))
			c.in = c.in[n:]
		}
	default:
		c.fail()
	}
}

// bitmap copies a bitmap (2.2.2.2): to the end of the object.
func (c *copier) bitmap() {
	width, height, stride := c.number(), c.number(), int64(int32(c.number()))
	format := c.number()
	switch c.number() {
	case 0:
		if format&0x10000 != 0 { // with a palette (2.2.2.28)
			c.words(1)
			c.words(c.number())
		}
		stride = max(stride, -stride)
		depth := format >> 8 & 0xff
		if depth == 0 || width == 0 || height == 0 || height > maxPixels || width > maxPixels/height || uint64(stride)*8 < width*depth {
			c.fail()
			return
		}
		c.array(height, uint64(stride))
		c.align()
	case 1:
		c.file(withoutPadding(c.in), "png", "jpeg", "gif")
		c.in = nil
	default:
		c.fail()
	}
}

// file copies data that is a file of one of these formats, rebuilt.
func (c *copier) file(data []byte, formats ...string) {
	if c.failed {
		return
	}
	out, id := c.p.member(data)
	if !slices.Contains(formats, id) {
		c.fail()
		return
	}
	c.out = append(c.out, out...)
}

// withoutPadding returns a picture without the zeros that fill it to a multiple of four bytes.
func withoutPadding(b []byte) []byte {
	short := b
	for n := 0; n < 3 && len(short) > 0 && short[len(short)-1] == 0; n++ {
		short = short[:len(short)-1]
	}
	for _, end := range []string{"IEND\xaeB`\x82", "\xff\xd9", ";"} { // of PNG, JPEG and GIF
		if bytes.HasSuffix(short, []byte(end)) {
			return short
		}
	}
	return b
}

// lineCap copies the end of a line (2.2.1.2).
func (c *copier) lineCap() {
	c.words(1)
	switch c.number() {
	case 0:
		flags := c.number()
		c.words(11)
		for flag := uint64(1); flag <= 2; flag <<= 1 {
			if flags&flag != 0 {
				c.sized((*copier).path)
			}
		}
	case 1:
		c.words(13)
	default:
		c.fail()
	}
}
