package raster

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/jpeg"
	"testing"

	"sekisho/sanitize/pdf/internal/object"
)

func deflate(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(data)
	return b.Bytes(), w.Close()
}

// draw makes opaque pixels of a formula.
func draw(width, height int, f func(x, y int) [3]byte) []byte {
	px := make([]byte, 0, 4*width*height)
	for i := range width * height {
		c := f(i%width, i/width)
		px = append(px, c[0], c[1], c[2], 0xff)
	}
	return px
}

func grey(v int) [3]byte { return [3]byte{byte(v), byte(v), byte(v)} }

func TestPack(t *testing.T) {
	writing := func(x, y int) int { // strokes with soft edges on paper
		switch x % 24 {
		case 0:
			return 0
		case 1:
			return 128
		}
		return 255
	}
	for name, c := range map[string]struct {
		f      func(x, y int) [3]byte
		filter object.Name
		bits   int
		width  int
	}{
		"white":      {func(x, y int) [3]byte { return grey(255) }, "FlateDecode", 8, 1},
		"one colour": {func(x, y int) [3]byte { return [3]byte{1, 2, 3} }, "FlateDecode", 8, 1},
		"two tones":  {func(x, y int) [3]byte { return grey(x / 5 % 2 * 255) }, "FlateDecode", 1, 101},
		"writing":    {func(x, y int) [3]byte { return grey(writing(x, y)) }, "FlateDecode", 4, 101},
		"a seal": {func(x, y int) [3]byte {
			if x < 9 && y < 9 {
				return [3]byte{220, 30, 30}
			}
			return grey(writing(x, y))
		}, "FlateDecode", 4, 101},
		"photograph": {func(x, y int) [3]byte { return [3]byte{byte(x * 37), byte(x*53 + y*91), byte(x ^ y<<3)} }, "DCTDecode", 8, 101},
		"a small photograph": {func(x, y int) [3]byte {
			if x < 48 && y < 40 {
				return grey(20 + 2*x + 3*y)
			}
			return grey(writing(x, y))
		}, "DCTDecode", 8, 101},
		"scan": {func(x, y int) [3]byte { return grey(120 + (x*31+y*57)%40) }, "DCTDecode", 8, 101},
	} {
		p, err := Pack(draw(101, 67, c.f), 101, 67, deflate)
		if err != nil {
			t.Fatal(err)
		}
		if p.Filter != c.filter || p.Bits != c.bits || p.Width != c.width {
			t.Errorf("%s: packed as %s of %d bits, %d wide", name, p.Filter, p.Bits, p.Width)
		}
		if p.Filter == "DCTDecode" {
			if img, err := jpeg.Decode(bytes.NewReader(p.Data)); err != nil || img.Bounds() != image.Rect(0, 0, 101, 67) {
				t.Errorf("%s: no JPEG: %v", name, err)
			}
		}
	}
}

// TestPalette sees that flat colours come out as they are.
func TestPalette(t *testing.T) {
	colours := [][3]byte{{250, 251, 249}, {13, 77, 201}, {200, 30, 31}}
	px := draw(31, 17, func(x, y int) [3]byte { return colours[(x/3+y)%3] })
	s := look(px, 31)
	s.colour = stamps
	p := newPalette(px, s)
	packed := p.pack(px, s.ink, 31, 17)
	if p.bits() != 4 || len(packed) != 16*17 {
		t.Fatalf("%d bits, %d bytes", p.bits(), len(packed))
	}
	for i := range 31 * 17 {
		x, y := i%31, i/31
		n := packed[y*16+x/2]
		if x%2 == 0 {
			n >>= 4
		}
		if got := p.colours[n&15]; got != colours[(x/3+y)%3] {
			t.Fatalf("pixel %d, %d is %v", x, y, got)
		}
	}
}

// TestSpans packs pages of much paper and little ink, of odd and even widths, and reads every pixel back.
func TestSpans(t *testing.T) {
	for _, width := range []int{1, 2, 7, 8, 33, 64} {
		for _, many := range []bool{false, true} {
			height := 19
			px := draw(width, height, func(x, y int) [3]byte {
				switch {
				case (x*7+y*13)%11 == 0 && many:
					return grey(16 * ((x + y) % 15))
				case (x*7+y*13)%11 == 0:
					return grey(48)
				}
				return grey(255)
			})
			s := look(px, width)
			p := newPalette(px, s)
			packed := p.pack(px, s.ink, width, height)
			row := (width*p.bits() + 7) / 8
			for i := range width * height {
				x, y := i%width, i/width
				n := packed[y*row+x*p.bits()/8]
				if p.bits() == 4 {
					n = n >> (4 * (1 - x%2)) & 15
				}
				if got := p.colours[n]; got[0] != px[4*i] {
					t.Fatalf("%d wide, many %v: pixel %d, %d is %v, want %d", width, many, x, y, got, px[4*i])
				}
			}
		}
	}
}
