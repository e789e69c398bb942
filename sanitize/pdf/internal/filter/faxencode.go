package filter

import (
	"math/bits"
	"strconv"
	"strings"
	"sync"
)

// faxCode is a code word: so many bits, the last one lowest.
type faxCode struct {
	word uint32
	bits uint8
}

// faxTable has the codes of runs: 0 to 63, and from 64 on those of the multiples of 64. White is 0, black 1.
type faxTable [2][64 + 40]faxCode

const (
	longestRun = 2560 // that has a code of its own
	maxNear    = 3    // a change so far from that of the row above has a short code
)

var faxCodes = sync.OnceValue(func() *faxTable {
	var t faxTable
	for _, line := range strings.Split(strings.TrimSpace(faxRuns), "\n") {
		words := strings.Fields(line)
		run, _ := strconv.Atoi(words[0])
		if run >= 64 {
			run = 63 + run/64
		}
		for colour, w := range words[1:] {
			n, _ := strconv.ParseUint(w, 2, 32)
			t[colour][run] = faxCode{uint32(n), uint8(len(w))}
		}
	}
	return &t
})

// The codes of ITU-T T.6 table 1, those of vertical mode by how far right of the change above the change is, from -3 on.
var (
	faxPass       = faxCode{0b0001, 4}
	faxHorizontal = faxCode{0b001, 3}
	faxVertical   = [2*maxNear + 1]faxCode{{0b0000010, 7}, {0b000010, 6}, {0b010, 3}, {0b1, 1}, {0b011, 3}, {0b000011, 6}, {0b0000011, 7}}
	faxEnd        = faxCode{0b000000000001, 12} // twice
)

// EncodeFax packs rows of one bit a pixel as CCITTFaxDecode with a K below 0 undoes it (ITU-T T.6), with the end-of-block
// code. A bit that is black is a black pixel.
func EncodeFax(rows []byte, width int64, black byte) []byte {
	stride := int((width + 7) / 8)
	var invert byte
	if black == 0 {
		invert = 0xff
	}
	w := faxWriter{codes: faxCodes(), out: make([]byte, 0, len(rows)/8)}
	above, line := make([]byte, stride), make([]byte, stride)
	for ; len(rows) >= stride && stride > 0; rows = rows[stride:] {
		for i, b := range rows[:stride] {
			line[i] = b ^ invert
		}
		w.row(faxRow{above, int(width)}, faxRow{line, int(width)})
		above, line = line, above
	}
	w.put(faxEnd)
	w.put(faxEnd)
	if w.free < 8 {
		w.out = append(w.out, w.last)
	}
	return w.out
}

// faxRow is a row of pixels, a bit that is set being black.
type faxRow struct {
	data  []byte
	width int
}

// colour returns that of a pixel; left of the row it is white.
func (r faxRow) colour(x int) byte {
	if x < 0 {
		return 0
	}
	return r.data[x/8] >> (7 - x%8) & 1
}

// next returns the first pixel from x on that is not of a colour, or the width.
func (r faxRow) next(x int, colour byte) int {
	for x < r.width {
		b := r.data[x/8]
		if colour == 1 {
			b = ^b
		}
		if b = b << (x % 8); b != 0 { // a bit that is set is of the other colour
			return min(r.width, x+bits.LeadingZeros8(b))
		}
		x += 8 - x%8
	}
	return r.width
}

// change returns the first pixel right of x that begins a run which is not of a colour (T.6 2.2.1: b1), or the width.
func (r faxRow) change(x int, colour byte) int {
	start := x + 1
	if x >= 0 && r.colour(x) != colour {
		start = r.next(start, 1-colour)
	} else if x < 0 && colour != 0 {
		start = 0
	}
	return r.next(max(start, 0), colour)
}

// faxWriter writes codes, the highest bit of each byte first.
type faxWriter struct {
	codes *faxTable
	out   []byte
	last  byte // not yet in out
	free  int  // bits of it, 0 meaning 8
}

func (w *faxWriter) put(c faxCode) {
	if w.free == 0 {
		w.free = 8
	}
	for left := int(c.bits); left > 0; {
		n := min(left, w.free)
		left -= n
		part := byte(c.word >> left & (1<<n - 1))
		w.free -= n
		w.last |= part << w.free
		if w.free == 0 {
			w.out = append(w.out, w.last)
			w.last, w.free = 0, 8
		}
	}
}

// run writes the length of a run.
func (w *faxWriter) run(n int, colour byte) {
	for ; n > longestRun; n -= longestRun {
		w.put(w.codes[colour][63+longestRun/64])
	}
	if n >= 64 {
		w.put(w.codes[colour][63+n/64])
	}
	w.put(w.codes[colour][n%64])
}

// row writes one row by that above it (T.6 2.2.4).
func (w *faxWriter) row(above, line faxRow) {
	colour := byte(0)
	for at := -1; at < line.width; {
		from := max(at, 0)
		change := line.next(from, colour)
		over := above.change(at, colour)
		after := above.next(over, 1-colour)
		switch near := change - over; {
		case after < change:
			w.put(faxPass)
			at = after
		case near >= -maxNear && near <= maxNear:
			w.put(faxVertical[near+maxNear])
			at, colour = change, 1-colour
		default:
			end := line.next(change, 1-colour)
			w.put(faxHorizontal)
			w.run(change-from, colour)
			w.run(end-change, 1-colour)
			at = end
		}
	}
}
