package pdf

import (
	"context"

	"sekisho/sanitize/pdf/internal/layer"
)

// Engine is a second reader of PDF, a complete one, for what this package leaves to a sandboxed decoder: it sets damaged
// files right, decodes pictures in JPXDecode and JBIG2Decode, and draws pages. Package pdfium has one.
//
// What it returns is not trusted: it goes through the same rebuild as any input. Errors of kind sanitize.ErrLimit,
// ErrEncrypted and ErrMalformed are told as such.
type Engine interface {
	// Repair reads a file that may be damaged and returns it written anew, without encryption. The passwords are tried
	// after the empty one.
	Repair(ctx context.Context, data []byte, passwords []string) ([]byte, error)

	// Picture decodes one picture.
	Picture(ctx context.Context, p Picture) (Samples, error)

	// Draw draws the pages of a file, one after the other, and calls page for each. A Sheet is good until page returns.
	Draw(ctx context.Context, data []byte, d Drawing, page func(Sheet) error) error
}

// Picture is a coded picture of a PDF.
type Picture struct {
	Codec         string // JPXDecode or JBIG2Decode
	Data          []byte
	Globals       []byte // of JBIG2 (ISO 32000-2 7.4.7), or nil
	Width, Height int64  // in pixels, as the PDF says; the coded data of JPX has its own
	Colours       int64  // components of the colour space that the PDF says, or 0 when it leaves that to the coded data
	Indexed       bool   // the colour space is a palette: samples are wanted as they are coded
	Alpha         bool   // the picture holds its opacity as a fourth component, which is wanted as well
}

// Samples is a decoded picture: rows of samples, each padded to a byte.
type Samples struct {
	Width, Height int64 // in pixels
	Colours       int64 // 1 or 3 (red, green, blue); what was CMYK comes as 3
	Bits          int64 // of a sample: 1 or 8
	Data          []byte
	Alpha         []byte // the opacity of each pixel, when it was asked for
}

// Drawing says how pages are to be drawn.
type Drawing struct {
	DPI    float64 // pixels to 1/72 inch times 72; less for a page that would have more than Pixels
	Pixels int64   // of one page, at most
	Pages  int     // at most: a file that has more is not drawn
	First  int     // pages that are drawn, from the first one; 0: all
}

// Sheet is one drawn page.
type Sheet struct {
	Number        int        // from 0
	Box           [4]float64 // what is shown of the page: left, bottom, right, top, in its own units
	Width, Height int        // of the picture in pixels, turned as a reader shows the page
	RGBA          []byte     // rows from the top, four bytes a pixel, opaque
	Chars         []Char     // of its text, in reading order
	Lost          bool       // the page has text that is meant to be seen, and the picture is white all over
}

// Char is a character of a page, or white space that parts others.
type Char = layer.Char
