package filter

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"sekisho/sanitize/pdf/internal/object"
)

// faxBack decodes what EncodeFax made.
func faxBack(t *testing.T, packed []byte, width, height int64, black bool) []byte {
	t.Helper()
	d := Decoder{Charge: func(int64) error { return nil }}
	parms := object.NewDict([]object.Entry{{Key: "K", Value: int64(-1)}, {Key: "Columns", Value: width}, {Key: "BlackIs1", Value: black}})
	rows, _, damaged, err := d.Fax(packed, parms, height)
	if err != nil || damaged {
		t.Fatalf("%d × %d: error %v, damaged %v", width, height, err, damaged)
	}
	return rows
}

// TestFaxCodes packs every run that has a code, in both colours, and some longer ones.
func TestFaxCodes(t *testing.T) {
	const width = 6000
	for run := range 2700 {
		for _, first := range []int{0, run} { // a white run, then a black one; or both of one length
			rows := make([]byte, width/8)
			for x := first; x < first+run; x++ {
				rows[x/8] |= 0x80 >> (x % 8)
			}
			if got := faxBack(t, EncodeFax(rows, width, 1), width, 1, true); !bytes.Equal(got, rows) {
				t.Fatalf("a run of %d from %d comes back otherwise", run, first)
			}
		}
	}
}

// TestFaxPictures packs pictures with much and little in them, of odd widths, with black as either bit.
func TestFaxPictures(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, width := range []int64{1, 7, 8, 9, 31, 64, 100, 1728} {
		for _, density := range []int{1, 2, 8, 40, 1000} {
			const height = 40
			stride := (width + 7) / 8
			rows := make([]byte, stride*height)
			for y := range int64(height) {
				for x := range width {
					switch {
					case y > 0 && r.IntN(4) > 0:
						rows[y*stride+x/8] |= rows[(y-1)*stride+x/8] & (0x80 >> (x % 8))
					case r.IntN(density) == 0:
						rows[y*stride+x/8] |= 0x80 >> (x % 8)
					}
				}
			}
			for _, black := range []byte{0, 1} {
				in := bytes.Clone(rows)
				if black == 0 && width%8 != 0 { // what is right of the picture comes back white
					for y := range int64(height) {
						in[(y+1)*stride-1] |= 0xff >> (width % 8)
					}
				}
				packed := EncodeFax(in, width, black)
				got := faxBack(t, packed, width, height, black == 1)
				for y := range int64(height) {
					for x := range width {
						if (got[y*stride+x/8]^in[y*stride+x/8])&(0x80>>(x%8)) != 0 {
							t.Fatalf("%d wide, density %d, black %d: pixel %d, %d differs", width, density, black, x, y)
						}
					}
				}
			}
		}
	}
}
