package pdfium_test

import "encoding/binary"

// jbig2 codes rows of pixels, true for black, as a page of JBIG2 in the form that PDF embeds: a page information segment
// and one generic region (ITU-T T.88 7.4.8, 7.4.6), template 0.
func jbig2(rows [][]bool) []byte {
	be := binary.BigEndian
	width, height := uint32(len(rows[0])), uint32(len(rows))
	size := be.AppendUint32(be.AppendUint32(nil, width), height)
	page := append(append([]byte{}, size...), make([]byte, 11)...)
	region := append(append([]byte{}, size...), make([]byte, 9)...)
	region = append(region, 0, 3, 0xff, 0xfd, 0xff, 2, 0xfe, 0xfe, 0xfe) // template 0 and where its four pixels stand
	region = append(region, genericRegion(rows)...)
	return append(segment(0, 48, page), segment(1, 38, region)...)
}

// segment puts a head in front of data (T.88 7.2).
func segment(number uint32, kind byte, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, number)
	b = append(b, kind, 0, 1)
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

// neighbours are the pixels that a pixel is coded by (T.88 6.2.5.3, Figure 3), as steps in x and y.
func neighbours() [][2]int {
	return [][2]int{
		{-1, 0}, {-2, 0}, {-3, 0}, {-4, 0}, {-3, -1}, {-2, -1}, {-1, -1}, {0, -1}, {1, -1}, {2, -1}, {3, -1},
		{-2, -2}, {-1, -2}, {0, -2}, {1, -2}, {2, -2},
	}
}

func genericRegion(rows [][]bool) []byte {
	e := coder{a: 0x8000, count: 12, out: []byte{0}, states: map[int]*state{}}
	for y, row := range rows {
		for x, black := range row {
			context := 0
			for i, n := range neighbours() {
				nx, ny := x+n[0], y+n[1]
				if nx >= 0 && nx < len(row) && ny >= 0 && rows[ny][nx] {
					context |= 1 << i
				}
			}
			e.encode(context, black)
		}
	}
	return e.finish()
}

// coder is the arithmetic coder (T.88 Annex E, the encoder of Figures E.3 to E.12).
type coder struct {
	a, c   uint32
	count  int
	out    []byte // the first byte is none
	states map[int]*state
}

type state struct {
	index int
	more  bool // the more probable symbol
}

// probabilities are Table E.1: Qe, the next state after the more and the less probable symbol, whether they change places.
func probabilities() [47][4]int {
	return [47][4]int{
		{0x5601, 1, 1, 1}, {0x3401, 2, 6, 0}, {0x1801, 3, 9, 0}, {0x0ac1, 4, 12, 0}, {0x0521, 5, 29, 0}, {0x0221, 38, 33, 0},
		{0x5601, 7, 6, 1}, {0x5401, 8, 14, 0}, {0x4801, 9, 14, 0}, {0x3801, 10, 14, 0}, {0x3001, 11, 17, 0}, {0x2401, 12, 18, 0},
		{0x1c01, 13, 20, 0}, {0x1601, 29, 21, 0}, {0x5601, 15, 14, 1}, {0x5401, 16, 14, 0}, {0x5101, 17, 15, 0}, {0x4801, 18, 16, 0},
		{0x3801, 19, 17, 0}, {0x3401, 20, 18, 0}, {0x3001, 21, 19, 0}, {0x2801, 22, 19, 0}, {0x2401, 23, 20, 0}, {0x2201, 24, 21, 0},
		{0x1c01, 25, 22, 0}, {0x1801, 26, 23, 0}, {0x1601, 27, 24, 0}, {0x1401, 28, 25, 0}, {0x1201, 29, 26, 0}, {0x1101, 30, 27, 0},
		{0x0ac1, 31, 28, 0}, {0x09c1, 32, 29, 0}, {0x08a1, 33, 30, 0}, {0x0521, 34, 31, 0}, {0x0441, 35, 32, 0}, {0x02a1, 36, 33, 0},
		{0x0221, 37, 34, 0}, {0x0141, 38, 35, 0}, {0x0111, 39, 36, 0}, {0x0085, 40, 37, 0}, {0x0049, 41, 38, 0}, {0x0025, 42, 39, 0},
		{0x0015, 43, 40, 0}, {0x0009, 44, 41, 0}, {0x0005, 45, 42, 0}, {0x0001, 45, 43, 0}, {0x5601, 46, 46, 0},
	}
}

func (e *coder) encode(context int, bit bool) {
	s := e.states[context]
	if s == nil {
		s = &state{}
		e.states[context] = s
	}
	p := probabilities()[s.index]
	qe := uint32(p[0])
	e.a -= qe
	if bit == s.more {
		if e.a&0x8000 != 0 {
			e.c += qe
			return
		}
		if e.a < qe {
			e.a = qe
		} else {
			e.c += qe
		}
		s.index = p[1]
	} else {
		if e.a < qe {
			e.c += qe
		} else {
			e.a = qe
		}
		if p[3] == 1 {
			s.more = !s.more
		}
		s.index = p[2]
	}
	for again := true; again; again = e.a&0x8000 == 0 {
		e.a, e.c = e.a<<1, e.c<<1
		if e.count--; e.count == 0 {
			e.byteOut()
		}
	}
}

func (e *coder) byteOut() {
	last := len(e.out) - 1
	if e.out[last] != 0xff && e.c >= 0x8000000 {
		e.out[last]++
		if e.out[last] == 0xff {
			e.c &= 0x7ffffff
		}
	}
	if e.out[last] == 0xff {
		e.out = append(e.out, byte(e.c>>20))
		e.c, e.count = e.c&0xfffff, 7
		return
	}
	e.out = append(e.out, byte(e.c>>19))
	e.c, e.count = e.c&0x7ffff, 8
}

func (e *coder) finish() []byte {
	top := e.c + e.a
	e.c |= 0xffff
	if e.c >= top {
		e.c -= 0x8000
	}
	for range 2 {
		e.c <<= e.count
		e.byteOut()
	}
	return append(e.out[1:], 0xff, 0xac)
}
