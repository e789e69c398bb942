package jpeg

import (
	"sekisho/sanitize/verify"
)

// maxScans bounds the scans of one picture: each may go over every block. Encoders write ten, at most a few dozen.
const maxScans = 256

// scan is one scan header (T.81 section B.2.3) and the state of its decoding.
type scan struct {
	frame          *frame
	comps          []*component
	dc, ac         []*huffman
	ss, se, ah, al int
	in             bitReader
	eobRun         int
}

// scan judges a scan header, decodes its data, and moves past them.
func (d *decoder) scan(data []byte) error {
	if d.scans++; d.frame == nil || d.scans > maxScans {
		return verify.Fail(RuleStructure, "SOS", "a scan without a frame, or too many")
	}
	s, err := d.header(data)
	if err != nil {
		return err
	}
	s.in = bitReader{b: d.b, pos: d.pos}
	if err := d.decode(s); err != nil {
		if d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		return verify.Fail(RuleEntropy, "SOS", "scan %d: %v", d.scans, err)
	}
	d.pos = s.in.pos
	return nil
}

func (d *decoder) header(data []byte) (*scan, error) {
	if len(data) < 1 || data[0] < 1 || data[0] > 4 || len(data) != 4+2*int(data[0]) {
		return nil, verify.Fail(RuleSegment, "SOS", "no scan header")
	}
	s := &scan{frame: d.frame}
	tail := data[len(data)-3:]
	s.ss, s.se, s.ah, s.al = int(tail[0]), int(tail[1]), int(tail[2]>>4), int(tail[2]&15)
	blocks := 0
	for i := range int(data[0]) {
		c := d.frame.find(data[1+2*i])
		t := data[2+2*i]
		if c == nil || t>>4 > 3 || t&15 > 3 || !d.quant[c.tq] {
			return nil, verify.Fail(RuleSegment, "SOS", "a component or a table that is not there")
		}
		for _, other := range s.comps {
			if other == c {
				return nil, verify.Fail(RuleSegment, "SOS", "a component twice")
			}
		}
		s.comps = append(s.comps, c)
		s.dc, s.ac = append(s.dc, d.tables[0][t>>4]), append(s.ac, d.tables[1][t&15])
		blocks += c.h * c.v
	}
	if len(s.comps) > 1 && blocks > 10 { // T.81 section B.2.3
		return nil, verify.Fail(RuleSegment, "SOS", "%d blocks in a unit", blocks)
	}
	if d.frame.progressive {
		return s, s.order()
	}
	return s, s.sequential()
}

// sequential holds the header of a baseline scan against T.81 section B.2.3: everything of each component, once.
func (s *scan) sequential() error {
	for i, c := range s.comps {
		if c.seen || s.ss != 0 || s.se != 63 || s.ah != 0 || s.al != 0 || s.dc[i] == nil || s.ac[i] == nil {
			return verify.Fail(RuleSegment, "SOS", "no scan of a sequential picture")
		}
		c.seen = true
	}
	return nil
}

// order holds the header of a progressive scan against those before it (T.81 section G.1.1.1).
func (s *scan) order() error {
	bad := s.se > 63 || s.ss > s.se || s.al > 13 || s.ss == 0 && s.se != 0 || s.ss > 0 && len(s.comps) > 1 || s.ah != 0 && s.ah != s.al+1
	if bad {
		return verify.Fail(RuleSegment, "SOS", "no scan of a progressive picture")
	}
	for i, c := range s.comps {
		if s.ss == 0 && s.ah == 0 && s.dc[i] == nil || s.ss > 0 && (s.ac[i] == nil || !c.seen) {
			return verify.Fail(RuleSegment, "SOS", "a table or a scan before it is missing")
		}
		c.seen = true
		for k := s.ss; k <= s.se; k++ {
			if want := int8(s.ah + 1); s.ah == 0 && c.bits[k] != 0 || s.ah != 0 && c.bits[k] != want {
				return verify.Fail(RuleSegment, "SOS", "coefficient %d out of turn", k)
			}
			c.bits[k] = int8(s.al + 1)
		}
	}
	return nil
}

// decode goes over the units of a scan (T.81 section A.2), with its restart markers.
func (d *decoder) decode(s *scan) error {
	f := s.frame
	across, down := ceil(f.width, 8*f.hMax), ceil(f.height, 8*f.vMax)
	if c := s.comps[0]; len(s.comps) == 1 {
		across, down = ceil(ceil(f.width*c.h, f.hMax), 8), ceil(ceil(f.height*c.v, f.vMax), 8)
	}
	read := s.units
	if !f.progressive && across*down >= d.long {
		read = s.sequence()
	}
	next := byte(0)
	for at, piece := 0, 0; at < across*down; at += piece {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		if d.restart > 0 && at > 0 && at%d.restart == 0 {
			if err := s.restart(next); err != nil {
				return err
			}
			next = (next + 1) & 7
		}
		piece = across - at%across // to the end of the row, or to the next restart
		if d.restart > 0 {
			piece = min(piece, d.restart-at%d.restart)
		}
		if err := read(at%across, at/across, piece); err != nil {
			return err
		}
	}
	if s.eobRun > 0 {
		return errData
	}
	return s.in.align()
}

// units decodes n units of row y, from x on.
func (s *scan) units(x, y, n int) error {
	for i := range n {
		if err := s.unit(x+i, y); err != nil {
			return err
		}
	}
	return nil
}

// restart takes the restart marker with the given number (T.81 section E.2.4).
func (s *scan) restart(number byte) error {
	if s.eobRun > 0 {
		return errData
	}
	if err := s.in.align(); err != nil {
		return err
	}
	if s.in.b[s.in.pos+1] != mRST0+number {
		return errData
	}
	s.in.pos += 2
	return nil
}

// unit decodes one MCU.
func (s *scan) unit(x, y int) error {
	if len(s.comps) == 1 {
		return s.block(0, y*s.comps[0].stride+x)
	}
	for i, c := range s.comps {
		for v := range c.v {
			for h := range c.h {
				if err := s.block(i, (y*c.v+v)*c.stride+x*c.h+h); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
