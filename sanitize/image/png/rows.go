package png

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"sekisho/sanitize"
)

// adam7 lists the passes of an interlaced picture, PNG 8.1: the first column and row, and the distance to the next.
var adam7 = [7]struct{ x, y, dx, dy int }{
	{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
}

// size is that of one pass.
type size struct{ w, h int }

// passes returns the sizes of the passes of a picture, without empty ones.
func (p *picture) passes(w, h int) []size {
	if !p.interlaced {
		return []size{{w, h}}
	}
	var all []size
	for _, a := range adam7 {
		s := size{(w - a.x + a.dx - 1) / a.dx, (h - a.y + a.dy - 1) / a.dy}
		if s.w > 0 && s.h > 0 {
			all = append(all, s)
		}
	}
	return all
}

// rows takes the pixels of pictures from their zlib streams to a writer.
type rows struct {
	*picture
	in     io.ReadCloser // zlib reader, reused
	buf    []byte
	remap  *remap     // of a palette picture, nil while indices are counted
	used   *[256]bool // indices seen
	packed [256]bool  // bytes of indices seen
	last   []byte     // row before, not filtered
	row    []byte
}

// copy reads one picture of w by h pixels from its pixel stream, checks it, and writes its rows to out.
func (r *rows) copy(ctx context.Context, stream [][]byte, w, h int, out io.Writer) error {
	data := stream[0]
	if len(stream) > 1 {
		data = bytes.Join(stream, nil)
	}
	source := bytes.NewReader(data)
	if err := r.open(source); err != nil {
		return fmt.Errorf("%w: pixels: %v", errMalformed, err)
	}
	for _, s := range r.passes(w, h) {
		clear(r.last)
		for y := range s.h {
			if y&63 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := r.copyRow(s.w, out); err != nil {
				return err
			}
		}
	}
	return r.close(source)
}

func (r *rows) open(source io.Reader) (err error) {
	if r.in == nil {
		r.in, err = zlib.NewReader(source)
		return err
	}
	return r.in.(zlib.Resetter).Reset(source, nil)
}

// close looks behind the last row: there may be nothing more, in the stream or behind it.
func (r *rows) close(source *bytes.Reader) error {
	n, err := io.ReadFull(r.in, r.buf[:1])
	if n == 0 && err != io.EOF {
		return fmt.Errorf("%w: pixels: %v", errMalformed, err)
	}
	if (n > 0 || source.Len() > 0) && r.remap == nil {
		r.report.Add(ruleSurplus, sanitize.Removed, "")
	}
	return nil
}

// copyRow takes one row of w pixels.
func (r *rows) copyRow(w int, out io.Writer) error {
	if err := r.read(r.buf[:1]); err != nil {
		return err
	}
	filter := r.buf[0]
	if filter > 4 {
		return fmt.Errorf("%w: row filter %d", errMalformed, filter)
	}
	if r.colour == colourPalette {
		return r.copyIndices(filter, w, out)
	}
	if _, err := out.Write(r.buf[:1]); err != nil {
		return err
	}
	for left := r.rowBytes(w); left > 0; {
		b := r.buf[:min(left, len(r.buf))]
		if err := r.read(b); err != nil {
			return err
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
		left -= len(b)
	}
	return nil
}

func (r *rows) read(b []byte) error {
	if _, err := io.ReadFull(r.in, b); err != nil {
		return fmt.Errorf("%w: pixels: %v", errMalformed, err)
	}
	return nil
}

// copyIndices takes a row of palette indices: without its filter, so that each can be looked at and changed.
func (r *rows) copyIndices(filter byte, w int, out io.Writer) error {
	n := r.rowBytes(w)
	row := r.row[:n]
	if err := r.read(row); err != nil {
		return err
	}
	unfilter(filter, row, r.last[:n])
	r.row, r.last = r.last, r.row
	fill := 8*n - w*r.depth // bits behind the last pixel
	if r.remap == nil {
		for _, b := range row[:n-1] {
			r.packed[b] = true
		}
		r.see(row[n-1], 8-fill)
		return nil
	}
	fresh := r.buf[:1]
	fresh[0] = 0
	for _, b := range row {
		if len(fresh) == len(r.buf) {
			if _, err := out.Write(fresh); err != nil {
				return err
			}
			fresh = fresh[:0]
		}
		fresh = append(fresh, r.remap.bytes[b])
	}
	fresh[len(fresh)-1] &= 0xff << fill
	_, err := out.Write(fresh)
	return err
}

// see marks the indices in the first bits of a byte as used.
func (r *rows) see(b byte, bits int) {
	for shift := 8 - r.depth; bits > 0; shift, bits = shift-r.depth, bits-r.depth {
		r.used[b>>shift&(1<<r.depth-1)] = true
	}
}

// unfilter undoes the filter of a row whose pixels are a byte or less, PNG 9.2. last is the row before.
func unfilter(filter byte, row, last []byte) {
	left, corner := byte(0), byte(0)
	switch filter {
	case 1:
		for i := range row {
			left += row[i]
			row[i] = left
		}
	case 2:
		for i := range row {
			row[i] += last[i]
		}
	case 3:
		for i := range row {
			left = row[i] + byte((int(left)+int(last[i]))/2)
			row[i] = left
		}
	case 4:
		for i := range row {
			left = row[i] + paeth(left, last[i], corner)
			row[i], corner = left, last[i]
		}
	}
}

// paeth returns the one of a, b and c that is nearest to a + b - c, PNG 9.4.
func paeth(a, b, c byte) byte {
	pa, pb := int(b)-int(c), int(a)-int(c)
	pc := max(pa+pb, -pa-pb)
	pa, pb = max(pa, -pa), max(pb, -pb)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}
