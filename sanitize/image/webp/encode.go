package webp

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/webp"
)

// quality is that of a JPEG picture made from a lossy one: high enough that the second loss does not show.
const quality = 92

// encode decodes the pixels and returns a PNG or JPEG picture with them.
func (p *picture) encode(ctx context.Context) ([]byte, error) {
	img, err := webp.Decode(bytes.NewReader(p.container()))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errMalformed, err)
	}
	if b := img.Bounds(); b.Dx() != p.width || b.Dy() != p.height {
		return nil, fmt.Errorf("%w: %v pixels, declared %d by %d", errMalformed, b.Max, p.width, p.height)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if lossy, ok := img.(*image.YCbCr); ok {
		fullRange(lossy)
		if err := jpeg.Encode(&out, lossy, &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("cannot encode: %w", err)
		}
		return p.jpegProfile(out.Bytes()), nil
	}
	if lossy, ok := img.(*image.NYCbCrA); ok {
		fullRange(&lossy.YCbCr)
		img = plain(lossy)
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed} // the engine compresses it again
	if err := encoder.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("cannot encode: %w", err)
	}
	return p.pngProfile(out.Bytes())
}

// plain returns the picture in the only form with alpha that PNG has.
func plain(img *image.NYCbCrA) image.Image {
	b := img.Bounds()
	out := image.NewNRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := img.NYCbCrAAt(x, y)
			red, green, blue := color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
			out.SetNRGBA(x, y, color.NRGBA{R: red, G: green, B: blue, A: c.A})
		}
	}
	return out
}

// fullRange stretches the samples of a video key frame, whose luma has 219 steps from 16 and whose chroma has 224
// (RFC 6386 9.2, ITU-R BT.601), to the 255 of JPEG. The decoder leaves them as they are.
func fullRange(img *image.YCbCr) {
	var luma, chroma [256]byte
	for i := range 256 {
		luma[i] = rounded(float64(i-16) * 255 / 219)
		chroma[i] = rounded(128 + float64(i-128)*255/224)
	}
	for _, plane := range []struct {
		samples []byte
		table   *[256]byte
	}{{img.Y, &luma}, {img.Cb, &chroma}, {img.Cr, &chroma}} {
		for i, v := range plane.samples {
			plane.samples[i] = plane.table[v]
		}
	}
}

func rounded(v float64) byte { return byte(min(max(math.Round(v), 0), 255)) }

// jpegProfile puts the colour profile behind the first marker of a JPEG picture, ISO 15076-1 annex B.4.
func (p *picture) jpegProfile(b []byte) []byte {
	const chunk, id = 65519, "ICC_PROFILE\x00"
	total := (len(p.profile) + chunk - 1) / chunk
	if total == 0 || total > 255 {
		return b
	}
	out := append([]byte{}, b[:2]...)
	for i := range total {
		part := p.profile[i*chunk : min((i+1)*chunk, len(p.profile))]
		out = binary.BigEndian.AppendUint16(append(out, 0xff, 0xe2), uint16(2+len(id)+2+len(part)))
		out = append(append(append(out, id...), byte(i+1), byte(total)), part...)
	}
	return append(out, b[2:]...)
}

// pngProfile puts the colour profile behind the header of a PNG picture, PNG 11.3.2.3.
func (p *picture) pngProfile(b []byte) ([]byte, error) {
	if p.profile == nil {
		return b, nil
	}
	body := bytes.NewBufferString("iCCPprofile\x00\x00")
	z := zlib.NewWriter(body)
	if _, err := z.Write(p.profile); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	const header = 8 + 12 + 13
	out := binary.BigEndian.AppendUint32(append([]byte{}, b[:header]...), uint32(body.Len()-4))
	out = append(out, body.Bytes()...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body.Bytes()))
	return append(out, b[header:]...), nil
}
