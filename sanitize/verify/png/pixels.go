package png

import (
	"bytes"
	"compress/zlib"
	"context"
	"io"

	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/icc"
)

// finish inflates the picture and every frame, and holds the lengths against the dimensions.
func (p *picture) finish(ctx context.Context) error {
	if len(p.data) == 0 {
		return verify.Fail(RulePixels, "IDAT", "no picture data")
	}
	if err := p.finishAnimation(); err != nil {
		return err
	}
	if err := p.pixels(ctx, "IDAT", p.data, dimension{p.width, p.height}); err != nil {
		return err
	}
	for _, f := range p.whole {
		if err := p.pixels(ctx, "fdAT", f.data, f.size); err != nil {
			return err
		}
	}
	return nil
}

// pixels inflates the scan lines of one picture (sections 7.2, 8 and 10): they must be all there, each with a filter
// type that exists, and nothing may follow them.
func (p *picture) pixels(ctx context.Context, where string, data [][]byte, size dimension) error {
	src := &chunks{rest: data}
	z, err := zlib.NewReader(src)
	if err != nil {
		return verify.Fail(RulePixels, where, "%v", err)
	}
	for _, pass := range passes(size, p.interlaced) {
		if err := p.lines(ctx, where, z, pass); err != nil {
			return err
		}
	}
	var one [1]byte
	if n, err := z.Read(one[:]); n != 0 || err != io.EOF {
		return verify.Fail(RulePixels, where, "more data than the picture has (%v)", err)
	}
	if src.left() > 0 {
		return verify.Fail(RulePixels, where, "%d bytes after the compressed data", src.left())
	}
	return nil
}

func (p *picture) lines(ctx context.Context, where string, z io.Reader, size dimension) error {
	line := make([]byte, 1+(size.width*p.bits()+7)/8)
	for y := range size.height {
		if y%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := p.pass.Expand(int64(len(line))); err != nil {
			return err
		}
		if _, err := io.ReadFull(z, line); err != nil {
			return verify.Fail(RulePixels, where, "scan line %d: %v", y, err)
		}
		if line[0] > 4 {
			return verify.Fail(RulePixels, where, "scan line %d has filter %d", y, line[0])
		}
	}
	return nil
}

// bits returns the bits of one pixel.
func (p *picture) bits() int {
	return int(p.depth) * [...]int{1, 0, 3, 1, 2, 0, 4}[p.colour]
}

// passes returns the dimensions of the reduced pictures of Adam7 (section 8.2), without the empty ones.
func passes(size dimension, interlaced bool) []dimension {
	if !interlaced {
		return []dimension{size}
	}
	var out []dimension
	for _, a := range [...]struct{ x, y, dx, dy int }{
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		d := dimension{(size.width - a.x + a.dx - 1) / a.dx, (size.height - a.y + a.dy - 1) / a.dy}
		if d.width > 0 && d.height > 0 {
			out = append(out, d)
		}
	}
	return out
}

// chunks reads the data of several chunks as one stream, byte by byte where asked, so that nothing is read ahead.
type chunks struct{ rest [][]byte }

func (c *chunks) skip() {
	for len(c.rest) > 0 && len(c.rest[0]) == 0 {
		c.rest = c.rest[1:]
	}
}

func (c *chunks) ReadByte() (byte, error) {
	if c.skip(); len(c.rest) == 0 {
		return 0, io.EOF
	}
	b := c.rest[0][0]
	c.rest[0] = c.rest[0][1:]
	return b, nil
}

func (c *chunks) Read(b []byte) (int, error) {
	if c.skip(); len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.rest[0])
	c.rest[0] = c.rest[0][n:]
	return n, nil
}

func (c *chunks) left() int {
	n := 0
	for _, b := range c.rest {
		n += len(b)
	}
	return n
}

// profile judges iCCP (section 11.3.2.3): a name, method 0, a compressed profile and nothing after it.
func (p *picture) profile(data []byte) error {
	i := bytes.IndexByte(data, 0)
	if i < 1 || i > 79 || len(data) < i+2 || data[i+1] != 0 || p.has("sRGB") {
		return verify.Fail(RuleProfile, "iCCP", "no name and method")
	}
	src := bytes.NewReader(data[i+2:])
	z, err := zlib.NewReader(src)
	if err != nil {
		return verify.Fail(RuleProfile, "iCCP", "%v", err)
	}
	profile, err := io.ReadAll(io.LimitReader(&charged{z, p.pass}, maxProfile+1))
	if err != nil {
		return verify.Fail(RuleProfile, "iCCP", "%v", err)
	}
	if len(profile) > maxProfile {
		return verify.Fail(RuleProfile, "iCCP", "longer than %d bytes", maxProfile)
	}
	if src.Len() > 0 {
		return verify.Fail(RuleProfile, "iCCP", "%d bytes after the compressed data", src.Len())
	}
	if err := icc.Check(profile); err != nil {
		return verify.Fail(RuleProfile, "iCCP", "%v", err)
	}
	return nil
}

// maxProfile bounds a colour profile, in bytes: the large ones for presses have 3 MB.
const maxProfile = 16 << 20

// charged charges what is read through it.
type charged struct {
	r    io.Reader
	pass verify.Pass
}

func (c *charged) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if e := c.pass.Expand(int64(n)); e != nil {
		return n, e
	}
	return n, err
}
