package ooxml

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// noReference stands for what a defined name meant, when that goes.
const noReference = "#REF!"

// formula reports whether text stays where a formula stands.
func (f *filter) formula(text []byte) bool {
	return len(text) == 0 || len(text) <= maxCapture && allowedFormula(string(text), &f.d.sheets, f.d.pass.Policy)
}

// decideFormula is decide for sheets, names, and the elements that hold a formula as text.
func (f *filter) decideFormula(element grammar.Element) (verdict, string) {
	switch element {
	case grammar.XSheet:
		return keep, ""
	case grammar.XDefinedName, grammar.X14DefinedName:
		return f.decideName()
	case grammar.XF:
		if !f.d.pass.Policy.Formulas {
			return drop, ruleFormula
		}
	}
	return capture, ""
}

// decideName drops defined names that make Excel run something (ECMA-376 Part 1, 18.2.5; the Auto_ names are
// MS-XLS 2.5.114), and those of a sheet that goes.
func (f *filter) decideName() (verdict, string) {
	name := strings.ToLower(attr(f.r, xmltext.None, "name"))
	for _, mark := range []string{"xlm", "function", "vbProcedure"} {
		if isTrue(attr(f.r, xmltext.None, mark)) {
			return drop, ruleMacro
		}
	}
	if strings.HasPrefix(strings.TrimPrefix(name, "_xlnm."), "auto_") {
		return drop, ruleMacro
	}
	if sheet := attr(f.r, xmltext.None, "localSheetId"); sheet != "" {
		i, err := strconv.Atoi(sheet)
		if err != nil || i < 0 || i >= len(f.d.sheets.number) || f.d.sheets.number[i] < 0 {
			return drop, ruleDangling
		}
	}
	return capture, ""
}

// sheetNumber returns the position that the sheet at position v has in the output; the first, when it goes.
func (f *filter) sheetNumber(v []byte) []byte {
	i, err := strconv.Atoi(string(v))
	if err != nil || i < 0 || i >= len(f.d.sheets.number) {
		return []byte("0")
	}
	return strconv.AppendInt(nil, int64(max(f.d.sheets.number[i], 0)), 10)
}

// captured is the code of an element whose text was gathered, before its end tag is written.
func (f *filter) captured(fr *frame) {
	switch fr.element {
	case grammar.WInstrText, grammar.WDelInstrText:
		f.takeCode(fr)
		return
	case grammar.XDefinedName, grammar.X14DefinedName:
		if fr.flag || !f.formula(f.text) {
			f.p.add(ruleFormula, sanitize.Replaced)
			f.text = append(f.text[:0], noReference...)
		}
		f.w.Text(f.text)
		return
	}
	if fr.element == grammar.ApHyperlinkBase {
		if fr.flag = fr.flag || !blank(f.text); fr.flag {
			f.p.add(ruleExternalLink, sanitize.Removed)
		}
		return
	}
	if fr.flag || !f.formula(f.text) || fr.element == grammar.XF && f.sharedLost(fr) {
		fr.flag = true
		f.p.add(ruleFormula, sanitize.Removed)
		return
	}
	f.w.Text(f.text)
}

// sharedLost reports whether a formula shares the one of a cell that lost it (ECMA-376 Part 1, 18.3.1.40).
func (f *filter) sharedLost(fr *frame) bool {
	if len(f.text) > 0 || len(f.sharedGone) == 0 {
		return false
	}
	return f.sharedGone[attrOf(f.w.Since(fr.mark), "si")]
}

// settleFormula is settle for elements that hold a formula: one that is not allowed goes, and what cannot be without
// it too.
func (f *filter) settleFormula(fr *frame) bool {
	if !fr.flag {
		return true
	}
	switch fr.element {
	case grammar.XF:
		if si := attrOf(f.w.Since(fr.mark), "si"); si != "" {
			if f.sharedGone == nil {
				f.sharedGone = map[string]bool{}
			}
			f.sharedGone[si] = true
		}
	case grammar.XFormula, grammar.XFormula1, grammar.XFormula2, grammar.XneF:
		f.flagRule()
	case grammar.CF, grammar.C15F, grammar.C15FormulaRef, grammar.CxF:
		if up := f.parent(1); up != nil {
			up.flag = true
		}
	}
	return false
}

// flagRule says that the rule around a formula (a conditional format, a validation, a sparkline) cannot stay.
func (f *filter) flagRule() {
	for i := len(f.frames) - 1; i >= 0; i-- {
		switch f.frames[i].element {
		case grammar.XCfRule, grammar.XDataValidation, grammar.X14CfRule, grammar.X14DataValidation, grammar.X14Sparkline:
			f.frames[i].flag = true
			return
		}
	}
}

// located reports whether a hyperlink of a sheet leads to a place in the workbook.
func (f *filter) located(fr *frame) bool { return attrOf(f.w.Since(fr.mark), "location") != "" }

// settleReference is settle for a chart's reference to cells (ECMA-376 Part 1, 21.2.2.123 and 21.2.2.201): when its
// formula went, the values that are cached in it stay as literal ones.
func (f *filter) settleReference(fr *frame) bool {
	if !fr.flag {
		return true
	}
	whole := bytes.Clone(f.w.Since(fr.mark))
	whole = whole[bytes.IndexByte(whole, '<'):] // without the end of the tag before
	prefix, local, _ := bytes.Cut(whole[1:bytes.IndexAny(whole, " >/")+0], []byte(":"))
	if len(local) == 0 {
		prefix, local = nil, prefix
	}
	name := func(s string) []byte {
		if len(prefix) == 0 {
			return []byte(s)
		}
		return append(append(bytes.Clone(prefix), ':'), s...)
	}
	up, above := f.parent(1), f.parent(2)
	var literal []byte
	switch {
	case string(local) == "numRef":
		literal = wrap(name("numLit"), inside(whole, name("numCache")))
	case string(local) == "strRef" && up != nil && up.element.Local() == "tx":
		if above != nil && above.element.Local() == "ser" {
			literal = wrap(name("v"), inside(whole, name("v")))
		}
	case string(local) == "strRef":
		literal = wrap(name("strLit"), inside(whole, name("strCache")))
	}
	if literal == nil {
		return false
	}
	f.w.Back(fr.mark)
	f.w.Raw(literal)
	return true
}

// inside returns what the first element called name holds in whole, or nil.
func inside(whole, name []byte) []byte {
	_, rest, ok := bytes.Cut(whole, append(append([]byte("<"), name...), '>'))
	if !ok {
		return nil
	}
	in, _, ok := bytes.Cut(rest, append(append([]byte("</"), name...), '>'))
	if !ok {
		return nil
	}
	return in
}

// wrap returns an element called name that holds in, or nil for nil.
func wrap(name, in []byte) []byte {
	if in == nil {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("<" + string(name) + ">")
	b.Write(in)
	b.WriteString("</" + string(name) + ">")
	return b.Bytes()
}

// attrOf returns the value of the attribute with this local name in the start tag at the start of what a writer wrote,
// or "". The value is as it is written there.
func attrOf(tag []byte, local string) string {
	start := bytes.IndexByte(tag, '<')
	if start < 0 {
		return ""
	}
	tag = tag[start:]
	if end := bytes.IndexByte(tag, '>'); end >= 0 {
		tag = tag[:end]
	}
	for rest := tag; ; {
		_, after, ok := bytes.Cut(rest, []byte(local+`="`))
		if !ok {
			return ""
		}
		before := tag[len(tag)-len(after)-len(local)-3]
		if before == ' ' || before == ':' {
			value, _, _ := bytes.Cut(after, []byte(`"`))
			return string(value)
		}
		rest = after
	}
}

// maxColumns is the number of columns of a sheet, and so of ranges of them.
const maxColumns = 16384

// hiddenCell reports whether the element is a cell in a hidden column. It notes the hidden columns, which stand before
// all cells (ECMA-376 Part 1, 18.3.1.13).
func (f *filter) hiddenCell(element grammar.Element) bool {
	switch element {
	case grammar.XCol:
		if isTrue(attr(f.r, xmltext.None, "hidden")) && len(f.columns) < maxColumns {
			first, err1 := strconv.Atoi(attr(f.r, xmltext.None, "min"))
			last, err2 := strconv.Atoi(attr(f.r, xmltext.None, "max"))
			if err1 == nil && err2 == nil {
				f.columns = append(f.columns, [2]int{first, last})
			}
		}
	case grammar.XC:
		if len(f.columns) == 0 {
			return false
		}
		n := columnOf(attr(f.r, xmltext.None, "r"))
		return slices.ContainsFunc(f.columns, func(c [2]int) bool { return n >= c[0] && n <= c[1] })
	}
	return false
}

// columnOf returns the number of the column of a cell called like "AB12", from 1.
func columnOf(ref string) int {
	n := 0
	for _, c := range ref {
		if c |= 0x20; c < 'a' || c > 'z' || n > maxColumns {
			break
		}
		n = n*26 + int(c-'a') + 1
	}
	return n
}
