package gif

import (
	"bytes"
	"compress/lzw"
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
)

// subBlocks reads the bytes of data sub-blocks.
type subBlocks struct {
	rest []byte // from the size of the next block on
	now  []byte
}

func (s *subBlocks) ReadByte() (byte, error) {
	for len(s.now) == 0 {
		if len(s.rest) == 0 || s.rest[0] == 0 {
			return 0, io.EOF
		}
		n := 1 + int(s.rest[0])
		s.now, s.rest = s.rest[1:n], s.rest[n:]
	}
	b := s.now[0]
	s.now = s.now[1:]
	return b, nil
}

func (s *subBlocks) Read(b []byte) (int, error) {
	c, err := s.ReadByte()
	if err != nil || len(b) == 0 {
		return 0, err
	}
	b[0] = c
	return 1, nil
}

// decode reads the pixels of a frame, in the order in which they are stored, to a slice of its size. surplus says
// that more was there.
func (f *frame) decode(pixels []byte) (surplus bool, err error) {
	source := &subBlocks{rest: f.data}
	r := lzw.NewReader(source, lzw.LSB, f.codeSize)
	if _, err := io.ReadFull(r, pixels); err != nil {
		return false, fmt.Errorf("%w: pixels: %v", errMalformed, err)
	}
	var one [1]byte
	n, _ := io.ReadFull(r, one[:]) // at the end there is nothing; a broken tail is as good as none
	if _, err := source.ReadByte(); n > 0 || err == nil {
		return true, nil
	}
	return false, nil
}

// arrange decodes all frames once, to see which colours they use, and gives the tables their order in the output.
func (p *picture) arrange(ctx context.Context) error {
	tables := []*table{p.global}
	var room []byte
	for i := range p.frames {
		f := &p.frames[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		room = sized(room, f.w*f.h)
		surplus, err := f.decode(room)
		if err != nil {
			return err
		}
		if surplus {
			p.report.Add(ruleSurplus, sanitize.Removed, "")
		}
		if err := f.count(room); err != nil {
			return err
		}
		if f.local {
			tables = append(tables, f.colours)
		}
	}
	for _, t := range tables {
		if t != nil && t.arrange() {
			p.report.Add(rulePalette, sanitize.Removed, "")
		}
	}
	return nil
}

func sized(b []byte, n int) []byte {
	if n > cap(b) {
		return make([]byte, n)
	}
	return b[:n]
}

// count marks the colours of a frame as used. A transparent index that no pixel has is no longer one.
func (f *frame) count(pixels []byte) error {
	var seen [256]bool
	for _, i := range pixels {
		seen[i] = true
	}
	for i, yes := range seen {
		if yes && i >= len(f.colours.colours) {
			return fmt.Errorf("%w: a pixel has a colour that the table lacks", errMalformed)
		}
		f.colours.used[i] = f.colours.used[i] || yes
	}
	if f.transparent >= 0 && !seen[f.transparent] {
		f.transparent = -1
	}
	return nil
}

// encode writes the pixels of a frame as sub-blocks.
func (f *frame) encode(pixels []byte, w *bytes.Buffer) error {
	for i, old := range pixels {
		pixels[i] = f.colours.index[old]
	}
	size := max(2, f.colours.bits())
	w.WriteByte(byte(size))
	blocks := &blockWriter{out: w}
	z := lzw.NewWriter(blocks, lzw.LSB, size)
	if _, err := z.Write(pixels); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	blocks.flush()
	w.WriteByte(0)
	return nil
}

// blockWriter cuts what it is given into sub-blocks.
type blockWriter struct {
	out *bytes.Buffer
	now [255]byte
	n   int
}

func (w *blockWriter) Write(b []byte) (int, error) {
	for _, c := range b {
		w.now[w.n] = c
		if w.n++; w.n == len(w.now) {
			w.flush()
		}
	}
	return len(b), nil
}

func (w *blockWriter) flush() {
	if w.n > 0 {
		w.out.WriteByte(byte(w.n))
		w.out.Write(w.now[:w.n])
		w.n = 0
	}
}
