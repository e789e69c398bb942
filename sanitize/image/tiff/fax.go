package tiff

import (
	"bytes"
	"fmt"
	"io"

	"golang.org/x/image/ccitt"
)

// fax decodes the one-dimensional Group 3 and the Group 4 codes of ITU-T T.4 and T.6. A black pixel is a one,
// whatever the photometric interpretation makes of it.
func (pg *page) fax(raw []byte, i, n int) ([]byte, bool, error) {
	if pg.bits != 1 || pg.samples != 1 {
		return nil, false, fmt.Errorf("%w: fax codes for %d samples of %d bits", errMalformed, pg.samples, pg.bits)
	}
	if pg.compression == compressionG4 {
		b, err := readFax(raw, ccitt.Group4, pg.pieceW, pg.rows(i), make([]byte, n))
		return b, false, err
	}
	if pg.one(tagT4Options, 0)&1 != 0 {
		return nil, false, fmt.Errorf("%w: two-dimensional Group 3", errUnsupported)
	}
	return pg.group3(raw, i, n)
}

func readFax(raw []byte, format ccitt.SubFormat, width, rows int, b []byte) ([]byte, error) {
	r := ccitt.NewReader(bytes.NewReader(raw), ccitt.MSB, format, width, rows, &ccitt.Options{Invert: true})
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, errShort
	}
	return b, nil
}

// group3 decodes the lines between end-of-line codes one by one: between a line and the end-of-line code there may be
// any number of zeros (T.4 4.1.3), which the decoder does not take, and nothing but decoding tells where they begin.
func (pg *page) group3(raw []byte, i, n int) ([]byte, bool, error) {
	out := make([]byte, 0, n)
	width := (pg.pieceW + 7) / 8
	lines := faxLines(raw, pg.rows(i))
	for _, line := range lines {
		row, err := readFax(line.from(raw), ccitt.Group3, pg.pieceW, 1, make([]byte, width))
		if err != nil {
			return nil, false, err
		}
		out = append(out, row...)
	}
	if len(out) != n {
		return nil, false, errShort
	}
	return out, false, nil
}

// eolZeros is the number of zeros in front of the one of an end-of-line code, T.4 4.1.2. No other codes have so many.
const eolZeros = 11

// bitSpan is a run of bits.
type bitSpan struct{ start, end int }

// faxLines returns up to most lines between end-of-line codes. The code in front of the first may be missing.
func faxLines(raw []byte, most int) []bitSpan {
	var lines []bitSpan
	zeros, start := 0, 0
	for at := range 8 * len(raw) {
		if raw[at/8]<<(at%8)&0x80 == 0 {
			zeros++
			continue
		}
		if zeros >= eolZeros {
			if at-zeros > start && len(lines) < most { // more than filling
				lines = append(lines, bitSpan{start, at})
			}
			start = at + 1
		}
		zeros = 0
	}
	if 8*len(raw)-zeros > start && len(lines) < most {
		lines = append(lines, bitSpan{start, 8 * len(raw)})
	}
	return lines
}

// from returns the bits of raw behind an end-of-line code.
func (s bitSpan) from(raw []byte) []byte {
	out := make([]byte, 1, (s.end-s.start)/8+5) // eight zeros of the code; the other bits wait in acc
	acc, have := byte(1), 4
	for at := s.start; at < s.end; at++ {
		acc = acc<<1 | raw[at/8]>>(7-at%8)&1
		if have++; have == 8 {
			out = append(out, acc)
			acc, have = 0, 0
		}
	}
	return append(out, acc<<(8-have), 0, 0)
}
