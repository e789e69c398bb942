package pdfium_test

import (
	"bytes"
	"encoding/binary"
)

// boxFont makes a TrueType font of five glyphs: nothing, and four times a black square one em wide.
func boxFont() []byte {
	be := binary.BigEndian
	words := func(values ...int) (b []byte) {
		for _, v := range values {
			b = be.AppendUint16(b, uint16(v))
		}
		return b
	}
	box := append(words(1, 0, -200, 1000, 800, 3, 0), 1, 1, 1, 1) // one contour of four points, all on it
	box = append(box, words(0, 1000, 0, -1000, -200, 0, 1000, 0)...)
	half := len(box) / 2
	head := make([]byte, 54)
	be.PutUint32(head, 0x00010000)
	be.PutUint32(head[12:], 0x5f0f3cf5)
	be.PutUint16(head[18:], 1000)
	copy(head[36:], words(0, -200, 1000, 800))
	hhea := make([]byte, 36)
	be.PutUint32(hhea, 0x00010000)
	copy(hhea[4:], words(800, -200, 0, 1000))
	be.PutUint16(hhea[34:], 1)
	maxp := make([]byte, 32)
	be.PutUint32(maxp, 0x00010000)
	copy(maxp[4:], words(5, 4, 1, 0, 0, 2))
	tables := []struct {
		tag  string
		data []byte
	}{
		{"glyf", bytes.Repeat(box, 4)}, {"head", head}, {"hhea", hhea}, {"hmtx", words(1000, 0, 0, 0, 0, 0)}, {"loca", words(0, 0, half, 2*half, 3*half, 4*half)}, {"maxp", maxp},
	}
	out := append([]byte{0, 1, 0, 0}, words(len(tables), 64, 2, 32)...)
	at := 12 + 16*len(tables)
	for _, t := range tables {
		out = append(out, t.tag...)
		out = be.AppendUint32(out, 0) // no reader looks at the sum
		out = be.AppendUint32(out, uint32(at))
		out = be.AppendUint32(out, uint32(len(t.data)))
		at += (len(t.data) + 3) &^ 3
	}
	for _, t := range tables {
		out = append(append(out, t.data...), make([]byte, -len(t.data)&3)...)
	}
	return out
}
