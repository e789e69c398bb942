package jpeg

import "context"

// A long scan that is, bit for bit, what the coder would write need not be coded: it is read to its last bit, and copied. That
// is so for one of a sequential picture without restarts whose tables are those that the output has (those of T.81 annex K,
// or the ones that counting gives), when no block says anything in a longer way than there is, the data end with the last
// block, and the last byte is filled with ones.

// strideBits is how many bits of a scan the tables of the check look at.
const strideBits = 13

// strides says for each window of strideBits bits how far one look leads. Of a DC table that is one difference; of an AC
// table as many coefficients as begin in the window, each with its bits (T.81 F.2.2), the last one perhaps with bits behind
// the window.
type strides [1 << strideBits]stride

// stride is an entry.
//
//	bits 0 to  5  bits that are taken
//	bits 8 to 15  coefficients that are covered, plus strideEnd with the end of the block; strideNone when nothing is known
type stride uint16

const (
	strideEnd  = 128
	strideNone = 255
)

// init fills the table.
func (t *strides) init(spec *huffmanSpec, class int) {
	if class == 0 {
		d := spec.decoder(maxSizeDC)
		for i := range t {
			if size, n := d.peel(uint64(i)<<(64-strideBits), strideBits); n > 0 {
				t[i] = stride(n + uint(size))
			}
		}
		return
	}
	d := spec.decoder(maxSizeAC)
	for i := range t {
		t[i] = d.stride(uint64(i) << (64 - strideBits))
	}
}

// stride returns what the AC coefficients in a window are.
func (d *decoder) stride(window uint64) stride {
	var taken, covers uint
	for taken < strideBits {
		symbol, n := d.find(window)
		if n == 0 || taken+n > strideBits || symbol&15 == 0 && symbol != 0 { // of sixteen zeros it matters what follows
			break
		}
		if symbol == 0 {
			return stride(taken+n) | stride(covers+strideEnd)<<8
		}
		n += uint(symbol & 15)
		window <<= n
		taken += n
		covers += uint(symbol>>4) + 1
	}
	if taken == 0 {
		covers = strideNone
	}
	return stride(taken) | stride(covers)<<8
}

// checker reads the entropy-coded data of a scan as it stands in the file.
type checker struct {
	data []byte
	at   int    // next byte
	acc  uint64 // bits not yet taken, from the top
	have uint   // valid bits in acc
	lack uint   // of those, bits that are none: the data were over
}

// checked is a block of an MCU: the tables that it is coded by.
type checked struct {
	dc, ac *strides
	singly *decoder // the same AC table
}

// canonical reports whether a long scan is what the coder would write with the tables that it has. tables returns them for
// a class and a component.
func (c *coder) canonical(ctx context.Context, tables func(class, i int) *strides) bool {
	if c.interval != 0 || len(c.scan.data) < c.leapFrom {
		return false
	}
	var unit []checked
	for i := range c.slots {
		s := &c.slots[i]
		b := checked{tables(0, i), tables(1, i), s.ac}
		for range s.blocks {
			unit = append(unit, b)
		}
	}
	r := checker{data: c.scan.data}
	const few = 1 << 12 // units between two looks at the clock
	for left := c.mcus(c.frame); left > 0; left -= few {
		if ctx.Err() != nil || !r.units(unit, min(left, few)) || r.have < r.lack {
			return false
		}
	}
	return r.ended()
}

// keptStrides returns the tables of annex K that a component has.
func (c *coder) keptStrides(class, i int) *strides {
	if class == 0 {
		return &c.kept[0][c.slots[i].dcTo].reader
	}
	return &c.kept[1][c.slots[i].acTo].reader
}

// ownStrides makes the tables of a component, once for all that have the same.
func (c *coder) ownStrides() func(class, i int) *strides {
	var made [2][4]*strides
	return func(class, i int) *strides {
		spec, to := c.components[i].dc, c.slots[i].dcTo
		if class == 1 {
			spec, to = c.components[i].ac, c.slots[i].acTo
		}
		if made[class][to] == nil {
			made[class][to] = &strides{}
			made[class][to].init(spec, class)
		}
		return made[class][to]
	}
}

// units reads n MCUs.
func (r *checker) units(unit []checked, n int) bool {
	data, at, acc, have := r.data, r.at, r.acc, r.have
	for range n {
		for i := range unit {
			b := &unit[i]
			// At least 56 bits are valid behind a filling, and no look takes more than 23.
			if at+8 <= len(data) && !stuffed(load(data, at)) {
				acc, at, have = acc|load(data, at)>>(have&63), at+int((63-have)>>3), have|56
			} else {
				acc, at, have = r.fillSlowly(acc, at, have)
			}
			e := b.dc[acc>>(64-strideBits)]
			if e == 0 {
				return false
			}
			acc <<= e & 63
			have -= uint(e & 63)
			k := uint(1)
			for {
				e = b.ac[acc>>(64-strideBits)]
				next := k + uint(e>>8)
				if next > 63 {
					break
				}
				k = next
				acc <<= e & 63
				have -= uint(e & 63)
				if at+8 <= len(data) && !stuffed(load(data, at)) {
					acc, at, have = acc|load(data, at)>>(have&63), at+int((63-have)>>3), have|56
				} else {
					acc, at, have = r.fillSlowly(acc, at, have)
				}
				e = b.ac[acc>>(64-strideBits)]
				if next = k + uint(e>>8); next > 63 {
					break
				}
				k = next
				acc <<= e & 63
				have -= uint(e & 63)
			}
			if covers := uint(e >> 8); k+covers == 64 || covers >= strideEnd && k+covers <= 63+strideEnd {
				acc <<= e & 63
				have -= uint(e & 63)
				continue
			}
			r.at, r.acc, r.have = at, acc, have
			if !r.rest(b.singly, k) {
				return false
			}
			at, acc, have = r.at, r.acc, r.have
		}
	}
	r.at, r.acc, r.have = at, acc, have
	return true
}

// stuffed reports whether one of eight bytes is FF.
func stuffed(v uint64) bool {
	return (^v-0x0101010101010101)&v&0x8080808080808080 != 0
}

// fillSlowly makes at least 56 bits valid, byte by byte. Behind the data come zeros.
func (r *checker) fillSlowly(acc uint64, at int, have uint) (uint64, int, uint) {
	for have < 56 {
		switch {
		case at+1 < len(r.data) && r.data[at] == 0xff && r.data[at+1] == 0:
			acc |= 0xff << 56 >> have
			at += 2
		case at < len(r.data) && r.data[at] != 0xff:
			acc |= uint64(r.data[at]) << 56 >> have
			at++
		default: // the end, or a marker or fill bytes, which ended will find
			r.lack += 8
		}
		have += 8
	}
	return acc, at, have
}

// rest reads what is left of a block from coefficient k on, symbol by symbol.
func (r *checker) rest(d *decoder, k uint) bool {
	for runs := false; k < 64; {
		r.acc, r.at, r.have = r.fillSlowly(r.acc, r.at, r.have)
		symbol, n := d.find(r.acc)
		if n == 0 {
			return false
		}
		zeros, size := uint(symbol>>4), uint(symbol&15)
		r.acc <<= n + size
		r.have -= n + size
		if size == 0 && zeros < 15 {
			return symbol == 0 && !runs // behind a run of sixteen zeros the end has a shorter way
		}
		k, runs = k+zeros+1, size == 0
		if k > 64 || runs && k > 63 {
			return false
		}
	}
	return true
}

// ended reports whether the data end with the last bit that was taken, and the ones that fill its byte.
func (r *checker) ended() bool {
	left := r.have - r.lack
	return r.have >= r.lack && left < 8 && r.at == len(r.data) && r.acc>>(64-left) == 1<<left-1
}
