package pdfium

import (
	"errors"
	"math"
	"unicode"
	"unicode/utf16"

	pdfium "github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"sekisho/sanitize/pdf"
)

// maxChars bounds the characters of one page.
const maxChars = 1 << 20

// allChars returns the characters of a page and of what is laid over it: the values of fields, the words of notes. Those
// are made part of the page for it, which changes the page.
func allChars(guest pdfium.Pdfium, doc references.FPDF_DOCUMENT, number int, p requests.Page) ([]pdf.Char, error) {
	count, err := guest.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: p})
	if err != nil || count.Count == 0 {
		return chars(guest, p)
	}
	if _, err := guest.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: p}); err != nil {
		return nil, err
	}
	flat, err := guest.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: number})
	if err != nil {
		return nil, err
	}
	defer guest.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: flat.Page})
	return chars(guest, requests.Page{ByReference: &flat.Page})
}

// chars returns the characters of a page in reading order.
func chars(guest pdfium.Pdfium, p requests.Page) ([]pdf.Char, error) {
	loaded, err := guest.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: p})
	if err != nil {
		return nil, err
	}
	text := loaded.TextPage
	defer guest.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text})
	count, err := guest.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: text})
	if err != nil {
		return nil, err
	}
	if count.Count > maxChars {
		return nil, errors.New("too many characters")
	}
	list := make([]pdf.Char, 0, count.Count)
	var last pdf.Char // that stands somewhere
	for i := range count.Count {
		c, err := char(guest, text, i, last)
		if err != nil {
			return nil, err
		}
		if c.Box != ([4]float64{}) {
			last = c
		}
		if n := len(list); n > 0 && utf16.IsSurrogate(c.Rune) {
			if whole := utf16.DecodeRune(list[n-1].Rune, c.Rune); whole != unicode.ReplacementChar {
				list[n-1].Rune = whole // PDFium counts in units of UTF-16
				continue
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// endHyphen is what PDFium gives for a hyphen at the end of a line.
const endHyphen = 2

// char returns one character. One that PDFium put in itself, between words, has no box. What stands between the same two
// level lines as the last one runs as that does: a turned line has none that are level.
func char(guest pdfium.Pdfium, text references.FPDF_TEXTPAGE, i int, last pdf.Char) (pdf.Char, error) {
	code, err := guest.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: text, Index: i})
	if err != nil {
		return pdf.Char{}, err
	}
	c := pdf.Char{Rune: rune(code.Unicode)}
	if c.Rune == endHyphen {
		c.Rune = '-'
	}
	if c.Rune <= ' ' {
		return c, nil
	}
	b, err := guest.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: text, Index: i})
	if err != nil {
		return c, nil // it stands nowhere
	}
	r := b.Rect // of vertical writing the top is below the bottom
	c.Box = [4]float64{float64(min(r.Left, r.Right)), float64(min(r.Bottom, r.Top)), float64(max(r.Left, r.Right)), float64(max(r.Bottom, r.Top))}
	if last.Box[1] == c.Box[1] && last.Box[3] == c.Box[3] && math.Abs(math.Sin(last.Angle)) < 1e-6 {
		c.Angle = last.Angle
		return c, nil
	}
	angle, err := guest.FPDFText_GetCharAngle(&requests.FPDFText_GetCharAngle{TextPage: text, Index: i})
	if err == nil {
		c.Angle = -float64(angle.CharAngle) // PDFium counts clockwise
	}
	return c, nil
}

// lookedAt bounds how many characters of a blank page are looked at.
const lookedAt = 1000

// meant reports whether a page has text that is written to be seen: with ink that is not white, inside what is shown.
func meant(guest pdfium.Pdfium, p requests.Page, box [4]float64) (bool, error) {
	loaded, err := guest.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: p})
	if err != nil {
		return false, err
	}
	defer guest.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage})
	count, err := guest.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return false, err
	}
	for i := range min(count.Count, lookedAt) {
		c, err := char(guest, loaded.TextPage, i, pdf.Char{})
		if err != nil {
			return false, err
		}
		x, y := (c.Box[0]+c.Box[2])/2, (c.Box[1]+c.Box[3])/2
		inside := x > box[0] && x < box[2] && y > box[1] && y < box[3]
		if c.Rune > ' ' && inside && inked(guest, loaded.TextPage, i) {
			return true, nil
		}
	}
	return false, nil
}

// inked reports whether a character is filled or stroked, and not in white.
func inked(guest pdfium.Pdfium, text references.FPDF_TEXTPAGE, i int) bool {
	object, err := guest.FPDFText_GetTextObject(&requests.FPDFText_GetTextObject{TextPage: text, Index: i})
	if err != nil {
		return false // PDFium put it in
	}
	mode, err := guest.FPDFTextObj_GetTextRenderMode(&requests.FPDFTextObj_GetTextRenderMode{PageObject: object.TextObject})
	if err != nil || mode.TextRenderMode == enums.FPDF_TEXTRENDERMODE_INVISIBLE || mode.TextRenderMode == enums.FPDF_TEXTRENDERMODE_CLIP {
		return false
	}
	ink, err := guest.FPDFText_GetFillColor(&requests.FPDFText_GetFillColor{TextPage: text, Index: i})
	return err == nil && ink.A > 0 && (ink.R < 0xff || ink.G < 0xff || ink.B < 0xff)
}
