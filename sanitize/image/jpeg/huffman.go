package jpeg

import (
	"bytes"
	"fmt"
)

// huffmanSpec is a Huffman table as it is transmitted, T.81 B.2.4.2: how many codes there are of each length, and
// the symbols in the order of their codes.
type huffmanSpec struct {
	counts  [17]int // by length; 0 unused
	symbols []byte
}

// equal reports whether other is the same table; nil is none.
func (spec *huffmanSpec) equal(other *huffmanSpec) bool {
	return other != nil && spec.counts == other.counts && bytes.Equal(spec.symbols, other.symbols)
}

// parseHuffman reads Huffman tables.
func (p *parser) parseHuffman(b []byte) error {
	for len(b) > 0 {
		class, id := b[0]>>4, b[0]&15
		if len(b) < 17 || class > 1 || id > 3 {
			return fmt.Errorf("%w: Huffman table", errMalformed)
		}
		spec := &huffmanSpec{}
		total, space := 0, 1<<16
		for length := 1; length <= 16; length++ {
			n := int(b[length])
			spec.counts[length] = n
			total += n
			space -= n << (16 - length)
		}
		if total == 0 || total > 256 || space < 0 || len(b) < 17+total {
			return fmt.Errorf("%w: Huffman table of %d codes", errMalformed, total)
		}
		spec.symbols = b[17 : 17+total]
		p.huffman[class][id] = spec
		b = b[17+total:]
	}
	return nil
}

// lookBits is how many bits of a code are looked up at once. Longer codes take the slow path.
const lookBits = 10

// decoder finds symbols by their codes.
type decoder struct {
	look    [1 << lookBits]uint16 // length<<8 | symbol for codes up to lookBits long; 0 else
	maxCode [18]int32             // largest code of each length, -1 for none
	offset  [17]int32             // index of a symbol minus its code, by length
	symbols []byte
	maxSize byte // symbols with a larger number of bits are not in the grammar
}

// The largest sizes in bits of a coefficient, T.81 tables F.1 and F.2.
const (
	maxSizeDC = 11
	maxSizeAC = 10
)

// init makes d find the symbols of spec.
func (d *decoder) init(spec *huffmanSpec, maxSize byte) {
	clear(d.look[:])
	d.symbols, d.maxSize = spec.symbols, maxSize
	code, index := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		n := int32(spec.counts[length])
		d.offset[length] = index - code
		d.maxCode[length] = code + n - 1
		if n == 0 {
			d.maxCode[length] = -1
		}
		for i := range n {
			symbol := spec.symbols[index+i]
			if length <= lookBits && d.known(symbol) {
				d.fill(code+i, length, symbol)
			}
		}
		code, index = (code+n)<<1, index+n
	}
}

func (d *decoder) fill(code int32, length int, symbol byte) {
	first := int(code) << (lookBits - length)
	for i := range 1 << (lookBits - length) {
		d.look[first+i] = uint16(length)<<8 | uint16(symbol)
	}
}

// known reports whether a symbol is in the grammar. The DC table's symbol is a size; the AC table's has one in its
// lower half.
func (d *decoder) known(symbol byte) bool {
	if d.maxSize == maxSizeDC {
		return symbol <= maxSizeDC
	}
	return symbol&15 <= d.maxSize
}

// find decodes the code at the top of bits as slow does.
func (d *decoder) find(bits uint64) (symbol byte, length uint) {
	if e := d.look[bits>>(64-lookBits)]; e != 0 {
		return byte(e), uint(e >> 8)
	}
	return d.slow(bits)
}

// slow decodes a code longer than lookBits from the top of bits. It returns the length 0 for a code that is not in
// the table, or whose symbol is not in the grammar.
func (d *decoder) slow(bits uint64) (symbol byte, length uint) {
	for n := 1; n <= 16; n++ {
		code := int32(bits >> (64 - n))
		if code <= d.maxCode[n] {
			symbol = d.symbols[code+d.offset[n]]
			if !d.known(symbol) {
				return 0, 0
			}
			return symbol, uint(n)
		}
	}
	return 0, 0
}
