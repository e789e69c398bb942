package jpeg

import (
	"bytes"
	"context"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"sekisho/sanitize"
)

// grain returns a picture of that quality with coefficients of all sizes.
func grain(t testing.TB, seed uint64, quality int) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 5))
	m := image.NewRGBA(image.Rect(0, 0, 79, 61))
	for i := range 79 * 61 {
		v := uint8(i >> 2)
		if i%79 > 30 {
			v = uint8(random.Uint32())
		}
		m.Set(i%79, i/79, color.RGBA{v, v ^ 0x33, uint8(i >> 5), 255})
	}
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, m, &stdjpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// agree fails unless a picture is judged alike code by code and many at a look.
func agree(t *testing.T, b []byte) {
	t.Helper()
	var errs [2]error
	for i, long := range []int{0, math.MaxInt} {
		d := decoder{ctx: context.Background(), limits: sanitize.DefaultLimits(), b: b, long: long}
		errs[i] = d.picture()
	}
	if (errs[0] == nil) != (errs[1] == nil) {
		t.Fatalf("many at a look: %v; code by code: %v", errs[0], errs[1])
	}
}

// TestSequence proves that a look at many coefficients finds what a look at each does, in good pictures and damaged ones.
func TestSequence(t *testing.T) {
	var all [][]byte
	for _, name := range samples {
		all = append(all, sample(t, name))
	}
	for quality := 1; quality <= 100; quality += 9 {
		all = append(all, grain(t, uint64(quality), quality))
	}
	for n, whole := range all {
		agree(t, whole)
		if rule := judge(t, whole, sanitize.Standard()); rule != "" {
			t.Fatalf("picture %d violates %s", n, rule)
		}
		random := rand.New(rand.NewPCG(uint64(n), 6))
		for range 100 {
			b := bytes.Clone(whole)
			b[len(b)/3+random.IntN(len(b)*2/3)] ^= 1 << random.IntN(8)
			agree(t, b)
			agree(t, append(b[:len(b)-3-random.IntN(len(b)/2)], 0xFF, mEOI))
		}
	}
}

func FuzzSequence(f *testing.F) {
	for _, name := range samples {
		f.Add(sample(f, name))
	}
	f.Add(grain(f, 1, 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 1<<16 {
			agree(t, b)
		}
	})
}
