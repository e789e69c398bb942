package fax

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/ccitt"
)

// picture returns rows of random runs, each row like the one above but for some changes, as text is.
func picture(seed uint64, width, rows, longest int) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	stride := (width + 7) / 8
	b := make([]byte, stride*rows)
	for y := range rows {
		row := b[y*stride:][:stride]
		if y > 0 && r.IntN(4) > 0 {
			copy(row, b[(y-1)*stride:])
			for range r.IntN(6) {
				x := r.IntN(width)
				row[x/8] ^= 0x80 >> (x % 8)
			}
			continue
		}
		for x, black := 0, false; x < width; black = !black {
			for n := r.IntN(longest + 1); n > 0 && x < width; n, x = n-1, x+1 {
				if black {
					row[x/8] |= 0x80 >> (x % 8)
				}
			}
		}
	}
	return b
}

func decoded(t *testing.T, b []byte, width, rows int) []byte {
	t.Helper()
	r := ccitt.NewReader(bytes.NewReader(b), ccitt.MSB, ccitt.Group4, width, rows, &ccitt.Options{Invert: true})
	out := make([]byte, (width+7)/8*rows)
	if _, err := io.ReadFull(r, out); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Fatalf("the block does not end: %v", err)
	}
	return out
}

// same compares pixels, and not the filling of rows.
func same(t *testing.T, got, want []byte, width, rows int) {
	t.Helper()
	stride := (width + 7) / 8
	for y := range rows {
		for x := range width {
			at, mask := y*stride+x/8, byte(0x80>>(x%8))
			if got[at]&mask != want[at]&mask {
				t.Fatalf("pixel %d,%d of %d by %d differs", x, y, width, rows)
			}
		}
	}
}

func TestGroup4(t *testing.T) {
	for i, c := range []struct{ width, rows, longest int }{
		{1, 1, 1}, {1, 9, 1}, {7, 5, 3}, {8, 5, 8}, {9, 40, 4}, {64, 30, 64}, {200, 60, 5}, {1728, 50, 300},
		{2623, 6, 2623}, {2624, 6, 2624}, {9000, 12, 9000}, {10240, 4, 10240},
	} {
		for seed := range uint64(20) {
			in := picture(seed*100+uint64(i), c.width, c.rows, c.longest)
			same(t, decoded(t, Group4(in, c.width, c.rows), c.width, c.rows), in, c.width, c.rows)
		}
	}
}

func TestPlainRows(t *testing.T) {
	white, black := make([]byte, 100*20), bytes.Repeat([]byte{0xff}, 100*20)
	if got := Group4(white, 800, 20); string(got) != "\xff\xff\xf0\x01\x00\x10" {
		t.Errorf("white rows are %x", got)
	}
	same(t, decoded(t, Group4(black, 800, 20), 800, 20), black, 800, 20)
}

// TestEveryCode proves that runs of every length that has a code come out.
func TestEveryCode(t *testing.T) {
	const width = 2*(maxRun+64) + 8
	for n := range maxRun + 64 {
		in := make([]byte, width/8)
		for x := n; x < 2*n+3; x++ { // n white, n+3 black
			in[x/8] |= 0x80 >> (x % 8)
		}
		same(t, decoded(t, Group4(in, width, 1), width, 1), in, width, 1)
	}
}

func TestFillingIsNotEncoded(t *testing.T) {
	if a, b := Group4([]byte{0xa0, 0xa0}, 3, 2), Group4([]byte{0xbf, 0xa5}, 3, 2); !bytes.Equal(a, b) {
		t.Errorf("%x and %x", a, b)
	}
}

func FuzzGroup4(f *testing.F) {
	f.Add([]byte{0xaa, 0x0f, 0x00, 0xff}, uint16(13))
	f.Fuzz(func(t *testing.T, pixels []byte, width uint16) {
		stride := (int(width) + 7) / 8
		if width == 0 || len(pixels) < stride {
			return
		}
		rows := len(pixels) / stride
		same(t, decoded(t, Group4(pixels, int(width), rows), int(width), rows), pixels, int(width), rows)
	})
}

func BenchmarkGroup4(b *testing.B) {
	in := picture(1, 2480, 3508, 60)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		Group4(in, 2480, 3508)
	}
}
