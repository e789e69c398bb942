package ooxml

import (
	"bytes"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// attributes copies the attributes of the start tag that was read. It reports whether a relationship that one of them
// names is not kept. Namespace declarations that were written already are left out.
func (f *filter) attributes(element grammar.Element, declared bool) (lost bool) {
	for i := range f.r.Attrs {
		a := &f.r.Attrs[i]
		switch a.Name.Space {
		case xmltext.XMLNS:
			if !declared {
				f.declaration(a)
			}
		case grammar.NsMc:
			f.compatAttribute(a)
		default:
			lost = f.attribute(element, a) || lost
		}
	}
	return lost
}

// declaration copies the declaration of a namespace that the format knows.
func (f *filter) declaration(a *xmltext.Attr) {
	switch a.Bound {
	case xmltext.XML:
	case xmltext.Unknown:
		f.p.add(ruleVendor, sanitize.Removed)
	default:
		f.w.Attr(a.Name, a.Value)
	}
}

// attribute copies one attribute that the grammar knows and nothing speaks against.
func (f *filter) attribute(element grammar.Element, a *xmltext.Attr) (lost bool) {
	space := a.Name.Space
	if space == xmltext.XML {
		space = grammar.NsXml
	}
	known := grammar.AttrNamed(&a.Name)
	if f.plain.attributes.has(uint16(element), uint16(known)) {
		f.w.Attr(a.Name, a.Value)
		return false
	}
	switch {
	case known == 0 || !element.Allows(known):
		f.p.add(f.unknownRule(space), sanitize.Removed)
		return false
	case known.Rule() != "" && len(a.Value) > 0:
		f.p.add(rulePrefix+known.Rule(), sanitize.Removed)
		return false
	case space == grammar.NsR || space == grammar.NsO && string(a.Name.Local) == "relid":
		return f.reference(a)
	}
	value := a.Value
	switch {
	case known.Checked():
		if rule := f.badValue(element, a); rule != "" {
			f.p.add(rule, sanitize.Removed)
			return false
		}
		value = f.adjusted(element, a)
	case adjusts(element):
		value = f.adjusted(element, a)
	case known.Rule() == "":
		f.plain.attributes.add(uint16(element), uint16(known))
	}
	f.w.Attr(a.Name, value)
	return false
}

// reference copies an attribute that names a relationship, when that is kept. An empty one names none and is common.
func (f *filter) reference(a *xmltext.Attr) (lost bool) {
	if len(a.Value) == 0 {
		f.w.Attr(a.Name, nil)
		return false
	}
	l := f.p.link(a.Value)
	if l == nil {
		return true
	}
	l.used = true
	f.w.Attr(a.Name, a.Value)
	return false
}

// badValue returns the rule that the value of an attribute breaks, or "".
func (f *filter) badValue(element grammar.Element, a *xmltext.Attr) string {
	value := string(a.Value)
	switch string(a.Name.Local) {
	case "macro":
		if value != "" {
			return ruleMacro
		}
	case "refreshOnLoad":
		if f.p.sourceGone && !isFalse(value) {
			return ruleConnection
		}
	case "vbProcedure":
		if value != "" && !isFalse(value) {
			return ruleMacro
		}
	case "textlink", "formula", "listFillRange", "linkedCell":
		if !f.formula(a.Value) {
			return ruleFormula
		}
	case "href":
		if value != "" && !insideLink(value) && !(f.d.pass.Policy.Links && webLink(value)) {
			return ruleHyperlink
		}
	case "location":
		if element == grammar.XHyperlink && !insideLink("#"+strings.TrimPrefix(value, "#")) {
			return ruleHyperlink
		}
	case "tableType": // the query or map that it speaks of is gone
		switch value {
		case "queryTable":
			return ruleConnection
		case "xml":
			return ruleCustomXML
		}
	case "ole": // of a VML shape: it shows an OLE object
		if !f.p.keepsPackage() {
			return ruleOLE
		}
	case "style":
		if activeStyle(a.Value) {
			return ruleScript
		}
	case "val":
		if element == grammar.XCfvo && !f.formula(a.Value) {
			f.flagRule()
			return ruleFormula
		}
	}
	return ""
}

// activeStyle reports whether a style (VML, ECMA-376 Part 4, 19.1) does more than say how a thing looks.
func activeStyle(style []byte) bool {
	low := bytes.ToLower(style)
	for _, word := range []string{"url(", "expression", "behavior", "@import", "script:", "\\"} {
		if bytes.Contains(low, []byte(word)) {
			return true
		}
	}
	return false
}

// adjusts reports whether adjusted may change a value of this element.
func adjusts(element grammar.Element) bool {
	switch element {
	case grammar.XSheet, grammar.XWorkbookView, grammar.XDefinedName, grammar.XCacheSource, grammar.PCNvPr:
		return true
	}
	return false
}

// adjusted returns the value that an attribute has in the output.
func (f *filter) adjusted(element grammar.Element, a *xmltext.Attr) []byte {
	if a.Name.Space != xmltext.None || !adjusts(element) {
		return a.Value
	}
	switch element {
	case grammar.XSheet:
		if string(a.Name.Local) == "state" && string(a.Value) == "veryHidden" {
			f.p.add(ruleVeryHidden, sanitize.Replaced)
			return []byte("hidden")
		}
	case grammar.XWorkbookView, grammar.XDefinedName:
		switch string(a.Name.Local) {
		case "activeTab", "firstSheet", "localSheetId":
			return f.sheetNumber(a.Value)
		}
	case grammar.XCacheSource:
		if string(a.Name.Local) == "type" && string(a.Value) == "external" {
			return []byte("worksheet")
		}
	case grammar.PCNvPr:
		return f.object.adjust(a)
	}
	return a.Value
}

// compatAttribute copies the list of prefixes that mc:Ignorable and mc:MustUnderstand have (ECMA-376 Part 3, 9.1 and
// 9.3), without those whose namespace is not in the output. The other attributes speak of elements that are not there.
func (f *filter) compatAttribute(a *xmltext.Attr) {
	switch string(a.Name.Local) {
	case "Ignorable", "MustUnderstand":
	default:
		f.p.add(ruleVendor, sanitize.Removed)
		return
	}
	var kept []byte
	for prefix := range bytes.FieldsSeq(a.Value) {
		if space, ok := f.r.SpaceOf(prefix); ok && space > 0 {
			if len(kept) > 0 {
				kept = append(kept, ' ')
			}
			kept = append(kept, prefix...)
		}
	}
	if len(kept) > 0 {
		f.w.Attr(a.Name, kept)
	}
}
