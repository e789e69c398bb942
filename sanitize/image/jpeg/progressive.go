package jpeg

import "math/bits"

// runState is what the output is still to say about blocks that have nothing more in the band of the scan.
type runState struct {
	blocks  uint32 // of the run of ends of bands
	pending []byte // correction bits of those blocks, one in a byte
	block   []byte // correction bits of the block in work
}

const (
	maxRun     = 0x7fff // T.81 G.1.2.2
	maxPending = 1000   // bits held back before the run is written: a bound of memory, like that of other encoders
)

// symbol counts or writes a symbol of the only AC table, and size bits behind it.
func (c *coder) symbol(symbol byte, v uint32, size uint) {
	if c.counting {
		c.counts[1][0][symbol]++
		return
	}
	e := c.codes[1][0][symbol]
	c.w.bits(e>>8, uint(e&0xff))
	c.w.bits(v, size)
}

// corrections writes correction bits.
func (c *coder) corrections(b []byte) {
	if !c.counting {
		for _, bit := range b {
			c.w.bits(uint32(bit), 1)
		}
	}
}

// endRun writes the run of ends of bands that has gathered, T.81 G.1.2.2.
func (c *coder) endRun() {
	if c.run.blocks == 0 {
		return
	}
	size := uint(bits.Len32(c.run.blocks)) - 1
	c.symbol(byte(size<<4), c.run.blocks-1<<size, size)
	c.corrections(c.run.pending)
	c.run.blocks, c.run.pending = 0, c.run.pending[:0]
}

// dcFirst reads an MCU of the first scan of DC values, T.81 G.1.2.1.
func (c *coder) dcFirst() bool {
	for i := range c.slots {
		s := &c.slots[i]
		for range s.blocks {
			if !c.readDC(s) || c.r.overrun() {
				return false
			}
			if c.counting {
				c.counts[0][s.dcTo][c.block[0]>>16&0xff]++
			} else {
				c.w.block(c.codes[0][s.dcTo], c.block[:1])
			}
		}
	}
	return true
}

// dcRefine reads an MCU of one more bit of DC values.
func (c *coder) dcRefine() bool {
	for i := range c.slots {
		for range c.slots[i].blocks {
			c.r.fill()
			c.w.bits(c.r.take(1), 1)
			if c.r.overrun() {
				return false
			}
		}
	}
	return true
}

// readRun reads the length of a run of ends of bands, behind the block in work.
func (c *coder) readRun(zeros uint) { c.eobRun = 1<<zeros + c.r.take(zeros) }

// acFirst reads one block of the first scan of a band, T.81 G.1.2.2.
func (c *coder) acFirst() bool {
	at := c.position
	c.position++
	run, last := 0, c.start
	var found uint64
	for k := c.start; c.eobRun == 0 && k <= c.end; {
		c.r.fill()
		symbol, ok := c.r.symbol(c.slots[0].ac)
		if !ok {
			return false
		}
		zeros, size := int(symbol>>4), uint(symbol&15)
		if size == 0 && zeros < 15 {
			c.readRun(uint(zeros))
			break
		}
		k, run = k+zeros+1, run+zeros
		if size == 0 {
			run++
			continue
		}
		if k > c.end+1 {
			return false
		}
		c.endRun()
		for ; run > 15; run -= 16 {
			c.symbol(0xf0, 0, 0)
		}
		c.symbol(byte(run<<4)|byte(size), c.r.take(size), size)
		found |= 1 << (k - 1)
		run, last = 0, k
	}
	if c.eobRun > 0 {
		c.eobRun--
	}
	if last <= c.end {
		c.addEnd()
	}
	c.components[0].nonzero[at] |= found
	return !c.r.overrun()
}

// addEnd adds the end of the band of the block in work to the run.
func (c *coder) addEnd() {
	c.run.blocks++
	c.run.pending = append(c.run.pending, c.run.block...)
	c.run.block = c.run.block[:0]
	if c.run.blocks == maxRun || len(c.run.pending) > maxPending-63 {
		c.endRun()
	}
}

// refined is what one block of a refining scan says, by coefficient in zigzag order.
type refined struct {
	known    uint64 // not zero before
	bits     uint64 // correction bits of those
	found    uint64 // not zero now for the first time
	positive uint64 // of those found
}

// acRefine reads one block of one more bit of a band, T.81 G.1.2.3.
func (c *coder) acRefine() bool {
	at := c.position
	c.position++
	b := refined{known: c.components[0].nonzero[at]}
	if !c.readRefined(&b) || c.r.overrun() {
		return false
	}
	c.writeRefined(&b)
	if !c.counting { // the first pass must not change what the second one reads
		c.components[0].nonzero[at] |= b.found
	}
	return true
}

func (c *coder) readRefined(b *refined) bool {
	k := c.start
	for c.eobRun == 0 && k <= c.end {
		c.r.fill()
		symbol, ok := c.r.symbol(c.slots[0].ac)
		if !ok {
			return false
		}
		zeros, size := int(symbol>>4), symbol&15
		if size == 0 && zeros < 15 {
			c.readRun(uint(zeros))
			break
		}
		if size > 1 {
			return false
		}
		positive := size == 1 && c.r.take(1) == 1
		if k = c.skipZeros(b, k, zeros); size == 0 {
			k++
			continue
		}
		if k > c.end {
			return false
		}
		b.found |= 1 << k
		if positive {
			b.positive |= 1 << k
		}
		k++
	}
	if c.eobRun > 0 {
		c.eobRun--
		c.skipZeros(b, k, 64)
	}
	return true
}

// skipZeros passes zeros coefficients that stay zero, reads the correction bits of those between that are known, and
// returns the place of the next zero, or one behind the band.
func (c *coder) skipZeros(b *refined, k, zeros int) int {
	for k <= c.end {
		gap := bits.TrailingZeros64(b.known >> k)
		if zeros < gap {
			return min(k+zeros, c.end+1)
		}
		zeros -= gap
		if k += gap; k > c.end {
			break
		}
		if c.r.have < 8 {
			c.r.fill()
		}
		b.bits |= uint64(c.r.take(1)) << k
		k++
	}
	return c.end + 1
}

// writeRefined writes a block as T.81 figure G.7 does.
func (c *coder) writeRefined(b *refined) {
	band := ^uint64(0) << c.start & (^uint64(0) >> (63 - c.end))
	last, run, next := bits.Len64(b.found)-1, 0, c.start
	for left := (b.known | b.found) & band; left != 0; left &= left - 1 {
		k := bits.TrailingZeros64(left)
		run, next = run+k-next, k+1
		for ; run > 15 && k <= last; run -= 16 {
			c.endRun()
			c.symbol(0xf0, 0, 0)
			c.blockCorrections()
		}
		if b.known>>k&1 == 1 {
			c.run.block = append(c.run.block, byte(b.bits>>k&1))
			continue
		}
		c.endRun()
		c.symbol(byte(run<<4)|1, uint32(b.positive>>k&1), 1)
		c.blockCorrections()
		run = 0
	}
	if next <= c.end || run > 0 || len(c.run.block) > 0 {
		c.addEnd()
	}
}

// blockCorrections writes the correction bits that the block has gathered.
func (c *coder) blockCorrections() {
	c.corrections(c.run.block)
	c.run.block = c.run.block[:0]
}
