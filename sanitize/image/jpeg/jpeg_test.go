package jpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// fixture returns a picture of testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".jpg"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// made returns a picture of w by h pixels with detail everywhere.
func made(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		x, y := i%w, i/w
		img.Set(x, y, color.RGBA{uint8(x * y), uint8(x ^ y), uint8(x + 3*y), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// with returns the picture with a segment behind its first marker.
func with(b []byte, marker byte, body string) []byte {
	seg := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body)))
	return bytes.Join([][]byte{b[:2], append(seg, body...), b[2:]}, nil)
}

// before returns the picture with bytes put in front of the first marker of a kind.
func before(t testing.TB, b []byte, marker byte, what string) []byte {
	t.Helper()
	i := bytes.Index(b, []byte{0xff, marker})
	if i < 0 {
		t.Fatalf("no marker %02X", marker)
	}
	return bytes.Join([][]byte{b[:i], []byte(what), b[i:]}, nil)
}

// segmentOf returns the whole first segment of a kind.
func segmentOf(t testing.TB, b []byte, marker byte) string {
	t.Helper()
	i := bytes.Index(b, []byte{0xff, marker})
	if i < 0 {
		t.Fatalf("no marker %02X", marker)
	}
	return string(b[i : i+2+int(binary.BigEndian.Uint16(b[i+2:]))])
}

// exifWith returns an Exif body with a description and an orientation.
func exifWith(orientation byte) string {
	return "Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00" +
		"\x0e\x01\x02\x00\x10\x00\x00\x00\x26\x00\x00\x00" +
		"\x12\x01\x03\x00\x01\x00\x00\x00" + string([]byte{orientation}) + "\x00\x00\x00" +
		"\x00\x00\x00\x00" + "NEEDLE-EXIF-TEXT\x00"
}

func samePixels(t *testing.T, in, out []byte) {
	t.Helper()
	a, err := jpeg.Decode(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	b, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("another decoder refuses the output: %v", err)
	}
	if a.Bounds() != b.Bounds() || a.ColorModel() != b.ColorModel() {
		t.Fatalf("was %v, is %v", a.Bounds(), b.Bounds())
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if a.At(x, y) != b.At(x, y) {
				t.Fatalf("pixel %d,%d was %v, is %v", x, y, a.At(x, y), b.At(x, y))
			}
		}
	}
}

func TestSuite(t *testing.T) {
	plain := made(t, 45, 37)
	end := len(plain) - 2
	strict := sanitize.Strict()
	few := sanitize.Standard()
	few.Limits.Pixels = 45*37 - 1
	needle := "NEEDLE-IN-SEGMENT"
	drop := func(name, rule string, input []byte) sanitizetest.Case {
		return sanitizetest.Case{
			Name: name, Input: input, Gone: []string{"NEEDLE"}, Rules: []string{rule}, Exact: true,
			Check: func(t *testing.T, out []byte) { samePixels(t, plain, out) },
		}
	}
	keep := func(name string, input []byte, decodes bool) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: input, Exact: true, Check: func(t *testing.T, out []byte) {
			if decodes {
				samePixels(t, input, out)
			}
			if float64(len(out)) > 1.02*float64(len(input)) {
				t.Errorf("grew from %d to %d bytes", len(input), len(out))
			}
		}}
	}
	refuse := func(name string, kind error, input []byte) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: input, Err: kind}
	}
	cases := []sanitizetest.Case{
		keep("plain", plain, true),
		keep("progressive", fixture(t, "progressive"), true),
		keep("deep", fixture(t, "deep"), true),
		keep("restart", fixture(t, "restart"), true),
		keep("grey", fixture(t, "grey"), true),
		keep("apart", fixture(t, "apart"), true),
		keep("crossed", fixture(t, "crossed"), false),
		keep("rgb", fixture(t, "rgb"), true),
		keep("coarse", fixture(t, "coarse"), true),
		keep("cmyk", fixture(t, "cmyk"), true),

		drop("exif", ruleExif, with(plain, 0xe1, exifWith(1))),
		drop("xmp", ruleXMP, with(plain, 0xe1, "http://ns.adobe.com/xap/1.0/\x00<x>"+needle)),
		drop("iptc", ruleIPTC, with(plain, 0xed, "Photoshop 3.0\x008BIM"+needle)),
		drop("comment", ruleComment, with(plain, markerCOM, "<?php "+needle)),
		drop("mpf", ruleMPF, with(plain, 0xe2, "MPF\x00II"+needle)),
		drop("jfxx", ruleThumbnail, with(plain, 0xe0, "JFXX\x00\x10"+needle)),
		drop("jfif thumbnail", ruleThumbnail, with(plain, 0xe0, "JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x01\x01"+needle)),
		drop("broken profile", ruleICC, with(plain, 0xe2, iccID+"\x01\x01"+strings.Repeat(needle, 20))),
		drop("half a profile", ruleICC, with(plain, 0xe2, iccID+"\x01\x02"+needle)),
		drop("unknown app", ruleApp, with(plain, 0xeb, needle)),
		drop("reserved segment", ruleApp, with(plain, 0xf0, needle)),
		drop("second jfif", ruleApp, with(with(plain, 0xe0, jfifBody), 0xe0, jfifBody)),
		drop("long adobe", ruleApp, with(plain, 0xee, "Adobe\x00\x64\x00\x00\x00\x00\x01"+needle)),
		drop("trailing", ruleTrailing, append(bytes.Clone(plain), needle...)),
		drop("after the last coefficient", rulePadding, bytes.Join([][]byte{plain[:end], []byte(needle), plain[end:]}, nil)),
		drop("fill bytes", rulePadding, before(t, plain, markerSOF0, "\xff\xff\xff")),
		drop("unused table", ruleTable, before(t, plain, markerSOF0, "\xff\xdb\x00\x43\x03"+strings.Repeat("NEEDLE01", 8))),
		drop("no end", ruleNoEnd, plain[:end]),

		{Name: "orientation", Input: with(plain, 0xe1, exifWith(6)), Gone: []string{"NEEDLE"}, Rules: []string{ruleExif}, Exact: true,
			Keep: []string{string(exif(6))}},
		{Name: "density", Input: with(plain, 0xe0, jfifBody), Exact: true, Keep: []string{jfifBody}},
		{Name: "profile", Input: with(plain, 0xe2, iccID+"\x01\x01"+string(profileRGB())), Gone: []string{"NEEDLE"},
			Rules: []string{ruleICC}, Exact: true, Keep: []string{"acsp", "rXYZ"}},
		{Name: "pixels", Input: with(plain, 0xe1, exifWith(6)), Policy: &strict, Rules: []string{rulePixels, ruleExif}, Exact: true,
			Check: func(t *testing.T, out []byte) { checkSize(t, out, 37, 45) }},
		{Name: "pixels of a grey picture", Input: fixture(t, "grey"), Policy: &strict, Rules: []string{rulePixels}, Exact: true},
		{Name: "pixels of a press picture", Input: fixture(t, "cmyk"), Policy: &strict, Exact: true},

		refuse("empty", sanitize.ErrMalformed, []byte("\xff\xd8\xff\xd9")),
		refuse("cut off", sanitize.ErrMalformed, plain[:len(plain)/2]),
		refuse("progressive cut off", sanitize.ErrMalformed, fixture(t, "progressive")[:700]),
		refuse("arithmetic", sanitize.ErrUnsupported, fixture(t, "arithmetic")),
		refuse("lossless", sanitize.ErrUnsupported, replaced(plain, "\xff\xc0\x00\x11", "\xff\xc3\x00\x11")),
		refuse("twelve bits", sanitize.ErrUnsupported, replaced(plain, "\xff\xc0\x00\x11\x08", "\xff\xc1\x00\x11\x0c")),
		refuse("number of lines later", sanitize.ErrUnsupported, before(t, plain, markerSOS, "\xff\xdc\x00\x04\x00\x25")),
		refuse("no height", sanitize.ErrMalformed, replaced(plain, "\xff\xc0\x00\x11\x08\x00\x25", "\xff\xc0\x00\x11\x08\x00\x00")),
		refuse("no frame", sanitize.ErrMalformed, replaced(plain, segmentOf(t, plain, markerSOF0), "")),
		refuse("two frames", sanitize.ErrMalformed, before(t, plain, markerSOF0, segmentOf(t, plain, markerSOF0))),
		refuse("no quantisation", sanitize.ErrMalformed, replaced(plain, segmentOf(t, plain, markerDQT), "")),
		refuse("no Huffman tables", sanitize.ErrMalformed, replaced(plain, segmentOf(t, plain, markerDHT), "")),
		refuse("picture in picture", sanitize.ErrMalformed, before(t, plain, markerSOF0, string(plain))),
		refuse("coded twice", sanitize.ErrMalformed, append(bytes.Clone(plain[:end]), plain[bytes.Index(plain, []byte{0xff, markerSOS}):]...)),
		refuse("restart too many", sanitize.ErrMalformed, append(bytes.Clone(plain[:end]), "\xff\xd0AA\xff\xd9"...)),
		refuse("too large", sanitize.ErrLimit, replaced(plain, "\xff\xc0\x00\x11\x08\x00\x25\x00\x2d", "\xff\xc0\x00\x11\x08\xff\xff\xff\xff")),
		{Name: "limit of pixels", Input: plain, Policy: &few, Err: sanitize.ErrLimit},
		{Name: "many scans", Input: manyScans(t), Err: sanitize.ErrLimit},
	}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Cases: cases,
		Foreign: [][]byte{nil, []byte("\xff\xd8"), []byte("\x89PNG\r\n\x1a\n"), []byte("%PDF-1.7\n\xff\xd8\xff")},
	})
}

const jfifBody = "JFIF\x00\x01\x02\x01\x00\x60\x00\x60\x00\x00"

func replaced(b []byte, what, by string) []byte {
	return bytes.Replace(b, []byte(what), []byte(by), 1)
}

func checkSize(t *testing.T, out []byte, w, h int) {
	t.Helper()
	c, err := jpeg.DecodeConfig(bytes.NewReader(out))
	if err != nil || c.Width != w || c.Height != h {
		t.Errorf("%d by %d (%v), want %d by %d", c.Width, c.Height, err, w, h)
	}
}

// manyScans returns a progressive picture whose bands are coded one coefficient and one bit at a time, without ever
// ending: 64 coefficients of three components in fourteen scans each.
func manyScans(t *testing.T) []byte {
	t.Helper()
	p := fixture(t, "progressive")
	b := bytes.Clone(p[:bytes.Index(p, []byte{0xff, markerSOS})])
	b = append(b, "\xff\xc4\x00\x14\x00\x01"+strings.Repeat("\x00", 16)...)
	b = append(b, "\xff\xc4\x00\x14\x10\x01"+strings.Repeat("\x00", 16)...)
	for c := 1; c <= 3; c++ {
		b = append(b, 0xff, markerSOS, 0, 8, 1, byte(c), 0, 0, 0, 0, 0, 0, 0, 0)
		for k := byte(1); k < 64; k++ {
			b = append(b, 0xff, markerSOS, 0, 8, 1, byte(c), 0, k, k, 13, 0, 0, 0, 0)
			for low := byte(13); low > 0; low-- {
				b = append(b, 0xff, markerSOS, 0, 8, 1, byte(c), 0, k, k, low<<4|(low-1), 0, 0, 0, 0)
			}
		}
	}
	return append(b, 0xff, markerEOI)
}

// profileRGB returns a profile of three components.
func profileRGB() []byte {
	tags := []struct{ name, body string }{
		{"cprt", "text\x00\x00\x00\x00NEEDLE-OF-MAKER\x00"}, {"wtpt", "XYZ " + strings.Repeat("\x00\x00\x00\x01", 4)},
		{"rXYZ", "XYZ " + strings.Repeat("\x00\x00\x00\x02", 4)}, {"gXYZ", "XYZ " + strings.Repeat("\x00\x00\x00\x03", 4)},
		{"bXYZ", "XYZ " + strings.Repeat("\x00\x00\x00\x04", 4)}, {"rTRC", "curv" + strings.Repeat("\x00", 8)},
		{"gTRC", "curv" + strings.Repeat("\x00", 8)}, {"bTRC", "curv" + strings.Repeat("\x00", 8)},
	}
	b := make([]byte, 132+12*len(tags))
	b[8] = 2
	copy(b[12:], "mntrRGB XYZ ")
	copy(b[36:], "acsp")
	b[131] = byte(len(tags))
	for i, tag := range tags {
		entry := b[132+12*i:]
		copy(entry, tag.name)
		binary.BigEndian.PutUint32(entry[4:], uint32(len(b)))
		binary.BigEndian.PutUint32(entry[8:], uint32(len(tag.body)))
		b = append(b, tag.body...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// rebuild runs the format through an engine.
func rebuild(t testing.TB, policy sanitize.Policy, b []byte) ([]byte, sanitize.Report, error) {
	t.Helper()
	e, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	report, err := e.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(b), Policy: policy}, &out)
	return out.Bytes(), report, err
}

// TestRestarts proves that restarts leave no trace: the picture comes out like the one without them.
func TestRestarts(t *testing.T) {
	deep, _, err := rebuild(t, sanitize.Standard(), fixture(t, "deep"))
	if err != nil {
		t.Fatal(err)
	}
	deepRestart, _, err := rebuild(t, sanitize.Standard(), fixture(t, "deep-restart"))
	if err != nil || !bytes.Equal(deep, deepRestart) {
		t.Errorf("the progressive picture with restarts comes out otherwise (%v)", err)
	}
	restart, _, err := rebuild(t, sanitize.Standard(), fixture(t, "restart"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(restart, []byte{0xff, markerDRI}) {
		t.Error("a restart interval survives")
	}
	samePixels(t, fixture(t, "restart"), restart)
}

func TestProgressiveStays(t *testing.T) {
	for _, name := range []string{"progressive", "deep-restart", "grey", "crossed"} {
		in := fixture(t, name)
		out, _, err := rebuild(t, sanitize.Standard(), in)
		if err != nil {
			t.Fatal(err)
		}
		was, is := bytes.Count(in, []byte{0xff, markerSOS, 0}), bytes.Count(out, []byte{0xff, markerSOS, 0})
		if !bytes.Contains(out, []byte{0xff, markerSOF2, 0}) || was != is || was < 2 {
			t.Errorf("%s: had %d scans, has %d", name, was, is)
		}
	}
}

func FuzzRebuild(f *testing.F) {
	for _, name := range []string{"progressive", "deep-restart", "restart", "grey", "apart", "crossed", "coarse", "cmyk"} {
		f.Add(fixture(f, name))
	}
	f.Add(with(made(f, 17, 9), 0xe1, exifWith(6)))
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 16
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := rebuild(t, policy, b)
		if err != nil {
			if strings.Contains(err.Error(), "panic:") {
				t.Fatal(err)
			}
			return
		}
		again, report, err := rebuild(t, policy, out)
		if err != nil || !bytes.Equal(out, again) || len(report.Findings) > 0 {
			t.Fatalf("not stable: %v, %v", err, report.Findings)
		}
	})
}
