// Package fax encodes pictures of two colours by ITU-T T.6 (Group 4), as scanners and fax machines do. Nothing else
// makes pages of text as small without loss.
//
// It is an encoder only, and deterministic: the same pixels give the same bytes.
package fax

//go:generate go run ./gen -o codes.go

// code is a code word: its bits, the last one lowest, and how many there are.
type code struct {
	bits   uint32
	length uint8
}

// The code words of T.6 table 1, and the end of line of T.4.
var (
	pass       = code{0b0001, 4}
	horizontal = code{0b001, 3}
	vertical   = [...]code{ // by how far a1 lies right of b1, from -3 to 3
		{0b0000010, 7}, {0b000010, 6}, {0b010, 3}, {0b1, 1}, {0b011, 3}, {0b000011, 6}, {0b0000011, 7},
	}
	endOfLine = code{1, 12}
)

// maxRun is the longest run that one code word stands for.
const maxRun = 2560

// Group4 encodes rows of pixels, one bit each, the first on top, each row from a byte of its own. A one is black.
// pixels must hold all rows.
func Group4(pixels []byte, width, rows int) []byte {
	w := &bitWriter{}
	stride := (width + 7) / 8
	above := changes(nil, nil, width)
	var here []int
	for y := range rows {
		here = changes(here[:0], pixels[y*stride:][:stride], width)
		w.row(above, here, width)
		above, here = here, above
	}
	w.put(endOfLine) // T.6 2.2.5: the end of a block is two of them
	w.put(endOfLine)
	return w.bytes()
}

// changes appends the places where a row changes its colour, starting from white, and enough ends for all that look
// behind the last.
func changes(to []int, row []byte, width int) []int {
	last := byte(0)
	for i, b := range row {
		if b == last { // eight pixels of the colour that it was
			continue
		}
		for x := 8 * i; x < min(8*i+8, width); x++ {
			if v := b >> (7 - x%8) & 1; v != last&1 {
				to = append(to, x)
				last = -v // all bits of that colour
			}
		}
	}
	return append(to, width, width, width, width)
}

// row encodes one row, T.6 2.2 and figure 7.
func (w *bitWriter) row(above, here []int, width int) {
	a0, black, i, j := -1, 0, 0, 0
	for a0 < width {
		for j > 0 && above[j-1] > a0 {
			j--
		}
		for above[j] < width && above[j] <= a0 || above[j] < width && j%2 != black {
			j++
		}
		a1, b1 := here[i], above[j]
		b2 := b1
		if b1 < width {
			b2 = above[j+1]
		}
		switch d := a1 - b1; {
		case b2 < a1:
			w.put(pass)
			a0 = b2
		case d >= -3 && d <= 3:
			w.put(vertical[d+3])
			a0, black, i = a1, 1-black, i+1
		default:
			a2 := here[i+1]
			w.put(horizontal)
			w.run(a1-max(a0, 0), black)
			w.run(a2-a1, 1-black)
			a0, i = a2, i+2
		}
	}
}

// run writes the code words of a run, T.4 4.1.1.
func (w *bitWriter) run(n, black int) {
	codes := &whiteCodes
	if black == 1 {
		codes = &blackCodes
	}
	for ; n >= maxRun+64; n -= maxRun {
		w.put(codes[63+maxRun/64])
	}
	if n >= 64 {
		w.put(codes[63+n/64])
		n %= 64
	}
	w.put(codes[n])
}

// bitWriter puts code words behind each other.
type bitWriter struct {
	b    []byte
	acc  uint64
	have uint8
}

func (w *bitWriter) put(c code) {
	w.acc = w.acc<<c.length | uint64(c.bits)
	for w.have += c.length; w.have >= 8; w.have -= 8 {
		w.b = append(w.b, byte(w.acc>>(w.have-8)))
	}
}

// bytes returns all that was put, with zeros in the last byte.
func (w *bitWriter) bytes() []byte {
	if w.have > 0 {
		return append(w.b, byte(w.acc<<(8-w.have)))
	}
	return w.b
}
