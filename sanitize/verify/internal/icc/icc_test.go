package icc

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// profile returns a profile with one tag of 8 bytes.
func profile() []byte {
	p := make([]byte, headerSize+4+tagSize+8)
	binary.BigEndian.PutUint32(p, uint32(len(p)))
	copy(p[36:], "acsp")
	p[headerSize+3] = 1
	t := p[headerSize+4:]
	copy(t, "cprt")
	binary.BigEndian.PutUint32(t[4:], headerSize+4+tagSize)
	binary.BigEndian.PutUint32(t[8:], 8)
	copy(p[headerSize+4+tagSize:], "text")
	return p
}

func TestCheck(t *testing.T) {
	if err := Check(profile()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"trailing":      func(p []byte) []byte { return append(p, 'x') },
		"cut":           func(p []byte) []byte { return p[:len(p)-1] },
		"short":         func(p []byte) []byte { return p[:100] },
		"signature":     func(p []byte) []byte { p[36] = 'x'; return p },
		"no tags":       func(p []byte) []byte { p[headerSize+3] = 0; return p },
		"many tags":     func(p []byte) []byte { p[headerSize] = 0xff; return p },
		"tag in header": func(p []byte) []byte { p[headerSize+4+7] = 4; return p },
		"tag outside":   func(p []byte) []byte { p[headerSize+4+4] = 0xff; return p },
		"tag name":      func(p []byte) []byte { p[headerSize+4] = 0; return p },
		"hidden": func(p []byte) []byte {
			p = append(p, "MZ.."...)
			binary.BigEndian.PutUint32(p, uint32(len(p)))
			return p
		},
	} {
		if Check(spoil(profile())) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(profile())
	f.Fuzz(func(t *testing.T, p []byte) {
		if Check(p) == nil && !bytes.Contains(p, []byte("acsp")) {
			t.Fatal("accepted")
		}
	})
}
