package ooxml

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// maxFields bounds fields inside fields; Word has 20.
const maxFields = 100

// maxPieces bounds what stands in the code of one field; an honest one has a few dozen runs at most.
const maxPieces = 4096

// field is a complex field (ECMA-376 Part 1, 17.16.18) that is open: begin and separate were read, or begin only.
type field struct {
	code    []byte  // gathered from all pieces of w:instrText outside of inner fields
	pieces  []piece // what goes when the code is not allowed: all that stands in runs before the result
	inner   bool    // a field stands in the code
	result  bool    // separate was read
	refused bool    // the code is not allowed, so that separate and end go too
	mark    bool    // the writer is held for it
	start   xmltext.Mark
}

// piece is one child of a run in the output.
type piece struct{ from, to xmltext.Mark }

// decideField is decide for the elements of fields.
func (f *filter) decideField(element grammar.Element) (verdict, string) {
	switch element {
	case grammar.WFldSimple:
		code := attr(f.r, grammar.NsW, "instr")
		if allowedField([]byte(code), false, f.d.pass.Policy) {
			return keep, ""
		}
		return unwrap, ruleField
	case grammar.WInstrText, grammar.WDelInstrText:
		if len(f.fields) == 0 || f.fields[len(f.fields)-1].result {
			return drop, ruleField // code of no field
		}
		return capture, ""
	}
	if len(f.fields) >= maxFields && attr(f.r, grammar.NsW, "fldCharType") == "begin" {
		return drop, ruleField
	}
	switch attr(f.r, grammar.NsW, "fldCharType") {
	case "begin":
		return keep, ""
	case "separate", "end":
		if len(f.fields) > 0 {
			return keep, ""
		}
	}
	return drop, ruleField
}

// settleField is settle for the elements of fields and for runs.
func (f *filter) settleField(fr *frame) bool {
	switch fr.element {
	case grammar.WR:
		return !fr.flag
	case grammar.WInstrText, grammar.WDelInstrText:
		return true
	}
	switch attrOf(f.w.Since(fr.mark), "fldCharType") {
	case "begin":
		f.begin(fr)
		return true
	case "separate":
		return f.separate()
	}
	return f.endField()
}

// begin opens a field.
func (f *filter) begin(fr *frame) {
	if n := len(f.fields); n > 0 && !f.fields[n-1].result {
		f.fields[n-1].inner = true
	}
	f.w.Mark()
	f.fields = append(f.fields, field{mark: true, start: fr.mark})
}

// takeCode takes one piece of a code. One that is too long to be judged is none that is allowed.
func (f *filter) takeCode(fr *frame) {
	top := &f.fields[len(f.fields)-1]
	if fr.flag || len(top.code)+len(f.text) > maxCapture {
		top.code = []byte{0}
		return
	}
	top.code = append(top.code, f.text...)
	f.w.Text(f.text)
}

// separate ends the code of the innermost field and begins its result. It reports whether the separator stays.
func (f *filter) separate() bool {
	top := &f.fields[len(f.fields)-1]
	if top.result {
		return false
	}
	f.judge(top)
	return !top.refused
}

// endField ends the innermost field. It reports whether its end mark stays.
func (f *filter) endField() bool {
	top := &f.fields[len(f.fields)-1]
	if !top.result {
		f.judge(top)
	}
	refused := top.refused
	f.fields = f.fields[:len(f.fields)-1]
	return !refused
}

// judge looks at the whole code of a field. One that is not allowed goes: its pieces are cut out of the output.
func (f *filter) judge(fd *field) {
	fd.result = true
	if !allowedField(fd.code, fd.inner, f.d.pass.Policy) {
		fd.refused = true
		f.p.add(ruleField, sanitize.Removed)
		f.cut(fd.pieces)
	}
	fd.pieces, fd.code = nil, nil
	if fd.mark {
		f.w.Release()
		fd.mark = false
	}
}

// cut takes pieces out of the output, the last one first, and moves what stands after them. The element that is ending
// now, if any, stands after all of them.
func (f *filter) cut(pieces []piece) {
	for _, p := range slices.Backward(pieces) {
		moved := f.w.Cut(p.from, p.to)
		for i := range f.frames {
			f.frames[i].mark.Moved(p.to, moved)
		}
		for i := range f.fields {
			f.fields[i].moved(p, moved)
		}
	}
}

// moved says that p was cut out of the output.
func (fd *field) moved(p piece, by int) {
	fd.start.Moved(p.to, by)
	fd.pieces = slices.DeleteFunc(fd.pieces, func(q piece) bool { return q == p })
	for i := range fd.pieces {
		fd.pieces[i].from.Moved(p.to, by)
		fd.pieces[i].to.Moved(p.to, by)
	}
}

// inCode notes a child of a run that stands in the code of a field, for the case that the code goes.
func (f *filter) inCode(fr *frame) {
	run := f.parent(1)
	if run == nil || run.element != grammar.WR || fr.element.Local() == "rPr" || fr.kind != written {
		return
	}
	for i := range f.fields {
		if len(f.fields[i].pieces) >= maxPieces {
			f.err = fmt.Errorf("%w: a field whose code has more than %d pieces", sanitize.ErrLimit, maxPieces)
			return
		}
		if !f.fields[i].result {
			f.fields[i].pieces = append(f.fields[i].pieces, piece{fr.mark, f.w.Place()})
		}
	}
}

// coded reports whether a field's code is open.
func (f *filter) coded() bool {
	return slices.ContainsFunc(f.fields, func(fd field) bool { return !fd.result })
}

// endFields ends what a part left open: a field without an end is none.
func (f *filter) endFields() {
	for len(f.fields) > 0 {
		top := &f.fields[len(f.fields)-1]
		if !top.result {
			top.code = []byte{0}
			f.judge(top)
		}
		f.fields = f.fields[:len(f.fields)-1]
	}
}

// forgetFields drops what fields remember of the output from m on, which is taken back.
func (f *filter) forgetFields(m xmltext.Mark) {
	for len(f.fields) > 0 && !f.fields[len(f.fields)-1].start.Before(m) {
		if f.fields[len(f.fields)-1].mark {
			f.w.Release()
		}
		f.fields = f.fields[:len(f.fields)-1]
	}
	for i := range f.fields {
		f.fields[i].pieces = slices.DeleteFunc(f.fields[i].pieces, func(p piece) bool { return !p.from.Before(m) })
	}
}

// fieldCodes are the fields that show something of the document itself (ECMA-376 Part 1, 17.16.5). What is not here,
// known or not, reads other files, starts something, asks the user or prints.
const fieldCodes = " = ADDRESSBLOCK ADVANCE AUTHOR AUTONUM AUTONUMLGL AUTONUMOUT BARCODE BIBLIOGRAPHY BIDIOUTLINE CITATION " +
	"COMMENTS COMPARE CREATEDATE DATE DISPLAYBARCODE DOCPROPERTY DOCVARIABLE EDITTIME EQ FILENAME FILESIZE FORMCHECKBOX " +
	"FORMDROPDOWN FORMTEXT GREETINGLINE HYPERLINK IF INDEX INFO KEYWORDS LASTSAVEDBY LISTNUM MERGEBARCODE MERGEFIELD " +
	"MERGEREC MERGESEQ NEXT NEXTIF NOTEREF NUMCHARS NUMPAGES NUMWORDS PAGE PAGEREF PRINTDATE QUOTE REF REVNUM SAVEDATE " +
	"SECTION SECTIONPAGES SEQ SET SHAPE SKIPIF STYLEREF SUBJECT SYMBOL TA TC TEMPLATE TIME TITLE TOA TOC USERADDRESS " +
	"USERINITIALS USERNAME XE "

// allowedField reports whether a field with this code stays. A code that other fields make up is judged by what stands
// in it as text.
func allowedField(code []byte, inner bool, policy sanitize.Policy) bool {
	if bytes.IndexByte(code, 0) >= 0 {
		return false
	}
	args := fieldArguments(string(code))
	if len(args) == 0 {
		return !inner // an empty field shows nothing
	}
	name := strings.ToUpper(args[0])
	if strings.HasPrefix(name, "=") {
		name = "="
	}
	switch {
	case strings.Contains(name, " ") || !strings.Contains(fieldCodes, " "+name+" "):
		return bookmarkField(args)
	case name == "HYPERLINK":
		return hyperlinkField(args[1:], inner, policy)
	case name == "TOC" || name == "REF" || name == "INDEX":
		return !slices.ContainsFunc(args, outside)
	}
	return true
}

// bookmarkField reports whether a code is a bookmark's name alone, which is a reference to it (17.16.5.56).
func bookmarkField(args []string) bool { return strings.HasPrefix(args[0], "_") && len(args[0]) <= 40 }

// outside reports whether an argument is the name of another file or server.
func outside(arg string) bool {
	return strings.Contains(arg, "://") || strings.Contains(arg, `\\`) || len(arg) > 1 && arg[1] == ':'
}

// hyperlinkField reports whether a HYPERLINK field (17.16.5.25) leads to a place that policy allows: its target is the
// first argument that is no switch; a place in the document follows \l.
func hyperlinkField(args []string, inner bool, policy sanitize.Policy) bool {
	if inner {
		return false
	}
	target, place := "", false
	for i := 0; i < len(args); i++ {
		switch arg := strings.ToLower(args[i]); {
		case arg == `\l`:
			place = true
			i++
		case arg == `\o` || arg == `\t` || arg == `\s`:
			i++
		case strings.HasPrefix(arg, `\`) && len(arg) == 2:
		case target != "":
			return false
		default:
			target = args[i]
		}
	}
	if target == "" {
		return place
	}
	return policy.Links && webLink(target) || insideLink(target)
}

// fieldArguments splits a code at white space, quotes apart. A backslash in quotes takes the meaning from what follows.
func fieldArguments(code string) []string {
	var args []string
	var b strings.Builder
	quoted, open := false, false
	end := func() {
		if open {
			args = append(args, b.String())
			b.Reset()
			open = false
		}
	}
	for i, r := range code {
		switch {
		case quoted && r == '\\' && i+1 < len(code) && (code[i+1] == '\\' || code[i+1] == '"') && !escapedAt(code, i):
		case isQuote(r) && !escapedAt(code, i):
			if quoted = !quoted; !quoted {
				end()
			} else {
				end()
				open = true
			}
		case !quoted && (r <= ' ' || r == 0xa0 || r == 0x3000):
			end()
		default:
			open = true
			b.WriteRune(r)
		}
	}
	end()
	return args
}

// escapedAt reports whether an odd number of backslashes stands before code[i].
func escapedAt(code string, i int) bool {
	n := 0
	for i > 0 && code[i-1] == '\\' {
		i--
		n++
	}
	return n%2 == 1
}

// isQuote reports whether Word takes r for a quotation mark in a code.
func isQuote(r rune) bool { return r == '"' || r == '\u201c' || r == '\u201d' || r == '\u201e' }
