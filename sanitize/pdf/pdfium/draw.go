package pdfium

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"

	pdfium "github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf"
)

// Draw implements pdf.Engine.
func (e *Engine) Draw(ctx context.Context, data []byte, d pdf.Drawing, page func(pdf.Sheet) error) error {
	return e.do(ctx, func(guest pdfium.Pdfium) error {
		doc, err := open(guest, data, nil)
		if err != nil {
			return err
		}
		count, err := guest.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc})
		if err != nil {
			return malformed("count pages", err)
		}
		if count.PageCount > d.Pages {
			return fmt.Errorf("%w: more than %d pages", sanitize.ErrLimit, d.Pages)
		}
		pages := count.PageCount
		if d.First > 0 {
			pages = min(pages, d.First)
		}
		if err := drawPages(ctx, guest, doc, pages, d, page); err != nil {
			return err
		}
		return closeDocument(guest, doc)
	})
}

// drawPages draws pages one after the other, each while page is called for the one before.
func drawPages(ctx context.Context, guest pdfium.Pdfium, doc references.FPDF_DOCUMENT, count int, d pdf.Drawing, page func(pdf.Sheet) error) (err error) {
	a := newAhead(page)
	defer func() {
		if said := a.close(); said != nil {
			err = said
		}
	}()
	for i := range count {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := drawPage(guest, doc, i, d, a.put); err != nil {
			return err
		}
	}
	return nil
}

// drawPage draws one page and hands it on.
func drawPage(guest pdfium.Pdfium, doc references.FPDF_DOCUMENT, number int, d pdf.Drawing, page func(pdf.Sheet) error) error {
	loaded, err := guest.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: number})
	if err != nil {
		return malformed(fmt.Sprintf("load page %d", number+1), err)
	}
	defer guest.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page})
	p := requests.Page{ByReference: &loaded.Page}
	sheet := pdf.Sheet{Number: number}
	if sheet.Box, err = box(guest, p); err != nil {
		return malformed(fmt.Sprintf("measure page %d", number+1), err)
	}
	drawn, err := guest.RenderPageInDPI(&requests.RenderPageInDPI{
		Page: p, DPI: resolution(sheet.Box, d), RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT, RenderForm: true, Document: &doc,
	})
	if err != nil {
		return malformed(fmt.Sprintf("draw page %d", number+1), err)
	}
	defer drawn.Cleanup()
	picture, ok := drawn.Result.RenderedImage.(*image.RGBA)
	if !ok || len(picture.Pix) != 4*drawn.Result.Width*drawn.Result.Height {
		return malformed(fmt.Sprintf("draw page %d", number+1), fmt.Errorf("%T of %d × %d", drawn.Result.RenderedImage, drawn.Result.Width, drawn.Result.Height))
	}
	sheet.Width, sheet.Height, sheet.RGBA = drawn.Result.Width, drawn.Result.Height, picture.Pix
	if drawn.Result.HasTransparency {
		onWhite(sheet.RGBA)
	}
	if blank(sheet.RGBA) {
		if sheet.Lost, err = meant(guest, p, sheet.Box); err != nil {
			return malformed(fmt.Sprintf("read page %d", number+1), err)
		}
	}
	if sheet.Chars, err = allChars(guest, doc, number, p); err != nil {
		return malformed(fmt.Sprintf("read page %d", number+1), err)
	}
	return page(sheet)
}

// blank reports whether a picture is white all over.
func blank(rgba []byte) bool {
	for ; len(rgba) >= 8; rgba = rgba[8:] {
		if binary.LittleEndian.Uint64(rgba) != math.MaxUint64 {
			return false
		}
	}
	return len(bytes.Trim(rgba, "\xff")) == 0
}

// box returns what is shown of a page, in its own units.
func box(guest pdfium.Pdfium, p requests.Page) ([4]float64, error) {
	b, err := guest.FPDF_GetPageBoundingBox(&requests.FPDF_GetPageBoundingBox{Page: p})
	if err != nil {
		return [4]float64{}, err
	}
	return [4]float64{float64(b.Rect.Left), float64(b.Rect.Bottom), float64(b.Rect.Right), float64(b.Rect.Top)}, nil
}

// resolution returns the pixels to the inch at which a page is not too big.
func resolution(box [4]float64, d pdf.Drawing) int {
	const unit = 72
	inches := (box[2] - box[0]) / unit * (box[3] - box[1]) / unit
	dpi := d.DPI
	if pixels := inches * dpi * dpi; pixels > float64(d.Pixels) {
		dpi = math.Sqrt(float64(d.Pixels) / inches)
	}
	return max(1, int(dpi))
}

// onWhite puts pixels that are not opaque on white paper.
func onWhite(rgba []byte) {
	for ; len(rgba) >= 4; rgba = rgba[4:] {
		a := int(rgba[3])
		if a == 0xff {
			continue
		}
		for i := range 3 {
			rgba[i] = byte((int(rgba[i])*a + 0xff*(0xff-a) + 127) / 0xff)
		}
		rgba[3] = 0xff
	}
}
