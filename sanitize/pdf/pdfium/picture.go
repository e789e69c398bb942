package pdfium

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	pdfium "github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"sekisho/sanitize/pdf"
)

// Picture implements pdf.Engine: the picture is put alone on the one page of a small file, and PDFium is asked for the
// bitmap of it. Its opacity is asked for in another such file, since PDFium mixes it into the colours.
func (e *Engine) Picture(ctx context.Context, p pdf.Picture) (pdf.Samples, error) {
	wanted := p.Alpha
	p.Alpha = false
	samples, err := e.picture(ctx, p)
	if err != nil || !wanted {
		return samples, err
	}
	p.Alpha = true
	opacity, err := e.picture(ctx, p)
	samples.Alpha = opacity.Alpha
	return samples, err
}

func (e *Engine) picture(ctx context.Context, p pdf.Picture) (pdf.Samples, error) {
	var samples pdf.Samples
	err := e.do(ctx, func(guest pdfium.Pdfium) error {
		doc, err := open(guest, wrap(p), nil)
		if err != nil {
			return err
		}
		if samples, err = onlyPicture(guest, doc, p); err != nil {
			return malformed("decode a picture in "+p.Codec, err)
		}
		return closeDocument(guest, doc)
	})
	return samples, err
}

func closeDocument(guest pdfium.Pdfium, doc references.FPDF_DOCUMENT) error {
	_, err := guest.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: doc})
	return err
}

// onlyPicture returns the samples of the first object on the first page.
func onlyPicture(guest pdfium.Pdfium, doc references.FPDF_DOCUMENT, p pdf.Picture) (pdf.Samples, error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: doc, Index: 0}}
	object, err := guest.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: 0})
	if err != nil {
		return pdf.Samples{}, err
	}
	bitmap, err := guest.FPDFImageObj_GetBitmap(&requests.FPDFImageObj_GetBitmap{ImageObject: object.PageObject})
	if err != nil {
		return pdf.Samples{}, err
	}
	raw, err := read(guest, bitmap.Bitmap)
	if err != nil {
		return pdf.Samples{}, err
	}
	if p.Codec == "JBIG2Decode" {
		return raw.bits()
	}
	s := raw.samples(p.Indexed)
	if !p.Alpha {
		return s, nil
	}
	composed, err := guest.FPDFImageObj_GetRenderedBitmap(&requests.FPDFImageObj_GetRenderedBitmap{
		Document: doc, Page: page, ImageObject: object.PageObject,
	})
	if err != nil {
		return pdf.Samples{}, err
	}
	if raw, err = read(guest, composed.Bitmap); err != nil {
		return pdf.Samples{}, err
	}
	s.Alpha, err = raw.alpha(s)
	return s, err
}

// read returns a bitmap as it lies in the memory of the guest.
func read(guest pdfium.Pdfium, bitmap references.FPDF_BITMAP) (raster, error) {
	format, err := guest.FPDFBitmap_GetFormat(&requests.FPDFBitmap_GetFormat{Bitmap: bitmap})
	if err != nil {
		return raster{}, err
	}
	width, err := guest.FPDFBitmap_GetWidth(&requests.FPDFBitmap_GetWidth{Bitmap: bitmap})
	if err != nil {
		return raster{}, err
	}
	height, err := guest.FPDFBitmap_GetHeight(&requests.FPDFBitmap_GetHeight{Bitmap: bitmap})
	if err != nil {
		return raster{}, err
	}
	stride, err := guest.FPDFBitmap_GetStride(&requests.FPDFBitmap_GetStride{Bitmap: bitmap})
	if err != nil {
		return raster{}, err
	}
	buffer, err := guest.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: bitmap})
	if err != nil {
		return raster{}, err
	}
	raw := raster{width.Width, height.Height, stride.Stride, bytesPerPixel(format.Format), buffer.Buffer}
	if !raw.sound() {
		return raster{}, fmt.Errorf("a bitmap of %d × %d pixels in format %d", raw.width, raw.height, format.Format)
	}
	return raw, nil
}

// bytesPerPixel returns the length of a pixel, or 0 for a format that is none.
func bytesPerPixel(format enums.FPDF_BITMAP_FORMAT) int {
	switch format {
	case enums.FPDF_BITMAP_FORMAT_GRAY:
		return 1
	case enums.FPDF_BITMAP_FORMAT_BGR:
		return 3
	case enums.FPDF_BITMAP_FORMAT_BGRX, enums.FPDF_BITMAP_FORMAT_BGRA:
		return 4
	}
	return 0
}

// raster is a bitmap in the memory of the guest.
type raster struct {
	width, height, stride, pixel int // pixel is the length of one in bytes: 1 grey, 3 BGR, 4 BGR and one more
	data                         []byte
}

// sound reports whether all rows are there.
func (r raster) sound() bool {
	return r.width > 0 && r.height > 0 && r.pixel > 0 && r.stride >= r.width*r.pixel && len(r.data) >= r.stride*r.height
}

// samples copies the pixels: grey ones as they are, others as red, green and blue. Of indexes, which come as greys, one
// component is all.
func (r raster) samples(indexed bool) pdf.Samples {
	s := pdf.Samples{Width: int64(r.width), Height: int64(r.height), Colours: 1, Bits: 8}
	if r.pixel > 1 && !indexed {
		s.Colours = 3
	}
	s.Data = make([]byte, 0, r.width*r.height*int(s.Colours))
	for y := range r.height {
		row := r.data[y*r.stride:][:r.width*r.pixel]
		if r.pixel == 1 {
			s.Data = append(s.Data, row...)
			continue
		}
		for ; len(row) >= r.pixel; row = row[r.pixel:] {
			if indexed {
				s.Data = append(s.Data, row[0])
				continue
			}
			s.Data = append(s.Data, row[2], row[1], row[0])
		}
	}
	return s
}

// alpha returns the opacity of the pixels of s as it is in a bitmap of the same size.
func (r raster) alpha(s pdf.Samples) ([]byte, error) {
	if r.pixel != 4 || int64(r.width) != s.Width || int64(r.height) != s.Height {
		return nil, fmt.Errorf("the opacity of %d × %d pixels, not %d × %d", r.width, r.height, s.Width, s.Height)
	}
	out := make([]byte, 0, r.width*r.height)
	for y := range r.height {
		row := r.data[y*r.stride:][:r.width*r.pixel]
		for ; len(row) >= r.pixel; row = row[r.pixel:] {
			out = append(out, row[3])
		}
	}
	return out, nil
}

// errTone says that a picture of black and white has other colours.
var errTone = errors.New("neither black nor white")

// bits packs pixels of black and white, eight to a byte.
func (r raster) bits() (pdf.Samples, error) {
	s := pdf.Samples{Width: int64(r.width), Height: int64(r.height), Colours: 1, Bits: 1}
	packed := (r.width + 7) / 8
	s.Data = make([]byte, packed*r.height)
	for y := range r.height {
		in, out := r.data[y*r.stride:], s.Data[y*packed:]
		for x := range r.width {
			switch in[x*r.pixel] {
			case 0xff:
				out[x/8] |= 0x80 >> (x % 8)
			case 0:
			default:
				return pdf.Samples{}, errTone
			}
		}
	}
	return s, nil
}

// wrap returns a PDF with one page, and on it one picture.
func wrap(p pdf.Picture) []byte {
	var b bytes.Buffer
	var at []int
	object := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(at))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.7\n")
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Kids[3 0 R]/Count 1>>")
	object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 1 1]/Contents 4 0 R/Resources<</XObject<</P 5 0 R>>>>>>")
	content := fmt.Sprintf("%d 0 0 %d 0 0 cm\n/P Do", p.Width, p.Height) // one unit a pixel
	object("<</Length %d>>stream\n%s\nendstream", len(content), content)
	parms := ""
	if p.Globals != nil {
		parms = "/DecodeParms<</JBIG2Globals 6 0 R>>"
	}
	if p.Alpha {
		parms = "/SMaskInData 1"
	}
	object("<</Type/XObject/Subtype/Image/Width %d/Height %d%s%s/Filter/%s/Length %d>>stream\n%s\nendstream",
		p.Width, p.Height, space(p), parms, p.Codec, len(p.Data), p.Data)
	object("<</Length %d>>stream\n%s\nendstream", len(p.Globals), p.Globals)
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

// space returns the entries for a colour space in which samples come out as they are coded, whatever they mean in the
// file that the picture is from.
func space(p pdf.Picture) string {
	switch {
	case p.Codec == "JBIG2Decode":
		return "/ColorSpace/DeviceGray/BitsPerComponent 1"
	case p.Indexed:
		return fmt.Sprintf("/ColorSpace[/Indexed/DeviceGray 255<%x>]/BitsPerComponent 8", ramp())
	case p.Colours == 1:
		return "/ColorSpace/DeviceGray/BitsPerComponent 8"
	case p.Colours == 3:
		return "/ColorSpace/DeviceRGB/BitsPerComponent 8"
	case p.Colours == 4:
		return "/ColorSpace/DeviceCMYK/BitsPerComponent 8"
	}
	return ""
}

// ramp returns the palette in which every index is its own grey.
func ramp() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}
