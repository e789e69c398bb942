package ooxml

import (
	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// planPivot looks where a pivot table's cache comes from (ECMA-376 Part 1, 18.10.1.7). One that comes through a connection,
// which goes, stays with what it holds, and says that its source is a range that is no more: Excel repairs a workbook in
// which a cache names a connection that is not there. A cache of a server or a data model (18.10.1.6) holds nothing without
// it, and goes with its pivot tables; their cells stay.
func (d *document) planPivot(p *part) error {
	return d.tokens(p, func(k xmltext.Kind, r *xmltext.Reader) bool {
		if k != xmltext.Start || r.Name.Space != grammar.NsX {
			return true
		}
		switch string(r.Name.Local) {
		case "cacheSource":
			p.sourceGone = attr(r, xmltext.None, "type") == "external"
		case "worksheetSource":
			p.sourceGone = attr(r, grammar.NsR, "id") != "" // in another workbook
		case "cacheFields":
			return p.sourceGone
		case "cacheHierarchies", "kpis", "tupleCache":
			d.losePivot(p)
			return false
		}
		return true
	})
}

// losePivot drops a cache and the pivot tables that show it.
func (d *document) losePivot(cache *part) {
	d.lose(cache, ruleConnection)
	for _, p := range d.parts {
		for _, l := range p.links {
			if p.kind == grammar.PivotTablePart && l.to == cache {
				d.lose(p, ruleConnection)
			}
		}
	}
}

// drawSource writes a source for a cache whose own went, where none stands.
func (f *filter) drawSource(fr *frame) {
	if !f.p.sourceGone || fr.kept > 0 {
		return
	}
	name := xmltext.Name{Prefix: f.r.Name.Prefix, Local: []byte("worksheetSource"), Space: f.r.Name.Space}
	f.w.Start(name)
	f.w.AttrNamed(nil, []byte("name"), []byte("_"))
	f.w.End(name)
	f.p.add(ruleConnection, sanitize.Replaced)
}
