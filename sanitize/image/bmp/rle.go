package bmp

import (
	"fmt"

	"sekisho/sanitize"
)

// expand decodes run-length codes (BI_RLE8 and BI_RLE4) to one byte for each pixel. Pixels that the codes leave out
// have the first colour.
func (p *picture) expand(b []byte, report *sanitize.Report) error {
	p.pixels = make([]byte, p.width*p.height)
	x, y := 0, 0
	for len(b) >= 2 {
		n, v := int(b[0]), b[1]
		b = b[2:]
		switch {
		case n > 0:
			if !p.put(x, y, n, []byte{v}, true) {
				return errCodes
			}
			x += n
		case v == 0:
			x, y = 0, y+1
		case v == 1:
			if len(b) > 0 {
				report.Add(ruleTrailing, sanitize.Removed, "")
			}
			return nil
		case v == 2:
			if len(b) < 2 {
				return errCodes
			}
			x, y, b = x+int(b[0]), y+int(b[1]), b[2:]
		default:
			size := p.literal(int(v))
			if size+size&1 > len(b) || !p.put(x, y, int(v), b[:size], false) {
				return errCodes
			}
			x, b = x+int(v), b[size+size&1:]
		}
	}
	if y < p.height-1 || y == p.height-1 && x < p.width {
		return errCodes
	}
	report.Add(ruleNoEnd, sanitize.Repaired, "")
	return nil
}

var errCodes = fmt.Errorf("%w: run-length codes are damaged or cut off", errMalformed)

// literal returns how many bytes n pixels take that are written one by one.
func (p *picture) literal(n int) int {
	if p.compression == rle4 {
		return (n + 1) / 2
	}
	return n
}

// put sets n pixels from x, y on to the indices in b, or over and over to those of its only byte.
func (p *picture) put(x, y, n int, b []byte, repeated bool) bool {
	if y >= p.height || x+n > p.width {
		return false
	}
	row := p.pixels[y*p.width+x:][:n]
	for i := range row {
		at := i
		if p.compression == rle4 {
			at = i / 2
		}
		if repeated {
			at = 0
		}
		v := b[at]
		if p.compression == rle4 {
			v = v >> (4 - i%2*4) & 15
		}
		row[i] = v
	}
	return true
}

// appendRLE8 appends the codes of a row: runs of three and more as runs, all else one by one.
func appendRLE8(out, row []byte) []byte {
	for len(row) > 0 {
		if n := run(row); n >= 3 || len(row) < 3 {
			out = append(out, byte(n), row[0])
			row = row[n:]
			continue
		}
		n := 1
		for n < len(row) && n < 255 && run(row[n:]) < 3 {
			n++
		}
		if n < 3 { // shorter ones would mean something else
			out = append(out, 1, row[0])
			row = row[1:]
			continue
		}
		out = append(append(out, 0, byte(n)), row[:n]...)
		if n&1 == 1 {
			out = append(out, 0)
		}
		row = row[n:]
	}
	return append(out, 0, 0)
}

// run returns how many equal pixels row starts with, at most 255.
func run(row []byte) int {
	n := 1
	for n < len(row) && n < 255 && row[n] == row[0] {
		n++
	}
	return n
}
