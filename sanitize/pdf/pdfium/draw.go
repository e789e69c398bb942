package pdfium

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"runtime/debug"
	"sync"

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
		artists := []artist{{guest, doc}}
		if pages >= worthSecond && len(data) <= fitsTwice && small(artists[0], pages, d) {
			second, err := e.pool.GetInstanceWithContext(ctx)
			if err != nil {
				return fmt.Errorf("cannot start PDFium: %w", err)
			}
			defer second.Close()
			if doc, err = open(second, data, nil); err != nil {
				return err
			}
			artists = append(artists, artist{second, doc})
		}
		if err := drawPages(ctx, artists, pages, d, page); err != nil {
			return err
		}
		return closeDocument(guest, artists[0].doc)
	})
}

// worthSecond is how many pages are worth a second guest, which takes about as long to start as a few are drawn.
const worthSecond = 6

// fitsTwice is the length in bytes of a document that both guests may hold.
const fitsTwice = 32 << 20

// artist is a guest that has the document open.
type artist struct {
	guest pdfium.Pdfium
	doc   references.FPDF_DOCUMENT
}

// small reports whether each of the first count pages is one of which two may be in memory as pictures.
func small(a artist, count int, d pdf.Drawing) bool {
	for i := range count {
		s, err := a.guest.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: a.doc, Index: i})
		if err != nil {
			return false
		}
		dpi := float64(resolution([4]float64{0, 0, s.Width, s.Height}, d))
		if pixels := s.Width / unit * dpi * s.Height / unit * dpi; !(4*pixels <= maxAhead) {
			return false
		}
	}
	return true
}

// drawPages has the artists draw pages by turns and calls page for each in its order, while they draw the ones behind it. What is
// drawn depends on the page alone, not on who draws it, and the error is that of the first page that has one.
func drawPages(ctx context.Context, artists []artist, count int, d pdf.Drawing, page func(pdf.Sheet) error) (err error) {
	a := newAhead(page)
	defer func() {
		if said := a.close(); said != nil {
			err = said
		}
	}()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	turns := make([]chan struct{}, len(artists))
	for k := range turns {
		turns[k] = make(chan struct{}, 1)
	}
	turns[0] <- struct{}{}
	var group sync.WaitGroup
	for k, who := range artists {
		group.Go(func() {
			for i := k; i < count; i += len(artists) {
				s, done, err := who.draw(i, d)
				select {
				case <-turns[k]:
				case <-ctx.Done():
					done()
					return
				}
				if err == nil {
					err = a.put(s)
				}
				done()
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					stop(err)
					return
				}
				turns[(k+1)%len(artists)] <- struct{}{}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// draw is drawPage, in which a panic is an error.
func (a artist) draw(number int, d pdf.Drawing) (s pdf.Sheet, done func(), err error) {
	defer func() {
		if p := recover(); p != nil {
			done, err = func() {}, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return drawPage(a.guest, a.doc, number, d)
}

// drawPage draws one page. Its picture is good until done is called, which is never nil.
func drawPage(guest pdfium.Pdfium, doc references.FPDF_DOCUMENT, number int, d pdf.Drawing) (sheet pdf.Sheet, done func(), err error) {
	done = func() {}
	loaded, err := guest.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: number})
	if err != nil {
		return sheet, done, malformed(fmt.Sprintf("load page %d", number+1), err)
	}
	defer guest.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page})
	p := requests.Page{ByReference: &loaded.Page}
	sheet.Number = number
	if sheet.Box, err = box(guest, p); err != nil {
		return sheet, done, malformed(fmt.Sprintf("measure page %d", number+1), err)
	}
	drawn, err := guest.RenderPageInDPI(&requests.RenderPageInDPI{
		Page: p, DPI: resolution(sheet.Box, d), RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT, RenderForm: true, Document: &doc,
	})
	if err != nil {
		return sheet, done, malformed(fmt.Sprintf("draw page %d", number+1), err)
	}
	done = drawn.Cleanup
	picture, ok := drawn.Result.RenderedImage.(*image.RGBA)
	if !ok || len(picture.Pix) != 4*drawn.Result.Width*drawn.Result.Height {
		return sheet, done, malformed(fmt.Sprintf("draw page %d", number+1), fmt.Errorf("%T of %d × %d", drawn.Result.RenderedImage, drawn.Result.Width, drawn.Result.Height))
	}
	sheet.Width, sheet.Height, sheet.RGBA = drawn.Result.Width, drawn.Result.Height, picture.Pix
	if drawn.Result.HasTransparency {
		onWhite(sheet.RGBA)
	}
	if blank(sheet.RGBA) {
		if sheet.Lost, err = meant(guest, p, sheet.Box); err != nil {
			return sheet, done, malformed(fmt.Sprintf("read page %d", number+1), err)
		}
	}
	if sheet.Chars, err = allChars(guest, doc, number, p); err != nil {
		return sheet, done, malformed(fmt.Sprintf("read page %d", number+1), err)
	}
	return sheet, done, nil
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

// unit is how many units of a page make an inch.
const unit = 72

// resolution returns the pixels to the inch at which a page is not too big.
func resolution(box [4]float64, d pdf.Drawing) int {
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
