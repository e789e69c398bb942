package jpeg

import (
	"context"
	"encoding/binary"
	"io"
)

// decoder returns a decoder of spec.
func (spec *huffmanSpec) decoder(maxSize byte) *decoder {
	d := &decoder{}
	d.init(spec, maxSize)
	return d
}

// write writes the whole picture.
func (p *picture) write(ctx context.Context, out io.Writer) error {
	return p.writeScans(ctx, out, leapFrom)
}

// writeScans writes the whole picture; leapFrom is the length of a scan from which leaps are taken.
func (p *picture) writeScans(ctx context.Context, out io.Writer, leapFrom int) error {
	w := newBitWriter(out)
	w.raw(0xff, markerSOI)
	p.meta.write(w, p)
	p.writeFrame(w)
	c := coder{frame: &p.frame, w: w, leapFrom: leapFrom}
	for i := range p.scans {
		if err := c.transcode(ctx, &p.scans[i]); err != nil {
			return err
		}
	}
	w.raw(0xff, markerEOI)
	return w.close()
}

// writeFrame writes the quantisation tables in the order in which components use them, and the frame header.
func (p *picture) writeFrame(w *bitWriter) {
	f := &p.frame
	var tables []*[64]uint16
	header := []byte{8}
	header = binary.BigEndian.AppendUint16(header, uint16(f.height))
	header = binary.BigEndian.AppendUint16(header, uint16(f.width))
	header = append(header, byte(len(f.components)))
	for i := range f.components {
		c := &f.components[i]
		id := 0
		for id < len(tables) && *tables[id] != *c.quant {
			id++
		}
		if id == len(tables) {
			tables = append(tables, c.quant)
			if writeQuant(w, byte(id), c.quant) && f.marker == markerSOF0 {
				f.marker = markerSOF1 // T.81 B.2.4.1: baseline has tables of bytes
			}
		}
		header = append(header, f.outputID(i), byte(c.h<<4|c.v), byte(id))
	}
	w.segment(byte(f.marker), header...)
}

// outputID returns the name of component i: R, G and B stay, for they tell decoders that colours are not converted;
// all other names mean the same as the usual ones.
func (f *frame) outputID(i int) byte {
	if f.isRGB() {
		return "RGB"[i]
	}
	return byte(i + 1)
}

func (f *frame) isRGB() bool {
	return len(f.components) == 3 && f.components[0].id == 'R' && f.components[1].id == 'G' && f.components[2].id == 'B'
}

// writeQuant writes a quantisation table, and reports whether it needs words.
func writeQuant(w *bitWriter, id byte, q *[64]uint16) (wide bool) {
	for _, v := range q {
		wide = wide || v > 0xff
	}
	body := []byte{id}
	if wide {
		body[0] |= 0x10
	}
	for _, v := range q {
		if wide {
			body = binary.BigEndian.AppendUint16(body, v)
		} else {
			body = append(body, byte(v))
		}
	}
	w.segment(markerDQT, body...)
	return wide
}

// writeTables makes the Huffman tables of the scan from what was counted, and writes them. Of tables that the scan keeps it
// writes those that the output does not have yet.
func (c *coder) writeTables() {
	if c.keeps() {
		c.writeKept()
		return
	}
	c.defined = [2][2]*standardTable{}
	for class := range c.tables {
		for id := range c.tables[class] {
			spec := c.counts[class][id].optimal()
			c.codes[class][id] = spec.codes()
			c.writeTable(class, id, spec)
		}
	}
}

func (c *coder) writeKept() {
	for class := range c.kept {
		for id, t := range c.kept[class] {
			if t == nil {
				continue
			}
			if c.codes[class][id] = t.codes; c.defined[class][id] != t {
				c.defined[class][id] = t
				c.writeTable(class, id, &t.spec)
			}
		}
	}
}

func (c *coder) writeTable(class, id int, spec *huffmanSpec) {
	body := []byte{byte(class<<4 | id)}
	for _, n := range spec.counts[1:] {
		body = append(body, byte(n))
	}
	c.w.segment(markerDHT, append(body, spec.symbols...)...)
}

func (c *coder) writeScanHeader() {
	body := []byte{byte(len(c.components))}
	for i, s := range c.slots {
		body = append(body, c.frame.outputID(c.components[i].index), byte(s.dcTo<<4|s.acTo))
	}
	body = append(body, byte(c.start), byte(c.end), byte(c.high<<4|c.low))
	c.w.segment(markerSOS, body...)
}
