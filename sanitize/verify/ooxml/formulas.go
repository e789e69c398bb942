package ooxml

import (
	"strings"

	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/formula"
	"sekisho/sanitize/verify/internal/xmlread"
)

// formulaElement reports whether the text of an element is a formula, in a sheet, a name, a rule or a chart.
func formulaElement(n xmlread.Name) bool {
	switch n.Local {
	case "f", "formula", "formula1", "formula2", "oldFormula", "calculatedColumnFormula", "totalsRowFormula", "definedName",
		"FmlaRange", "FmlaLink", "FmlaGroup", "FmlaPict", "FmlaTxbx":
		return n.Space != nsA && n.Space != nsW
	}
	return false
}

// formulaAttribute reports whether an attribute is a formula.
func formulaAttribute(element xmlread.Name, local string) bool {
	switch local {
	case "fmlaLink", "fmlaRange", "fmlaGroup", "fmlaTxbx", "textlink":
		return true
	case "formula":
		return element.Space == nsX
	}
	return false
}

// reaching are the functions that reach out of the file, and those of macro sheets that do.
var reaching = words("WEBSERVICE FILTERXML ENCODEURL IMAGE IMPORTXML IMPORTDATA IMPORTHTML IMPORTFEED IMPORTRANGE RTD CALL REGISTER REGISTER.ID UNREGISTER EXEC " +
	"EVALUATE SQL.REQUEST SQL.OPEN SQL.EXEC.QUERY SQL.BIND SQL.RETRIEVE DDE INITIATE POKE REQUEST TERMINATE EXECUTE RUN FOPEN FWRITE FWRITELN FREAD FREADLN FILE.DELETE " +
	"OPEN SAVE.AS ALERT FORMULA FORMULA.FILL FORMULA.ARRAY SET.VALUE SET.NAME ON.TIME ON.KEY ON.DATA ON.SHEET ON.WINDOW GOTO HALT ECHO APP.MAXIMIZE SEND.KEYS SEND.MAIL " +
	"VBA.INSERT.FILE WORKBOOK.INSERT DIRECTORY FILES STOCKHISTORY PY CUBEVALUE CUBEMEMBER CUBESET CUBEKPIMEMBER CUBEMEMBERPROPERTY CUBERANKEDMEMBER CUBESETCOUNT")

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// formula judges one formula. What stands in string literals is text; all else is read without blanks between a name
// and its parenthesis.
func (j *xmlJudge) formula(source string) error {
	where := j.part.name
	code, literals := literals(source)
	upper := strings.ToUpper(code)
	for i := range len(upper) {
		if upper[i] != '(' {
			continue
		}
		name := function(upper[:i])
		if reaching[name] || strings.HasPrefix(name, "GET.") {
			return verify.Fail(RuleFormula, where, "the function %q", name)
		}
		if name == "HYPERLINK" && !j.links(literals, code, i) {
			return verify.Fail(RuleFormula, where, "a link: %q", source)
		}
	}
	if err := formula.Calls(source, formula.Office, j.called); err != nil {
		return verify.Fail(RuleFormula, where, "%v: %q", err, source)
	}
	if name := passedOn(upper); name != "" {
		return verify.Fail(RuleFormula, where, "the function %q", name)
	}
	if i := strings.IndexByte(code, '|'); i >= 0 && strings.IndexByte(code[i:], '!') >= 0 {
		return verify.Fail(RuleFormula, where, "a conversation with a program: %q", source)
	}
	if externalReference(code) {
		return verify.Fail(RuleFormula, where, "a reference to another file: %q", source)
	}
	return nil
}

// called judges one name that a formula calls: a function that stays inside, or a name of the workbook, which is looked
// up when all of them are known. Names from later versions have a prefix (MS-XLSX 2.2.2); the parameters of a LAMBDA too.
func (j *xmlJudge) called(name, _ string) error {
	if name == "" || name == "HYPERLINK" || strings.HasPrefix(name, "_XLPM.") {
		return nil
	}
	bare := strings.TrimPrefix(strings.TrimPrefix(name, "_XLFN."), "_XLWS.")
	if !formula.Known(bare) && j.calls[name] == "" {
		j.calls[name] = j.part.name
	}
	return nil
}

// calledNames fails when a formula calls what is neither a known function nor a name of the workbook.
func (p *pkg) calledNames() error {
	for name, where := range p.calls {
		if !p.defined[name] {
			return verify.Fail(RuleFormula, where, "the function %q", name)
		}
	}
	return nil
}

// passedOn returns the name of a function that reaches out and is handed to another function, which may call it, or "".
func passedOn(code string) string {
	for _, name := range [...]string{"WEBSERVICE", "CALL", "REGISTER.ID", "IMAGE", "FILTERXML", "RTD", "STOCKHISTORY"} {
		for rest := code; ; {
			i := strings.Index(rest, name)
			if i < 0 {
				break
			}
			before, after := strings.TrimRight(rest[:i], " \t\r\n"), strings.TrimLeft(rest[i+len(name):], " \t\r\n")
			before = strings.TrimRight(strings.TrimSuffix(before, "_XLFN."), " \t\r\n")
			if before != "" && after != "" && strings.ContainsAny(before[len(before)-1:], "(,;") && strings.ContainsAny(after[:1], "),;") {
				return name
			}
			rest = rest[i+len(name):]
		}
	}
	return ""
}

// literals replaces every string literal of a formula by two quotes and returns them by the offset of those.
func literals(source string) (code string, at map[int]string) {
	if strings.IndexByte(source, '"') < 0 {
		return source, nil
	}
	at = map[int]string{}
	var b strings.Builder
	for i := 0; i < len(source); {
		switch source[i] {
		case '"':
			n := strings.IndexByte(source[i+1:], '"')
			if n < 0 {
				return b.String() + source[i:], at
			}
			at[b.Len()] = source[i+1 : i+1+n]
			b.WriteString(`""`)
			i += n + 2
		case '\'': // a quoted sheet name, which may hold anything
			n := strings.IndexByte(source[i+1:], '\'')
			if n < 0 {
				return b.String() + source[i:], at
			}
			b.WriteString(source[i : i+n+2])
			i += n + 2
		default:
			b.WriteByte(source[i])
			i++
		}
	}
	return b.String(), at
}

// function returns the name that ends before a parenthesis, without the prefixes of functions that came later.
func function(before string) string {
	before = strings.TrimRight(before, " \t\r\n")
	i := len(before)
	for i > 0 && (before[i-1] >= 'A' && before[i-1] <= 'Z' || before[i-1] >= '0' && before[i-1] <= '9' || before[i-1] == '.' || before[i-1] == '_') {
		i--
	}
	name := before[i:]
	for _, prefix := range [...]string{"_XLFN.", "_XLWS.", "_XLUDF.", "_XLL.", "_XLPM."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

// links reports whether the HYPERLINK whose parenthesis is at offset i of code goes where the policy allows: its
// target is, or begins with, a literal that says so.
func (j *xmlJudge) links(literals map[int]string, code string, i int) bool {
	rest := strings.TrimLeft(code[i+1:], " \t\r\n")
	target, literal := literals[len(code)-len(rest)]
	if !literal || !strings.HasPrefix(rest, `""`) {
		return false
	}
	if strings.HasPrefix(target, "#") {
		return true
	}
	return j.pass.Policy.Links && linkable(target)
}

// externalReference reports whether code refers to another workbook: a number or a file name in brackets that no
// table name precedes, before a sheet name.
func externalReference(code string) bool {
	for i := 0; i < len(code); i++ {
		if code[i] != '[' || i > 0 && (named(code[i-1]) || strings.IndexByte("[,]", code[i-1]) >= 0) {
			continue
		}
		end := strings.IndexByte(code[i:], ']')
		if end < 0 {
			return true
		}
		rest := code[i+end+1:]
		if bang := strings.IndexByte(rest, '!'); bang >= 0 && !strings.ContainsAny(rest[:bang], "+-*/(),;<>=&^") {
			return true
		}
		if body := code[i+1 : i+end]; body != "" && strings.Trim(body, "0123456789") == "" {
			return true
		}
	}
	return false
}

// named reports whether c may end the name of a table.
func named(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c >= 0x80
}

// definedName judges the name of a definition; the formula is judged as its text.
func (j *xmlJudge) definedName(attrs []xmlread.Attr) error {
	name := strings.ToLower(get(attrs, "name"))
	j.defined[strings.ToUpper(name)] = true
	for _, flag := range [...]string{"function", "vbProcedure", "xlm", "macro"} {
		if v := get(attrs, flag); v != "" && v != "0" && v != "false" {
			return verify.Fail(RuleActive, j.part.name, "the name %q of a macro", name)
		}
	}
	bare := strings.TrimPrefix(name, "_xlnm.")
	for _, auto := range [...]string{"auto_open", "auto_close", "auto_activate", "auto_deactivate"} {
		if strings.HasPrefix(bare, auto) {
			return verify.Fail(RuleActive, j.part.name, "the name %q", name)
		}
	}
	return nil
}
