package jpeg

// leapBits is how many bits of a scan are looked up at once when it is long enough to be worth the tables.
const leapBits = 12

// leapFrom is the length in bytes of a scan from which the tables are worth their making.
const leapFrom = 32 << 10

// leap is what a window of leapBits bits begins with: AC coefficients, each a symbol and the bits behind it (T.81
// F.2.2.2), and the end of the block if that comes next. Of the last coefficient only the symbol need lie in the window.
// It is 0 where not one symbol does, or the first is a run of sixteen zeros, which has to be looked at by itself.
//
//	bits  0 to  7  bits that they take
//	bits  8 to 15  coefficients that they cover, the end counted as one
//	bit  16        the end of the block is among them
//	bits 20 to 23  bits at their end that may lie behind the window
//	bits 24 to 31  bits that the others take in the output
//	bits 32 to 63  those bits
type leap uint64

const leapEnd leap = 1 << 16

// leaper finds leaps in the data of one AC table.
type leaper struct {
	table [1 << leapBits]leap
	hits  [1 << leapBits]uint32 // how often each window was met
	from  *decoder
}

// peel returns the first symbol of a window and the length of its code, or 0 when that is not in the first bits of it, not
// in the grammar, or a run of sixteen zeros.
func (d *decoder) peel(window uint64, bits uint) (symbol byte, length uint) {
	e := d.look[window>>(64-lookBits)]
	if symbol, length = byte(e), uint(e>>8); length > bits || symbol == 0xf0 {
		return 0, 0
	}
	return symbol, length
}

// count fills the table for reading alone.
func (l *leaper) count(d *decoder) {
	l.from = d
	clear(l.hits[:])
	for i := range l.table {
		l.table[i] = l.leap(uint64(i)<<(64-leapBits), nil)
	}
}

// write fills the table for writing with codes.
func (l *leaper) write(c *codes) {
	for i := range l.table {
		l.table[i] = l.leap(uint64(i)<<(64-leapBits), c)
	}
}

// leap makes an entry. With codes it holds only as much as goes into 32 bits of output.
func (l *leaper) leap(window uint64, c *codes) leap {
	var taken, covers, rest, length uint
	var out uint32
	var end leap
	for end == 0 && rest == 0 && taken < leapBits {
		symbol, n := l.from.peel(window, leapBits-taken)
		size := uint(symbol & 15)
		if n == 0 {
			break
		}
		if size == 0 {
			symbol = 0
		}
		code := uint32(0)
		if c != nil {
			if code = c[symbol]; code == 0 || length+uint(code&0xff)+size > 32 {
				break
			}
		}
		out, length = out<<(code&0xff)|code>>8, length+uint(code&0xff)
		switch {
		case size == 0:
			end = leapEnd
		case taken+n+size > leapBits:
			rest = size
		default:
			out, length = out<<size|uint32(window<<n>>(64-size)), length+size
		}
		window <<= n + size
		taken += n + size
		covers += uint(symbol>>4) + 1
	}
	return leap(taken) | leap(covers)<<8 | end | leap(rest)<<20 | leap(length)<<24 | leap(out)<<32
}

// tally adds what was met to h.
func (l *leaper) tally(h *histogram) {
	for i, hits := range l.hits {
		if hits == 0 {
			continue
		}
		window := uint64(i) << (64 - leapBits)
		for taken := uint(0); taken < leapBits; {
			symbol, n := l.from.peel(window, leapBits-taken)
			if n == 0 {
				break
			}
			size := uint(symbol & 15)
			if size == 0 {
				h[0] += int(hits)
				break
			}
			h[symbol] += int(hits)
			window, taken = window<<(n+size), taken+n+size
		}
	}
}

// prepareLeaps gives the slots their leapers, ready for counting, if the scan is long enough.
func (c *coder) prepareLeaps() {
	c.leaps = !c.frame.progressive() && len(c.data)-guard >= c.leapFrom
	if !c.leaps {
		return
	}
	for i := range c.slots {
		id := c.components[i].acID
		if c.leapers[id] == nil {
			c.leapers[id] = &leaper{}
		}
		c.slots[i].leaps = c.leapers[id]
	}
	c.eachLeaper(func(s *slot) { s.leaps.count(s.ac) })
}

// eachLeaper calls f once for each leaper of the scan, with the first slot that has it.
func (c *coder) eachLeaper(f func(s *slot)) {
	for i := range c.slots {
		first := c.leaps
		for k := range i {
			first = first && c.slots[k].leaps != c.slots[i].leaps
		}
		if first {
			f(&c.slots[i])
		}
	}
}

// leaping reads an MCU of whole blocks as sequential does, many coefficients at a time.
func (c *coder) leaping() bool {
	for i := range c.slots {
		s := &c.slots[i]
		for range s.blocks {
			if !c.readDC(s) {
				return false
			}
			ok := false
			if c.counting {
				c.counts[0][s.dcTo][c.block[0]>>16&0xff]++
				ok = c.countLeaps(s)
			} else {
				c.w.block(c.codes[0][s.dcTo], c.block[:1])
				ok = c.writeLeaps(s)
			}
			if !ok || c.r.overrun() {
				return false
			}
		}
	}
	return true
}

// countLeaps reads the AC coefficients of a block and counts their symbols.
func (c *coder) countLeaps(s *slot) bool {
	l := s.leaps
	data := c.r.data
	acc, have, at := c.r.acc, c.r.have, c.r.at
	for k := uint(1); k < 64; {
		if have < 32 {
			acc |= load(data, at) >> have
			at += int((63 - have) >> 3)
			have |= 56
		}
		window := acc >> (64 - leapBits)
		e := l.table[window]
		if next := k + uint(e>>8&0xff); e != 0 && next <= 64 {
			l.hits[window]++
			acc <<= e & 63
			have -= uint(e & 0xff)
			if k = next; e&leapEnd != 0 {
				break
			}
			continue
		}
		var ok bool
		c.r.acc, c.r.have, c.r.at = acc, have, at
		if k, ok = c.single(s, k); !ok {
			return false
		}
		acc, have, at = c.r.acc, c.r.have, c.r.at
	}
	c.r.acc, c.r.have, c.r.at = acc, have, at
	return true
}

// writeLeaps reads the AC coefficients of a block and writes them. There is room for them.
func (c *coder) writeLeaps(s *slot) bool {
	l, w := s.leaps, c.w
	data := c.r.data
	acc, have, at := c.r.acc, c.r.have, c.r.at
	out, filled := w.acc, w.have
	for k := uint(1); k < 64; {
		if have < 32 {
			acc |= load(data, at) >> have
			at += int((63 - have) >> 3)
			have |= 56
		}
		e := l.table[acc>>(64-leapBits)]
		if next := k + uint(e>>8&0xff); e != 0 && next <= 64 {
			rest := uint(e >> 20 & 15)
			raw := acc << ((uint(e&0xff) - rest) & 63) >> 1 >> (63 - rest)
			acc <<= e & 63
			have -= uint(e & 0xff)
			length := uint(e >> 24 & 0xff)
			out = (out<<(length&63)|uint64(e>>32))<<rest | raw
			if filled += length + rest; filled >= 32 {
				filled -= 32
				w.word(uint32(out >> (filled & 63)))
			}
			if k = next; e&leapEnd != 0 {
				break
			}
			continue
		}
		var ok bool
		c.r.acc, c.r.have, c.r.at = acc, have, at
		w.acc, w.have = out, filled
		if k, ok = c.single(s, k); !ok {
			return false
		}
		acc, have, at = c.r.acc, c.r.have, c.r.at
		out, filled = w.acc, w.have
	}
	c.r.acc, c.r.have, c.r.at = acc, have, at
	w.acc, w.have = out, filled
	return true
}

// single reads one coefficient with the runs of zeros before it, or the end of the block, from the coefficient k on. It
// returns the next k, 64 behind the end. Runs of zeros that nothing follows are left out, as coefficients does.
func (c *coder) single(s *slot, k uint) (next uint, ok bool) {
	for runs := 0; ; {
		c.r.fill()
		symbol, ok := c.r.symbol(s.ac)
		if !ok {
			return 0, false
		}
		zeros, size := uint(symbol>>4), uint(symbol&15)
		switch {
		case size > 0:
			if k += zeros + 1; k > 64 {
				return 0, false
			}
			for range runs {
				c.put(s, 0xf0<<16)
			}
			c.put(s, uint32(symbol)<<16|c.r.take(size))
			return k, true
		case zeros == 15 && k+16 < 64:
			k, runs = k+16, runs+1
		default:
			c.put(s, 0)
			return 64, true
		}
	}
}

// put counts or writes an AC token.
func (c *coder) put(s *slot, t token) {
	if c.counting {
		c.counts[1][s.acTo][t>>16&0xff]++
		return
	}
	c.w.bits(c.codes[1][s.acTo][t>>16&0xff]>>8, uint(c.codes[1][s.acTo][t>>16&0xff]&0xff))
	c.w.bits(t&0xffff, uint(t>>16&15))
}
