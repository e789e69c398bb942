package pdf

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/layer"
	"sekisho/sanitize/pdf/internal/object"
	"sekisho/sanitize/pdf/internal/raster"
	"sekisho/sanitize/pdf/internal/writer"
)

// drawPixels is what one page may have, at most: a sheet of A0 at 150 dpi, or less where the policy says so.
const drawPixels = 40 << 20

// render rebuilds a file, draws every page of that, and writes the pages as pictures with invisible text. A file that
// is such a one already is only rebuilt: its pictures and its text are held to the same grammar as those of any file,
// and drawing them again would change them.
func (f Format) render(ctx context.Context, data []byte, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	if f.Engine == nil {
		return sanitize.Report{}, fmt.Errorf("%w: the policy asks for pages drawn as pictures, and there is no engine to draw them", sanitize.ErrUnsupported)
	}
	var base bytes.Buffer
	report, err := f.rebuildOrRepair(ctx, data, &base, pass)
	if err != nil {
		return report, err
	}
	doc, err := open(ctx, base.Bytes(), pass)
	if err != nil {
		return report, err
	}
	w := newWalk(ctx, doc, nil, pass, findings{})
	w.dec.Charge = func(int64) error { return ctx.Err() } // what is decoded was written here: drawPixels bounds it
	drawn, pages, err := w.drawn()
	if err != nil {
		return report, err
	}
	if drawn {
		_, err := base.WriteTo(out)
		return report, err
	}
	w.out = writer.New(out)
	told := findings{}
	told.add(ruleRendered, sanitize.Replaced, "")
	if err := w.tellSubstitutes(pages, told); err != nil {
		return report, err
	}
	if err := f.drawPages(w, base.Bytes(), pages); err != nil {
		return report, err
	}
	report.Findings = append(report.Findings, told.report()...)
	return report, kind(w.document())
}

// drawPages has all pages drawn, and puts their pictures in their places in the document of w.
func (f Format) drawPages(w *walk, data []byte, pages []page) error {
	s := sheets{w: w, pages: pages, words: w.doc.Adopt(nil), columns: w.doc.Adopt(nil)}
	dpi := cmp.Or(w.pass.Policy.DPI, sanitize.DefaultDPI)
	if err := sanitize.CheckDPI(dpi); err != nil {
		return err
	}
	d := Drawing{DPI: float64(dpi), Pixels: min(drawPixels, w.pass.Policy.Limits.Pixels), Pages: w.pass.Policy.Limits.Pages}
	if err := f.Engine.Draw(w.ctx, data, d, s.put); err != nil {
		return err
	}
	if s.done != len(pages) {
		return fmt.Errorf("%w: %d pages were drawn, of %d", sanitize.ErrMalformed, s.done, len(pages))
	}
	s.fonts()
	return w.plainCatalog()
}

// sheets collects drawn pages.
type sheets struct {
	w              *walk
	pages          []page
	done           int
	text           layer.Layer
	words, columns object.Ref // the font of the text, across and down
}

// Names of the resources of a drawn page.
const (
	pictureName = "P"
	wordsName   = "T"
	columnsName = "V"
)

// put makes a page of a drawn one.
func (s *sheets) put(sheet Sheet) error {
	if sheet.Number != s.done || sheet.Number >= len(s.pages) {
		return fmt.Errorf("%w: page %d was drawn, of %d", sanitize.ErrMalformed, sheet.Number+1, len(s.pages))
	}
	s.done++
	if sheet.Lost {
		return fmt.Errorf("%w: page %d has text, and nothing of it can be drawn", sanitize.ErrMalformed, sheet.Number+1)
	}
	if sheet.Width < 1 || sheet.Height < 1 || len(sheet.RGBA) != 4*sheet.Width*sheet.Height {
		return fmt.Errorf("%w: page %d was drawn with %d × %d pixels in %d bytes", sanitize.ErrMalformed, sheet.Number+1, sheet.Width, sheet.Height, len(sheet.RGBA))
	}
	picture, err := raster.Pack(sheet.RGBA, sheet.Width, sheet.Height, s.w.out.Deflate)
	if err != nil {
		return err
	}
	text, err := s.text.Page(shown(sheet.Chars, sheet.Box), wordsName, columnsName)
	if errors.Is(err, layer.ErrTooMany) {
		return fmt.Errorf("%w: %w", sanitize.ErrLimit, err)
	}
	if err != nil {
		return err
	}
	return s.replace(s.pages[sheet.Number], sheet.Box, picture, text)
}

// shown returns the characters that stand on what is shown of a page, and the white space between them. What was cut off
// a page is not on its picture, and a text that nobody sees is no part of it.
func shown(chars []Char, box [4]float64) []Char {
	return slices.DeleteFunc(chars, func(c Char) bool {
		x, y := (c.Box[0]+c.Box[2])/2, (c.Box[1]+c.Box[3])/2
		return c.Box != [4]float64{} && (x < box[0] || y < box[1] || x > box[2] || y > box[3])
	})
}

// replace puts a picture and a text in the place of what a page showed.
func (s *sheets) replace(p page, box [4]float64, picture raster.Picture, text []byte) error {
	doc := s.w.doc
	turn, err := s.w.pageEntry(p, "Rotate")
	if err != nil {
		return err
	}
	quarters, _ := turn.(int64)
	quarters = (quarters/90%4 + 4) % 4
	content := append(placePicture(box, int(quarters)), text...)
	image := doc.Adopt(&object.Stream{Dict: picture.Dict(), Raw: picture.Data})
	resources := object.Dict{{Key: "XObject", Value: object.Dict{{Key: pictureName, Value: image}}}}
	if text != nil {
		resources = object.NewDict(append(resources, object.Entry{Key: "Font", Value: s.fontsOf(text)}))
	}
	d := []object.Entry{
		{Key: "Type", Value: object.Name("Page")}, {Key: "Resources", Value: resources},
		{Key: "MediaBox", Value: object.Array{box[0], box[1], box[2], box[3]}},
		{Key: "Contents", Value: doc.Adopt(&object.Stream{Raw: content})},
	}
	if quarters != 0 {
		d = append(d, object.Entry{Key: "Rotate", Value: quarters * 90})
	}
	links, err := s.w.links(p)
	if err != nil {
		return err
	}
	if len(links) > 0 {
		d = append(d, object.Entry{Key: "Annots", Value: links})
	}
	doc.Replace(p.ref, object.NewDict(d))
	return nil
}

// fontsOf returns the fonts that a text uses, by name.
func (s *sheets) fontsOf(text []byte) object.Dict {
	var fonts object.Dict
	for _, f := range []object.Entry{{Key: wordsName, Value: s.words}, {Key: columnsName, Value: s.columns}} {
		if bytes.Contains(text, []byte("/"+f.Key+" ")) {
			fonts = append(fonts, f)
		}
	}
	return fonts
}

// pageEntry returns an entry of a page, or what it inherits.
func (w *walk) pageEntry(p page, key object.Name) (object.Object, error) {
	v := p.dict.Get(key)
	if v == nil {
		v = p.inherited.Get(key)
	}
	v, _, err := w.doc.Load(v)
	return v, err
}

// placePicture returns the content that shows a picture over a whole box, as a page turned clockwise by so many quarters
// wants it.
func placePicture(box [4]float64, quarters int) []byte {
	width, height := box[2]-box[0], box[3]-box[1]
	m := [6]float64{width, 0, 0, height, box[0], box[1]}
	switch quarters {
	case 1:
		m = [6]float64{0, height, -width, 0, box[2], box[1]}
	case 2:
		m = [6]float64{-width, 0, 0, -height, box[2], box[3]}
	case 3:
		m = [6]float64{0, -height, width, 0, box[0], box[3]}
	}
	b := []byte("q\n")
	for _, v := range m {
		b = append(object.AppendReal(b, v), ' ')
	}
	return append(b, "cm\n/"+pictureName+" Do\nQ\n"...)
}

// links returns the links among the annotations of a page.
func (w *walk) links(p page) (object.Array, error) {
	annots, err := w.pageEntry(p, "Annots")
	if err != nil {
		return nil, err
	}
	list, _ := annots.(object.Array)
	var links object.Array
	for _, a := range list {
		v, _, err := w.doc.Load(a)
		if err != nil {
			return nil, err
		}
		if d, ok := v.(object.Dict); ok && d.Get("Subtype") == object.Name("Link") {
			links = append(links, a)
		}
	}
	return links, nil
}

// fonts makes the fonts of the text, now that all of it is known.
func (s *sheets) fonts() {
	doc := s.w.doc
	stream := func(data []byte, more ...object.Entry) object.Ref {
		return doc.Adopt(&object.Stream{Dict: object.NewDict(more), Raw: data})
	}
	program := layer.Program()
	descriptor := doc.Adopt(layer.Descriptor(stream(program, object.Entry{Key: "Length1", Value: int64(len(program))})))
	cidFont := doc.Adopt(s.text.CIDFont(descriptor, stream(s.text.GlyphMap())))
	toUnicode := stream(s.text.ToUnicode())
	doc.Replace(s.words, layer.Font(false, cidFont, toUnicode))
	doc.Replace(s.columns, layer.Font(true, cidFont, toUnicode))
}

// plainCatalog leaves in the catalog what pages of pictures can have: where the reader is led, and how the document
// wants to be shown.
func (w *walk) plainCatalog() error {
	target, ref, err := w.doc.Load(w.doc.Root)
	if err != nil {
		return err
	}
	catalog, _ := target.(object.Dict)
	kept := []object.Name{
		"Type", "Pages", "Dests", "Lang", "Names", "OpenAction", "Outlines", "PageLabels", "PageLayout", "PageMode", "ViewerPreferences",
	}
	catalog = slices.DeleteFunc(slices.Clone(catalog), func(e object.Entry) bool { return !slices.Contains(kept, e.Key) })
	names, _, err := w.doc.Load(catalog.Get("Names"))
	if err != nil {
		return err
	}
	if d, ok := names.(object.Dict); ok {
		var only object.Dict
		if places := d.Get("Dests"); places != nil {
			only = object.Dict{{Key: "Dests", Value: places}}
		}
		catalog = object.NewDict(append(catalog, object.Entry{Key: "Names", Value: only}))
	}
	w.doc.Replace(ref, catalog)
	w.without = structural
	return nil
}

// structural reports whether a key leads to what drawn pages have no more: the structure tree, layers, appearances.
func structural(key object.Name) bool {
	switch key {
	case "AF", "AP", "MK", "OC", "SD", "SE", "StructParent", "StructParents":
		return true
	}
	return false
}
