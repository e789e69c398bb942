package tiff

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"slices"
	"strings"
	"testing"

	decoder "golang.org/x/image/tiff"

	"sekisho/sanitize"
	"sekisho/sanitize/image/jpeg"
	"sekisho/sanitize/sanitizetest"
)

// value is what a tag of a made file holds: numbers of a type, or bytes.
type value struct {
	kind    uint16
	numbers []uint32
	text    string
}

func short(v ...uint32) value { return value{kind: typeShort, numbers: v} }
func long(v ...uint32) value  { return value{kind: typeLong, numbers: v} }
func text(s string) value     { return value{kind: typeASCII, text: s} }

func (v value) bytes(order order) (b []byte, count int) {
	if v.numbers == nil {
		return []byte(v.text), len(v.text)
	}
	for _, n := range v.numbers {
		switch v.kind {
		case typeShort:
			b = order.number(b, n, 2)
		default:
			b = order.number(b, n, 4)
		}
	}
	if v.kind == typeRational {
		return b, len(v.numbers) / 2
	}
	return b, len(v.numbers)
}

// made is a page to make: tags and strips. Offsets and counts are put in.
type made struct {
	tags   map[uint16]value
	strips []string
	tiled  bool
}

func (m made) with(tag uint16, v value) made {
	tags := map[uint16]value{tag: v}
	for k, old := range m.tags {
		if k != tag {
			tags[k] = old
		}
	}
	m.tags = tags
	return m
}

// file makes a file of pages, with the directory in front of what it points to, as many writers do.
func file(order order, pages ...made) []byte {
	b := []byte("II\x2a\x00\x00\x00\x00\x00")
	if order.ByteOrder == binary.BigEndian {
		copy(b, "MM\x00\x2a")
	}
	link := 4
	for _, m := range pages {
		offsets, counts := uint16(tagStripOffsets), uint16(tagStripCounts)
		if m.tiled {
			offsets, counts = tagTileOffsets, tagTileCounts
		}
		var at, size []uint32
		for _, s := range m.strips {
			at, size = append(at, uint32(len(b))), append(size, uint32(len(s)))
			b = append(b, s...)
		}
		m = m.with(offsets, long(at...)).with(counts, long(size...))
		order.PutUint32(b[link:], uint32(len(b)))
		var tags []uint16
		for tag := range m.tags {
			tags = append(tags, tag)
		}
		slices.Sort(tags)
		head := len(b)
		b = append(b, make([]byte, 2+12*len(tags)+4)...)
		link = len(b) - 4
		order.PutUint16(b[head:], uint16(len(tags)))
		for i, tag := range tags {
			data, count := m.tags[tag].bytes(order)
			e := head + 2 + 12*i
			order.PutUint16(b[e:], tag)
			order.PutUint16(b[e+2:], m.tags[tag].kind)
			order.PutUint32(b[e+4:], uint32(count))
			if len(data) <= 4 {
				copy(b[e+8:e+12], data)
				continue
			}
			order.PutUint32(b[e+8:], uint32(len(b)))
			b = append(b, data...)
		}
	}
	return b
}

// grey is a page of 5 by 4 pixels in two strips.
func grey() made {
	return made{
		tags: map[uint16]value{
			tagWidth: short(5), tagLength: short(4), tagBits: short(8), tagCompression: short(1), tagPhotometric: short(1),
			tagSamples: short(1), tagRowsPerStrip: short(3), tagXResolution: {kind: typeRational, numbers: []uint32{300, 1}},
		},
		strips: []string{"\x01\x02\x03\x04\x05\x11\x12\x13\x14\x15\x21\x22\x23\x24\x25", "\x31\x32\x33\x34\x35"},
	}
}

// bilevel is a page of 24 by 2 pixels that fax machines and others understand.
func bilevel(compression uint32, strip string) made {
	m := grey().with(tagWidth, short(24)).with(tagLength, short(2)).with(tagBits, short(1)).with(tagRowsPerStrip, short(2))
	m = m.with(tagCompression, short(compression)).with(tagPhotometric, short(0))
	m.strips = []string{strip}
	return m
}

// compressed returns the page with its strips under another compression.
func (m made) compressed(compression uint32, f func(string) string) made {
	strips := m.strips
	m = m.with(tagCompression, short(compression))
	m.strips = nil
	for _, s := range strips {
		m.strips = append(m.strips, f(s))
	}
	return m
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// literal is PackBits without runs.
func literal(s string) string { return string([]byte{byte(len(s) - 1)}) + s }

// samePixels compares the first pages with another decoder.
func samePixels(t *testing.T, in, out []byte) {
	t.Helper()
	a, err := decoder.Decode(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	b, err := decoder.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("another decoder refuses the output: %v", err)
	}
	if a.Bounds() != b.Bounds() {
		t.Fatalf("was %v, is %v", a.Bounds(), b.Bounds())
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if got, want := b.At(x, y), a.At(x, y); got != want {
				t.Fatalf("pixel %d,%d was %v, is %v", x, y, want, got)
			}
		}
	}
}

// order is a byte order that can write numbers of a width.
type order struct {
	binary.ByteOrder
}

func (o order) number(b []byte, v uint32, width int) []byte {
	n := make([]byte, 4)
	if width == 2 {
		o.PutUint16(n, uint16(v))
	} else {
		o.PutUint32(n, v)
	}
	return append(b, n[:width]...)
}

// jpegStrip is a grey JPEG picture of w by h pixels with a comment.
func jpegStrip(t testing.TB, w, h int) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()[:2] + "\xff\xfe\x00\x08NEEDLE" + b.String()[2:]
}

func TestSuite(t *testing.T) {
	le, be := order{binary.LittleEndian}, order{binary.BigEndian}
	few := sanitize.Standard()
	few.Limits.Pixels, few.Limits.Pages = 19, 3
	pages := sanitize.Standard()
	pages.Limits.Pages = 2
	var cases []sanitizetest.Case
	clean := func(name string, input []byte, compare bool, rules ...string) {
		c := sanitizetest.Case{Name: name, Input: input, Gone: []string{"NEEDLE"}, Rules: rules, Exact: true}
		if compare {
			c.Check = func(t *testing.T, out []byte) { samePixels(t, input, out) }
		}
		cases = append(cases, c)
	}
	refuse := func(name string, kind error, input []byte) {
		cases = append(cases, sanitizetest.Case{Name: name, Input: input, Err: kind})
	}
	plain := file(le, grey())
	clean("little-endian", plain, true)
	clean("big-endian", file(be, grey()), true)
	clean("deflate", file(le, grey().compressed(8, deflated)), true)
	clean("old deflate", file(le, grey().compressed(32946, deflated)), true)
	clean("packbits", file(le, grey().compressed(32773, literal)), true)
	clean("lzw", file(le, made{tags: grey().with(tagLength, short(1)).with(tagWidth, short(1)).with(tagCompression, short(5)).tags,
		strips: []string{"\x80\x00\x60\x20"}}), true)
	clean("fill order", file(le, bilevel(1, "\x01\x02\x03\x80\x40\x20").with(tagFillOrder, short(2))), false)
	clean("group 4", file(le, bilevel(4, "\xc0\x00\x10\x01")), true)
	clean("group 3", file(le, bilevel(3, "\x00\x19\x8b\x30\x01\x98\xb3")), false)
	clean("tiles", file(le, tiled()), true)
	clean("palette", file(le, grey().with(tagPhotometric, short(3)).with(tagColorMap, short(slices.Repeat([]uint32{0x0101, 0xffff}, 384)...))), true)
	clean("16 bits", file(be, made{tags: grey().with(tagBits, short(16)).with(tagRowsPerStrip, short(4)).tags, strips: []string{strings.Repeat("\x12\x34", 20)}}), true)
	clean("floating point", file(le, made{tags: grey().with(tagBits, short(32)).with(tagSampleFormat, short(3)).with(tagRowsPerStrip, short(4)).tags,
		strips: []string{strings.Repeat("\x00\x00\x80\x3f", 20)}}), false)
	clean("depth once for all samples", file(le, made{tags: grey().with(tagSamples, short(3)).with(tagPhotometric, short(2)).with(tagRowsPerStrip, short(4)).tags,
		strips: []string{strings.Repeat("abc", 20)}}), false)
	clean("planes", file(le, made{tags: grey().with(tagSamples, short(3)).with(tagBits, short(8, 8, 8)).with(tagPlanar, short(2)).
		with(tagPhotometric, short(2)).with(tagRowsPerStrip, short(4)).tags, strips: slices.Repeat([]string{strings.Repeat("z", 20)}, 3)}), false)
	clean("subsampled", file(le, made{tags: grey().with(tagSamples, short(3)).with(tagBits, short(8, 8, 8)).with(tagPhotometric, short(6)).
		with(tagYCbCrSampling, short(2, 2)).with(tagRowsPerStrip, short(4)).tags, strips: []string{strings.Repeat("yyyybr", 6)}}), false)
	clean("jpeg", file(le, made{tags: grey().with(tagCompression, short(7)).tags, strips: []string{jpegStrip(t, 5, 3), jpegStrip(t, 5, 1)}}), false, "jpeg/comment")
	clean("text", file(le, grey().with(270, text("NEEDLE")).with(305, text("NEEDLE")).with(315, text("NE"))), true, ruleText)
	clean("xmp", file(le, grey().with(700, text("<NEEDLE>"))), true, ruleXMP)
	clean("iptc", file(le, grey().with(33723, text("NEEDLE")).with(34377, text("8BIMNEEDLE"))), true, ruleIPTC)
	clean("exif", file(le, grey().with(34665, long(8)).with(34853, long(8))), true, ruleExif)
	clean("private tag", file(le, grey().with(65000, text("NEEDLE"))), true, ruleTag)
	clean("sub-directory", file(le, grey().with(330, long(8))), true, ruleSubIFD)
	clean("not a profile", file(le, grey().with(tagICC, text("NEEDLE"))), true, ruleICC)
	clean("orientation 9", file(le, grey().with(tagOrientation, short(9))), true, ruleTag)
	clean("predictor of nothing", file(le, grey().with(tagPredictor, short(1))), true, ruleTag)
	clean("trailing", append(bytes.Clone(plain), "NEEDLE"...), true, ruleTrailing)
	clean("surplus", file(le, grey().compressed(8, func(s string) string { return deflated(s + "NEEDLE") })), false, ruleSurplus)
	clean("pages", file(le, grey(), grey().compressed(8, deflated), bilevel(4, "\xc0\x00\x10\x01")), true)
	clean("thumbnail", file(le, grey(), made{tags: grey().with(tagSubfileType, long(1)).tags, strips: []string{"NEEDLE-12345678", "NEEDL"}}), true, ruleThumbnail)
	for _, c := range []*sanitizetest.Case{{Name: "limit of pixels", Input: plain, Policy: &few}, {Name: "limit of pages", Input: file(le, grey(), grey(), grey()), Policy: &pages}} {
		c.Err = sanitize.ErrLimit
		cases = append(cases, *c)
	}
	refuse("big tiff", sanitize.ErrUnsupported, []byte("II\x2b\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"))
	refuse("old jpeg", sanitize.ErrUnsupported, file(le, grey().with(tagCompression, short(6))))
	refuse("two-dimensional group 3", sanitize.ErrUnsupported, file(le, bilevel(3, "\x00\x15\x02\x83").with(tagT4Options, long(1))))
	refuse("circle", sanitize.ErrMalformed, circle(plain))
	refuse("no pages", sanitize.ErrMalformed, []byte("II\x2a\x00\x00\x00\x00\x00"))
	refuse("header only", sanitize.ErrMalformed, plain[:8])
	refuse("too few strips", sanitize.ErrMalformed, file(le, made{tags: grey().tags, strips: grey().strips[:1]}))
	refuse("short strip", sanitize.ErrMalformed, file(le, made{tags: grey().tags, strips: []string{"too short", "12345"}}))
	refuse("short deflate", sanitize.ErrMalformed, file(le, grey().compressed(8, func(s string) string { return deflated(s[1:]) })))
	refuse("short packbits", sanitize.ErrMalformed, file(le, grey().compressed(32773, func(s string) string { return literal(s)[:len(s)] })))
	refuse("no width", sanitize.ErrMalformed, file(le, grey().with(tagWidth, short(0))))
	refuse("2^31 square", sanitize.ErrLimit, file(le, grey().with(tagWidth, long(1<<31-1)).with(tagLength, long(1<<31-1))))
	refuse("bomb", sanitize.ErrLimit, file(le, made{tags: grey().with(tagWidth, long(9000)).with(tagLength, long(9000)).with(tagRowsPerStrip, long(9000)).
		with(tagCompression, short(8)).tags, strips: []string{deflated("")}}))
	refuse("many bits", sanitize.ErrMalformed, file(le, grey().with(tagBits, short(999))))
	refuse("jpeg of another size", sanitize.ErrMalformed, file(le, made{tags: grey().with(tagCompression, short(7)).tags,
		strips: []string{jpegStrip(t, 6, 3), jpegStrip(t, 5, 1)}}))
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Others: []sanitize.Format{jpeg.Format{}}, Cases: cases,
		Foreign: [][]byte{nil, []byte("II*"), []byte("II and III are numbers"), []byte("\x89PNG\r\n\x1a\n"), []byte("BM")},
	})
}

// tiled is a page of one tile that is larger than the picture.
func tiled() made {
	m := grey().with(tagTileWidth, short(16)).with(tagTileLength, short(16))
	delete(m.tags, tagRowsPerStrip)
	m.tiled, m.strips = true, []string{strings.Repeat("0123456789abcdef", 16)}
	return m
}

// circle makes the last directory point to the first.
func circle(b []byte) []byte {
	b = bytes.Clone(b)
	at := binary.LittleEndian.Uint32(b[4:])
	n := binary.LittleEndian.Uint16(b[at:])
	binary.LittleEndian.PutUint32(b[int(at)+2+12*int(n):], at)
	return b
}

// TestFax proves that a black pixel is a one: eight white, eight black, eight white, in both lines.
func TestFax(t *testing.T) {
	for name, m := range map[string]made{
		"group 3":             bilevel(3, "\x00\x19\x8b\x30\x01\x98\xb3"),
		"group 3 with fill":   bilevel(3, "\x00\x01\x98\xb3\x00\x01\x98\xb3"),
		"group 3, no first":   bilevel(3, "\x98\xb3\x00\x19\x8b\x30"),
		"group 4":             bilevel(4, "\x33\x17\xc0\x04\x00\x40"),
		"not compressed":      bilevel(1, "\x00\xff\x00\x00\xff\x00"),
		"the other way round": bilevel(1, "\x00\xff\x00\x00\xff\x00").with(tagFillOrder, short(2)),
	} {
		pages, _, err := parse(context.Background(), file(order{binary.LittleEndian}, m), sanitize.DefaultLimits(), &sanitize.Report{})
		if err != nil {
			t.Fatal(name, err)
		}
		got, _, err := pages[0].decompress(0, 6)
		if err != nil || string(got) != "\x00\xff\x00\x00\xff\x00" {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

func TestPackBits(t *testing.T) { // the example of Apple's technical note 1023
	got, surplus, err := packBits([]byte("\xfe\xaa\x02\x80\x00\x2a\xfd\xaa\x03\x80\x00\x2a\x22\xf7\xaa"), 24)
	if want := "\xaa\xaa\xaa\x80\x00\x2a\xaa\xaa\xaa\xaa\x80\x00\x2a\x22" + strings.Repeat("\xaa", 10); string(got) != want || surplus || err != nil {
		t.Errorf("%x, %v, %v", got, surplus, err)
	}
}

func TestPalettesHoldNoText(t *testing.T) {
	m := grey().with(tagPhotometric, short(3)).with(tagColorMap, value{kind: typeShort, numbers: slices.Repeat([]uint32{0x454e, 0x4445, 0x454c}, 256)})
	var out bytes.Buffer
	e, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	in := file(order{binary.LittleEndian}, m)
	if !bytes.Contains(in, []byte("NEEDLE")) {
		t.Fatal("no text to begin with")
	}
	if _, err := e.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(in), Policy: sanitize.Standard()}, &out); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out.Bytes(), []byte("NEED")) {
		t.Error("a text survives in the palette")
	}
	img, err := decoder.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if got := color.NRGBAModel.Convert(img.At(0, 0)); got == (color.NRGBA{}) {
		t.Errorf("the colour is gone: %v", got)
	}
}

func FuzzRebuild(f *testing.F) {
	le := order{binary.LittleEndian}
	f.Add(file(le, grey()))
	f.Add(file(order{binary.BigEndian}, grey().compressed(8, deflated), tiled()))
	f.Add(file(le, bilevel(3, "\x00\x19\x8b\x30\x01\x98\xb3"), bilevel(4, "\x33\x17\xc0\x04\x00\x40")))
	f.Add(file(le, made{tags: grey().with(tagCompression, short(7)).tags, strips: []string{jpegStrip(f, 5, 3), jpegStrip(f, 5, 1)}}))
	f.Add(file(le, grey().compressed(32773, literal).with(270, text("description"))))
	e, err := sanitize.NewEngine([]sanitize.Format{Format{}, jpeg.Format{}}, sanitize.Naming{})
	if err != nil {
		f.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Pixels, policy.Limits.Expanded = 1<<16, 1<<22
	rebuild := func(b []byte) ([]byte, sanitize.Report, error) {
		var out bytes.Buffer
		report, err := e.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(b), Policy: policy}, &out)
		return out.Bytes(), report, err
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := rebuild(b)
		if err != nil {
			if strings.Contains(err.Error(), "panic:") {
				t.Fatal(err)
			}
			return
		}
		again, report, err := rebuild(out)
		if err != nil || !bytes.Equal(out, again) || len(report.Findings) > 0 {
			t.Fatalf("not stable: %v, %v", err, report.Findings)
		}
	})
}
