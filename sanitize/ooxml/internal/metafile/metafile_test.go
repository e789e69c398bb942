package metafile

import (
	"bytes"
	"errors"
	"testing"

	"sekisho/sanitize"
)

// numbers returns values as 32-bit numbers.
func numbers(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = le.AppendUint32(b, v)
	}
	return b
}

// emfRec returns a record of EMF.
func emfRec(kind uint32, body []byte) []byte {
	body = pad(body, 4)
	return append(numbers(kind, uint32(8+len(body))), body...)
}

// emf returns a metafile of these records, with a description in its header.
func emf(records ...[]byte) []byte {
	h := make([]byte, 108+20)
	copy(h, numbers(1, uint32(len(h)), 0, 0, 9, 9, 0, 0, 99, 99, 0x464d4520, 0x10000, 0, 0, 5, 10, 108, 0))
	copy(h[108:], "e\x00v\x00i\x00l\x00")
	out := h
	for _, r := range records {
		out = append(out, r...)
	}
	return append(out, emfRec(14, append(numbers(0, 16, 20), "evil"...))...)
}

func words(values ...uint16) []byte {
	var b []byte
	for _, v := range values {
		b = le.AppendUint16(b, v)
	}
	return b
}

func wmfRec(function uint16, body []byte) []byte {
	body = pad(body, 2)
	return append(append(numbers(uint32(3+len(body)/2)), words(function)...), body...)
}

// wmf returns a metafile of these records.
func wmf(records ...[]byte) []byte {
	out := numbers(placeableKey)
	out = append(out, words(0xdead, 0, 0, 100, 100, 1440, 1, 1, 0)...)
	out = append(out, words(1, 9, 0x300, 1, 0, 2, 9, 0, 7)...)
	for _, r := range records {
		out = append(out, r...)
	}
	return append(append(out, wmfRec(0, nil)...), "evil behind the end"...)
}

// bitmap returns a header and the bits of a bitmap of one pixel, with more bits than it needs.
func bitmap() (info, bits []byte) {
	info = make([]byte, 40)
	copy(info, numbers(40, 1, 1, 1|24<<16))
	return info, append([]byte{1, 2, 3, 0}, "evil"...)
}

func stretch() []byte {
	info, bits := bitmap()
	body := make([]byte, 72)
	copy(body[40:], numbers(80, uint32(len(info)), 80+uint32(len(info)), uint32(len(bits)), 0, 0xcc0020, 5, 5))
	return emfRec(81, append(append(body, info...), bits...))
}

func extText(s string) []byte {
	body := make([]byte, 68)
	le.PutUint32(body[36:], uint32(len(s)))
	le.PutUint32(body[40:], 76+8)
	body = append(body, "gap-evil"...)
	for _, c := range []byte(s) {
		body = append(body, c, 0)
	}
	return emfRec(84, body)
}

func line() []byte { return emfRec(54, numbers(3, 4)) }

func TestRebuild(t *testing.T) {
	info, bits := bitmap()
	fontBody := make([]byte, 4+92+60)
	fontBody[0] = 1
	copy(fontBody[4+28:], "M\x00S\x00\x00\x00e\x00v\x00i\x00l\x00")
	for _, c := range []struct {
		name, kind string
		in         []byte
		dropped    int
		keep       string
	}{
		{"lines", "emf", emf(line(), emfRec(4, append(numbers(0, 0, 0, 0, 2, 1, 2, 3, 4), "evil"...))), 0, "\x03\x00\x00\x00\x04\x00\x00\x00"},
		{"comment, escape and unknown", "emf", emf(line(), emfRec(70, []byte("EMF+evil")), emfRec(106, []byte("evil")), emfRec(999, []byte("evil"))), 3, ""},
		{"bitmap", "emf", emf(stretch()), 0, "\x01\x02\x03\x00"},
		{"text", "emf", emf(extText("OK")), 0, "O\x00K\x00"},
		{"font", "emf", emf(emfRec(82, fontBody), line()), 0, "M\x00S\x00"},
		{"object without a number", "emf", emf(emfRec(39, numbers(77, 0, 0, 0)), line()), 1, ""},
		{"wmf", "wmf", wmf(wmfRec(0x0626, []byte("\x09\x00evil")), wmfRec(0x0214, words(1, 2)), wmfRec(0x0213, words(3, 4)), wmfRec(0x0521, append(words(2), 'O', 'K', 0, 0, 0, 0))), 1, "OK"},
		{"wmf object that goes", "wmf", wmf(wmfRec(0x01f9, []byte("evil")), wmfRec(0x012d, words(0)), wmfRec(0x0213, words(3, 4))), 1, "\xfc\x02\x01\x00"},
		{"wmf bitmap", "wmf", wmf(wmfRec(0x0f43, append(append(make([]byte, 22), info...), bits...))), 0, "\x01\x02\x03\x00"},
	} {
		out, kind, dropped, err := Rebuild(c.in)
		if err != nil || kind != c.kind || dropped != c.dropped {
			t.Errorf("%s: %s, %d dropped, error %v", c.name, kind, dropped, err)
			continue
		}
		if bytes.Contains(out, []byte("evil")) || bytes.Contains(out, []byte("e\x00v\x00i\x00l")) {
			t.Errorf("%s: evil survives in % x", c.name, out)
		}
		if !bytes.Contains(out, []byte(c.keep)) {
			t.Errorf("%s: %q is lost", c.name, c.keep)
		}
		again, _, dropped, err := Rebuild(out)
		if err != nil || dropped != 0 || !bytes.Equal(out, again) {
			t.Errorf("%s: not stable, %d dropped, error %v", c.name, dropped, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		in  []byte
		err error
	}{
		"nothing":         {nil, sanitize.ErrUnsupported},
		"a picture":       {[]byte("\x89PNG\r\n\x1a\n0123456789"), sanitize.ErrUnsupported},
		"comments only":   {emf(emfRec(70, []byte("EMF+evil"))), ErrNothing},
		"escapes only":    {wmf(wmfRec(0x0626, []byte("evil"))), ErrNothing},
		"no end":          {emf(line())[:128+16], sanitize.ErrMalformed},
		"a huge record":   {emf(append(numbers(54, 0xfffffff0), 0, 0, 0, 0)), sanitize.ErrMalformed},
		"a record of 0":   {wmf(numbers(0, 0)), sanitize.ErrMalformed},
		"an empty header": {append(numbers(1, 0), emf()[8:]...), sanitize.ErrMalformed},
	} {
		if _, _, _, err := Rebuild(c.in); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBitmaps(t *testing.T) {
	info, bits := bitmap()
	for name, change := range map[string]func(b []byte){
		"too wide":      func(b []byte) { le.PutUint32(b[4:], 0x7fffffff) },
		"too high":      func(b []byte) { le.PutUint32(b[8:], 0x80000000) },
		"odd depth":     func(b []byte) { le.PutUint16(b[14:], 7) },
		"JPEG inside":   func(b []byte) { le.PutUint32(b[16:], 4) },
		"many colours":  func(b []byte) { le.PutUint32(b[32:], 0xffffffff) },
		"long header":   func(b []byte) { le.PutUint32(b, 4000) },
		"more than has": func(b []byte) { le.PutUint32(b[8:], 100) },
	} {
		b := bytes.Clone(info)
		change(b)
		if _, ok := readDIB(b, bits, false); ok {
			t.Errorf("%s is taken", name)
		}
	}
	if d, ok := readDIB(info, bits, false); !ok || len(d.bits) != 4 || len(d.info) != 40 {
		t.Errorf("a good one is not taken: %v", d)
	}
}

func FuzzRebuild(f *testing.F) {
	f.Add(emf(line(), stretch(), extText("OK")))
	f.Add(wmf(wmfRec(0x0213, words(3, 4)), wmfRec(0x0a32, words(1, 2, 2, 0, 0x4b4f))))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, kind, _, err := Rebuild(in)
		if err != nil {
			return
		}
		if len(out) > 4*len(in)+200 {
			t.Fatalf("%d bytes from %d", len(out), len(in))
		}
		again, kind2, dropped, err := Rebuild(out)
		if err != nil || kind2 != kind || dropped != 0 || !bytes.Equal(out, again) {
			t.Fatalf("not stable: %v, %d dropped\n% x\n% x", err, dropped, out, again)
		}
	})
}
