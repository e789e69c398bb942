// Package html rebuilds pages: HTML and XHTML as people get them, into a page that shows the same text and does nothing.
//
// The bytes are decoded by the encoding that the page names, or that its bytes show. The parser of the HTML standard makes a
// tree of them, as every browser does, so that no spelling hides anything; the elements and attributes of a list are written
// from the tree, in UTF-8 and in one spelling, which reads the same as HTML and as XML. Styles are reduced to known properties.
// Pictures that stand in the page as data go through the engine again.
//
//	bytes ──► characters ──► tree (golang.org/x/net/html) ──► elements of the list ──► page, read again to the same page
//
// What it promises: no script, handler, form, frame or plug-in; nothing is loaded when the page is opened; a link is one that
// a person follows, by policy. A page whose output would be read as another tree is held.
package html

import (
	"bytes"
	"context"
	"fmt"
	"io"

	xhtml "golang.org/x/net/html"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
)

// Format rebuilds pages.
type Format struct{}

var _ sanitize.Format = Format{}

// The rules of this format, a closed set.
const (
	RuleComment  = "html/comment"  // a comment or processing instruction
	RuleCSS      = "html/css"      // a style that is not of the list, or that loads something
	RuleEncoding = "html/encoding" // another encoding than UTF-8: the page is in UTF-8 now
	RuleEvent    = "html/event"    // an attribute that runs something
	RuleForm     = "html/form"     // what is filled in or pressed
	RuleFrame    = "html/frame"    // another page in the page
	RuleHead     = "html/head"     // what the head says to programs: refresh, base, links to other files
	RuleLink     = "html/link"     // a link that policy does not keep, or that is none of a person
	RuleObject   = "html/object"   // plug-ins, sound, film, drawings and equations
	RulePicture  = "html/picture"  // a picture that is loaded, or that cannot be rebuilt; its description stays
	RuleScript   = "html/script"   // a script
	RuleUnknown  = "html/unknown"  // a name that is not of the list
)

// Info implements sanitize.Format.
func (Format) Info() sanitize.Info {
	return sanitize.Info{
		ID: "html", Name: "HTML ページ / HTML page", Extensions: []string{"html", "htm"}, Sisters: []string{"xhtml", "xht"}, MIME: "text/html", Refines: "txt",
	}
}

// Detect implements sanitize.Format: a text that is a page, or a piece of one.
func (Format) Detect(in sanitize.Input) bool {
	if written(in.Head(maxOpening)) {
		return true
	}
	beginning, ok := textenc.Beginning(in)
	return ok && textenc.IsPage(beginning)
}

// maxOpening is how many bytes at the start of a page show that it is of our writer.
const maxOpening = 4096

// written reports whether a page begins as our writer begins one. Such a page says its encoding, whatever its characters look like.
func written(head []byte) bool {
	return bytes.HasPrefix(head, []byte("<!DOCTYPE html>\n<html")) && bytes.Contains(head, []byte(`><head><meta charset="utf-8"/><title>`))
}

const (
	maxPage   = 32 << 20 // bytes of a page: its tree takes many times that
	maxDepth  = 512      // elements in each other, as the parser has it
	maxRounds = 4        // until a page is read as it was written
)

// Rebuild implements sanitize.Format.
func (Format) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	report := sanitize.Report{}
	b, err := in.Bytes(min(maxPage, pass.Policy.Limits.FileSize))
	if err != nil {
		return report, fmt.Errorf("cannot rebuild page: %w", err)
	}
	page, enc, err := decode(b)
	if err != nil {
		return report, fmt.Errorf("cannot rebuild page: %w", err)
	}
	w := &writer{ctx: ctx, pass: pass, report: &report, gone: map[string]int{}}
	if enc != textenc.UTF8 && enc != textenc.UTF8BOM {
		report.Add(RuleEncoding, sanitize.Replaced, "")
	}
	last, err := w.round(page)
	for range maxRounds {
		if err != nil {
			return report, fmt.Errorf("cannot rebuild page: %w", err)
		}
		var again []byte
		if again, err = w.round(last); err == nil && bytes.Equal(again, last) {
			w.tell()
			_, err = out.Write(last)
			return report, err
		}
		last = again
	}
	return report, fmt.Errorf("cannot rebuild page: %w: it is read as another page each time", sanitize.ErrMalformed)
}

// round reads a page and writes it.
func (w *writer) round(page []byte) ([]byte, error) {
	if err := nesting(w.ctx, page, w.pass.Policy.Limits.Objects); err != nil {
		return nil, err
	}
	root, err := xhtml.ParseWithOptions(bytes.NewReader(page), xhtml.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", sanitize.ErrMalformed, err)
	}
	w.out.Reset()
	if err := w.document(root); err != nil {
		return nil, err
	}
	return bytes.Clone(w.out.Bytes()), nil
}

// nesting fails for a page that would make the parser work without end: it looks through all open elements at each tag.
func nesting(ctx context.Context, page []byte, limit int) error {
	z := xhtml.NewTokenizer(bytes.NewReader(page))
	depth, tokens := 0, 0
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return nil
		case xhtml.StartTagToken:
			name, _ := z.TagName()
			if !void(string(name)) && !leftOpen(string(name)) {
				depth++
			}
		case xhtml.EndTagToken:
			depth = max(0, depth-1)
		}
		if tokens++; tokens > limit || depth > maxDepth {
			return fmt.Errorf("%w: elements deeper than %d, or more than %d of them", sanitize.ErrLimit, maxDepth, limit)
		}
		if tokens&0xfff == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
}

// leftOpen reports whether the end tag of an element is often left out: the next of its kind ends it (HTML 13.1.2.4).
func leftOpen(name string) bool {
	switch name {
	case "p", "li", "dt", "dd", "tr", "td", "th", "option", "thead", "tbody", "tfoot", "colgroup", "rt", "rp", "rb", "rtc", "html", "head", "body":
		return true
	}
	return false
}
