package ooxml

import (
	"errors"
	"io"
	"slices"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

const customXML = grammar.CustomXmlPart

// sheetPlan is what the sheets of a workbook, and what refers to them, must know of the others.
type sheetPlan struct {
	number []int           // by position in the input: position in the output, -1 when it goes
	gone   map[string]bool // names of sheets that go, in lower case
	names  map[string]bool // defined names, in lower case: a formula may call one like a function
}

// plan decides what must be known before the first part is rebuilt: which sheets and slides go, and which custom XML
// there is.
func (d *document) plan() error {
	d.sheets = sheetPlan{gone: map[string]bool{}, names: map[string]bool{}}
	if d.variant.folder() == "xl" {
		if err := d.planSheets(); err != nil {
			return err
		}
	}
	for _, p := range d.parts {
		if d.variant.folder() == "ppt" {
			if err := errors.Join(d.planPreviews(p), d.planControls(p)); err != nil {
				return err
			}
		}
		var err error
		switch p.kind {
		case grammar.SlidePart:
			err = d.planSlide(p)
		case grammar.PivotTableCacheDefinitionPart:
			err = d.planPivot(p)
		case customXML:
			err = d.planItem(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tokens calls each for every token of p until it returns false.
func (d *document) tokens(p *part, each func(k xmltext.Kind, r *xmltext.Reader) bool) error {
	r, err := d.open(p)
	if err != nil {
		return err
	}
	defer r.Close()
	x := xmltext.NewReader(r, d.readerOptions(p))
	for {
		k, err := x.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return xmlError(p.entry.Name, err)
		}
		if !each(k, x) {
			return nil
		}
	}
}

// planSheets reads the list of sheets and the defined names of the workbook.
func (d *document) planSheets() error {
	kept := 0
	return d.tokens(d.main, func(k xmltext.Kind, r *xmltext.Reader) bool {
		if k != xmltext.Start || r.Depth() != 3 || r.Name.Space != grammar.NsX {
			return true
		}
		switch string(r.Name.Local) {
		case "definedName":
			d.sheets.names[strings.ToLower(attr(r, xmltext.None, "name"))] = true
		case "sheet":
			if d.planSheet(r) {
				d.sheets.number = append(d.sheets.number, kept)
				kept++
			} else {
				d.sheets.number = append(d.sheets.number, -1)
				d.sheets.gone[strings.ToLower(attr(r, xmltext.None, "name"))] = true
			}
		}
		return true
	})
}

// planSheet reports whether the sheet whose element r is at stays.
func (d *document) planSheet(r *xmltext.Reader) bool {
	l := d.main.link([]byte(attr(r, grammar.NsR, "id")))
	if l == nil {
		return false
	}
	if state := attr(r, xmltext.None, "state"); !d.pass.Policy.Hidden && (state == "hidden" || state == "veryHidden") {
		d.lose(l.to, ruleHidden)
		return false
	}
	return true
}

// lostPages reports whether a sheet or a slide goes. The document properties list their names (ECMA-376 Part 1, 22.2.2.10 and
// 22.2.2.27), and the list must not say more than the document: then it goes too.
func (d *document) lostPages() bool {
	if len(d.sheets.gone) > 0 {
		return true
	}
	return slices.ContainsFunc(d.parts, func(p *part) bool { return p.kind == grammar.SlidePart && p.lost })
}

// lose drops a part.
func (d *document) lose(p *part, rule string) {
	if p != nil {
		p.lost = true
		p.findings = nil
		p.add(rule, sanitize.Removed)
	}
}

// planSlide drops a hidden slide when policy says so (ECMA-376 Part 1, 19.3.1.38: show).
func (d *document) planSlide(p *part) error {
	if d.pass.Policy.Hidden {
		return nil
	}
	return d.tokens(p, func(k xmltext.Kind, r *xmltext.Reader) bool {
		if k == xmltext.Start && isFalse(attr(r, xmltext.None, "show")) {
			d.lose(p, ruleHidden)
		}
		return k != xmltext.Start
	})
}

func isFalse(v string) bool { return v == "0" || v == "false" || v == "off" }

// planItem reads the id of a custom XML part (ECMA-376 Part 1, 15.2.6). One without an id cannot be bound to.
func (d *document) planItem(p *part) error {
	for _, l := range p.links {
		if l.to == nil || l.to.kind != grammar.CustomXmlPropertiesPart {
			continue
		}
		err := d.tokens(l.to, func(k xmltext.Kind, r *xmltext.Reader) bool {
			if id := attr(r, grammar.NsDs, "itemID"); k == xmltext.Start && id != "" {
				d.items[strings.ToLower(id)] = p
			}
			return k != xmltext.Start
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// attr returns the value of an attribute of the token r is at, or "".
func attr(r *xmltext.Reader, space xmltext.Space, local string) string {
	for _, a := range r.Attrs {
		if a.Name.Space == space && string(a.Name.Local) == local {
			return string(a.Value)
		}
	}
	return ""
}

// unbind drops the custom XML that no content is bound to.
func (d *document) unbind() {
	bound := map[*part]bool{}
	for _, p := range d.parts {
		for _, id := range p.bound {
			bound[d.items[id]] = true
		}
	}
	for _, p := range d.parts {
		if p.kind == customXML && !bound[p] {
			d.lose(p, ruleCustomXML)
		}
	}
}

// implicit reports whether parts of this kind belong to the part that has a relationship to them without being named
// there.
func implicit(kind grammar.Part) bool {
	switch kind {
	case media, grammar.ImagePart, grammar.ChartPart, grammar.ExtendedChartPart, grammar.EmbeddedPackagePart,
		grammar.HeaderPart, grammar.FooterPart, grammar.DiagramDataPart, grammar.DiagramLayoutDefinitionPart,
		grammar.DiagramStylePart, grammar.DiagramColorsPart, grammar.DrawingsPart, grammar.WorksheetPart,
		grammar.ChartsheetPart, grammar.TableDefinitionPart, grammar.ChartDrawingPart, grammar.SlidePart:
		return false
	}
	return true
}
