package jpeg

import "encoding/binary"

// Of a long scan of a sequential picture many coefficients are passed at a look: a table says for each beginning of the data
// how many there are in it, and how many bits they take.

// longScan is how many units a scan has from which that is done.
const longScan = 1 << 10

// reachBits is how many bits are looked at.
const reachBits = 12

// reach is how far a look leads.
type reach struct {
	bits  uint8 // of codes and what they announce, the last of which may lie behind what is looked at; 0: it leads nowhere
	coefs uint8 // how many coefficients they stand for, blockEnd more with the end of a block, or nowhere
}

const (
	blockEnd = 128
	nowhere  = 255
)

// prepare makes the table of h, which codes differences or details.
func (h *huffman) prepare(details bool) {
	if h.reach != nil {
		return
	}
	h.reach = new([1 << reachBits]reach)
	for i := range h.reach {
		if front := uint64(i) << (64 - reachBits); details {
			h.reach[i] = h.detailsIn(front)
		} else if size, n := h.code(front); n > 0 && n <= reachBits && size <= 11 {
			h.reach[i] = reach{bits: uint8(n) + size}
		}
	}
}

// detailsIn follows the codes in the first reachBits bits of front as bitReader.details does.
func (h *huffman) detailsIn(front uint64) reach {
	var bits, coefs int
	for bits < reachBits {
		rs, n := h.code(front << bits)
		run, size := int(rs>>4), int(rs&15)
		switch {
		case n == 0, bits+n > reachBits, size > 10, size == 0 && rs != 0 && rs != 0xF0, coefs+run+1 > 63:
			if bits == 0 {
				coefs = nowhere
			}
			return reach{uint8(bits), uint8(coefs)}
		case rs == 0:
			return reach{uint8(bits + n), uint8(coefs + blockEnd)}
		}
		bits, coefs = bits+n+size, coefs+run+1
	}
	return reach{uint8(bits), uint8(coefs)}
}

// tables are what one block is coded by.
type tables struct {
	dc, ac      *huffman
	first, more *[1 << reachBits]reach
}

// sequence returns a function like units for a long scan of a sequential picture.
func (s *scan) sequence() func(x, y, n int) error {
	var unit []tables
	for i, c := range s.comps {
		s.dc[i].prepare(false)
		s.ac[i].prepare(true)
		blocks := c.h * c.v
		if len(s.comps) == 1 {
			blocks = 1
		}
		for range blocks {
			unit = append(unit, tables{s.dc[i], s.ac[i], s.dc[i].reach, s.ac[i].reach})
		}
	}
	return func(_, _, n int) error {
		for range n {
			if err := s.quick(unit); err != nil {
				return err
			}
		}
		return nil
	}
}

// quick does for the blocks of a unit what whole does for one. A filling gives 56 bits: enough for two looks, and for one
// behind a difference.
func (s *scan) quick(unit []tables) error {
	in := &s.in
	b, pos, acc, n := in.b, in.pos, in.acc, in.n
	for i := range unit {
		t, r, k := &unit[i], reach{coefs: nowhere}, uint(0)
		if w := ahead(b, pos); !hasMarker(w) {
			acc, pos, n = acc|w>>(n&63), pos+(63-n)>>3, n|56
		} else {
			in.pos, in.acc, in.n = pos, acc, n
			in.fill()
			pos, acc, n = in.pos, in.acc, in.n
		}
		if e := t.first[acc>>(64-reachBits)]; n >= 56 && e.bits != 0 {
			acc <<= e.bits & 63
			n -= int(e.bits)
			for k = 1; ; {
				if r = t.more[acc>>(64-reachBits)]; k+uint(r.coefs) > 63 {
					break
				}
				k += uint(r.coefs)
				acc <<= r.bits & 63
				n -= int(r.bits)
				if w := ahead(b, pos); !hasMarker(w) {
					acc, pos, n = acc|w>>(n&63), pos+(63-n)>>3, n|56
				} else {
					in.pos, in.acc, in.n = pos, acc, n
					in.fill()
					if pos, acc, n = in.pos, in.acc, in.n; n < 56 { // near the end
						r.coefs = nowhere
						break
					}
				}
				if r = t.more[acc>>(64-reachBits)]; k+uint(r.coefs) > 63 {
					break
				}
				k += uint(r.coefs)
				acc <<= r.bits & 63
				n -= int(r.bits)
			}
			if next := k + uint(r.coefs); next == 64 || next >= blockEnd && next <= blockEnd+63 {
				acc <<= r.bits & 63
				n -= int(r.bits)
				continue
			}
		}
		in.pos, in.acc, in.n = pos, acc, n
		if err := s.remainder(t, int(k)); err != nil {
			return err
		}
		pos, acc, n = in.pos, in.acc, in.n
	}
	in.pos, in.acc, in.n = pos, acc, n
	return nil
}

// remainder reads a block from coefficient k on, code by code.
func (s *scan) remainder(t *tables, k int) error {
	if k == 0 {
		return s.whole(t.dc, t.ac)
	}
	return s.in.details(t.ac, k)
}

// ahead returns the eight bytes from pos on, or what hasMarker is true of.
func ahead(b []byte, pos int) uint64 {
	if pos+8 > len(b) {
		return ^uint64(0)
	}
	return binary.BigEndian.Uint64(b[pos:])
}
