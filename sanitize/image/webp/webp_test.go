package webp

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	_ "image/jpeg" // for image.Decode
	stdpng "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/image/jpeg"
	"sekisho/sanitize/image/png"
	"sekisho/sanitize/sanitizetest"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// with returns the file with a chunk added at its end, and the size in its header put right.
func with(b []byte, kind, body string) []byte {
	b = binary.LittleEndian.AppendUint32(append(bytes.Clone(b), kind...), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// near checks that the output shows the source, with at most a mean difference of some of 255 steps in a channel.
func near(most float64) func(*testing.T, []byte) {
	return func(t *testing.T, out []byte) {
		t.Helper()
		want, err := stdpng.Decode(bytes.NewReader(fixture(t, "source.png")))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := image.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if got.Bounds() != want.Bounds() {
			t.Fatalf("%v, want %v", got.Bounds(), want.Bounds())
		}
		sum, n := 0, 0
		for y := range 17 {
			for x := range 23 {
				a := color.NRGBAModel.Convert(got.At(x, y)).(color.NRGBA)
				b := color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)
				for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
					sum, n = sum+max(d, -d), n+1
				}
			}
		}
		if mean := float64(sum) / float64(n); mean > most {
			t.Errorf("the mean difference is %.2f, at most %.2f", mean, most)
		}
	}
}

// alphaRises checks that alpha grows from left to right.
func alphaRises(t *testing.T, out []byte) {
	t.Helper()
	img, err := stdpng.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, left := img.At(1, 8).RGBA()
	_, _, _, right := img.At(21, 8).RGBA()
	if left > 0x3000 || right < 0xd000 {
		t.Errorf("alpha is %04x on the left, %04x on the right", left, right)
	}
}

// profileRGB returns a profile of three components.
func profileRGB() string {
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
	return string(b)
}

func TestSuite(t *testing.T) {
	lossy, lossless, alpha := fixture(t, "lossy.webp"), fixture(t, "lossless.webp"), fixture(t, "alpha.webp")
	few, strict := sanitize.Standard(), sanitize.Strict()
	few.Limits.Pixels = 23*17 - 1
	small := sanitize.Standard()
	small.Limits.Memory = 23 * 17
	clean := func(name, output string, input []byte, check func(*testing.T, []byte), rules ...string) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: input, Output: output, Gone: []string{"NEEDLE"}, Check: check,
			Rules: append(rules, ruleConverted), Exact: true}
	}
	refuse := func(name string, kind error, input []byte) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: input, Err: kind}
	}
	changed := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	cases := []sanitizetest.Case{
		clean("lossy", "jpeg", lossy, near(11)),
		clean("lossless", "png", lossless, near(0)),
		clean("alpha", "png", alpha, alphaRises),
		clean("exif", "png", with(lossless, "EXIF", "II*\x00NEEDLE"), near(0), ruleExif),
		clean("xmp", "png", with(lossless, "XMP ", "<NEEDLE>"), near(0), ruleXMP),
		clean("unknown chunk", "jpeg", with(lossy, "NEED", "NEEDLE"), near(11), ruleChunk),
		clean("not a profile", "png", with(lossless, "ICCP", "NEEDLE"), near(0), ruleICC),
		clean("trailing", "jpeg", append(bytes.Clone(lossy), "NEEDLE"...), near(11), ruleTrailing),
		clean("profile of a lossless picture", "png", with(lossless, "ICCP", profileRGB()), func(t *testing.T, out []byte) {
			if !bytes.Contains(out, []byte("iCCP")) {
				t.Error("the profile is lost")
			}
		}, ruleICC),
		clean("profile of a lossy picture", "jpeg", with(lossy, "ICCP", profileRGB()), func(t *testing.T, out []byte) {
			if !bytes.Contains(out, []byte("ICC_PROFILE\x00\x01\x01")) {
				t.Error("the profile is lost")
			}
		}, ruleICC),
		{Name: "strict", Input: lossless, Output: "png", Policy: &strict, Rules: []string{ruleConverted}, Exact: true, Check: near(0)},
		{Name: "limit of pixels", Input: lossy, Policy: &few, Err: sanitize.ErrLimit},
		{Name: "limit of memory", Input: lossless, Policy: &small, Err: sanitize.ErrLimit},
		refuse("animation", sanitize.ErrUnsupported, fixture(t, "animated.webp")),
		refuse("canvas of 2^24 square", sanitize.ErrLimit, []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff")),
		refuse("canvas of another size", sanitize.ErrMalformed, changed(alpha, 24, 9)),
		refuse("two pictures", sanitize.ErrMalformed, with(lossless, "VP8L", string(lossless[20:]))),
		refuse("no picture", sanitize.ErrMalformed, []byte("RIFF\x04\x00\x00\x00WEBP")),
		refuse("damaged", sanitize.ErrMalformed, changed(lossless, 40, 0xff)),
		refuse("declared longer", sanitize.ErrMalformed, changed(lossy, 6, 9)),
	}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Others: []sanitize.Format{jpeg.Format{}, png.Format{}}, Cases: cases,
		Foreign: [][]byte{nil, []byte("RIFF\x04\x00\x00\x00WAVE"), []byte("RIFF"), []byte("\x89PNG\r\n\x1a\n")},
	})
}

func TestFullRange(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 2, 1), image.YCbCrSubsampleRatio444)
	copy(img.Y, []byte{16, 235})
	copy(img.Cb, []byte{16, 240})
	copy(img.Cr, []byte{128, 0})
	fullRange(img)
	if string(img.Y) != "\x00\xff" || string(img.Cb) != "\x01\xff" || string(img.Cr) != "\x80\x00" && string(img.Cr) != "\x80\x01" {
		t.Errorf("Y %d, Cb %d, Cr %d", img.Y, img.Cb, img.Cr)
	}
}

func FuzzRebuild(f *testing.F) {
	for _, name := range []string{"lossy.webp", "lossless.webp", "alpha.webp", "animated.webp"} {
		f.Add(fixture(f, name))
	}
	f.Add(with(fixture(f, "lossy.webp"), "ICCP", profileRGB()))
	e, err := sanitize.NewEngine([]sanitize.Format{Format{}, jpeg.Format{}, png.Format{}}, sanitize.Naming{})
	if err != nil {
		f.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 12
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		_, err := e.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(b), Policy: policy}, &out)
		if err != nil {
			return // the decoder is not ours; the engine turns its panics into refusals
		}
		if _, _, err := image.Decode(&out); err != nil {
			t.Fatalf("the output cannot be read: %v", err)
		}
	})
}
