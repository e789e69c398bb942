package jpeg

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"sekisho/sanitize"
)

const (
	pixelQuality = 92
	// memoryPerPixel is what decoding, turning and encoding a progressive picture may take, in bytes.
	memoryPerPixel = 20
)

// decodable reports whether the picture goes through pixels when the policy asks for it. Pictures of four components
// do not: press colours would be converted. They are rebuilt without loss.
func (p *picture) decodable() bool {
	return len(p.frame.components) == 1 || len(p.frame.components) == 3
}

// rebuildPixels decodes the picture, turns it upright and encodes it again. A picture that is what that would give
// stays: encoding it over and over would wear it out.
func (p *picture) rebuildPixels(ctx context.Context, untrusted []byte, out io.Writer, pass sanitize.Pass, report *sanitize.Report) error {
	pixels := int64(p.frame.width) * int64(p.frame.height)
	if pixels > pass.Policy.Limits.Memory/memoryPerPixel {
		return fmt.Errorf("%w: %d pixels to decode", errLimit, pixels)
	}
	var lossless bytes.Buffer
	if err := p.write(ctx, &lossless); err != nil {
		return err
	}
	if p.encodedHere(ctx) && bytes.Equal(lossless.Bytes(), untrusted) {
		_, err := out.Write(lossless.Bytes())
		return err
	}
	fresh, err := throughPixels(ctx, lossless.Bytes(), p.meta.orientation)
	if err != nil {
		return err
	}
	q, err := parse(ctx, fresh, pass.Policy.Limits, &sanitize.Report{})
	if err != nil {
		return err
	}
	q.meta.jfif = p.meta.jfif
	if len(p.frame.components) == len(q.frame.components) {
		q.meta.profile = p.meta.profile
	}
	report.Add(rulePixels, sanitize.Replaced, "")
	return q.write(ctx, out)
}

// throughPixels decodes a picture and encodes it again, upright.
func throughPixels(ctx context.Context, b []byte, orientation int) ([]byte, error) {
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errUnsupported, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var fresh bytes.Buffer
	if err := jpeg.Encode(&fresh, Upright(img, orientation), &jpeg.Options{Quality: pixelQuality}); err != nil {
		return nil, fmt.Errorf("cannot encode: %w", err)
	}
	return fresh.Bytes(), nil
}

// encodedHere reports whether the picture has the shape of one that rebuildPixels wrote.
func (p *picture) encodedHere(ctx context.Context) bool {
	var sample image.Image = image.NewGray(image.Rect(0, 0, 1, 1))
	if len(p.frame.components) == 3 {
		sample = image.NewRGBA(image.Rect(0, 0, 1, 1))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, sample, &jpeg.Options{Quality: pixelQuality}); err != nil {
		return false
	}
	own, err := parse(ctx, b.Bytes(), p.limits, &sanitize.Report{})
	if err != nil || p.frame.marker != own.frame.marker || p.meta.orientation > 1 || p.meta.adobe > 0 || p.frame.isRGB() {
		return false
	}
	for i, c := range p.frame.components {
		o := own.frame.components[i]
		if c.h != o.h || c.v != o.v || *c.quant != *o.quant {
			return false
		}
	}
	return true
}

// Upright returns img turned as an Exif orientation asks (Exif 2.32 4.6.4, table 6).
func Upright(img image.Image, orientation int) image.Image {
	if orientation < 2 {
		return img
	}
	b := img.Bounds()
	source := func(x, y int) (int, int) { return turn(orientation, b.Dx(), b.Dy(), x, y) }
	w, h := b.Dx(), b.Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	if grey, ok := img.(*image.Gray); ok {
		out := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				sx, sy := source(x, y)
				out.SetGray(x, y, grey.GrayAt(b.Min.X+sx, b.Min.Y+sy))
			}
		}
		return out
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sx, sy := source(x, y)
			out.Set(x, y, img.At(b.Min.X+sx, b.Min.Y+sy))
		}
	}
	return out
}

// turn returns where in a picture of w by h pixels the pixel x, y of the upright picture is.
func turn(orientation, w, h, x, y int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	}
	return w - 1 - y, x // 8
}
