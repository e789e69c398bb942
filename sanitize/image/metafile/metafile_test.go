package metafile

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
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

// alpha returns a record that blends a bitmap of one pixel of 32 bits, whose header names the usual masks.
func alpha() []byte {
	body := make([]byte, 100)
	copy(body[76:], numbers(108, 52, 160, 4, 1, 1))
	copy(body[32:], numbers(0x01ff0000))
	body = append(body, numbers(40, 1, 1, 1|32<<16, 3, 4, 0, 0, 0, 0, 0xff0000, 0xff00, 0xff)...)
	return emfRec(114, append(body, "BGRA"...))
}

// strip returns a record that shows two of the hundred rows of a bitmap.
func strip() []byte {
	body := make([]byte, 68)
	copy(body[40:], numbers(76, 40, 116, 8, 0, 98, 2))
	body = append(body, numbers(40, 1, 100, 1|24<<16, 0, 0, 0, 0, 0, 0)...)
	return emfRec(80, append(body, "AAA\x00BBB\x00"...))
}

func TestEMF(t *testing.T) {
	fontBody := make([]byte, 4+92+60)
	fontBody[0] = 1
	copy(fontBody[4+28:], "M\x00S\x00\x00\x00e\x00v\x00i\x00l\x00")
	gone := []string{"evil", "e\x00v\x00i\x00l"}
	common := []string{ruleDescription, ruleTrailing}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format:  EMF{},
		Foreign: [][]byte{nil, []byte("\x89PNG\r\n\x1a\n0123456789"), wmf(), make([]byte, 100)},
		Cases: []sanitizetest.Case{
			{Name: "lines", Input: append(emf(line(), emfRec(4, append(numbers(0, 0, 0, 0, 2, 1, 2, 3, 4), "evil"...))), "evil"...), Gone: gone,
				Keep: []string{"\x03\x00\x00\x00\x04\x00\x00\x00"}, Rules: common, Exact: true},
			{Name: "comment, escape and unknown", Input: emf(line(), emfRec(70, []byte("EMF+evil")), emfRec(106, []byte("evil")), emfRec(999, []byte("evil"))),
				Gone: gone, Rules: []string{ruleRecord}},
			{Name: "bitmap", Input: emf(stretch()), Gone: gone, Keep: []string{"\x01\x02\x03\x00"}},
			{Name: "rows of a bitmap", Input: emf(strip()), Keep: []string{"AAA\x00BBB\x00"}, Rules: []string{ruleDescription}, Exact: true},
			{Name: "masks that say what holds anyway", Input: emf(alpha()), Keep: []string{"BGRA"}, Gone: []string{string(plainMasks)}},
			{Name: "text", Input: emf(extText("OK")), Gone: gone, Keep: []string{"O\x00K\x00"}},
			{Name: "font", Input: emf(emfRec(82, fontBody), line()), Gone: gone, Keep: []string{"M\x00S\x00"}},
			{Name: "object without a number", Input: emf(emfRec(39, numbers(77, 0, 0, 0)), line()), Rules: []string{ruleRecord}},
			{Name: "an empty picture", Input: emf(emfRec(17, numbers(8)))},
			{Name: "comments only", Input: emf(emfRec(70, []byte("EMF+evil"))), Err: sanitize.ErrUnsupported},
			{Name: "no end", Input: emf(line())[:128+16], Err: sanitize.ErrMalformed},
			{Name: "a huge record", Input: emf(append(numbers(54, 0xfffffff0), 0, 0, 0, 0)), Err: sanitize.ErrMalformed},
			{Name: "an empty header", Input: append(numbers(1, 0), emf()[8:]...), Err: sanitize.ErrMalformed},
		},
	})
}

func TestRecords(t *testing.T) {
	r := records{ctx: context.Background(), n: maxRecords - 1}
	if err := r.next(); err != nil {
		t.Error(err)
	}
	if err := r.next(); !errors.Is(err, sanitize.ErrLimit) {
		t.Errorf("one record too many: %v", err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if r := (records{ctx: over, n: 0xfff}); !errors.Is(r.next(), context.Canceled) {
		t.Error("a run that is over goes on")
	}
}

func TestWMF(t *testing.T) {
	info, bits := bitmap()
	sanitizetest.Run(t, sanitizetest.Suite{
		Format:  WMF{},
		Foreign: [][]byte{nil, []byte("\x01\x00\x09\x00\x00\x02"), emf()},
		Cases: []sanitizetest.Case{
			{Name: "text and an escape", Input: wmf(wmfRec(0x0626, []byte("\x09\x00evil")), wmfRec(0x0214, words(1, 2)), wmfRec(0x0213, words(3, 4)),
				wmfRec(0x0521, append(words(2), 'O', 'K', 0, 0, 0, 0))), Gone: []string{"evil"}, Keep: []string{"OK"}, Rules: []string{ruleRecord, ruleTrailing}, Exact: true},
			{Name: "an object that goes", Input: wmf(wmfRec(0x01f9, []byte("evil")), wmfRec(0x012d, words(0)), wmfRec(0x0213, words(3, 4))),
				Gone: []string{"evil"}, Keep: []string{"\xfc\x02\x01\x00"}},
			{Name: "bitmap", Input: wmf(wmfRec(0x0f43, append(append(make([]byte, 22), info...), bits...))), Gone: []string{"evil"}, Keep: []string{"\x01\x02\x03\x00"}},
			{Name: "without a size", Input: wmf(wmfRec(0x0213, words(3, 4)))[22:], Gone: []string{"evil"}},
			{Name: "escapes only", Input: wmf(wmfRec(0x0626, []byte("evil"))), Err: sanitize.ErrUnsupported},
			{Name: "a record of 0", Input: wmf(append(numbers(0), 1, 0)), Err: sanitize.ErrMalformed},
		},
	})
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
		if _, ok := readDIB(b, bits, false, maxPixels); ok {
			t.Errorf("%s is taken", name)
		}
	}
	if d, ok := readDIB(info, bits, false, maxPixels); !ok || len(d.bits) != 4 || len(d.info) != 40 {
		t.Errorf("a good one is not taken: %v", d)
	}
}

func FuzzRebuild(f *testing.F) {
	f.Add(emf(line(), stretch(), extText("OK"), alpha(), strip()))
	f.Add(plusFile(plusRec(0x400a, 0xc000, append(numbers(0xff00ff00, 1), words(1, 2, 3, 4)...)), plusPieces(plusImage<<8|1, append(numbers(plusVersion, 1, 2, 2, 8, 0x26200a, 0), "BGRABGRABGRABGRA"...), 20)))
	f.Add(plusFile(plusRec(plusObject, plusRegion<<8, append(numbers(plusVersion, 2, 1, 0x10000000), numbers(0, 0, 9, 9, 0x10000002)...)), plusRec(0x4013, 0, numbers(0))))
	f.Add(wmf(wmfRec(0x0213, words(3, 4)), wmfRec(0x0a32, words(1, 2, 2, 0, 0x4b4f))))
	engine, err := sanitize.NewEngine([]sanitize.Format{EMF{}, WMF{}}, sanitize.Naming{})
	if err != nil {
		f.Fatal(err)
	}
	rebuild := func(in []byte) ([]byte, sanitize.Report, error) {
		var out bytes.Buffer
		report, err := engine.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(in), Policy: sanitize.Standard()}, &out)
		return out.Bytes(), report, err
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, report, err := rebuild(in)
		if err != nil {
			return
		}
		if len(out) > 4*len(in)+200 {
			t.Fatalf("%d bytes from %d", len(out), len(in))
		}
		again, second, err := rebuild(out)
		if err != nil || second.Output != report.Output || len(second.Findings) != 0 || !bytes.Equal(out, again) {
			t.Fatalf("not stable: %v, %v\n% x\n% x", err, second.Findings, out, again)
		}
	})
}
