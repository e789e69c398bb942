package jpeg

import (
	"encoding/binary"
	"errors"

	"sekisho/sanitize/verify"
)

// huffman is a table of codes (T.81 annex C), with the first eight bits looked up at once.
type huffman struct {
	fast   [256]uint16 // length<<8 | symbol, or 0
	values []byte
	first  [17]int32              // the first code of each length
	last   [17]int32              // the last code of each length, or -1
	base   [17]int32              // index in values of the first code of each length
	reach  *[1 << reachBits]reach // made for long scans
}

// codes judges DHT (T.81 section B.2.4.2): whole tables, in which every code has its room.
func (d *decoder) codes(data []byte) error {
	for len(data) > 0 {
		if len(data) < 17 || data[0]>>4 > 1 || data[0]&15 > 3 {
			return verify.Fail(RuleSegment, "DHT", "no code table")
		}
		n := 0
		for _, c := range data[1:17] {
			n += int(c)
		}
		if n == 0 || n > 256 || len(data) < 17+n {
			return verify.Fail(RuleSegment, "DHT", "%d codes", n)
		}
		h, err := newHuffman(data[1:17], data[17:17+n])
		if err != nil {
			return verify.Fail(RuleSegment, "DHT", "%v", err)
		}
		d.tables[data[0]>>4][data[0]&3] = h
		data = data[17+n:]
	}
	return nil
}

func newHuffman(counts, values []byte) (*huffman, error) {
	h := &huffman{values: values}
	code, k := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		n := int32(counts[length-1])
		h.first[length], h.base[length], h.last[length] = code, k, code+n-1
		if code+n > 1<<length-1 && n > 0 { // the code of all ones is not used (T.81 section C)
			return nil, errors.New("more codes than there is room for")
		}
		if length <= 8 {
			h.fill(code, n, k, length)
		}
		code, k = (code+n)<<1, k+n
	}
	return h, nil
}

// fill enters n codes of length bits in the table of the first eight bits.
func (h *huffman) fill(code, n, k int32, length int) {
	for i := range n {
		entry := uint16(length)<<8 | uint16(h.values[k+i])
		low := int(code+i) << (8 - length)
		for j := range 1 << (8 - length) {
			h.fast[low+j] = entry
		}
	}
}

var errData = errors.New("the entropy coded data end too early")

var errCode = errors.New("no such code")

// bitReader reads entropy coded data, most significant bit first, without the stuffed zeros (T.81 section F.1.2.3).
type bitReader struct {
	b   []byte
	pos int
	acc uint64 // from the top bit down; below the valid bits are zeros, or the bits that come next
	n   int    // valid bits in acc
}

// fill brings at least 56 bits into the accumulator while there are data.
func (r *bitReader) fill() {
	if r.pos+8 <= len(r.b) {
		if w := binary.BigEndian.Uint64(r.b[r.pos:]); !hasMarker(w) {
			r.acc |= w >> r.n
			r.pos += (63 - r.n) >> 3
			r.n |= 56
			return
		}
	}
	for r.n < 56 && r.pos < len(r.b) {
		c := r.b[r.pos]
		if c == 0xFF {
			if r.pos+1 >= len(r.b) || r.b[r.pos+1] != 0 {
				return
			}
			r.pos++
		}
		r.pos++
		r.acc |= uint64(c) << (56 - r.n)
		r.n += 8
	}
}

// hasMarker reports whether one of eight bytes may begin a marker, or has a stuffed zero behind it.
func hasMarker(w uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	return (^w-ones)&w&tops != 0
}

// take returns the next n bits, at most 16.
func (r *bitReader) take(n int) (int32, error) {
	if r.n < n {
		if r.fill(); r.n < n {
			return 0, errData
		}
	}
	v := int32(r.acc >> 1 >> (63 - n))
	r.drop(n)
	return v, nil
}

func (r *bitReader) drop(n int) {
	r.acc <<= n
	r.n -= n
}

// symbol reads one code.
func (r *bitReader) symbol(h *huffman) (byte, error) {
	if r.n < 16 {
		r.fill()
	}
	value, length := h.code(r.acc)
	if length > r.n || length == 0 && r.n < 16 {
		return 0, errData
	}
	if length == 0 {
		return 0, errCode
	}
	r.drop(length)
	return value, nil
}

// code returns the value of the code at the top of acc, and its length, 0 if there is no such code.
func (h *huffman) code(acc uint64) (value byte, length int) {
	if e := h.fast[acc>>56]; e != 0 {
		return byte(e), int(e >> 8)
	}
	for length := 9; length <= 16; length++ {
		code := int32(acc >> (64 - length))
		if code <= h.last[length] && code >= h.first[length] {
			return h.values[h.base[length]+code-h.first[length]], length
		}
	}
	return 0, 0
}

// align ends a piece of entropy coded data: what is left of the last byte is ones, and a marker follows.
func (r *bitReader) align() error {
	if r.n >= 8 {
		return errors.New("entropy coded data are left over")
	}
	if ^(r.acc | ^uint64(0)>>r.n) != 0 {
		return errors.New("the padding is not of ones")
	}
	r.acc, r.n = 0, 0
	if r.pos+1 >= len(r.b) || r.b[r.pos] != 0xFF || r.b[r.pos+1] == 0 {
		return errors.New("no marker after the entropy coded data")
	}
	return nil
}
