package raster

// survey counts what is on a page.
type survey struct {
	pixels  int
	colour  int  // pixels that are plainly no grey
	changes int  // pixels that differ from the one before
	middle  int  // pixels that are neither nearly black nor nearly white
	twoTone bool // all are black or white
	plain   bool // all are the same
}

const (
	tint    = 24 // difference of red, green and blue from which on a pixel is coloured
	change  = 6  // difference of neighbours that a change is counted from
	nearEnd = 20 // how far from black or white is nearly so
	stamps  = 32 // coloured pixels that make a page coloured: less than a seal has, more than a speck of dust
)

// look goes over the pixels once.
func look(rgba []byte, width int) survey {
	s := survey{pixels: len(rgba) / 4, twoTone: true, plain: true}
	if s.pixels == 0 {
		return s
	}
	first := [3]byte(rgba[:3])
	before := first[1]
	for i := 0; i+4 <= len(rgba); i += 4 {
		r, g, b := rgba[i], rgba[i+1], rgba[i+2]
		if d := int(g) - int(before); d > change || d < -change {
			s.changes++
		}
		before = g
		if r == 0xff && g == 0xff && b == 0xff {
			s.plain = s.plain && first == [3]byte{0xff, 0xff, 0xff}
			continue
		}
		s.other(r, g, b)
		s.plain = s.plain && first == [3]byte{r, g, b}
	}
	return s
}

// other counts a pixel that is not white.
func (s *survey) other(r, g, b byte) {
	if r|g|b != 0 {
		s.twoTone = false
	}
	if low, high := min(r, g, b), max(r, g, b); high-low > tint {
		s.colour++
	}
	if g > nearEnd && g < 0xff-nearEnd {
		s.middle++
	}
}

// coloured reports whether the page has colours that a reader would miss.
func (s survey) coloured() bool { return s.colour >= stamps }

// busy reports whether neighbours differ as they do in a photograph or a scan, and not in writing.
func (s survey) busy() bool { return 4*s.changes > s.pixels }

// crisp reports whether the page is nearly all ink and paper, so that a photograph's packing would only blur it.
func (s survey) crisp() bool { return 10*s.middle < s.pixels }
