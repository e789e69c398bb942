package png

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// ch returns a chunk.
func ch(kind string, body ...string) string {
	data := strings.Join(body, "")
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(b, kind+data...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:])))
}

// u32 returns numbers as four bytes each.
func u32(values ...uint32) string {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return string(b)
}

func ihdr(w, h uint32, depth, colour, interlace byte) string {
	return ch("IHDR", u32(w, h), string([]byte{depth, colour, 0, 0, interlace}))
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func file(chunks ...string) []byte {
	return []byte(signature + strings.Join(chunks, "") + ch("IEND"))
}

// plain is a picture of 5 by 4 pixels in RGB with every filter but one.
func plainRows() string {
	rows := ""
	for y := range 4 {
		rows += string([]byte{byte(y + 1)}) + strings.Repeat(string([]byte{byte(y), 7, byte(3 * y)}), 5)
	}
	return rows
}

// insert returns a plain picture with chunks before its pixels.
func insert(chunks ...string) []byte {
	return file(ihdr(5, 4, 8, colourRGB, 0), strings.Join(chunks, ""), ch("IDAT", deflated(plainRows())))
}

// indexed is a palette picture of 8 by 2 pixels with 2 bits: entry 3 is not used, 0 and 2 have the same colour.
func indexed(chunks ...string) []byte {
	return file(ihdr(8, 2, 2, colourPalette, 0), ch("PLTE", "<?=NEE<?=DLE"), strings.Join(chunks, ""),
		ch("IDAT", deflated("\x00\x12\x48\x02\x00\x00")))
}

func encoded(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// kinds returns a picture of each kind that image/png writes, 40 by 30 pixels.
func kinds(t testing.TB) map[string][]byte {
	r := image.Rect(0, 0, 40, 30)
	set := map[string]interface {
		image.Image
		Set(x, y int, c color.Color)
	}{
		"grey": image.NewGray(r), "grey16": image.NewGray16(r), "rgba": image.NewNRGBA(r), "rgba64": image.NewNRGBA64(r),
		"paletted": image.NewPaletted(r, color.Palette{color.NRGBA{9, 8, 7, 255}, color.NRGBA{200, 0, 0, 100}, color.NRGBA{0, 200, 0, 255}}),
	}
	out := map[string][]byte{}
	for name, img := range set {
		for i := range 1200 {
			x, y := i%40, i/40
			img.Set(x, y, color.NRGBA{uint8(6 * x), uint8(8 * y), uint8(x * y), uint8(255 - x%3)})
		}
		out[name] = encoded(t, img)
	}
	opaque := image.NewNRGBA(r)
	for i := range 1200 {
		opaque.Set(i%40, i/40, color.NRGBA{uint8(i), uint8(i / 3), 9, 255})
	}
	out["rgb"] = encoded(t, opaque)
	return out
}

func samePixels(t *testing.T, in, out []byte) {
	t.Helper()
	a, err := png.Decode(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	b, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("another decoder refuses the output: %v", err)
	}
	if a.Bounds() != b.Bounds() {
		t.Fatalf("was %v, is %v", a.Bounds(), b.Bounds())
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if got, want := color.NRGBA64Model.Convert(b.At(x, y)), color.NRGBA64Model.Convert(a.At(x, y)); got != want {
				t.Fatalf("pixel %d,%d was %v, is %v", x, y, want, got)
			}
		}
	}
}

// interlaced is a palette picture of 5 by 5 pixels in seven passes, with all filters.
func interlaced() []byte {
	var rows []byte
	for i, w := range []int{1, 1, 2, 1, 1, 3, 2, 2, 2, 5, 5} {
		rows = append(rows, byte(i%5))
		rows = append(rows, 1, 0, 1, 0, 0)
		rows = rows[:len(rows)-5+w]
	}
	return file(ihdr(5, 5, 8, colourPalette, 1), ch("PLTE", strings.Repeat("abcdefghi", 8)), ch("IDAT", deflated(string(rows))))
}

// animated is a picture with two more frames; sequence numbers start at first.
func animated(frames, first uint32) []byte {
	control := func(n, w, h, x, y uint32) string {
		return ch("fcTL", u32(n, w, h, x, y), "\x00\x01\x00\x0a\x00\x01")
	}
	return file(ihdr(5, 4, 8, colourRGB, 0), ch("acTL", u32(frames, 0)), control(first, 5, 4, 0, 0), ch("IDAT", deflated(plainRows())),
		control(first+1, 1, 1, 4, 3), ch("fdAT", u32(first+2), deflated("\x00abc")),
		control(first+3, 2, 1, 0, 0), ch("fdAT", u32(first+4), deflated("\x00abcdef")[:6]), ch("fdAT", u32(first+5), deflated("\x00abcdef")[6:]))
}

func TestSuite(t *testing.T) {
	plain := insert()
	strict, few := sanitize.Strict(), sanitize.Standard()
	few.Limits.Pixels = 19
	var cases []sanitizetest.Case
	add := func(c ...sanitizetest.Case) { cases = append(cases, c...) }
	all := kinds(t)
	all["plain"], all["interlaced"] = plain, interlaced()
	for name, b := range all {
		same := sanitizetest.Case{Name: name, Input: b, Check: func(t *testing.T, out []byte) { samePixels(t, b, out) }}
		if name != "interlaced" && name != "paletted" {
			same.Exact = true
		}
		add(same)
	}
	slices.SortFunc(cases, func(a, b sanitizetest.Case) int { return strings.Compare(a.Name, b.Name) })
	drop := func(name, rule string, input []byte) {
		add(sanitizetest.Case{Name: name, Input: input, Gone: []string{"NEEDLE"}, Rules: []string{rule}, Exact: true,
			Check: func(t *testing.T, out []byte) { samePixels(t, insert(), out) }})
	}
	keep := func(name, chunk string) {
		add(sanitizetest.Case{Name: name, Input: insert(chunk), Exact: true, Keep: []string{chunk}})
	}
	refuse := func(name string, kind error, input []byte) {
		add(sanitizetest.Case{Name: name, Input: input, Err: kind})
	}

	drop("text", ruleText, insert(ch("tEXt", "Author\x00NEEDLE")))
	drop("compressed text", ruleText, insert(ch("zTXt", "Author\x00\x00", deflated("NEEDLE"))))
	drop("international text", ruleText, insert(ch("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00NEEDLE")))
	drop("exif", ruleExif, insert(ch("eXIf", "II*\x00NEEDLE")))
	drop("time", ruleTime, insert(ch("tIME", "NEEDLE1")))
	drop("private chunk", ruleChunk, insert(ch("evIl", "NEEDLE")))
	drop("histogram", ruleChunk, insert(ch("hIST", "NEEDLE")))
	drop("not a profile", ruleICC, insert(ch("iCCP", "NEEDLE\x00\x00", deflated(strings.Repeat("NEEDLE", 40)))))
	drop("profile for grey", ruleICC, insert(ch("iCCP", "NEEDLE\x00\x00", deflated(grayProfile()))))
	drop("long gamma", ruleValue, insert(ch("gAMA", "\x00\x00\x00\x01NEEDLE")))
	drop("second gamma", ruleValue, insert(ch("gAMA", u32(45455)), ch("gAMA", u32(45456))))
	drop("rendering intent", ruleValue, insert(ch("sRGB", "\x09")))
	drop("wide sample", ruleValue, insert(ch("bKGD", "NEEDLE")))
	drop("wrong checksum", ruleChecksum, insert(strings.Replace(ch("tEXt", "aNEEDLE"), "aN", "bN", 1)))
	drop("suggested palette", rulePalette, insert(ch("PLTE", "NEEDLE")))
	drop("behind the end", ruleTrailing, append(insert(), "NEEDLE"...))
	drop("end with a body", ruleTrailing, bytes.Replace(insert(), []byte(ch("IEND")), []byte(ch("IEND", "NEEDLE")), 1))
	drop("surplus stream", ruleSurplus, file(ihdr(5, 4, 8, colourRGB, 0), ch("IDAT", deflated(plainRows()), "NEEDLE")))
	drop("surplus rows", ruleSurplus, file(ihdr(5, 4, 8, colourRGB, 0), ch("IDAT", deflated(plainRows()+"NEEDLE"))))
	drop("animation with a wrong count", ruleAnimation, animated(1<<31-1, 0))
	drop("animation out of sequence", ruleAnimation, animated(3, 1))
	drop("frame before the animation", ruleAnimation, insert(ch("fdAT", "\x00\x00\x00\x00NEEDLE")))
	add(
		sanitizetest.Case{Name: "palette", Input: indexed(), Gone: []string{"<?=NEE<?=", "DLE"}, Keep: []string{"<?=", "NEE"},
			Rules: []string{rulePalette}, Exact: true, Check: func(t *testing.T, out []byte) { samePixels(t, indexed(), out) }},
		sanitizetest.Case{Name: "palette with alpha", Input: indexed(ch("tRNS", "\xff\x80"), ch("bKGD", "\x02")), Rules: []string{rulePalette},
			Exact: true, Check: func(t *testing.T, out []byte) { samePixels(t, indexed(ch("tRNS", "\xff\x80")), out) }},
		sanitizetest.Case{Name: "animation", Input: animated(3, 0), Exact: true, Check: func(t *testing.T, out []byte) {
			samePixels(t, plain, out)
			if got := frameRows(t, out); !slices.Equal(got, []string{"\x00abc", "\x00abcdef"}) {
				t.Errorf("rows of the frames: %q", got)
			}
		}},
		sanitizetest.Case{Name: "no animation", Input: animated(3, 0), Policy: &strict, Rules: []string{ruleAnimation}, Exact: true,
			Gone: []string{"acTL", "fcTL", "fdAT"}},
		sanitizetest.Case{Name: "no end", Input: plain[:len(plain)-12], Rules: []string{ruleNoEnd}, Exact: true},
		sanitizetest.Case{Name: "limit of pixels", Input: plain, Policy: &few, Err: sanitize.ErrLimit},
	)
	keep("gamma", ch("gAMA", u32(45455)))
	keep("primaries", ch("cHRM", u32(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)))
	keep("srgb", ch("sRGB", "\x00"))
	keep("cicp", ch("cICP", "\x0c\x0d\x00\x01"))
	keep("density", ch("pHYs", u32(3780, 3780), "\x01"))
	keep("significant bits", ch("sBIT", "\x05\x06\x05"))
	keep("background", ch("bKGD", "\x00\x01\x00\x02\x00\x03"))
	keep("transparency", ch("tRNS", "\x00\x01\x00\x02\x00\x03"))

	refuse("signature only", sanitize.ErrMalformed, []byte(signature))
	refuse("no header", sanitize.ErrMalformed, file(ch("IDAT", deflated(plainRows()))))
	refuse("two headers", sanitize.ErrMalformed, insert(ihdr(5, 4, 8, colourRGB, 0)))
	refuse("header checksum", sanitize.ErrMalformed, bytes.Replace(plain, []byte("IHDR\x00\x00\x00\x05"), []byte("IHDR\x00\x00\x00\x06"), 1))
	refuse("no pixels", sanitize.ErrMalformed, file(ihdr(5, 4, 8, colourRGB, 0)))
	refuse("too few rows", sanitize.ErrMalformed, file(ihdr(5, 4, 8, colourRGB, 0), ch("IDAT", deflated(plainRows()[:40]))))
	refuse("pixel checksum", sanitize.ErrMalformed, file(ihdr(5, 4, 8, colourRGB, 0), ch("IDAT", wrongSum(deflated(plainRows())))))
	refuse("no zlib", sanitize.ErrMalformed, file(ihdr(5, 4, 8, colourRGB, 0), ch("IDAT", "pixels")))
	refuse("filter 5", sanitize.ErrMalformed, file(ihdr(1, 1, 8, colourRGB, 0), ch("IDAT", deflated("\x05abc"))))
	refuse("pixels in two places", sanitize.ErrMalformed,
		file(ihdr(5, 4, 8, colourRGB, 0), ch("IDAT", deflated(plainRows())[:9]), ch("tIME", "1234567"), ch("IDAT", deflated(plainRows())[9:])))
	refuse("critical chunk", sanitize.ErrUnsupported, insert(ch("CgBI", "\x50\x00\x20\x02")))
	refuse("chunk name", sanitize.ErrMalformed, insert(ch("a\x00b<", "")))
	refuse("no palette", sanitize.ErrMalformed, file(ihdr(1, 1, 8, colourPalette, 0), ch("IDAT", deflated("\x00\x00"))))
	refuse("long palette", sanitize.ErrMalformed, file(ihdr(1, 1, 1, colourPalette, 0), ch("PLTE", "abcabcabc"), ch("IDAT", deflated("\x00\x00"))))
	refuse("index outside", sanitize.ErrMalformed, file(ihdr(1, 1, 8, colourPalette, 0), ch("PLTE", "abc"), ch("IDAT", deflated("\x00\x01"))))
	refuse("depth 33", sanitize.ErrMalformed, file(ihdr(5, 4, 33, colourRGB, 0), ch("IDAT", deflated(plainRows()))))
	refuse("no width", sanitize.ErrMalformed, file(ihdr(0, 4, 8, colourRGB, 0), ch("IDAT", deflated(plainRows()))))
	refuse("60000 square", sanitize.ErrLimit, file(ihdr(60000, 60000, 8, colourRGB, 0), ch("IDAT", deflated(plainRows()))))
	refuse("wide palette picture", sanitize.ErrLimit, file(ihdr(1<<26, 1, 8, colourPalette, 0), ch("PLTE", "abc"), ch("IDAT", deflated("\x00"))))
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Cases: cases,
		Foreign: [][]byte{nil, []byte(signature[:7]), []byte("GIF89a"), []byte("\xff\xd8\xff\xe0"), []byte("%PDF" + signature)},
	})
}

// frameRows returns what is inflated from each fdAT chunk of b.
func frameRows(t *testing.T, b []byte) (rows []string) {
	t.Helper()
	for rest := b[len(signature):]; ; {
		c, after, err := nextChunk(rest)
		if err != nil {
			return rows
		}
		if rest = after; c.kind != "fdAT" {
			continue
		}
		z, err := zlib.NewReader(bytes.NewReader(c.body[4:]))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, string(data))
	}
}

func wrongSum(z string) string { return z[:len(z)-1] + string([]byte{z[len(z)-1] ^ 1}) }

// grayProfile is a profile of one component.
func grayProfile() string {
	b := make([]byte, 132+24)
	b[8] = 2
	copy(b[12:], "mntrGRAYXYZ ")
	copy(b[36:], "acsp")
	b[131] = 2
	for i, tag := range []struct{ name, body string }{
		{"wtpt", "XYZ " + strings.Repeat("\x00\x00\x00\x01", 4)}, {"kTRC", "curv" + strings.Repeat("\x00", 8)},
	} {
		copy(b[132+12*i:], tag.name+u32(uint32(len(b)), uint32(len(tag.body))))
		b = append(b, tag.body...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return string(b)
}

// TestProfile proves that a profile survives for a picture that it fits, under a name of ours.
func TestProfile(t *testing.T) {
	in := file(ihdr(1, 1, 8, colourGrey, 0), ch("iCCP", "NEEDLE\x00\x00", deflated(grayProfile())), ch("IDAT", deflated("\x00a")))
	out, report, err := rebuild(t, sanitize.Standard(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out, []byte("iCCPprofile\x00")) || bytes.Contains(out, []byte("NEEDLE")) {
		t.Errorf("profile is not kept under our name: %q", out)
	}
	if len(report.Findings) != 1 || report.Findings[0].Rule != ruleICC || report.Findings[0].Action != sanitize.Replaced {
		t.Errorf("findings %v", report.Findings)
	}
	again, report, err := rebuild(t, sanitize.Standard(), out)
	if err != nil || !bytes.Equal(out, again) || len(report.Findings) > 0 {
		t.Errorf("not stable: %v, %v", err, report.Findings)
	}
}

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

func FuzzRebuild(f *testing.F) {
	for _, b := range kinds(f) {
		f.Add(b)
	}
	f.Add(interlaced())
	f.Add(animated(3, 0))
	f.Add(indexed(ch("tRNS", "\xff\x80"), ch("bKGD", "\x02")))
	f.Add(insert(ch("gAMA", u32(45455)), ch("pHYs", u32(3780, 3780), "\x01"), ch("tEXt", "a\x00b")))
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 16
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := rebuild(t, policy, resummed(b))
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

// resummed puts the checksums of chunks right, so that changes reach what is behind them.
func resummed(b []byte) []byte {
	b = bytes.Clone(b)
	for at := 8; at+12 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[at:]))
		if n > len(b)-at-12 {
			break
		}
		binary.BigEndian.PutUint32(b[at+8+n:], crc32.ChecksumIEEE(b[at+4:at+8+n]))
		at += 12 + n
	}
	return b
}
