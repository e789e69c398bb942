package raster

import (
	"sekisho/sanitize/pdf/internal/object"
)

// maxColours is the most that a palette has (ISO 32000-2 8.6.6.3).
const maxColours = 256

// palette is the colours of a page, those that are nearly the same put together.
type palette struct {
	index    [1 << 12]uint16 // of a bucket, plus one; 0 is none
	colours  [][3]byte
	coloured bool
}

// bucket returns the four upper bits of red, green and blue.
func bucket(r, g, b byte) int { return int(r&0xf0)<<4 | int(g&0xf0) | int(b)>>4 }

// newPalette returns the palette for a page, or nil when it has too many colours. Each colour of it is the mean of those
// that it stands for, so that flat areas come out as they are.
func newPalette(rgba []byte, page survey) *palette {
	p := &palette{coloured: page.coloured()}
	var sums [1 << 12][4]uint64 // red, green, blue, count
	white := uint64(page.pixels)
	for _, ink := range page.ink {
		white -= uint64(ink.to - ink.from)
		for px := rgba[4*ink.from : 4*ink.to]; len(px) >= 4; px = px[4:] {
			r, g, b := p.tone(px)
			s := &sums[bucket(r, g, b)]
			s[0], s[1], s[2], s[3] = s[0]+uint64(r), s[1]+uint64(g), s[2]+uint64(b), s[3]+1
		}
	}
	paper := &sums[len(sums)-1]
	for i := range paper[:3] {
		paper[i] += 0xff * white
	}
	paper[3] += white
	for i, s := range sums {
		if s[3] == 0 {
			continue
		}
		if len(p.colours) == maxColours {
			return nil
		}
		n := s[3]
		p.colours = append(p.colours, [3]byte{byte((s[0] + n/2) / n), byte((s[1] + n/2) / n), byte((s[2] + n/2) / n)})
		p.index[i] = uint16(len(p.colours))
	}
	return p
}

// tone returns a pixel, as a grey when the page has no colours.
func (p *palette) tone(px []byte) (r, g, b byte) {
	if p.coloured {
		return px[0], px[1], px[2]
	}
	y := px[0]
	if px[0] != px[1] || px[1] != px[2] {
		y = luma(px)
	}
	return y, y, y
}

// bits returns the length of an index.
func (p *palette) bits() int {
	if len(p.colours) <= 16 {
		return 4
	}
	return 8
}

// space returns the palette as a colour space.
func (p *palette) space() object.Object {
	base, lookup := object.Name("DeviceGray"), make([]byte, 0, 3*len(p.colours))
	if p.coloured {
		base = "DeviceRGB"
	}
	for _, c := range p.colours {
		if p.coloured {
			lookup = append(lookup, c[:]...)
			continue
		}
		lookup = append(lookup, c[0])
	}
	return object.Array{object.Name("Indexed"), base, int64(len(p.colours) - 1), object.String(lookup)}
}

// pack returns the indexes of all pixels, each row padded to a byte. What is not ink is white.
func (p *palette) pack(rgba []byte, ink []span, width, height int) []byte {
	row, small := width, p.bits() == 4
	if small {
		row = (width + 1) / 2
	}
	out := make([]byte, row*height)
	if paper := byte(p.index[len(p.index)-1] - 1); len(ink) > 0 && ink[0] != (span{0, width * height}) {
		if small {
			paper |= paper << 4
		}
		fill(out, paper)
	}
	for _, s := range ink {
		for x, y := s.from%width, s.from/width; s.from < s.to; s.from++ {
			n := byte(p.index[bucket(p.tone(rgba[4*s.from:]))] - 1)
			switch at := y*row + x/2; {
			case !small:
				out[y*row+x] = n
			case x%2 == 0:
				out[at] = out[at]&0x0f | n<<4
			default:
				out[at] = out[at]&0xf0 | n
			}
			if x++; x == width {
				x, y = 0, y+1
			}
		}
	}
	return out
}

func fill(b []byte, v byte) {
	if len(b) == 0 {
		return
	}
	b[0] = v
	for done := 1; done < len(b); done *= 2 {
		copy(b[done:], b[:done])
	}
}
