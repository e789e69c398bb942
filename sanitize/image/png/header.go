package png

import (
	"encoding/binary"
	"fmt"
	"slices"

	"sekisho/sanitize"
)

// The colour types, PNG 11.2.1.
const (
	colourGrey      = 0
	colourRGB       = 2
	colourPalette   = 3
	colourGreyAlpha = 4
	colourRGBA      = 6
)

// maxRow bounds the bytes of one row. Rows of palette pictures are kept, two at a time.
const maxRow = 16 << 20

// picture is what is written: all that was understood of the input.
type picture struct {
	width, height int
	depth, colour int
	interlaced    bool
	palette       []colour // of a palette picture, with alpha
	ancillary     map[string][]byte
	background    int // palette index of bKGD, -1 for none
	main          [][]byte
	frames        []frame
	plays         uint32
	report        *sanitize.Report
}

// colour is a palette entry.
type colour struct{ r, g, b, a byte }

// takeHeader reads IHDR, PNG 11.2.1. The number of pixels is checked before anything depends on it.
func (p *parser) takeHeader(b []byte) error {
	if len(b) != 13 {
		return fmt.Errorf("%w: header of %d bytes", errMalformed, len(b))
	}
	w, h := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if w == 0 || h == 0 || w > 1<<31-1 || h > 1<<31-1 {
		return fmt.Errorf("%w: %d by %d pixels", errMalformed, w, h)
	}
	if int64(w)*int64(h) > p.pass.Policy.Limits.Pixels {
		return fmt.Errorf("%w: %d by %d pixels", errLimit, w, h)
	}
	p.width, p.height, p.depth, p.colour = int(w), int(h), int(b[8]), int(b[9])
	depths := map[int][]int{
		colourGrey: {1, 2, 4, 8, 16}, colourRGB: {8, 16}, colourPalette: {1, 2, 4, 8}, colourGreyAlpha: {8, 16}, colourRGBA: {8, 16},
	}
	if !slices.Contains(depths[p.colour], p.depth) || b[10] != 0 || b[11] != 0 || b[12] > 1 {
		return fmt.Errorf("%w: colour type %d with %d bits, methods %d %d %d", errMalformed, p.colour, p.depth, b[10], b[11], b[12])
	}
	if p.colour == colourPalette && p.rowBytes(p.width) > maxRow {
		return fmt.Errorf("%w: rows of %d pixels", errLimit, p.width)
	}
	p.interlaced = b[12] == 1
	p.ancillary, p.background = map[string][]byte{}, -1
	return nil
}

// channels returns the samples of a pixel.
func (p *picture) channels() int {
	switch p.colour {
	case colourRGB:
		return 3
	case colourGreyAlpha:
		return 2
	case colourRGBA:
		return 4
	}
	return 1
}

// rowBytes returns the bytes of a row of w pixels, without its filter.
func (p *picture) rowBytes(w int) int { return (w*p.channels()*p.depth + 7) / 8 }

// takePalette reads PLTE, PNG 11.2.2. A picture with colours in its pixels may suggest one; it is not needed.
func (p *parser) takePalette(b []byte) error {
	switch {
	case p.seen["PLTE"], p.seen["IDAT"], len(b) == 0, len(b)%3 != 0, len(b) > 3*256,
		p.colour == colourGrey, p.colour == colourGreyAlpha:
		return fmt.Errorf("%w: palette of %d bytes", errMalformed, len(b))
	case p.colour != colourPalette:
		p.report.Add(rulePalette, sanitize.Removed, "")
		return nil
	case len(b) > 3<<p.depth:
		return fmt.Errorf("%w: palette of %d entries for %d bits", errMalformed, len(b)/3, p.depth)
	}
	for ; len(b) > 0; b = b[3:] {
		p.palette = append(p.palette, colour{b[0], b[1], b[2], 255})
	}
	return nil
}

// header returns the body of IHDR.
func (p *picture) header() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(p.width))
	b = binary.BigEndian.AppendUint32(b, uint32(p.height))
	b = append(b, byte(p.depth), byte(p.colour), 0, 0, 0)
	if p.interlaced {
		b[12] = 1
	}
	return b
}
