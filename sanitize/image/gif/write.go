package gif

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
)

// write writes the whole picture, GIF89a appendix A, frame by frame.
func (p *picture) write(ctx context.Context, out io.Writer) error {
	var w bytes.Buffer
	p.writeScreen(&w)
	var room []byte
	for i := range p.frames {
		f := &p.frames[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		room = sized(room, f.w*f.h)
		if _, err := f.decode(room); err != nil {
			return err
		}
		f.writeHead(&w)
		if err := f.encode(room, &w); err != nil {
			return err
		}
		if _, err := w.WriteTo(out); err != nil {
			return err
		}
	}
	_, err := out.Write([]byte{0x3b})
	return err
}

func (p *picture) writeScreen(w *bytes.Buffer) {
	b := binary.LittleEndian.AppendUint16([]byte("GIF89a"), uint16(p.width))
	b = binary.LittleEndian.AppendUint16(b, uint16(p.height))
	b = append(b, 0, 0, p.aspect)
	if p.global != nil && len(p.global.fresh) > 0 {
		b[10] = 0xf0 | byte(p.global.bits()-1)
		if int(p.background) < len(p.global.colours) && p.global.used[p.background] {
			b[11] = p.global.index[p.background]
		}
		b = append(b, p.global.body()...)
	}
	if p.loops >= 0 {
		b = append(b, "\x21\xff\x0bNETSCAPE2.0\x03\x01"...)
		b = binary.LittleEndian.AppendUint16(b, uint16(p.loops))
		b = append(b, 0)
	}
	w.Write(b)
}

// writeHead writes what stands before the pixels of a frame.
func (f *frame) writeHead(w *bytes.Buffer) {
	if f.disposal != 0 || f.delay != 0 || f.transparent >= 0 {
		b := []byte{0x21, 0xf9, 4, f.disposal << 2}
		b = binary.LittleEndian.AppendUint16(b, f.delay)
		if f.transparent >= 0 {
			b[3] |= 1
			b = append(b, f.colours.index[f.transparent], 0)
		} else {
			b = append(b, 0, 0)
		}
		w.Write(b)
	}
	b := []byte{0x2c}
	for _, v := range []int{f.x, f.y, f.w, f.h} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	b = append(b, 0)
	if f.interlaced {
		b[9] |= 0x40
	}
	if f.local {
		b[9] |= 0x80 | byte(f.colours.bits()-1)
		b = append(b, f.colours.body()...)
	}
	w.Write(b)
}
