package bmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"strings"
	"testing"

	decoder "golang.org/x/image/bmp"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// bitmap describes a bitmap to make.
type bitmap struct {
	header        int
	width, height int32
	depth         uint16
	compression   uint32
	colours       uint32
	extra         string // behind the first 40 bytes of the header: masks, colour space
	palette       string
	gap           string
	pixels        string
	trailing      string
}

func (m bitmap) bytes() []byte {
	if m.header == 0 {
		m.header = infoHeader
	}
	h := binary.LittleEndian.AppendUint32(nil, uint32(m.header))
	if m.header == coreHeader {
		for _, v := range []uint16{uint16(m.width), uint16(m.height), 1, m.depth} {
			h = binary.LittleEndian.AppendUint16(h, v)
		}
	} else {
		h = binary.LittleEndian.AppendUint32(h, uint32(m.width))
		h = binary.LittleEndian.AppendUint32(h, uint32(m.height))
		h = binary.LittleEndian.AppendUint16(h, 1)
		h = binary.LittleEndian.AppendUint16(h, m.depth)
		for _, v := range []uint32{m.compression, 0, 2835, 2835, m.colours, 0} {
			h = binary.LittleEndian.AppendUint32(h, v)
		}
		h = append(h, m.extra...)
		if len(h) < m.header {
			h = append(h, make([]byte, m.header-len(h))...)
		}
	}
	h = append(h, m.palette+m.gap...)
	b := append([]byte("BM"), make([]byte, 12)...)
	binary.LittleEndian.PutUint32(b[10:], uint32(fileHeader+len(h)))
	b = append(append(b, h...), m.pixels+m.trailing...)
	binary.LittleEndian.PutUint32(b[2:], uint32(len(b)))
	return b
}

// Two rows of two pixels in 24 bits, the bottom one first.
const rows24 = "\x01\x02\x03\x04\x05\x06\x00\x00" + "\x11\x12\x13\x14\x15\x16\x00\x00"

func plain() bitmap { return bitmap{width: 2, height: 2, depth: 24, pixels: rows24} }

func u32(values ...uint32) string {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return string(b)
}

// want checks the pixels of the output, from the top, with another decoder.
func want(pixels ...color.Color) func(*testing.T, []byte) {
	return func(t *testing.T, out []byte) {
		t.Helper()
		img, err := decoder.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		check(t, img, pixels)
	}
}

func check(t *testing.T, img image.Image, pixels []color.Color) {
	t.Helper()
	b := img.Bounds()
	if b.Dx()*b.Dy() != len(pixels) {
		t.Fatalf("%v, want %d pixels", b, len(pixels))
	}
	for i, want := range pixels {
		got := color.NRGBAModel.Convert(img.At(i%b.Dx(), i/b.Dx()))
		if got != color.NRGBAModel.Convert(want) {
			t.Errorf("pixel %d is %v, want %v", i, got, want)
		}
	}
}

func grey(values ...byte) (all []color.Color) {
	for _, v := range values {
		all = append(all, color.Gray{v})
	}
	return all
}

// wantRLE8 checks the grey pixels of a run-length encoded output, from the top.
func wantRLE8(width int, values ...byte) func(*testing.T, []byte) {
	return func(t *testing.T, out []byte) {
		t.Helper()
		b := out[binary.LittleEndian.Uint32(out[10:]):]
		var rows [][]byte
		row := []byte{}
		for len(b) > 0 {
			n, v := int(b[0]), b[1]
			b = b[2:]
			switch {
			case n > 0:
				row = append(row, bytes.Repeat([]byte{v}, n)...)
			case v < 2:
				rows, row = append([][]byte{row}, rows...), nil
			default:
				row, b = append(row, b[:v]...), b[v+v%2:]
			}
		}
		got := bytes.Join(rows, nil)
		for i, index := range got {
			got[i] = out[fileHeader+infoHeader+4*int(index)]
		}
		if !bytes.Equal(got, values) || len(rows)*width != len(values) {
			t.Errorf("pixels are %d, want %d", got, values)
		}
	}
}

// greys is a palette of 16 greys, each 17 brighter than the one before.
func greys(n int) string {
	s := ""
	for i := range n {
		v := byte(17 * i)
		s += string([]byte{v, v, v, 0})
	}
	return s
}

// raw checks that the rest of the output, behind the headers, is exactly this.
func raw(t *testing.T, out []byte, what string) {
	t.Helper()
	if at := binary.LittleEndian.Uint32(out[10:]); string(out[at:]) != what {
		t.Errorf("pixels are %x, want %x", out[at:], what)
	}
}

func TestSuite(t *testing.T) {
	rgb := func(r, g, b byte) color.Color { return color.NRGBA{r, g, b, 255} }
	wantPlain := want(rgb(0x13, 0x12, 0x11), rgb(0x16, 0x15, 0x14), rgb(3, 2, 1), rgb(6, 5, 4))
	few := sanitize.Standard()
	few.Limits.Pixels = 3
	change := func(f func(*bitmap)) []byte {
		m := plain()
		f(&m)
		return m.bytes()
	}
	pal4 := bitmap{width: 5, height: 2, depth: 4, colours: 4, palette: greys(4), pixels: "\x01\x23\x0f\x00" + "\x12\x30\x1f\x00"}
	pal1 := bitmap{width: 9, height: 2, depth: 1, palette: greys(2), pixels: "\xaa\xff\x00\x00" + "\x0f\x00\x00\x00"}
	rle := func(depth uint16, compression uint32, codes string) bitmap {
		return bitmap{width: 5, height: 2, depth: depth, compression: compression, colours: 4, palette: greys(4), pixels: codes}
	}
	all8 := grey(17, 17, 17, 17, 17, 0, 17, 34, 51, 0)
	clean := func(name string, input []byte, check func(*testing.T, []byte), rules ...string) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: input, Gone: []string{"NEEDLE"}, Rules: rules, Exact: true, Check: check}
	}
	refuse := func(name string, kind error, input []byte) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: input, Err: kind}
	}
	flipped := plain()
	flipped.height, flipped.pixels = -2, rows24[8:]+rows24[:8]
	cases := []sanitizetest.Case{
		clean("24 bits", plain().bytes(), wantPlain),
		clean("top down", flipped.bytes(), wantPlain),
		clean("core header", change(func(m *bitmap) { m.header = coreHeader }), wantPlain),
		clean("v5 header", change(func(m *bitmap) { m.header = v5Header }), wantPlain),
		clean("filled rows", change(func(m *bitmap) { m.pixels = strings.Replace(rows24, "\x00\x00", "NE", 2) }), func(t *testing.T, out []byte) {
			raw(t, out, rows24)
		}),
		clean("last row not filled", change(func(m *bitmap) { m.pixels = rows24[:14] }), wantPlain),
		clean("more colours than bits", bitmap{width: 1, height: 1, depth: 1, colours: 4, palette: greys(4), pixels: "\x80\x00\x00\x00"}.bytes(),
			want(grey(17)...), ruleGap, rulePalette),
		clean("32 bits", bitmap{width: 1, height: 1, depth: 32, pixels: "\x01\x02\x03N"}.bytes(), want(rgb(3, 2, 1))),
		clean("16 bits", bitmap{width: 2, height: 1, depth: 16, pixels: "\x00\x7c\xff\x7f"}.bytes(), want(rgb(255, 0, 0), rgb(255, 255, 255))),
		clean("565", bitmap{width: 2, height: 1, depth: 16, compression: bitFields, extra: u32(0xf800, 0x7e0, 0x1f),
			pixels: "\xe0\x07\x00\xf8"}.bytes(), want(rgb(0, 255, 0), rgb(255, 0, 0))),
		clean("alpha", bitmap{header: v4Header, width: 1, height: 1, depth: 32, compression: bitFields,
			extra: u32(0xff000000, 0xff0000, 0xff00, 0xff), pixels: "\x80\x01\x02\x03"}.bytes(), func(t *testing.T, out []byte) {
			raw(t, out, "\x01\x02\x03\x80")
		}),
		clean("odd masks", bitmap{header: v5Header, width: 1, height: 1, depth: 32, compression: bitFields,
			extra: u32(0x0fc00000, 0x003fffe0, 0x1f, 0xf0000000), pixels: u32(0xffffffff)}.bytes(), func(t *testing.T, out []byte) {
			raw(t, out, "\xff\xff\xff\xff")
		}),
		clean("4 bits", pal4.bytes(), want(grey(17, 34, 51, 0, 17, 0, 17, 34, 51, 0)...)),
		clean("1 bit", pal1.bytes(), func(t *testing.T, out []byte) {
			if len(out) != fileHeader+infoHeader+8+8 {
				t.Errorf("%d bytes", len(out))
			}
		}),
		clean("rle8", rle(8, rle8, "\x01\x00\x00\x04\x01\x02\x03\x00\x00\x00"+"\x05\x01\x00\x01").bytes(), wantRLE8(5, 17, 17, 17, 17, 17, 0, 17, 34, 51, 0)),
		clean("rle4", rle(4, rle4, "\x00\x05\x01\x23\x00\x00\x00\x00"+"\x05\x11\x00\x01").bytes(), want(all8...)),
		clean("rle8 with gaps", rle(8, rle8, "\x00\x02\x01\x00\x03\x01\x00\x02\x01\x01\x00\x01").bytes(),
			wantRLE8(5, 0, 0, 0, 0, 0, 0, 17, 17, 17, 0), rulePalette),
		clean("rle8 without an end", rle(8, rle8, "\x05\x01\x00\x00\x04\x02\x01\x01").bytes(), nil, rulePalette, ruleNoEnd),
		clean("rle8 with more", rle(8, rle8, "\x05\x01\x00\x00\x05\x02\x00\x01NEEDLE").bytes(), nil, rulePalette, ruleTrailing),
		clean("gap", change(func(m *bitmap) { m.gap = "NEEDLE" }), wantPlain, ruleGap),
		clean("trailing", change(func(m *bitmap) { m.trailing = "NEEDLE" }), wantPlain, ruleTrailing),
		clean("linked profile", change(func(m *bitmap) {
			m.header, m.extra, m.trailing = v5Header, string(make([]byte, 16))+"KNIL", `\\NEEDLE\share`
		}), wantPlain, ruleProfile, ruleTrailing),
		clean("palette", bitmap{width: 5, height: 1, depth: 8, colours: 4, palette: "<?=NEEDLE-1!+-*/", pixels: "\x00\x00\x02\x02\x00\x00\x00\x00"}.bytes(), nil, rulePalette),
		clean("palette of 24 bits", change(func(m *bitmap) { m.colours, m.gap = 2, "NEEDLE12" }), wantPlain, ruleGap),

		{Name: "limit of pixels", Input: plain().bytes(), Policy: &few, Err: sanitize.ErrLimit},
		refuse("2000000 square", sanitize.ErrLimit, change(func(m *bitmap) { m.width, m.height = 2000000, -2000000 })),
		refuse("bomb of codes", sanitize.ErrLimit, bitmap{width: 9000, height: 9000, depth: 8, compression: rle8, colours: 1,
			palette: "abc\x00", pixels: "\x00\x01"}.bytes()),
		refuse("no width", sanitize.ErrMalformed, change(func(m *bitmap) { m.width = 0 })),
		refuse("lowest height", sanitize.ErrMalformed, change(func(m *bitmap) { m.height, m.width = -1<<31, -5 })),
		refuse("jpeg inside", sanitize.ErrUnsupported, change(func(m *bitmap) { m.compression = 4 })),
		refuse("13 bits", sanitize.ErrUnsupported, change(func(m *bitmap) { m.depth = 13 })),
		refuse("too few pixels", sanitize.ErrMalformed, change(func(m *bitmap) { m.pixels = rows24[:8] })),
		refuse("torn mask", sanitize.ErrMalformed, bitmap{width: 1, height: 1, depth: 16, compression: bitFields,
			extra: u32(0xf00f, 0x7e0, 0x1f), pixels: "\x00\x00\x00\x00"}.bytes()),
		refuse("colour outside", sanitize.ErrMalformed, bitmap{width: 1, height: 1, depth: 8, colours: 1, palette: "abc\x00", pixels: "\x01\x00\x00\x00"}.bytes()),
		refuse("colours past the end", sanitize.ErrMalformed, bitmap{width: 1, height: 1, depth: 8, colours: 256, palette: "abc\x00"}.bytes()),
		refuse("too few pixels by one", sanitize.ErrMalformed, change(func(m *bitmap) { m.pixels = rows24[:13] })),
		refuse("2^32 colours", sanitize.ErrMalformed, change(func(m *bitmap) { m.colours = 1<<32 - 1 })),
		refuse("codes past the row", sanitize.ErrMalformed, rle(8, rle8, "\x06\x01\x00\x00\x05\x01\x00\x01").bytes()),
		refuse("codes past the picture", sanitize.ErrMalformed, rle(8, rle8, "\x00\x02\x00\x09\x05\x01\x00\x01").bytes()),
		refuse("codes cut off", sanitize.ErrMalformed, rle(8, rle8, "\x05\x01\x00\x00\x00\x05\x01").bytes()),
	}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Cases: cases,
		Foreign: [][]byte{nil, []byte("BM"), []byte("BMW and other cars are not pictures."), []byte("\x89PNG\r\n\x1a\n")},
	})
}

func FuzzRebuild(f *testing.F) {
	f.Add(plain().bytes())
	f.Add(bitmap{width: 5, height: 2, depth: 8, compression: rle8, colours: 4, palette: greys(4), pixels: "\x05\x01\x00\x00\x00\x05\x01\x02\x03\x00\x00\x00\x00\x01"}.bytes())
	f.Add(bitmap{width: 5, height: 2, depth: 4, compression: rle4, colours: 4, palette: greys(4), pixels: "\x00\x05\x01\x23\x00\x00\x00\x00\x05\x11\x00\x01"}.bytes())
	f.Add(bitmap{header: v4Header, width: 1, height: 1, depth: 32, compression: bitFields, extra: u32(0xff000000, 0xff0000, 0xff00, 0xff), pixels: "\x80\x01\x02\x03"}.bytes())
	f.Add(bitmap{width: 9, height: 2, depth: 1, palette: greys(2), pixels: "\xaa\xff\x00\x00\x0f\x00\x00\x00"}.bytes())
	e, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		f.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 16
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
