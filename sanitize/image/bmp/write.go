package bmp

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/palette"
)

// write writes the whole bitmap.
func (p *picture) write(ctx context.Context, out io.Writer, report *sanitize.Report) error {
	w := bufio.NewWriterSize(out, 64<<10)
	var err error
	if p.depth > 8 {
		err = p.writeColours(ctx, w)
	} else {
		err = p.writeIndexed(ctx, w, report)
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

// header returns the file header and the info header. size is that of the pixels.
func (p *picture) header(depth int, compression uint32, colours, size int) []byte {
	header := infoHeader
	if compression == bitFields {
		header = v4Header
	}
	le := binary.LittleEndian
	start := fileHeader + header + 4*colours
	b := make([]byte, fileHeader+header)
	copy(b, "BM")
	le.PutUint32(b[2:], uint32(min(int64(start)+int64(size), 1<<32-1)))
	le.PutUint32(b[10:], uint32(start))
	h := b[fileHeader:]
	le.PutUint32(h, uint32(header))
	le.PutUint32(h[4:], uint32(p.width))
	le.PutUint32(h[8:], uint32(p.height))
	le.PutUint16(h[12:], 1)
	le.PutUint16(h[14:], uint16(depth))
	le.PutUint32(h[16:], compression)
	le.PutUint32(h[20:], uint32(size))
	le.PutUint32(h[24:], p.resolution[0])
	le.PutUint32(h[28:], p.resolution[1])
	le.PutUint32(h[32:], uint32(colours))
	if compression == bitFields {
		for i, m := range []uint32{0xff0000, 0xff00, 0xff, 0xff000000} {
			le.PutUint32(h[40+4*i:], m)
		}
		copy(h[56:], "BGRs") // LCS_sRGB
	}
	return b
}

// row returns row y from the bottom, of n bytes.
func (p *picture) row(y, n int) []byte {
	if p.topDown {
		y = p.height - 1 - y
	}
	return p.pixels[y*n:][:n]
}

// writeColours writes a bitmap without a palette: 24 bits, or 32 when there is alpha.
func (p *picture) writeColours(ctx context.Context, w io.Writer) error {
	depth, compression, n := 24, uint32(rgb), 3
	if p.masks[3] != 0 {
		depth, compression, n = 32, bitFields, 4
	}
	fresh := make([]byte, rowBytes(p.width, depth))
	if _, err := w.Write(p.header(depth, compression, 0, len(fresh)*p.height)); err != nil {
		return err
	}
	for y := range p.height {
		if y&63 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		row := p.row(y, rowBytes(p.width, p.depth))
		if p.depth == 24 {
			copy(fresh, row[:3*p.width])
		} else {
			p.convert(fresh, row, n)
		}
		if _, err := w.Write(fresh); err != nil {
			return err
		}
	}
	return nil
}

// convert takes the colours of a row out of their masks, n bytes for each pixel.
func (p *picture) convert(fresh, row []byte, n int) {
	wide := p.depth / 8
	for x := range p.width {
		v := uint32(row[wide*x]) | uint32(row[wide*x+1])<<8
		if wide == 4 {
			v |= uint32(row[wide*x+2])<<16 | uint32(row[wide*x+3])<<24
		}
		for i := range n {
			fresh[n*x+i] = channel(v, p.masks[[4]int{2, 1, 0, 3}[i]])
		}
	}
}

// channel returns the bits under a mask as a value up to 255.
func channel(v, mask uint32) byte {
	if mask == 0 {
		return 0
	}
	shift := bits.TrailingZeros32(mask)
	most := uint64(mask >> shift)
	return byte((uint64(v&mask>>shift)*255 + most/2) / most)
}

// writeIndexed writes a bitmap with a palette.
func (p *picture) writeIndexed(ctx context.Context, w io.Writer, report *sanitize.Report) error {
	indices := make([]byte, p.width)
	var seen [256]bool
	for y := range p.height {
		if y&63 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p.indices(indices, y)
		for _, i := range indices {
			seen[i] = true
		}
	}
	index, err := p.arrange(&seen, report)
	if err != nil {
		return err
	}
	if p.compression == rle8 {
		return p.writeRLE8(ctx, w, index)
	}
	fresh := make([]byte, rowBytes(p.width, p.depth))
	if err := p.writeHead(w, rgb, len(fresh)*p.height); err != nil {
		return err
	}
	for y := range p.height {
		if y&63 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		clear(fresh)
		p.indices(indices, y)
		for x, i := range indices {
			fresh[x*p.depth/8] |= index[i] << (8 - p.depth - x*p.depth%8)
		}
		if _, err := w.Write(fresh); err != nil {
			return err
		}
	}
	return nil
}

// writeRLE8 writes run-length codes. Their length stands in the header, so that they are made first.
func (p *picture) writeRLE8(ctx context.Context, w io.Writer, index *[256]byte) error {
	indices := make([]byte, p.width)
	var codes []byte
	for y := range p.height {
		if y&63 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p.indices(indices, y)
		for x, i := range indices {
			indices[x] = index[i]
		}
		codes = appendRLE8(codes, indices)
	}
	codes[len(codes)-1] = 1 // the end of the last row is the end of all
	if err := p.writeHead(w, rle8, len(codes)); err != nil {
		return err
	}
	_, err := w.Write(codes)
	return err
}

// writeHead writes the headers and the palette.
func (p *picture) writeHead(w io.Writer, compression uint32, size int) error {
	b := p.header(p.depth, compression, len(p.palette), size)
	for _, c := range p.palette {
		b = append(b, byte(c), byte(c>>8), byte(c>>16), 0)
	}
	_, err := w.Write(b)
	return err
}

// indices reads row y from the bottom, one index for each pixel.
func (p *picture) indices(to []byte, y int) {
	if p.compression != rgb {
		copy(to, p.row(y, p.width))
		return
	}
	row := p.row(y, rowBytes(p.width, p.depth))
	for x := range to {
		to[x] = row[x*p.depth/8] >> (8 - p.depth - x*p.depth%8) & (1<<p.depth - 1)
	}
}

// arrange drops colours that no pixel has, merges equal ones, and orders the rest so that no text survives. It returns
// the new indices.
func (p *picture) arrange(seen *[256]bool, report *sanitize.Report) (*[256]byte, error) {
	var fresh []uint32
	for i, yes := range seen {
		if yes && i >= len(p.palette) {
			return nil, fmt.Errorf("%w: a pixel has a colour that the table lacks", errMalformed)
		}
		if yes && !slices.Contains(fresh, p.palette[i]) {
			fresh = append(fresh, p.palette[i])
		}
	}
	slices.SortFunc(fresh, func(a, b uint32) int { return cmp.Compare(palette.Scrambled(a), palette.Scrambled(b)) })
	if len(fresh) < len(p.palette) {
		report.Add(rulePalette, sanitize.Removed, "")
	}
	index := &[256]byte{}
	for i, yes := range seen {
		if yes {
			index[i] = byte(slices.Index(fresh, p.palette[i]))
		}
	}
	p.palette = fresh
	return index, nil
}
