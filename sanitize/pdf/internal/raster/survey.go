package raster

import (
	"encoding/binary"
	"math"
)

// survey counts what is on a page.
type survey struct {
	pixels  int
	colour  int  // pixels that are plainly no grey
	changes int  // pixels that differ from the one before
	shaded  int  // stretches of chunk pixels that look like a part of a photograph
	twoTone bool // all are black or white
	plain   bool // all are the same
	ink     []span
}

// span is a stretch of pixels, from one to before another, in the order of the page.
type span struct{ from, to int }

const (
	tint   = 24 // difference of red, green and blue from which on a pixel is coloured
	chunk  = 16 // pixels of a stretch
	slope  = 6  // difference of neighbours in a shade, at most
	grain  = 40 // difference of neighbours in the grain of a photograph, at most; at the edge of a letter it is more
	slopes = 10 // pixels of a stretch that differ as in a shade from those before them
	grains = 14 // or that differ as in grain
	little = 64 // stretches of a photograph that a page can do without, less than a square of 5 mm at 150 dpi
	stamps = 32 // coloured pixels that make a page coloured: less than a seal has, more than a speck of dust
)

// look goes over the pixels once.
func look(rgba []byte, width int) survey {
	s := survey{pixels: len(rgba) / 4, twoTone: true, plain: true}
	if s.pixels == 0 {
		return s
	}
	first := [3]byte(rgba[:3])
	var stretch stretch
	before, start := first[1], 0
	for i := 0; i < s.pixels; i++ {
		if n := whites(rgba[4*i:]); n > 0 {
			if i > start {
				s.ink = append(s.ink, span{start, i})
			}
			before = 0xff
			start = i + n
			i = start - 1
			continue
		}
		r, g, b := rgba[4*i], rgba[4*i+1], rgba[4*i+2]
		if g != before {
			s.changes++
			if stretch.add(i, int(g)-int(before)) {
				s.shaded++
			}
		}
		before = g
		if r&g&b != 0xff {
			s.other(r, g, b)
		}
		s.plain = s.plain && first == [3]byte{r, g, b}
	}
	if start < s.pixels {
		s.ink = append(s.ink, span{start, s.pixels})
	}
	s.plain = s.plain && (first == [3]byte{0xff, 0xff, 0xff} || len(s.ink) == 1 && s.ink[0] == span{0, s.pixels})
	return s
}

// whites returns how many pixels from the first on are white and opaque, an even number: most of a page is paper, and
// this is the way over it.
func whites(rgba []byte) (n int) {
	for len(rgba) >= 32 && allOnes(rgba)&allOnes(rgba[8:])&allOnes(rgba[16:])&allOnes(rgba[24:]) == math.MaxUint64 {
		rgba = rgba[32:]
		n += 8
	}
	for len(rgba) >= 8 && allOnes(rgba) == math.MaxUint64 {
		rgba = rgba[8:]
		n += 2
	}
	return n
}

func allOnes(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// other counts a pixel that is not white.
func (s *survey) other(r, g, b byte) {
	if r|g|b != 0 {
		s.twoTone = false
	}
	if low, high := min(r, g, b), max(r, g, b); high-low > tint {
		s.colour++
	}
}

// coloured reports whether the page has colours that a reader would miss.
func (s survey) coloured() bool { return s.colour >= stamps }

// photographs reports whether there are any on the page, which a palette would put steps into. What is not one is flat
// areas with edges, writing and drawings, which the packing of photographs would blur. Where every other pixel is an
// edge, nothing else is small.
func (s survey) photographs() bool { return s.shaded >= little || 2*s.changes > s.pixels }

// stretch counts how pixels differ from those before them, in the stretch of pixels that the last of them is in.
type stretch struct{ number, slopes, grains int }

// add counts a difference of pixel i, and reports whether with it the stretch is a part of a photograph: true once.
func (s *stretch) add(i, difference int) bool {
	if n := i / chunk; n != s.number {
		*s = stretch{number: n}
	}
	was := s.shaded()
	if -slope <= difference && difference <= slope {
		s.slopes++
	}
	if -grain <= difference && difference <= grain {
		s.grains++
	}
	return !was && s.shaded()
}

func (s *stretch) shaded() bool { return s.slopes >= slopes || s.grains >= grains }
