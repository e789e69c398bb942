// Package gif judges GIF pictures and animations (GIF89a).
//
// A released picture has a header, colour tables, frames with their graphic control, the one application block that
// says how often an animation repeats, and the trailer, which ends the file. The pixels of every frame are
// decompressed: exactly as many as the frame has, each with a colour that the table has, and nothing behind them.
package gif

import (
	"bytes"
	"compress/lzw"
	"context"
	"encoding/binary"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// The rules of GIF, a closed set.
const (
	RuleStructure = "verify/gif/structure" // no blocks as our writer writes them
	RuleBlock     = "verify/gif/block"     // a block that is not on the list, or out of place
	RulePixels    = "verify/gif/pixels"    // pixels too many, too few, or without a colour
	RuleTrailing  = "verify/gif/trailing"  // bytes after the trailer
	RuleAnimation = "verify/gif/animation" // more frames than the policy keeps
)

// Judge judges the format "gif".
type Judge struct{}

var _ verify.Judge = Judge{}

// ID implements verify.Judge.
func (Judge) ID() string { return "gif" }

// Claims implements verify.Judge.
func (Judge) Claims(in sanitize.Input) bool {
	head := in.Head(6)
	return bytes.Equal(head, []byte("GIF89a")) || bytes.Equal(head, []byte("GIF87a"))
}

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return err
	}
	r := &reader{ctx: ctx, pass: pass, b: b}
	if err := r.screen(); err != nil {
		return err
	}
	for {
		more, err := r.block()
		if err != nil {
			return err
		}
		if !more {
			return r.finish()
		}
	}
}

// reader is what was read so far.
type reader struct {
	ctx           context.Context
	pass          verify.Pass
	b             []byte
	pos           int
	width, height int
	colours       int // of the global table
	frames        int
	control       bool // a graphic control waits for its frame
	repeats       bool
}

// take returns the next n bytes, or nil when there are fewer.
func (r *reader) take(n int) []byte {
	if len(r.b)-r.pos < n {
		return nil
	}
	r.pos += n
	return r.b[r.pos-n : r.pos]
}

// screen reads the header, the logical screen and the global table (sections 17 to 19).
func (r *reader) screen() error {
	h := r.take(13)
	if h == nil || string(h[:3]) != "GIF" {
		return verify.Fail(RuleStructure, "header", "no header")
	}
	r.width, r.height = int(binary.LittleEndian.Uint16(h[6:])), int(binary.LittleEndian.Uint16(h[8:]))
	if r.width == 0 || r.height == 0 || int64(r.width)*int64(r.height) > r.pass.Policy.Limits.Pixels {
		return verify.Fail(verify.RuleLimit, "header", "%d by %d pixels", r.width, r.height)
	}
	n, err := r.table(h[10])
	r.colours = n
	return err
}

// table reads the colour table that flags announce, and returns the number of its colours.
func (r *reader) table(flags byte) (int, error) {
	if flags&0x80 == 0 {
		return 0, nil
	}
	n := 2 << (flags & 7)
	if r.take(3*n) == nil {
		return 0, verify.Fail(RuleStructure, "table", "it is cut")
	}
	return n, nil
}

// block reads one block. It returns false at the trailer.
func (r *reader) block() (bool, error) {
	if err := r.ctx.Err(); err != nil {
		return false, err
	}
	kind := r.take(1)
	switch {
	case kind == nil:
		return false, verify.Fail(RuleStructure, "", "it ends without a trailer")
	case kind[0] == 0x3B:
		return false, nil
	case kind[0] == 0x2C:
		return true, r.frame()
	case kind[0] == 0x21:
		return true, r.extension()
	}
	return false, verify.Fail(RuleBlock, "", "a block of the kind %#x", kind[0])
}

// repeat is how the block that repeats an animation begins; the count and a terminator follow.
const repeat = "\xFF\x0BNETSCAPE2.0\x03\x01"

// extension judges a graphic control (section 23) or the block that repeats an animation.
func (r *reader) extension() error {
	rest := r.b[r.pos:]
	switch {
	case len(rest) >= 7 && rest[0] == 0xF9 && rest[1] == 4 && rest[2]&0xE0 == 0 && rest[6] == 0 && !r.control:
		r.control = true
		r.pos += 7
	case bytes.HasPrefix(rest, []byte(repeat)) && len(rest) >= len(repeat)+3 && rest[len(repeat)+2] == 0 && !r.repeats && r.frames == 0:
		r.repeats = true
		r.pos += len(repeat) + 3
	default:
		return verify.Fail(RuleBlock, "", "an extension that is not on the list, or out of place")
	}
	return nil
}

// frame judges a picture: its place on the screen, its table, and its pixels (sections 20 to 22).
func (r *reader) frame() error {
	h := r.take(9)
	if h == nil {
		return verify.Fail(RuleStructure, "frame", "it is cut")
	}
	le := binary.LittleEndian
	x, y, w, hgt := int(le.Uint16(h)), int(le.Uint16(h[2:])), int(le.Uint16(h[4:])), int(le.Uint16(h[6:]))
	if w == 0 || hgt == 0 || x+w > r.width || y+hgt > r.height || h[8]&0x18 != 0 {
		return verify.Fail(RuleBlock, "frame", "%d by %d at %d, %d", w, hgt, x, y)
	}
	colours, err := r.table(h[8])
	if err != nil {
		return err
	}
	if colours == 0 {
		colours = r.colours
	}
	if r.frames++; r.frames > 1 && !r.pass.Policy.Animation {
		return verify.Fail(RuleAnimation, "frame", "the policy keeps one")
	}
	r.control = false
	return r.pixels(w*hgt, colours)
}

// pixels decompresses n pixels.
func (r *reader) pixels(n, colours int) error {
	size := r.take(1)
	if size == nil || size[0] < 2 || size[0] > 8 {
		return verify.Fail(RulePixels, "frame", "no code size")
	}
	if err := r.pass.Expand(int64(n)); err != nil {
		return err
	}
	src := &blocks{r: r}
	z := lzw.NewReader(src, lzw.LSB, int(size[0]))
	buf := make([]byte, min(n, 64<<10))
	for left := n; left > 0; {
		k, err := z.Read(buf[:min(left, len(buf))])
		for _, p := range buf[:k] {
			if int(p) >= colours {
				return verify.Fail(RulePixels, "frame", "the colour %d of %d", p, colours)
			}
		}
		if left -= k; err != nil && left > 0 {
			return verify.Fail(RulePixels, "frame", "%d pixels are missing: %v", left, err)
		}
	}
	if k, err := z.Read(buf[:1]); k > 0 || err != io.EOF {
		return verify.Fail(RulePixels, "frame", "more data than pixels (%v)", err)
	}
	if src.left > 0 || src.next() != io.EOF {
		return verify.Fail(RulePixels, "frame", "data behind the pixels")
	}
	return nil
}

func (r *reader) finish() error {
	switch {
	case r.pos != len(r.b):
		return verify.Fail(RuleTrailing, "", "%d bytes after the trailer", len(r.b)-r.pos)
	case r.frames == 0 || r.control:
		return verify.Fail(RuleStructure, "", "no frame, or a control without one")
	}
	return nil
}

// blocks reads the sub-blocks of a frame (section 15) as one stream, byte by byte, so that nothing is read ahead.
type blocks struct {
	r    *reader
	left int // in the sub-block that is being read
	done bool
}

// next goes to the next sub-block. It returns io.EOF at the terminator.
func (s *blocks) next() error {
	if s.done {
		return io.EOF
	}
	n := s.r.take(1)
	if n == nil {
		return io.ErrUnexpectedEOF
	}
	s.left = int(n[0])
	if s.left == 0 {
		s.done = true
		return io.EOF
	}
	return nil
}

// ReadByte implements io.ByteReader.
func (s *blocks) ReadByte() (byte, error) {
	if s.left == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	b := s.r.take(1)
	if b == nil {
		return 0, io.ErrUnexpectedEOF
	}
	s.left--
	return b[0], nil
}

// Read implements io.Reader.
func (s *blocks) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}
