package jpeg

import (
	"errors"

	"sekisho/sanitize/verify"
)

// huffman is a table of codes (T.81 annex C), with the first eight bits looked up at once.
type huffman struct {
	fast   [256]uint16 // length<<8 | symbol, or 0
	values []byte
	first  [17]int32 // the first code of each length
	last   [17]int32 // the last code of each length, or -1
	base   [17]int32 // index in values of the first code of each length
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
	acc uint64
	n   int // bits in acc
}

// fill brings at least 16 bits into the accumulator while there are data.
func (r *bitReader) fill() {
	for r.n <= 48 && r.pos < len(r.b) {
		c := r.b[r.pos]
		if c == 0xFF {
			if r.pos+1 >= len(r.b) || r.b[r.pos+1] != 0 {
				return
			}
			r.pos++
		}
		r.pos++
		r.acc = r.acc<<8 | uint64(c)
		r.n += 8
	}
}

// take returns the next n bits, at most 16.
func (r *bitReader) take(n int) (int32, error) {
	if r.n < n {
		if r.fill(); r.n < n {
			return 0, errData
		}
	}
	r.n -= n
	return int32(r.acc>>r.n) & (1<<n - 1), nil
}

// symbol reads one code.
func (r *bitReader) symbol(h *huffman) (byte, error) {
	if r.n < 16 {
		r.fill()
	}
	if r.n >= 8 {
		if e := h.fast[byte(r.acc>>(r.n-8))]; e != 0 {
			r.n -= int(e >> 8)
			return byte(e), nil
		}
	}
	code := int32(0)
	for length := 1; length <= 16; length++ {
		if r.n < length {
			return 0, errData
		}
		code = int32(r.acc>>(r.n-length)) & (1<<length - 1)
		if code <= h.last[length] && code >= h.first[length] {
			r.n -= length
			return h.values[h.base[length]+code-h.first[length]], nil
		}
	}
	return 0, errCode
}

// align ends a piece of entropy coded data: what is left of the last byte is ones, and a marker follows.
func (r *bitReader) align() error {
	if r.n >= 8 {
		return errors.New("entropy coded data are left over")
	}
	if r.acc&(1<<r.n-1) != 1<<r.n-1 {
		return errors.New("the padding is not of ones")
	}
	r.n = 0
	if r.pos+1 >= len(r.b) || r.b[r.pos] != 0xFF || r.b[r.pos+1] == 0 {
		return errors.New("no marker after the entropy coded data")
	}
	return nil
}
