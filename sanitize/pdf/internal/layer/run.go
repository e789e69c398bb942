package layer

import (
	"fmt"
	"math"
	"unicode"
)

// place is where a character stands: the point where its cell begins, on the line of writing.
type place struct {
	char    rune
	box     [4]float64
	angle   float64 // in radians
	x, y    float64 // of the lower left corner of the cell, as the line runs
	size    float64 // of the cell across the line
	advance float64 // of the cell along the line
	space   bool    // there is white space before it
}

// placed returns the place of a character, and whether it has one.
func placed(c Char) (place, bool) {
	for _, v := range c.Box {
		if math.IsNaN(v) || math.Abs(v) > 1e6 {
			return place{}, false
		}
	}
	width, height := c.Box[2]-c.Box[0], c.Box[3]-c.Box[1]
	p := place{char: c.Rune, box: c.Box, angle: c.Angle}
	const least = 1e-3
	if width < least || height < least || math.IsNaN(c.Angle) || math.IsInf(c.Angle, 0) {
		return p, false
	}
	sin, cos := math.Sincos(c.Angle)
	p.size, p.advance = height, width
	if math.Abs(sin) > least {
		p.size, p.advance = upright(width, height, math.Abs(sin), math.Abs(cos))
	}
	// The cell has the middle of its box.
	mx, my := (c.Box[0]+c.Box[2])/2, (c.Box[1]+c.Box[3])/2
	p.x = mx - cos*p.advance/2 + sin*p.size/2
	p.y = my - sin*p.advance/2 - cos*p.size/2
	return p, p.size > least && p.advance > least
}

// upright returns the sides of a cell that was turned, from those of the box around it. Near an eighth of a turn the box
// does not tell them apart, and they are taken to be equal.
func upright(width, height, sin, cos float64) (size, advance float64) {
	if d := cos*cos - sin*sin; math.Abs(d) > 0.3 {
		size, advance = (height*cos-width*sin)/d, (width*cos-height*sin)/d
		if size > 0 && advance > 0 {
			return size, advance
		}
	}
	side := min(width, height) / (sin + cos)
	return side, side
}

// writer writes the lines of one page. A run is what one line of writing shows without a break.
type writer struct {
	layer        *Layer
	across, down string // names of the font
	out          []byte
	run          []place
	vertical     bool // the run goes down; known from its second character on
	space        bool // white space came after the run
}

// char adds a character to the run, or ends that and begins another.
func (w *writer) char(c Char) error {
	if c.Rune == '\n' || c.Rune == '\r' {
		return w.flush()
	}
	if c.Rune <= ' ' || unicode.IsSpace(c.Rune) {
		w.space = len(w.run) > 0
		return nil
	}
	p, ok := placed(c)
	if !ok || !unicode.IsPrint(c.Rune) && !unicode.Is(unicode.Co, c.Rune) {
		return nil
	}
	switch {
	case len(w.run) == 0:
	case w.follows(p):
	case w.below(p):
		w.vertical = true
	default:
		if err := w.flush(); err != nil {
			return err
		}
	}
	p.space, w.space = w.space, false
	w.run = append(w.run, p)
	return nil
}

// follows reports whether p continues the line of the run, which does not go down.
func (w *writer) follows(p place) bool {
	last := w.run[len(w.run)-1]
	if w.vertical || !alike(last, p) && !level(last, p) {
		return false
	}
	sin, cos := math.Sincos(last.angle)
	dx, dy := p.x-last.x, p.y-last.y
	along, off := dx*cos+dy*sin, dy*cos-dx*sin
	return math.Abs(off) < 0.3*last.size && along > -0.1*last.size && along-last.advance < 3*last.size
}

// below reports whether p continues a line that goes down (ISO 32000-2 9.7.4.3, Figure 55), which the run is or may be.
func (w *writer) below(p place) bool {
	last := w.run[len(w.run)-1]
	if !w.vertical && len(w.run) > 1 || last.angle != 0 || !alike(last, p) {
		return false
	}
	middle := (p.box[0] + p.box[2] - last.box[0] - last.box[2]) / 2
	gap := last.box[1] - p.box[3]
	return math.Abs(middle) < 0.3*last.size && gap > -0.5*last.size && gap < 3*last.size
}

// alike reports whether two characters are of one size and direction.
func alike(a, b place) bool {
	return math.Abs(a.angle-b.angle) < 0.01 && math.Abs(a.size-b.size) < 0.2*a.size
}

// level reports whether two characters stand on one line that is not turned, of which one has an accent that makes its
// cell higher.
func level(a, b place) bool {
	return a.angle == b.angle && math.Abs(math.Sin(a.angle)) < 1e-6 && math.Abs(a.box[1]-b.box[1]) < 0.02*a.size &&
		a.size < 1.5*b.size && b.size < 1.5*a.size
}

// flush writes the run.
func (w *writer) flush() error {
	run, vertical := w.run, w.vertical
	w.run, w.vertical, w.space = w.run[:0], false, false
	if len(run) == 0 {
		return nil
	}
	if vertical {
		return w.column(run)
	}
	return w.line(run)
}

// line writes a run that goes along its angle.
func (w *writer) line(run []place) error {
	first := run[0]
	sin, cos := math.Sincos(first.angle)
	size := first.size
	rise := size * descent / em // from the lower edge of the cell to the base line
	w.begin(w.across, size, cos, sin, first.x-sin*rise, first.y+cos*rise)
	pen := 0.0
	for i, p := range run {
		at := (p.x-first.x)*cos + (p.y-first.y)*sin
		if p.space {
			if err := w.add(' ', max(at-pen, 0), size, &pen); err != nil {
				return err
			}
		}
		w.adjust((pen-at)*em/size, &pen, at)
		if err := w.add(p.char, stretched(run[i:], cos, sin), size, &pen); err != nil {
			return err
		}
	}
	w.out = append(w.out, ">]TJ\n"...)
	return nil
}

// stretched returns how far it is from the first character of a run to the second when they are of one word, so that
// letters that are spaced out do not fall apart into words; else how wide the first one is.
func stretched(run []place, cos, sin float64) float64 {
	p := run[0]
	if len(run) == 1 || run[1].space {
		return p.advance
	}
	next := (run[1].x-p.x)*cos + (run[1].y-p.y)*sin
	room := 0.5 * p.size
	if !unicode.IsLetter(p.char) || !unicode.IsLetter(run[1].char) {
		room = 0.1 * p.size // dots that lead to a number, and columns of a table, stay apart
	}
	if gap := next - p.advance; next > 0 && gap < room {
		return next
	}
	return p.advance
}

// column writes a run that goes down. Every cell is as high as the size; the writing position is the middle of its upper
// edge, ascent above the base line.
func (w *writer) column(run []place) error {
	first := run[0]
	size := first.size
	top := first.box[3]
	w.begin(w.down, size, 1, 0, (first.box[0]+first.box[2])/2, top)
	pen := 0.0 // downwards
	for _, p := range run {
		at := top - p.box[3]
		w.adjust((at-pen)*em/size, &pen, at)
		n, _, err := w.layer.code(p.char, size, size)
		if err != nil {
			return err
		}
		w.out = fmt.Appendf(w.out, "%04X", n)
		pen += size
	}
	w.out = append(w.out, ">]TJ\n"...)
	return nil
}

// begin selects the font and goes to a place.
func (w *writer) begin(font string, size, cos, sin, x, y float64) {
	w.out = fmt.Appendf(w.out, "/%s %.2f Tf\n%.4f %.4f %.4f %.4f %.2f %.2f Tm\n[<", font, size, cos, sin, -sin, cos, x, y)
}

// adjust moves the pen to a place, unless it is there already: by so many thousandths of the size.
func (w *writer) adjust(thousandths float64, pen *float64, to float64) {
	if math.Abs(thousandths) < loose {
		return
	}
	w.out = fmt.Appendf(w.out, ">%d<", int(math.Round(thousandths)))
	*pen = to
}

// add writes a character and moves the pen by its width.
func (w *writer) add(char rune, advance, size float64, pen *float64) error {
	n, width, err := w.layer.code(char, advance, size)
	if err != nil {
		return err
	}
	w.out = fmt.Appendf(w.out, "%04X", n)
	*pen += float64(width) * size / em
	return nil
}
