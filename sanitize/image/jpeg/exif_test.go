package jpeg

import (
	"image"
	"image/color"
	"testing"
)

func TestOrientation(t *testing.T) {
	for v := 1; v <= 8; v++ {
		if got := Orientation([]byte(exifWith(byte(v)))[6:]); got != v {
			t.Errorf("little-endian %d is read as %d", v, got)
		}
		if got := Orientation(exif(v)[6:]); got != v {
			t.Errorf("our own %d is read as %d", v, got)
		}
	}
	for name, b := range map[string]string{
		"empty": "", "no tiff": "XX*\x00\x08\x00\x00\x00\x00\x00", "value 9": exifWith(9)[6:], "value 0": exifWith(0)[6:],
		"far directory": "II*\x00\xff\xff\xff\xff\x01\x00", "cut off": exifWith(6)[6:30],
	} {
		if got := Orientation([]byte(b)); got != 0 {
			t.Errorf("%s is read as %d", name, got)
		}
	}
}

// TestUpright turns a picture of six different pixels by each orientation. The expected rows follow from Exif's table:
// where row 0 and column 0 of the stored picture are shown.
func TestUpright(t *testing.T) {
	const w, h = 3, 2
	grey := image.NewGray(image.Rect(0, 0, w, h))
	rgba := image.NewRGBA(grey.Rect)
	for i := range w * h {
		grey.Pix[i] = "abcdef"[i]
		rgba.Set(i%w, i/w, color.Gray{"abcdef"[i]})
	}
	want := []string{1: "abcdef", "cbafed", "fedcba", "defabc", "adbecf", "daebfc", "fcebda", "cfbead"}
	for o := 1; o <= 8; o++ {
		for _, img := range []image.Image{grey, rgba} {
			got := ""
			turned := Upright(img, o)
			for y := range turned.Bounds().Dy() {
				for x := range turned.Bounds().Dx() {
					got += string(rune(color.GrayModel.Convert(turned.At(x, y)).(color.Gray).Y))
				}
			}
			if got != want[o] {
				t.Errorf("orientation %d of %T: %s, want %s", o, img, got, want[o])
			}
		}
	}
}
