package jpeg

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"sekisho/sanitize"
)

// written parses a picture and writes it, with leaps for scans of so many bytes.
func written(t testing.TB, b []byte, leapFrom int) ([]byte, error) {
	t.Helper()
	var report sanitize.Report
	p, err := parse(context.Background(), b, sanitize.DefaultLimits(), &report)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = p.writeScans(context.Background(), &out, leapFrom)
	return out.Bytes(), err
}

// grainy returns a picture of which every block has many coefficients, some of them large.
func grainy(t testing.TB, seed uint64, quality int) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 2))
	m := image.NewRGBA(image.Rect(0, 0, 93, 71))
	for i := range 93 * 71 {
		v := uint8(i)
		if i%93 < 60 {
			v = uint8(random.Uint32())
		}
		m.Set(i%93, i/93, color.RGBA{v, uint8(i >> 4), v ^ 0x55, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLeaps proves that many coefficients at once come out as one by one do, and that damage is found as well.
func TestLeaps(t *testing.T) {
	var all [][]byte
	for _, name := range []string{"restart", "crossed", "apart", "cmyk", "grey", "coarse"} {
		all = append(all, fixture(t, name))
	}
	for quality := 1; quality <= 100; quality += 9 {
		b := grainy(t, uint64(quality), quality)
		own, err := written(t, unusual(t, b), 0) // with tables of its own
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b, unusual(t, b), own)
	}
	for n, whole := range all {
		same(t, n, whole)
		random := rand.New(rand.NewPCG(uint64(n), 3))
		for range 60 {
			b := bytes.Clone(whole)
			b[len(b)/3+random.IntN(len(b)*2/3)] ^= 1 << random.IntN(8)
			same(t, n, b)
			same(t, n, b[:len(b)-random.IntN(len(b)/2)])
		}
	}
}

func same(t *testing.T, n int, b []byte) {
	t.Helper()
	slow, slowErr := written(t, b, math.MaxInt)
	quick, quickErr := written(t, b, 0)
	if (slowErr == nil) != (quickErr == nil) {
		t.Fatalf("picture %d: one by one %v, many at once %v", n, slowErr, quickErr)
	}
	if slowErr == nil && !bytes.Equal(slow, quick) {
		t.Fatalf("picture %d of %d bytes: other bytes", n, len(b))
	}
}

func FuzzLeaps(f *testing.F) {
	f.Add(fixture(f, "restart"))
	f.Add(grainy(f, 1, 60))
	f.Add(unusual(f, grainy(f, 2, 60)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		same(t, 0, b)
	})
}
