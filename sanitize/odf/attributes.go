package odf

import (
	"bytes"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/odf/internal/grammar"
)

// attributes copies the attributes of the start tag that was read. It reports whether one went that the element has no
// sense without.
func (f *filter) attributes(element grammar.Element, fr *frame) (lost bool) {
	for i := range f.r.Attrs {
		if a := &f.r.Attrs[i]; a.Name.Space != xmltext.XMLNS {
			lost = f.attribute(element, a, fr) || lost
		}
	}
	return lost
}

// attribute copies one attribute that the grammar knows and nothing speaks against.
func (f *filter) attribute(element grammar.Element, a *xmltext.Attr, fr *frame) (lost bool) {
	known := grammar.AttrNamed(&a.Name)
	switch {
	case known == 0 || !element.Allows(known):
		f.removed(unknownRule(a.Name.Space))
		return false
	case known.Rule() != "":
		if len(a.Value) > 0 {
			f.removed(rulePrefix + known.Rule())
		}
		return false
	case fr.blank && !blankAttr(a):
		f.removed(ruleHidden)
		return false
	case known.Check() == grammar.Reference:
		f.reference(element, a)
		return false
	}
	value, rule := f.checked(known.Check(), a.Value)
	if rule != "" {
		f.removed(rule)
		return true
	}
	f.w.AttrNamed(prefixOf(a.Name.Space), a.Name.Local, f.adjusted(element, a, value))
	return false
}

func prefixOf(space xmltext.Space) []byte {
	switch space {
	case xmltext.None:
		return nil
	case xmltext.XML:
		return []byte("xml")
	}
	return []byte(grammar.Prefix(space))
}

// reference writes what the code of the element made of xlink:href; without code, a reference goes.
func (f *filter) reference(element grammar.Element, a *xmltext.Attr) {
	if f.ref != "" {
		f.w.AttrNamed(prefixOf(a.Name.Space), a.Name.Local, []byte(f.ref))
		f.ref = ""
		return
	}
	if len(a.Value) == 0 {
		return
	}
	if element.Space() == grammar.NsForm {
		f.removed(ruleFormAction)
		return
	}
	f.removed(ruleExternalLink)
}

// checked returns the value that an attribute has in the output, or the rule that its value breaks.
func (f *filter) checked(check grammar.Check, value []byte) ([]byte, string) {
	switch check {
	case grammar.Address:
		if !allowedAddress(string(value)) {
			return nil, ruleExternalLink
		}
	case grammar.Class:
		return f.class(value)
	case grammar.Formula, grammar.Condition, grammar.Fields:
		return f.formula(check, value)
	case grammar.Web:
		if len(value) > 0 && !f.d.allowedLink(string(value)) {
			return nil, ruleHyperlink
		}
	}
	return value, ""
}

// class returns a word in a namespace (OpenDocument 1.3 Part 3, 18.3: namespacedToken) with the usual prefix.
func (f *filter) class(value []byte) ([]byte, string) {
	prefix, word, ok := bytes.Cut(value, []byte(":"))
	if !ok {
		prefix, word = nil, value
	}
	if len(word) > 128 || strings.Trim(string(word), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" {
		return nil, ruleVendor
	}
	if !ok {
		return value, ""
	}
	space, _ := f.r.SpaceOf(prefix)
	if space <= 0 || grammar.SpaceRule(space) != "" {
		return nil, ruleVendor
	}
	f.value = append(append(append(f.value[:0], grammar.Prefix(space)...), ':'), word...)
	return f.value, ""
}

// formula returns an expression with the usual prefix of its language, or the rule that it breaks.
func (f *filter) formula(check grammar.Check, value []byte) ([]byte, string) {
	prefix, text := f.language(value)
	r := formulaReader{rest: text, policy: &f.d.pass.Policy, sheets: f.d.hidden.sheets, mode: check}
	if check == grammar.Formula && !f.d.pass.Policy.Formulas || prefix == "?" || !r.allowed() {
		return nil, ruleFormula
	}
	if prefix == "" {
		return value, ""
	}
	f.value = append(append(append(f.value[:0], prefix...), ':'), text...)
	return f.value, ""
}

// language splits the prefix that names the language off an expression (Part 3: table:formula). It is "?" when
// the language is not known here.
func (f *filter) language(value []byte) (prefix, text string) {
	before, after, ok := bytes.Cut(value, []byte(":"))
	if !ok || len(before) == 0 || len(before) > 16 || strings.Trim(string(before), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return "", string(value)
	}
	space, declared := f.r.SpaceOf(before)
	switch {
	case space == grammar.NsOf || space == grammar.NsOooc || space == grammar.NsOoow:
		return grammar.Prefix(space), string(after)
	case declared:
		return "?", ""
	}
	switch string(before) {
	case "of", "oooc", "ooow":
		return string(before), string(after)
	case "msoxl":
		return "?", ""
	}
	return "", string(value)
}

// adjusted returns the value that an attribute has in the output.
func (f *filter) adjusted(element grammar.Element, a *xmltext.Attr, value []byte) []byte {
	if element.Space() == grammar.NsForm && string(a.Name.Local) == "button-type" {
		switch string(value) {
		case "submit", "url":
			f.found(ruleFormAction, sanitize.Replaced)
			return []byte("push")
		}
	}
	return value
}
