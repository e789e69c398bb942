package jpeg

import (
	"encoding/binary"
	"io"
)

// token is a symbol and the bits that follow it: symbol<<16 | bits. The lower half of the symbol says how many.
type token = uint32

// tokens is the room for one block: 64 tokens and a little more, a power of two so that an index can be masked.
type tokens [128]token

// bitWriter writes segments and entropy-coded bits. The first error stays and is returned by close.
type bitWriter struct {
	out  io.Writer
	err  error
	buf  []byte
	n    int
	acc  uint64 // the last have bits are not yet in buf
	have uint
}

// room is what one call may write at most: the tokens of a block, all bytes stuffed.
const room = 1024

func newBitWriter(out io.Writer) *bitWriter {
	return &bitWriter{out: out, buf: make([]byte, 32<<10)}
}

func (w *bitWriter) flush() {
	if w.err == nil && w.n > 0 {
		_, w.err = w.out.Write(w.buf[:w.n])
	}
	w.n = 0
}

// raw writes bytes as they are.
func (w *bitWriter) raw(b ...byte) {
	if len(b) > len(w.buf) {
		if w.flush(); w.err == nil {
			_, w.err = w.out.Write(b)
		}
		return
	}
	for len(b) > 0 {
		if w.n == len(w.buf) {
			w.flush()
		}
		n := copy(w.buf[w.n:], b)
		w.n += n
		b = b[n:]
	}
}

// segment writes a marker with its parameters.
func (w *bitWriter) segment(marker byte, body ...byte) {
	w.raw(0xff, marker)
	w.raw(binary.BigEndian.AppendUint16(nil, uint16(2+len(body)))...)
	w.raw(body...)
}

// block writes the tokens of a block.
func (w *bitWriter) block(c *codes, block []token) {
	if len(w.buf)-w.n < room {
		w.flush()
	}
	acc, have := w.acc, w.have
	for _, t := range block {
		e := c[t>>16&0xff]
		acc = (acc<<(e&0xff)|uint64(e>>8))<<(t>>16&15) | uint64(t&0xffff)
		have += uint(e&0xff) + uint(t>>16&15)
		if have >= 32 {
			have -= 32
			w.word(uint32(acc >> have))
		}
	}
	w.acc, w.have = acc, have
}

// bits writes n bits, at most 16.
func (w *bitWriter) bits(v uint32, n uint) {
	w.acc = w.acc<<n | uint64(v)
	w.have += n
	if w.have >= 32 {
		if len(w.buf)-w.n < room {
			w.flush()
		}
		w.have -= 32
		w.word(uint32(w.acc >> w.have))
	}
}

// word writes four bytes with their stuffing. There is room for them.
func (w *bitWriter) word(v uint32) {
	if inv := ^v; (inv-0x01010101)&^inv&0x80808080 == 0 { // no byte is FF
		binary.BigEndian.PutUint32(w.buf[w.n:], v)
		w.n += 4
		return
	}
	for shift := 24; shift >= 0; shift -= 8 {
		w.stuffed(byte(v >> shift))
	}
}

func (w *bitWriter) stuffed(b byte) {
	w.buf[w.n] = b
	w.n++
	if b == 0xff {
		w.buf[w.n] = 0
		w.n++
	}
}

// align fills the last byte of a scan with ones, T.81 F.1.2.3.
func (w *bitWriter) align() {
	if len(w.buf)-w.n < room {
		w.flush()
	}
	if fill := -w.have & 7; fill > 0 {
		w.acc = w.acc<<fill | (1<<fill - 1)
		w.have += fill
	}
	for w.have > 0 {
		w.have -= 8
		w.stuffed(byte(w.acc >> w.have))
	}
	w.acc = 0
}

func (w *bitWriter) close() error {
	w.flush()
	return w.err
}
