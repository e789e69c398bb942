package preview

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"sekisho/sanitize"
)

func drawn(t *testing.T, data []byte) ([]Picture, error) {
	t.Helper()
	var out bytes.Buffer
	kind, err := Draw(t.Context(), nil, sanitize.Job{Input: sanitize.BytesInput(data), Policy: sanitize.Standard()}, &out)
	if err != nil {
		return nil, err
	}
	if kind != "picture" {
		t.Errorf("it is a %q", kind)
	}
	pictures, err := Split(&out)
	if err != nil {
		t.Fatal(err)
	}
	return pictures, nil
}

// flat is a picture of one colour.
func flat(width, height int, c color.Color) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, c)
		}
	}
	return m
}

// TestPictures: each format is drawn; what is large becomes small, and what is transparent is on white.
func TestPictures(t *testing.T) {
	encoders := map[string]func(io.Writer, image.Image) error{
		"png": png.Encode, "bmp": bmp.Encode,
		"jpeg": func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) },
		"gif":  func(w io.Writer, m image.Image) error { return gif.Encode(w, m, nil) },
		"tiff": func(w io.Writer, m image.Image) error { return tiff.Encode(w, m, nil) },
	}
	for name, encode := range encoders {
		for _, size := range []image.Point{{40, 30}, {2400, 600}, {3, 3000}} {
			var b bytes.Buffer
			if err := encode(&b, flat(size.X, size.Y, color.NRGBA{200, 30, 30, 255})); err != nil {
				t.Fatal(err)
			}
			made, err := drawn(t, b.Bytes())
			if err != nil || len(made) != 1 {
				t.Fatalf("%s of %v: %d pictures, %v", name, size, len(made), err)
			}
			m, err := png.Decode(bytes.NewReader(made[0].PNG))
			if err != nil {
				t.Fatal(err)
			}
			width, height := fit(size.X, size.Y)
			if got := m.Bounds().Size(); got != image.Pt(width, height) || got != image.Pt(made[0].Width, made[0].Height) || max(got.X, got.Y) > Side {
				t.Errorf("%s of %v is drawn as %v", name, size, got)
			}
			red, green, blue, _ := m.At(m.Bounds().Dx()/2, m.Bounds().Dy()/2).RGBA()
			if red>>8 < 180 || green>>8 > 60 || blue>>8 > 60 {
				t.Errorf("%s of %v is not red any more: %d %d %d", name, size, red>>8, green>>8, blue>>8)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, flat(10, 10, color.Transparent)); err != nil {
		t.Fatal(err)
	}
	made, err := drawn(t, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(made[0].PNG))
	if err != nil {
		t.Fatal(err)
	}
	if c := color.NRGBAModel.Convert(m.At(5, 5)); c != (color.NRGBA{255, 255, 255, 255}) {
		t.Errorf("what is transparent is %v", c)
	}
}

// TestNotDrawn: files that are no picture, broken ones, and a small file that says that it is huge.
func TestNotDrawn(t *testing.T) {
	var whole bytes.Buffer
	if err := png.Encode(&whole, flat(50, 50, color.NRGBA{1, 2, 3, 255})); err != nil {
		t.Fatal(err)
	}
	huge := bytes.Clone(whole.Bytes()[:33])
	binary.BigEndian.PutUint32(huge[16:], 60_000)
	binary.BigEndian.PutUint32(huge[20:], 60_000)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"program": {[]byte("MZ\x90\x00"), sanitize.ErrUnsupported}, "empty": {nil, sanitize.ErrUnsupported},
		"cut off": {whole.Bytes()[:60], sanitize.ErrMalformed}, "huge": {huge, sanitize.ErrLimit},
	} {
		if made, err := drawn(t, c.data); !errors.Is(err, c.want) || made != nil {
			t.Errorf("%s: %d pictures, %v; want %v", name, len(made), err, c.want)
		}
	}
}

// TestSplit: what is not what Draw writes is refused as a whole.
func TestSplit(t *testing.T) {
	var one bytes.Buffer
	if err := write(flat(20, 10, color.NRGBA{9, 9, 9, 255}), 0, &one); err != nil {
		t.Fatal(err)
	}
	whole := one.String()
	if made, err := Split(strings.NewReader(strings.Repeat(whole, Pages))); err != nil || len(made) != Pages {
		t.Errorf("%d pictures, %v", len(made), err)
	}
	large := []byte(whole)
	binary.BigEndian.PutUint32(large[4+16:], Side+1)
	for name, text := range map[string]string{
		"nothing": "", "one too many": strings.Repeat(whole, Pages+1), "cut off": whole[:len(whole)-1], "half a length": whole + "\x00\x00",
		"too long": "\xff\xff\xff\xff" + whole[4:], "HTML": "\x00\x00\x00\x2d<html><script>alert(1)</script></html>.......", "too large": string(large),
	} {
		if made, err := Split(strings.NewReader(text)); !errors.Is(err, errShape) || made != nil {
			t.Errorf("%s: %d pictures, %v", name, len(made), err)
		}
	}
}

// TestOrientation: a photo that lies on its side in its file stands upright in its picture, whichever way its file spells that.
func TestOrientation(t *testing.T) {
	m := flat(60, 20, color.NRGBA{20, 20, 200, 255})
	for y := range 20 {
		for x := range 20 {
			m.Set(x, y, color.NRGBA{200, 20, 20, 255}) // red on the left
		}
	}
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, m, nil); err != nil {
		t.Fatal(err)
	}
	segment := func(order binary.AppendByteOrder, mark string, o uint16) []byte {
		b := order.AppendUint32(order.AppendUint16([]byte("Exif\x00\x00"+mark), 42), 8)
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(order.AppendUint16(b, 1), 0x0112), 3), 1)
		b = append(order.AppendUint16(b, o), 0, 0, 0, 0, 0, 0)
		return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(b)+2)), b...)
	}
	for o, want := range map[uint16]struct{ width, height, x, y int }{ // where red is
		0: {60, 20, 10, 10}, 1: {60, 20, 10, 10}, 3: {60, 20, 50, 10}, 6: {20, 60, 10, 10}, 8: {20, 60, 10, 50}, 9: {60, 20, 10, 10},
	} {
		for _, exif := range [][]byte{segment(binary.BigEndian, "MM", o), segment(binary.LittleEndian, "II", o)} {
			other := []byte{0xff, 0xe1, 0, 6, 'h', 't', 't', 'p'}
			data := append(append(append([]byte{0xff, 0xd8}, other...), exif...), plain.Bytes()[2:]...)
			made, err := drawn(t, data)
			if err != nil || len(made) != 1 || made[0].Width != want.width || made[0].Height != want.height {
				t.Errorf("orientation %d: %+v, %v", o, made, err)
				continue
			}
			got, err := png.Decode(bytes.NewReader(made[0].PNG))
			if err != nil {
				t.Fatal(err)
			}
			if red, _, blue, _ := got.At(want.x, want.y).RGBA(); red < blue {
				t.Errorf("orientation %d: %d, %d is not red", o, want.x, want.y)
			}
		}
	}
}
