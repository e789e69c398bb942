package ooxml

import (
	"strings"

	"sekisho/sanitize/verify"
)

// field is a complex field that is open (ECMA-376 Part 1 17.16.18): its code is put together from all its pieces,
// the shown results of fields inside it included.
type field struct {
	code    []byte // as it reads when tracked changes are accepted
	old     []byte // as it reads when they are refused
	begun   bool
	nested  bool // whether the result of another field is in the code
	own     bool // whether the code begins with text of its own, not with the result of another field
	results bool // the code has ended
	branch  int  // the alternative in which it began
}

// keywords are the field codes that compute from the document itself or from the reader's clock and name (17.16.5).
const keywords = " = ADDRESSBLOCK ADVANCE AUTHOR AUTONUM AUTONUMLGL AUTONUMOUT BARCODE BIBLIOGRAPHY BIDIOUTLINE CITATION COMMENTS COMPARE CREATEDATE DATE " +
	"DISPLAYBARCODE DOCPROPERTY DOCVARIABLE EDITTIME EQ FILENAME FILESIZE FORMCHECKBOX FORMDROPDOWN FORMTEXT FORMULA GREETINGLINE HYPERLINK IF INDEX INFO KEYWORDS " +
	"LASTSAVEDBY LISTNUM MERGEBARCODE MERGEFIELD MERGEREC MERGESEQ NEXT NEXTIF NOTEREF NUMCHARS NUMPAGES NUMWORDS PAGE PAGEREF PRINTDATE QUOTE REF REVNUM " +
	"SAVEDATE SECTION SECTIONPAGES SEQ SET SHAPE SKIPIF STYLEREF SUBJECT SYMBOL TA TC TEMPLATE TIME TITLE TOA TOC USERADDRESS USERINITIALS USERNAME XE "

// openBranch notes that an alternative begins: a reader takes one of several.
func (j *xmlJudge) openBranch(local string) {
	if local != "AlternateContent" {
		j.count++
		j.branch = append(j.branch, j.count)
	}
}

func (j *xmlJudge) closeBranch() error {
	here := j.here()
	j.branch = j.branch[:len(j.branch)-1]
	for i := range j.fields {
		if j.fields[i].branch == here {
			return verify.Fail(RuleField, j.part.name, "a field that ends outside of the alternative in which it began")
		}
	}
	return nil
}

// here returns the alternative that is being read, 0 outside of all.
func (j *xmlJudge) here() int {
	if len(j.branch) == 0 {
		return 0
	}
	return j.branch[len(j.branch)-1]
}

// fieldChar judges a mark of a complex field.
func (j *xmlJudge) fieldChar(typ string) error {
	switch typ {
	case "begin":
		if len(j.fields) >= j.pass.Policy.Limits.Nesting {
			return verify.Fail(verify.RuleLimit, j.part.name, "fields inside fields deeper than %d", len(j.fields))
		}
		j.fields = append(j.fields, field{branch: j.here()})
		return nil
	case "separate", "end":
	default:
		return verify.Fail(RuleField, j.part.name, "the mark %q", typ)
	}
	if len(j.fields) == 0 {
		return verify.Fail(RuleField, j.part.name, "a mark of no field")
	}
	f := &j.fields[len(j.fields)-1]
	if f.branch != j.here() {
		return verify.Fail(RuleField, j.part.name, "a field that goes on in an alternative")
	}
	if !f.results {
		f.results = true
		if err := j.codes(f); err != nil {
			return err
		}
	}
	if typ == "end" {
		j.fields = j.fields[:len(j.fields)-1]
	}
	return nil
}

// fieldText adds text to the innermost field whose code has not ended.
func (j *xmlJudge) fieldText(s string, instruction, deleted bool) error {
	for i := len(j.fields) - 1; i >= 0; i-- {
		f := &j.fields[i]
		if f.results {
			continue
		}
		if f.branch != j.here() {
			return verify.Fail(RuleField, j.part.name, "a field code that goes on in an alternative")
		}
		if !f.begun && strings.TrimSpace(s) != "" {
			f.begun, f.own = true, instruction && i == len(j.fields)-1
		}
		f.nested = f.nested || i < len(j.fields)-1
		if !deleted {
			f.code = append(f.code, s...)
		}
		if j.inserted == 0 {
			f.old = append(f.old, s...)
		}
		return nil
	}
	if instruction {
		return j.code(s, nil) // a code outside of any field
	}
	return nil
}

// endFields judges the codes of fields that the part never ends.
func (j *xmlJudge) endFields() error {
	for i := range j.fields {
		if f := &j.fields[i]; !f.results {
			if err := j.codes(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// codes judges a field in both of its readings.
func (j *xmlJudge) codes(f *field) error {
	if err := j.code(string(f.code), f); err != nil {
		return err
	}
	return j.code(string(f.old), f)
}

// code judges a whole field code. It must begin with a keyword of the list, written out in the field itself.
func (j *xmlJudge) code(code string, f *field) error {
	where := j.part.name
	trimmed := strings.TrimSpace(code)
	if trimmed == "" {
		return nil
	}
	word := trimmed
	if i := strings.IndexAny(trimmed, " \t\r\n\u3000\u00a0\"\\"); i >= 0 {
		word = trimmed[:i]
	}
	if strings.HasPrefix(trimmed, "=") {
		word = "="
	}
	if !strings.Contains(keywords, " "+strings.ToUpper(word)+" ") || f != nil && !f.own {
		return verify.Fail(RuleField, where, "the field code %q", code)
	}
	if strings.EqualFold(word, "HYPERLINK") {
		if f != nil && f.nested { // the other field may have another result tomorrow
			return verify.Fail(RuleLink, where, "a link that another field computes: %q", code)
		}
		return j.hyperlinkField(trimmed[len(word):])
	}
	return nil
}

// hyperlinkField judges the target of a HYPERLINK field (17.16.5.25): its first argument that belongs to no switch.
func (j *xmlJudge) hyperlinkField(args string) error {
	target, anchored := "", false
	skip := false
	for len(args) > 0 {
		var arg string
		arg, args = argument(args)
		switch {
		case arg == "":
		case skip:
			skip = false
		case strings.HasPrefix(arg, `\`) && len(arg) == 2:
			anchored = anchored || arg == `\l`
			skip = strings.ContainsAny(arg[1:], "lotLOT")
		case target == "":
			target = arg
		}
	}
	if target == "" && anchored || target == "" && !anchored {
		return nil
	}
	if strings.HasPrefix(target, "#") {
		return nil
	}
	if !j.pass.Policy.Links || !linkable(target) {
		return verify.Fail(RuleLink, j.part.name, "a field that links to %q", target)
	}
	return nil
}

// argument splits the first argument off: a quoted one without its quotes.
func argument(s string) (arg, rest string) {
	s = strings.TrimLeft(s, " \t\r\n\u3000")
	for _, quotes := range [...][2]string{{`"`, `"`}, {"“", "”"}} {
		if body, ok := strings.CutPrefix(s, quotes[0]); ok {
			arg, rest, _ = strings.Cut(body, quotes[1])
			return arg, rest
		}
	}
	if i := strings.IndexAny(s, " \t\r\n\u3000"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
