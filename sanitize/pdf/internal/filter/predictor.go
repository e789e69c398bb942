package filter

import (
	"fmt"

	"sekisho/sanitize/pdf/internal/object"
)

// Predictor describes rows that were predicted before they were compressed (ISO 32000-2 7.4.4.4).
type Predictor struct {
	Kind, Colors, Bits, Columns int64
}

// The bounds of what a predictor may declare. No picture that fits a limit has longer rows.
const (
	maxColors  = 32
	maxColumns = 1 << 24
)

// predictorOf reads the parameters, or returns nil when nothing was predicted.
func predictorOf(parms object.Dict) (*Predictor, error) {
	p := &Predictor{
		Kind: number(parms, "Predictor", 1), Colors: number(parms, "Colors", 1),
		Bits: number(parms, "BitsPerComponent", 8), Columns: number(parms, "Columns", 1),
	}
	if p.Kind <= 1 {
		return nil, nil
	}
	bits := p.Bits == 1 || p.Bits == 2 || p.Bits == 4 || p.Bits == 8 || p.Bits == 16
	if p.Colors < 1 || p.Colors > maxColors || !bits || p.Columns < 1 || p.Columns > maxColumns || p.Kind > 15 || p.Kind > 2 && p.Kind < 10 {
		return nil, fmt.Errorf("%w: predictor %d with %d columns of %d×%d bits", ErrUnknown, p.Kind, p.Columns, p.Colors, p.Bits)
	}
	return p, nil
}

// predicted reports whether the parameters name a predictor.
func predicted(parms object.Dict) bool { return number(parms, "Predictor", 1) > 1 }

func number(d object.Dict, key object.Name, otherwise int64) int64 {
	if n, ok := object.Number(d.Get(key)); ok {
		return int64(n)
	}
	return otherwise
}

// Row returns the length of a row in bytes, without the tag that PNG puts before it.
func (p *Predictor) Row() int { return int((p.Columns*p.Colors*p.Bits + 7) / 8) }

// pixel returns the distance in bytes of the byte to the left.
func (p *Predictor) pixel() int { return max(1, int(p.Colors*p.Bits/8)) }

// unpredict undoes the prediction of r.Data, or checks it when it is to be kept. What comes out is no longer than what
// went in, which has been charged.
func (r *Result) unpredict(parms object.Dict, keep bool) error {
	p, err := predictorOf(parms)
	if p == nil || err != nil {
		return err
	}
	if p.Kind == 2 {
		r.Data = tiff(r.Data, p)
		return nil
	}
	if keep && wellPredicted(r.Data, p) {
		p.Kind = 15
		r.PNG = p
		return nil
	}
	r.Data = png(r.Data, p)
	return nil
}

// wellPredicted reports whether data is whole rows, each with a tag that PNG knows.
func wellPredicted(data []byte, p *Predictor) bool {
	stride := p.Row() + 1
	if len(data)%stride != 0 {
		return false
	}
	for i := 0; i < len(data); i += stride {
		if data[i] > 4 {
			return false
		}
	}
	return true
}

// png undoes the prediction of PNG. A last row that is cut short is undone as far as it goes.
func png(data []byte, p *Predictor) []byte {
	row, bpp := p.Row(), p.pixel()
	out := make([]byte, 0, len(data))
	above := make([]byte, row)
	for len(data) > 1 {
		tag := data[0]
		n := min(row, len(data)-1)
		start := len(out)
		out = append(out, data[1:1+n]...)
		unfilter(tag, out[start:], above, bpp)
		copy(above, out[start:])
		data = data[1+n:]
	}
	return out
}

// unfilter undoes one row in place (PNG 9.2).
func unfilter(tag byte, row, above []byte, bpp int) {
	switch tag {
	case 1:
		for i := bpp; i < len(row); i++ {
			row[i] += row[i-bpp]
		}
	case 2:
		for i := range row {
			row[i] += above[i]
		}
	case 3:
		for i := range row {
			left := 0
			if i >= bpp {
				left = int(row[i-bpp])
			}
			row[i] += byte((left + int(above[i])) / 2)
		}
	case 4:
		for i := range row {
			var left, corner int
			if i >= bpp {
				left, corner = int(row[i-bpp]), int(above[i-bpp])
			}
			row[i] += byte(paeth(left, int(above[i]), corner))
		}
	}
}

func paeth(a, b, c int) int {
	pa, pb, pc := abs(b-c), abs(a-c), abs(a+b-2*c)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// tiff undoes the prediction of TIFF: each component is the difference from the one to its left.
func tiff(data []byte, p *Predictor) []byte {
	row := p.Row()
	out := append([]byte(nil), data...)
	for start := 0; start < len(out); start += row {
		line := out[start:min(start+row, len(out))]
		switch p.Bits {
		case 8:
			for i := int(p.Colors); i < len(line); i++ {
				line[i] += line[i-int(p.Colors)]
			}
		case 16:
			for i := 2 * int(p.Colors); i+1 < len(line); i += 2 {
				k := i - 2*int(p.Colors)
				v := uint16(line[i])<<8 + uint16(line[i+1]) + uint16(line[k])<<8 + uint16(line[k+1])
				line[i], line[i+1] = byte(v>>8), byte(v)
			}
		default:
			tiffBits(line, p)
		}
	}
	return out
}

// tiffBits undoes a row of components of less than a byte.
func tiffBits(line []byte, p *Predictor) {
	bits, mask := int(p.Bits), byte(1<<p.Bits-1)
	var left [maxColors]byte
	for i := range len(line) * 8 / bits {
		shift := 8 - bits - i*bits%8
		at := &line[i*bits/8]
		k := i % int(p.Colors)
		left[k] = (left[k] + *at>>shift) & mask
		*at = *at&^(mask<<shift) | left[k]<<shift
	}
}
