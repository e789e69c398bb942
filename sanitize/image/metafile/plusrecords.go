package metafile

import "math"

// copier reads the fields of a record or an object and copies them.
type copier struct {
	in, out []byte
	failed  bool
	p       *plus
}

func (c *copier) fail() { c.failed = true }

// bytes copies n bytes.
func (c *copier) bytes(n uint64) {
	if c.failed || n > uint64(len(c.in)) {
		c.fail()
		return
	}
	c.out = append(c.out, c.in[:n]...)
	c.in = c.in[n:]
}

// words copies n fields of four bytes: numbers, colours, coordinates.
func (c *copier) words(n uint64) { c.array(n, 4) }

// array copies n fields of width bytes.
func (c *copier) array(n, width uint64) {
	if n > math.MaxUint32 {
		c.fail()
		return
	}
	c.bytes(n * width)
}

// reserved reads n bytes and writes zeros.
func (c *copier) reserved(n int) {
	c.bytes(uint64(n))
	if !c.failed {
		clear(c.out[len(c.out)-n:])
	}
}

// number copies a number of four bytes, and returns it; 0 when there is none.
func (c *copier) number() uint64 {
	c.words(1)
	if c.failed {
		return 0
	}
	return uint64(le.Uint32(c.out[len(c.out)-4:]))
}

// align reads to a multiple of four bytes of what was copied, and writes zeros.
func (c *copier) align() {
	if n := -len(c.out) & 3; n > 0 && n <= len(c.in) {
		c.in = c.in[n:]
		c.out = append(c.out, make([]byte, n)...)
	}
}

// Flags of records and paths (MS-EMFPLUS 2.3.4, 2.2.2.21 and 2.2.1.6).
const (
	plusSmall    = 0x4000 // coordinates of two bytes
	plusRelative = 0x0800 // points of one or two bytes a coordinate, each from the last one
	plusRuns     = 0x1000 // types of points as runs
)

// points copies n points.
func (c *copier) points(n uint64, flags uint64) {
	switch {
	case flags&plusRelative != 0:
		for i := uint64(0); i < 2*n && !c.failed; i++ {
			if len(c.in) > 0 && c.in[0]&0x80 != 0 {
				c.bytes(2)
			} else {
				c.bytes(1)
			}
		}
		c.align()
	case flags&plusSmall != 0:
		c.array(n, 4)
	default:
		c.array(n, 8)
	}
}

// rects copies n rectangles.
func (c *copier) rects(n uint64, flags uint16) {
	if flags&plusSmall != 0 {
		c.array(n, 8)
	} else {
		c.array(n, 16)
	}
}

// plusRule copies the data of one kind of record.
type plusRule func(c *copier, flags uint16)

// fixed returns the rule for a record of n fields of four bytes.
func fixed(n uint64) plusRule { return func(c *copier, _ uint16) { c.words(n) } }

// counted points and rectangles after n fields.
func pointList(n uint64) plusRule {
	return func(c *copier, flags uint16) {
		c.words(n)
		c.points(c.number(), uint64(flags))
	}
}

func rectList(n uint64) plusRule {
	return func(c *copier, flags uint16) {
		c.words(n)
		c.rects(c.number(), flags)
	}
}

// oneRect is a rectangle after n fields.
func oneRect(n uint64) plusRule {
	return func(c *copier, flags uint16) {
		c.words(n)
		c.rects(1, flags)
	}
}

// drawString copies text and its place (2.3.4.14).
func drawString(c *copier, _ uint16) {
	c.words(2)
	n := c.number()
	c.words(4)
	c.array(n, 2)
}

// drawGlyphs copies glyphs and their places (2.3.4.6). An odd number of them has two more bytes before or after the places.
func drawGlyphs(c *copier, _ uint16) {
	c.words(2)
	matrix, n := c.number(), c.number()
	if matrix > 1 {
		c.fail()
	}
	c.array(n, 10)
	c.bytes(n % 2 * 2)
	c.words(6 * matrix)
}

// plusRules are the records that are kept (2.1.1.1). Those of terminal servers, of effects, and what is reserved are
// not among them.
var plusRules = map[uint16]plusRule{
	plusHeader: fixed(4),
	plusEnd:    fixed(0),
	0x4004:     fixed(0), // the EMF records that follow are drawn too
	0x4009:     fixed(1),
	0x400a:     rectList(1),
	0x400b:     rectList(0),
	0x400c:     pointList(1),
	0x400d:     pointList(0),
	0x400e:     oneRect(1),
	0x400f:     oneRect(0),
	0x4010:     oneRect(3),
	0x4011:     oneRect(2),
	0x4012:     oneRect(2),
	0x4013:     fixed(1),
	0x4014:     fixed(1),
	0x4015:     fixed(1),
	0x4016:     pointList(2),
	0x4017:     pointList(1),
	0x4018:     pointList(3),
	0x4019:     pointList(0),
	0x401a:     oneRect(6),
	0x401b:     pointList(6),
	0x401c:     drawString,
	0x401d:     fixed(2),
	0x401e:     fixed(0),
	0x401f:     fixed(0),
	0x4020:     fixed(0),
	0x4021:     fixed(0),
	0x4022:     fixed(0),
	0x4023:     fixed(0),
	0x4024:     fixed(0),
	0x4025:     fixed(1),
	0x4026:     fixed(1),
	0x4027:     fixed(9),
	0x4028:     fixed(1),
	0x4029:     fixed(1),
	0x402a:     fixed(6),
	0x402b:     fixed(0),
	0x402c:     fixed(6),
	0x402d:     fixed(2),
	0x402e:     fixed(2),
	0x402f:     fixed(1),
	0x4030:     fixed(1),
	0x4031:     fixed(0),
	0x4032:     fixed(4),
	0x4033:     fixed(0),
	0x4034:     fixed(0),
	0x4035:     fixed(2),
	0x4036:     drawGlyphs,
}
