// Package raster packs drawn pages as pictures of a PDF: black and white in one bit, text and drawings in a palette,
// photographs and scans as JPEG, whichever fits what is on the page.
package raster

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"

	"sekisho/sanitize/pdf/internal/object"
)

// Quality is that of JPEG pictures, of 100.
const Quality = 85

// Picture is a packed picture.
type Picture struct {
	Width, Height int
	Space         object.Object // the colour space
	Bits          int           // of a sample
	Filter        object.Name   // FlateDecode or DCTDecode
	Data          []byte
}

// Dict describes the picture as an image of a PDF (ISO 32000-2 8.9.5).
func (p Picture) Dict() object.Dict {
	return object.NewDict([]object.Entry{
		{Key: "Type", Value: object.Name("XObject")}, {Key: "Subtype", Value: object.Name("Image")},
		{Key: "Width", Value: int64(p.Width)}, {Key: "Height", Value: int64(p.Height)},
		{Key: "ColorSpace", Value: p.Space}, {Key: "BitsPerComponent", Value: int64(p.Bits)},
		{Key: "Filter", Value: p.Filter},
	})
}

// Deflate compresses data. The result is good until the next call.
type Deflate func(data []byte) ([]byte, error)

// Pack packs opaque pixels of four bytes, red, green, blue and one more.
func Pack(rgba []byte, width, height int, deflate Deflate) (Picture, error) {
	p := Picture{Width: width, Height: height}
	s := look(rgba, width)
	switch {
	case s.plain:
		p.Width, p.Height = 1, 1
		p.Space, p.Bits = object.Name("DeviceRGB"), 8
		return p.flate(bytes.Clone(rgba[:3]), deflate)
	case s.twoTone:
		p.Space, p.Bits = object.Name("DeviceGray"), 1
		return p.flate(bits(rgba, width, height), deflate)
	case s.photographs():
		return p.jpeg(rgba, s.coloured())
	}
	colours := newPalette(rgba, s)
	if colours == nil {
		return p.jpeg(rgba, s.coloured())
	}
	p.Space, p.Bits = colours.space(), colours.bits()
	return p.flate(colours.pack(rgba, s.ink, width, height), deflate)
}

func (p Picture) flate(data []byte, deflate Deflate) (Picture, error) {
	packed, err := deflate(data)
	if err != nil {
		return Picture{}, err
	}
	p.Filter, p.Data = "FlateDecode", bytes.Clone(packed)
	return p, nil
}

// jpeg packs pixels with loss.
func (p Picture) jpeg(rgba []byte, coloured bool) (Picture, error) {
	frame := image.Rect(0, 0, p.Width, p.Height)
	var picture image.Image = &image.RGBA{Pix: rgba, Stride: 4 * p.Width, Rect: frame}
	p.Space, p.Bits, p.Filter = object.Name("DeviceRGB"), 8, "DCTDecode"
	if !coloured {
		grey := image.NewGray(frame)
		for i := range grey.Pix {
			grey.Pix[i] = luma(rgba[4*i:])
		}
		picture, p.Space = grey, object.Name("DeviceGray")
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: Quality}); err != nil {
		return Picture{}, fmt.Errorf("cannot pack page: %w", err)
	}
	p.Data = b.Bytes()
	return p, nil
}

// luma returns the brightness of a pixel (Rec. 601).
func luma(px []byte) byte {
	return byte((299*int(px[0]) + 587*int(px[1]) + 114*int(px[2]) + 500) / 1000)
}

// bits packs black and white, eight pixels to a byte.
func bits(rgba []byte, width, height int) []byte {
	row := (width + 7) / 8
	out := make([]byte, row*height)
	for y := range height {
		for x := range width {
			if rgba[4*(y*width+x)] != 0 {
				out[y*row+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return out
}
