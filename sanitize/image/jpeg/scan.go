package jpeg

import (
	"fmt"

	"sekisho/sanitize"
)

const (
	// maxScans bounds a picture that asks for its blocks to be visited again and again. A progressive picture that
	// codes each band of each component bit by bit stays far below.
	maxScans = 200
	// visitsPerPixel bounds the blocks of all scans together, in proportion to the limit of pixels.
	visitsPerPixel = 2
)

// scan is a scan header, T.81 B.2.3, with the tables that held for it and the place of its entropy-coded data.
type scan struct {
	components []scanComponent
	start, end int // coefficients in zigzag order, Ss and Se
	high, low  int // successive approximation, Ah and Al
	interval   int // MCUs between restarts, 0 for none
	data       []byte
	report     *sanitize.Report
}

// scanComponent is a component in a scan, and its Huffman tables; nil where the scan needs none.
type scanComponent struct {
	*component
	index  int // in the frame
	dcID   byte
	acID   byte
	dc, ac *huffmanSpec
}

// parseScan reads a scan header and finds the end of the data behind it.
func (p *parser) parseScan(b []byte) error {
	if p.frame.marker == 0 {
		return fmt.Errorf("%w: scan before the frame header", errMalformed)
	}
	if len(b) < 1 || b[0] < 1 || b[0] > 4 || len(b) != 4+2*int(b[0]) {
		return fmt.Errorf("%w: scan header of %d bytes", errMalformed, len(b))
	}
	n := int(b[0])
	s := scan{interval: p.interval, report: p.report}
	s.start, s.end, s.high, s.low = int(b[1+2*n]), int(b[2+2*n]), int(b[3+2*n]>>4), int(b[3+2*n]&15)
	if err := p.scanComponents(&s, b[1:1+2*n]); err != nil {
		return err
	}
	if p.frame.progressive() {
		if err := s.checkProgression(); err != nil {
			return err
		}
	} else if err := s.checkSequential(); err != nil {
		return err
	}
	if err := p.latchTables(&s); err != nil {
		return err
	}
	s.data = p.data[p.at : p.at+entropyLength(p.data[p.at:])]
	p.at += len(s.data)
	p.scans = append(p.scans, s)
	p.visits += s.blocks(&p.frame)
	if len(p.scans) > maxScans || p.visits > visitsPerPixel*p.limits.Pixels {
		return fmt.Errorf("%w: %d scans of %d blocks together", errLimit, len(p.scans), p.visits)
	}
	return nil
}

// scanComponents reads the component selectors: in the order of the frame, each once, and not too many blocks in an
// MCU.
func (p *parser) scanComponents(s *scan, b []byte) error {
	last, blocks := -1, 0
	for ; len(b) > 0; b = b[2:] {
		index := p.componentIndex(b[0])
		if index <= last || b[1]>>4 > 3 || b[1]&15 > 3 {
			return fmt.Errorf("%w: component of a scan", errMalformed)
		}
		last = index
		c := &p.frame.components[index]
		s.components = append(s.components, scanComponent{component: c, index: index, dcID: b[1] >> 4, acID: b[1] & 15})
		blocks += c.h * c.v
	}
	if len(s.components) > 1 && blocks > 10 {
		return fmt.Errorf("%w: %d blocks in an MCU", errMalformed, blocks)
	}
	return nil
}

func (p *parser) componentIndex(id byte) int {
	for i := range p.frame.components {
		if p.frame.components[i].id == id {
			return i
		}
	}
	return -1
}

// checkSequential demands that each component is coded once, as a whole. Encoders are lax about the parameters that
// only progressive scans use, and decoders do not look at them.
func (s *scan) checkSequential() error {
	s.start, s.end, s.high, s.low = 0, 63, 0, 0
	for _, c := range s.components {
		if c.precise[0] != unseen {
			return fmt.Errorf("%w: a component is coded twice", errMalformed)
		}
		clear(c.precise[:])
	}
	return nil
}

// checkProgression checks the parameters of a progressive scan, T.81 G.1.1.1, and that it adds exactly one bit to
// what earlier scans coded, or is the first.
func (s *scan) checkProgression() error {
	dc := s.start == 0
	if dc != (s.end == 0) || s.start > s.end || s.end > 63 || s.low > 13 ||
		!dc && len(s.components) != 1 || s.high != 0 && s.high != s.low+1 {
		return fmt.Errorf("%w: scan of coefficients %d to %d, bits %d to %d", errMalformed, s.start, s.end, s.high, s.low)
	}
	want := int8(s.high)
	if s.high == 0 {
		want = unseen
	}
	for _, c := range s.components {
		if !dc && c.precise[0] == unseen {
			return fmt.Errorf("%w: details before the coarse picture", errMalformed)
		}
		for k := s.start; k <= s.end; k++ {
			if c.precise[k] != want {
				return fmt.Errorf("%w: scans do not follow each other", errMalformed)
			}
			c.precise[k] = int8(s.low)
		}
	}
	return nil
}

// latchTables binds the tables that hold at this scan.
func (p *parser) latchTables(s *scan) error {
	for i := range s.components {
		c := &s.components[i]
		if c.quant == nil {
			c.quant = p.quant[c.quantID]
			p.used[c.quantID] = true
		}
		needDC, needAC := s.start == 0 && s.high == 0, s.end > 0
		if needDC {
			c.dc = p.huffman[0][c.dcID]
		}
		if needAC {
			c.ac = p.huffman[1][c.acID]
		}
		if c.quant == nil || needDC && c.dc == nil || needAC && c.ac == nil {
			return fmt.Errorf("%w: scan without its tables", errMalformed)
		}
	}
	return nil
}

// blocks returns the number of blocks that the scan visits.
func (s *scan) blocks(f *frame) int64 {
	if len(s.components) == 1 {
		return int64(s.components[0].blocksX) * int64(s.components[0].blocksY)
	}
	n := 0
	for _, c := range s.components {
		n += c.h * c.v
	}
	return int64(n) * int64(f.mcusX) * int64(f.mcusY)
}

// mcus returns the number of MCUs of the scan, T.81 A.2.
func (s *scan) mcus(f *frame) int {
	if len(s.components) == 1 {
		return s.components[0].blocksX * s.components[0].blocksY
	}
	return f.mcusX * f.mcusY
}
