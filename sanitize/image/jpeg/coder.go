package jpeg

import (
	"context"
	"fmt"
	"math/bits"
)

// coder takes the scans of a picture through the two passes: the first counts symbols, the second writes them.
type coder struct {
	frame *frame
	w     *bitWriter

	data []byte // of the scan, without stuffing; the room is used for every scan
	ends []int

	counting bool
	counts   [2][4]histogram // by class (DC, AC) and number of the table in the output
	codes    [2][4]*codes
	kept     [2][2]*standardTable // tables of the scan that are those of annex K; all of them, or none
	defined  [2][2]*standardTable // of those, the ones that the output has already
	slots    []slot
	tables   [2]int // how many tables of each class the scan has in the output

	leapFrom int        // length of a sequential scan from which many coefficients are looked up at once
	leapers  [4]*leaper // by number of the AC table in the input, each used for every scan
	leaps    bool       // the scan in work is so long

	*scan
	r        bitReader
	block    tokens
	eobRun   uint32 // blocks that the input declared to have nothing more
	position int    // block of a scan of one component
	run      runState
}

// slot is a component of the scan in work.
type slot struct {
	dc, ac     *decoder
	leaps      *leaper
	dcTo, acTo int // numbers of the tables in the output
	blocks     int // in an MCU
	input      int // last DC value read
	output     int // last DC value written; other than input behind a restart
}

// transcode writes one scan.
func (c *coder) transcode(ctx context.Context, s *scan) error {
	c.scan = s
	c.prepareSlots()
	if c.keeps() && c.canonical(ctx, c.keptStrides) {
		c.copyScan()
		return nil
	}
	if err := c.unstuffScan(); err != nil {
		return err
	}
	c.prepareLeaps()
	if first := s.components[0].component; s.start > 0 && first.nonzero == nil {
		first.nonzero = make([]uint64, s.mcus(c.frame))
	}
	if c.tables != [2]int{} && !c.keeps() {
		c.counting = true
		if err := c.pass(ctx); err != nil {
			return err
		}
	}
	c.eachLeaper(func(s *slot) { s.leaps.tally(&c.counts[1][s.acTo]) })
	if !c.keeps() && c.optimal() && c.canonical(ctx, c.ownStrides()) {
		c.copyScan()
		return nil
	}
	c.writeTables()
	c.eachLeaper(func(s *slot) { s.leaps.write(c.codes[1][s.acTo]) })
	c.writeScanHeader()
	c.counting = false
	err := c.pass(ctx)
	c.w.align()
	return err
}

// copyScan writes a scan that is what would be written.
func (c *coder) copyScan() {
	c.writeTables()
	c.writeScanHeader()
	c.w.raw(c.scan.data...)
}

// optimal reports whether the tables of a sequential scan are those that the output will have, as counted.
func (c *coder) optimal() bool {
	if c.frame.progressive() {
		return false
	}
	var specs [2][4]*huffmanSpec
	for class := range c.tables {
		for id := range c.tables[class] {
			specs[class][id] = c.counts[class][id].optimal()
		}
	}
	for i, s := range c.slots {
		if !specs[0][s.dcTo].equal(c.components[i].dc) || !specs[1][s.acTo].equal(c.components[i].ac) {
			return false
		}
	}
	return true
}

// unstuffScan splits the data of the scan at its restart markers. There must be as many as the restart interval
// asks for; one more behind the last MCU, which some encoders write, is dropped.
func (c *coder) unstuffScan() error {
	want := 1
	if c.interval > 0 {
		want = ceil(c.mcus(c.frame), c.interval)
	}
	var ok bool
	c.data, c.ends, ok = unstuff(c.data[:0], c.scan.data, want)
	if ok && len(c.ends) == want+1 && c.ends[want] == c.ends[want-1] {
		c.report.Add(rulePadding, removed, "")
		c.ends = c.ends[:want]
	}
	if !ok || len(c.ends) != want {
		return fmt.Errorf("%w: restart markers", errMalformed)
	}
	c.r.data = c.data
	return nil
}

// prepareSlots makes the decoders of the scan and gives its tables their numbers in the output: in the order in which
// the components use them, shared where the input shares them.
func (c *coder) prepareSlots() {
	c.slots, c.tables, c.kept = c.slots[:0], [2]int{}, [2][2]*standardTable{}
	var order [2][]byte
	number := func(class int, id byte) int {
		for i, other := range order[class] {
			if other == id {
				return i
			}
		}
		if c.frame.marker == markerSOF0 && len(order[class]) == 2 { // T.81 B.2.4.2: baseline has two
			return 1
		}
		order[class] = append(order[class], id)
		c.counts[class][len(order[class])-1] = histogram{}
		c.tables[class] = len(order[class])
		return len(order[class]) - 1
	}
	known := c.standardTables()
	for i, component := range c.components {
		s := slot{blocks: component.h * component.v}
		if len(c.components) == 1 {
			s.blocks = 1
		}
		if component.dc != nil {
			s.dc, s.dcTo = component.dc.decoder(maxSizeDC), number(0, component.dcID)
		}
		if component.ac != nil {
			s.ac, s.acTo = component.ac.decoder(maxSizeAC), number(1, component.acID)
		}
		if known != nil { // the output has each once, under its own number
			s.dcTo, s.acTo = known[i][0].kind, known[i][1].kind
			c.kept[0][s.dcTo], c.kept[1][s.acTo] = known[i][0], known[i][1]
		}
		c.slots = append(c.slots, s)
	}
}

// keeps reports whether the output has the tables of the input.
func (c *coder) keeps() bool { return c.kept != [2][2]*standardTable{} }

// standardTables returns the tables of each component, DC and AC, when the scan is one of a sequential picture that has none
// but those of T.81 annex K; else nil.
func (c *coder) standardTables() [][2]*standardTable {
	if c.frame.progressive() {
		return nil
	}
	var all [][2]*standardTable
	for _, component := range c.components {
		dc, ac := standard().find(0, component.dc), standard().find(1, component.ac)
		if dc == nil || ac == nil {
			return nil
		}
		all = append(all, [2]*standardTable{dc, ac})
	}
	return all
}

// pass reads the scan once, interval by interval.
func (c *coder) pass(ctx context.Context) error {
	for i := range c.slots {
		c.slots[i].output = 0
	}
	c.position, c.run = 0, runState{}
	step, left := c.step(), c.mcus(c.frame)
	start := 0
	for _, end := range c.ends {
		n := left
		if c.interval > 0 {
			n = min(n, c.interval)
		}
		if err := c.readInterval(ctx, start, end, n, step); err != nil {
			return err
		}
		start, left = end, left-n
	}
	c.endRun()
	return nil
}

// readInterval reads n MCUs between two restarts.
func (c *coder) readInterval(ctx context.Context, start, end, n int, step func() bool) error {
	c.r.seek(start, end)
	c.eobRun = 0
	for i := range c.slots {
		c.slots[i].input = 0
	}
	for i := range n {
		if i&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !step() {
			return fmt.Errorf("%w: coefficients are damaged or cut off", errMalformed)
		}
	}
	if c.eobRun != 0 {
		return fmt.Errorf("%w: more blocks without details than blocks", errMalformed)
	}
	if c.r.surplus() && !c.counting {
		c.report.Add(rulePadding, removed, "")
	}
	return nil
}

// step returns the function that reads one MCU of the scan. It returns false when the data is damaged.
func (c *coder) step() func() bool {
	switch {
	case c.leaps:
		return c.leaping
	case !c.frame.progressive():
		return c.sequential
	case c.start == 0 && c.high == 0:
		return c.dcFirst
	case c.start == 0:
		return c.dcRefine
	case c.high == 0:
		return c.acFirst
	}
	return c.acRefine
}

// sequential reads an MCU of whole blocks, T.81 F.2.
func (c *coder) sequential() bool {
	for i := range c.slots {
		s := &c.slots[i]
		for range s.blocks {
			if !c.readDC(s) {
				return false
			}
			n, ok := c.r.coefficients(s.ac, &c.block)
			if !ok || c.r.overrun() {
				return false
			}
			if c.counting {
				c.counts[0][s.dcTo][c.block[0]>>16&0xff]++
				h := &c.counts[1][s.acTo]
				for _, t := range c.block[1:n] {
					h[t>>16&0xff]++
				}
				continue
			}
			c.w.block(c.codes[0][s.dcTo], c.block[:1])
			c.w.block(c.codes[1][s.acTo], c.block[1:n])
		}
	}
	return true
}

// readDC reads a DC difference and makes the first token of the block from it. The output has no restarts, so that
// behind one in the input the difference is another.
func (c *coder) readDC(s *slot) bool {
	c.r.fill()
	size, ok := c.r.symbol(s.dc)
	if !ok {
		return false
	}
	v := c.r.take(uint(size))
	if s.input == s.output { // no restart lies between: the difference is the same
		s.input += extend(v, uint(size))
		s.output = s.input
		c.block[0] = uint32(size)<<16 | v
		return true
	}
	s.input += extend(v, uint(size))
	diff := s.input - s.output
	s.output = s.input
	magnitude := max(diff, -diff)
	n := bits.Len(uint(magnitude))
	if n > maxSizeDC {
		return false
	}
	if diff < 0 {
		diff += 1<<n - 1
	}
	c.block[0] = uint32(n)<<16 | uint32(diff)
	return true
}

// extend returns the number that size bits stand for, T.81 F.2.2.1.
func extend(v uint32, size uint) int {
	if size > 0 && v>>(size-1) == 0 {
		return int(v) - (1<<size - 1)
	}
	return int(v)
}

// coefficients reads the AC coefficients of a block (T.81 F.2.2.2) to tokens from the second on, and returns the
// number of tokens. They are those that an encoder would make: runs of zeros are as short as they can be, and an end
// of block stands for any number of zeros at the end.
func (r *bitReader) coefficients(d *decoder, block *tokens) (n int, ok bool) {
	acc, have, at := r.acc, r.have, r.at
	n = 1
	run, last := uint32(0), 1
	for k := 1; k < 64; {
		if have < 32 {
			acc |= load(r.data, at) >> have
			at += int((63 - have) >> 3)
			have |= 56
		}
		e := d.look[acc>>(64-lookBits)]
		symbol, length := byte(e), uint(e>>8)
		if length == 0 {
			if symbol, length = d.slow(acc); length == 0 {
				return 0, false
			}
		}
		acc <<= length
		zeros, size := uint32(symbol>>4), uint(symbol&15)
		if size == 0 {
			have -= length
			if zeros != 15 {
				break
			}
			k, run = k+16, run+16
			continue
		}
		k, run = k+int(zeros)+1, run+zeros
		if k > 64 {
			return 0, false
		}
		for ; run > 15; run -= 16 {
			block[n&127] = 0xf0 << 16
			n++
		}
		block[n&127] = (run<<4|uint32(size))<<16 | uint32(acc>>(64-size))
		n, last, run = n+1, k, 0
		acc <<= size
		have -= length + size
	}
	if last < 64 {
		block[n&127] = 0
		n++
	}
	r.acc, r.have, r.at = acc, have, at
	return n, true
}
