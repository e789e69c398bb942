package odf

import (
	"errors"
	"io"
	"strings"

	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/odf/internal/grammar"
)

// hiddenPlan is what a part must know of the whole before it is copied, where policy drops what is hidden.
type hiddenPlan struct {
	styles map[string]bool // styles that hide what has them, as family:name; layers that are not shown, as layer:name
	sheets map[string]bool // sheets that go, as sheetKey has them
}

// planHidden reads the styles and sheets of the document in folder.
func (d *document) planHidden(folder string) error {
	d.hidden = hiddenPlan{}
	if d.pass.Policy.Hidden {
		return nil
	}
	for _, name := range [...]string{"styles.xml", "content.xml"} {
		e := d.entries[folder+name]
		if e == nil {
			continue
		}
		in, err := d.openXML(e)
		if err != nil {
			return err
		}
		err = d.planHiddenIn(in, e.Name)
		in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// planHiddenIn adds what one part says. The styles stand before what has them.
func (d *document) planHiddenIn(in io.Reader, name string) error {
	if d.pass.Policy.Hidden {
		return nil
	}
	if d.hidden.styles == nil {
		d.hidden = hiddenPlan{map[string]bool{}, map[string]bool{}}
	}
	r := xmltext.NewReader(in, d.xmlOptions())
	style := ""
	for {
		k, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return xmlError(name, err)
		}
		if k == xmltext.Start {
			style = d.planElement(r, style)
		}
	}
}

// planElement looks at one element, inside of the given style, and returns the style that is open after it.
func (d *document) planElement(r *xmltext.Reader, style string) string {
	switch {
	case r.Name.Space == grammar.NsStyle && string(r.Name.Local) == "style":
		return attr(r, grammar.NsStyle, "family") + ":" + attr(r, grammar.NsStyle, "name")
	case r.Name.Space == grammar.NsStyle && strings.HasSuffix(string(r.Name.Local), "-properties"):
		if attr(r, grammar.NsText, "display") == "none" || attr(r, grammar.NsTable, "display") == "false" || attr(r, grammar.NsPresentation, "visibility") == "hidden" {
			d.hidden.styles[style] = true
		}
	case r.Name.Space == grammar.NsDraw && string(r.Name.Local) == "layer":
		if unseen(attr(r, grammar.NsDraw, "display")) {
			d.hidden.styles["layer:"+attr(r, grammar.NsDraw, "name")] = true
		}
	case r.Name.Space == grammar.NsTable && string(r.Name.Local) == "table":
		if d.hidden.styles["table:"+attr(r, grammar.NsTable, "style-name")] {
			d.hidden.sheets[sheetKey(attr(r, grammar.NsTable, "name"))] = true
		}
	}
	return style
}

// decideHidden drops what is hidden, where policy says so, and copies of the sheets of other files.
func (f *filter) decideHidden(element grammar.Element) (verdict, string) {
	if element == grammar.TableTable && strings.Contains(attr(f.r, grammar.NsTable, "name"), "'#") {
		return drop, ruleExternalLink // "'file:///x.ods'#Sheet1": what LibreOffice remembers of it
	}
	if !f.d.pass.Policy.Hidden && f.isHidden(element) {
		if element == grammar.TableTableRow {
			return keep, "" // its cells lose what they hold: rows below keep their place
		}
		return drop, ruleHidden
	}
	return keep, ""
}

// isHidden reports whether the element whose start tag was read is not shown.
func (f *filter) isHidden(element grammar.Element) bool {
	style := func(family string, space xmltext.Space) bool {
		return f.d.hidden.styles[family+":"+attr(f.r, space, "style-name")]
	}
	switch element {
	case grammar.TableTable:
		return style("table", grammar.NsTable)
	case grammar.TableTableRow:
		return hiddenRow(f.r)
	case grammar.DrawPage:
		return style("drawing-page", grammar.NsDraw)
	case grammar.TextSection:
		return attr(f.r, grammar.NsText, "display") == "none"
	case grammar.TextHiddenText, grammar.TextHiddenParagraph:
		return true
	case grammar.TextSpan:
		return style("text", grammar.NsText)
	case grammar.TextP, grammar.TextH:
		return style("paragraph", grammar.NsText)
	}
	return false
}

// hiddenShape reports whether the start tag that was read is of a shape that is not shown on the screen, and goes.
func (f *filter) hiddenShape(element grammar.Element) bool {
	if f.d.pass.Policy.Hidden || element.Space() != grammar.NsDraw || element.Local() == "layer" {
		return false
	}
	return f.d.hidden.styles["layer:"+attr(f.r, grammar.NsDraw, "layer")] || unseen(attr(f.r, grammar.NsDraw, "display")) || unseen(attr(f.r, grammar.NsDrawooo, "display"))
}

// unseen reports whether draw:display keeps something off the screen (OpenDocument 1.3 Part 3: draw:display).
func unseen(display string) bool { return display == "none" || display == "printer" }

func hiddenRow(r *xmltext.Reader) bool {
	v := attr(r, grammar.NsTable, "visibility")
	return v == "collapse" || v == "filter"
}

func isCell(e grammar.Element) bool {
	return e == grammar.TableTableCell || e == grammar.TableCoveredTableCell
}

// blankAttr reports whether a cell or row that lost what it holds keeps an attribute: those that say where and how it
// stands.
func blankAttr(a *xmltext.Attr) bool {
	if a.Name.Space != grammar.NsTable {
		return false
	}
	switch string(a.Name.Local) {
	case "style-name", "number-columns-repeated", "number-rows-repeated", "number-columns-spanned", "number-rows-spanned",
		"visibility", "default-cell-style-name":
		return true
	}
	return false
}
