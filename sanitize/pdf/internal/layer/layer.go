package layer

import (
	"errors"
	"math"
)

// Char is a character of a page, or white space that parts others.
type Char struct {
	Rune  rune
	Box   [4]float64 // of the cell, not of the ink: left, bottom, right, top in units of the page; empty for some spaces
	Angle float64    // of the line of writing, in radians, anticlockwise
}

// ErrTooMany says that a document has more characters of different widths than the font has codes.
var ErrTooMany = errors.New("too many different characters")

const (
	maxCodes  = 0xfffe
	widthStep = 20   // widths are rounded to so many thousandths of the size
	maxWidth  = 4000 // of one character, in thousandths of the size
	loose     = 6    // places that are off by so many thousandths of the size stay as they are
)

// cell is a character with its width in thousandths of the size.
type cell struct {
	char  rune
	width int
}

// Layer is the text of one document. The zero value has none.
type Layer struct {
	cells []cell // of code i+1
	codes map[cell]int
}

// code returns the code of a character that is width units wide in a size.
func (l *Layer) code(char rune, width, size float64) (int, int, error) {
	thousandths := int(math.Round(em*width/size/widthStep)) * widthStep
	c := cell{char, max(widthStep, min(maxWidth, thousandths))}
	if n, ok := l.codes[c]; ok {
		return n, c.width, nil
	}
	if len(l.cells) == maxCodes {
		return 0, 0, ErrTooMany
	}
	if l.codes == nil {
		l.codes = map[cell]int{}
	}
	l.cells = append(l.cells, c)
	l.codes[c] = len(l.cells)
	return len(l.cells), c.width, nil
}

// Page returns the content that writes the characters of a page, or nil when there are none. It uses the font by the
// names across and down.
func (l *Layer) Page(chars []Char, across, down string) ([]byte, error) {
	w := writer{layer: l, across: across, down: down}
	for i := 0; i < len(chars); {
		n := ligature(chars[i:])
		for k, c := range chars[i : i+n] {
			if err := w.char(part(c, k, n)); err != nil {
				return nil, err
			}
		}
		i += n
	}
	if err := w.flush(); err != nil || len(w.out) == 0 {
		return nil, err
	}
	return append(append([]byte("BT\n3 Tr\n"), w.out...), "ET\n"...), nil
}

// ligature returns how many characters from the first on have the same cell: one glyph shows them all.
func ligature(chars []Char) int {
	n := 1
	for n < len(chars) && n < 4 && chars[0].Rune > ' ' && chars[n].Box == chars[0].Box && chars[n].Box != [4]float64{} {
		n++
	}
	return n
}

// part returns character k of n in one cell with its part of that cell, where the line is not turned.
func part(c Char, k, n int) Char {
	if n == 1 || math.Abs(math.Sin(c.Angle)) > 1e-6 || math.Cos(c.Angle) < 0 {
		return c
	}
	left, width := c.Box[0], (c.Box[2]-c.Box[0])/float64(n)
	c.Box[0], c.Box[2] = left+float64(k)*width, left+float64(k+1)*width
	return c
}
