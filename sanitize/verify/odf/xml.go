package odf

import (
	"encoding/base64"
	"errors"
	"path"
	"slices"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/formula"
	"sekisho/sanitize/verify/internal/link"
	"sekisho/sanitize/verify/internal/xmlread"
)

// xmlJudge reads one part of XML.
type xmlJudge struct {
	*pkg
	name, root string
	flat       bool // the part is the whole document
	r          *xmlread.Reader
	up         []string // local names of the open elements
	picture    []byte   // base64, while a picture that stands in the part is read
	inPicture  bool
}

func (j *xmlJudge) check() error { return j.r.Each(j.ctx, j.broken, j.token) }

func (j *xmlJudge) broken(err error) error {
	if errors.Is(err, sanitize.ErrLimit) {
		return err
	}
	return verify.Fail(RuleXML, j.name, "%v", err)
}

func (j *xmlJudge) token(t *xmlread.Token) (err error) {
	switch t.Kind {
	case xmlread.Start:
		err = j.start(t)
		j.up = append(j.up, t.Name.Local)
	case xmlread.End:
		j.up = j.up[:len(j.up)-1]
		err = j.end()
	case xmlread.Text:
		if j.inPicture {
			j.picture = append(j.picture, t.Text...)
		}
	}
	return err
}

// pictured are the elements that may hold a picture as text in a flat document (OpenDocument 1.3 Part 3, 10.4.4 and 10.4.5).
var pictured = [...]string{"image", "fill-image", "background-image", "list-level-style-image", "symbol-image"}

// begin opens a picture that stands in the part as text.
func (j *xmlJudge) begin() error {
	if !j.flat || j.inPicture || len(j.up) == 0 || !slices.Contains(pictured[:], j.up[len(j.up)-1]) {
		return verify.Fail(RuleActive, j.name, "data as text outside of a picture")
	}
	j.inPicture, j.picture = true, j.picture[:0]
	return nil
}

// end judges a picture that is whole.
func (j *xmlJudge) end() error {
	if !j.inPicture {
		return nil
	}
	j.inPicture = false
	data, err := base64.StdEncoding.Strict().DecodeString(string(j.picture))
	if err != nil {
		return verify.Fail(RuleXML, j.name, "data that are no base64: %v", err)
	}
	if err := errors.Join(j.pass.Entry(), j.pass.Expand(int64(len(data)))); err != nil {
		return err
	}
	in := sanitize.BytesInput(data)
	switch id := j.pass.Identify(in); id {
	case "bmp", "emf", "gif", "jpeg", "png", "svg", "tiff", "wmf":
	default:
		return verify.Fail(RuleActive, j.name, "data of the type %q in the place of a picture", id)
	}
	return j.pass.Member(j.ctx, j.name, in)
}

// oasis is how the namespaces of the standard begin; short is what stands between it and their version.
const oasis = "urn:oasis:names:tc:opendocument:xmlns:"

func short(uri string) string {
	s, ok := strings.CutPrefix(uri, oasis)
	if !ok {
		return uri
	}
	s, _, _ = strings.Cut(s, ":")
	return s
}

// space reports whether a namespace is on the list: those namespaces of the standard without what runs (script, database, xforms), and those of extensions that
// change how a document looks.
func space(s string) bool {
	switch s {
	case "animation", "chart", "config", "dr3d", "drawing", "xsl-fo-compatible", "form", "meta", "datastyle", "office", "presentation", "smil-compatible",
		"style", "svg-compatible", "table", "text", "http://purl.org/dc/elements/1.1/", "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/xlink",
		"http://www.w3.org/XML/1998/namespace", "http://www.w3.org/TR/css3-text/", "http://openoffice.org/2010/chart", "http://openoffice.org/2010/draw",
		"http://openoffice.org/2009/office", "http://openoffice.org/2009/table", "http://openoffice.org/2004/office", "http://openoffice.org/2004/writer",
		"http://openoffice.org/2004/calc", "http://www.w3.org/1999/xhtml", "http://www.w3.org/2003/g/data-view#",
		"urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0", "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
		"urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0", "urn:openoffice:names:experimental:ooxml-odf-interop:xmlns:form:1.0":
		return true
	}
	return false
}

// active reports whether an element runs, loads or links something, whatever is in it.
func active(local string) bool {
	switch local {
	case "event-listener", "scripts", "script", "execute-macro", "dde-connection", "dde-connection-decl", "dde-connection-decls", "dde-source",
		"dde-link", "dde-links", "section-source", "table-source", "cell-range-source", "plugin", "applet", "object-ole", "floating-frame",
		"database-display", "database-next", "database-row-select", "database-source-sql", "database-source-query", "database-source-table", "sound", "audio",
		"command", "connection-resource", "server-map", "generic-control", "auto-reload", "contour-path-source":
		return true
	}
	return false
}

// formulaRoot reports whether the part is a formula: an object whose content is MathML alone (OpenDocument 1.3 Part 3, 14.5).
func (j *xmlJudge) formulaRoot(s, local string) bool {
	return s == "http://www.w3.org/1998/Math/MathML" && local == "math" && j.root == "document-content" && strings.HasSuffix(j.name, "/content.xml")
}

// slideMove reports whether t is a listener that moves between the slides of its own document and does nothing else
// (OpenDocument 1.3 Part 3, 9.7 and 19.388.2).
func slideMove(s string, t *xmlread.Token) bool {
	if s != "presentation" || t.Name.Local != "event-listener" {
		return false
	}
	action, target := "", ""
	for _, a := range t.Attrs {
		switch short(a.Name.Space) + ":" + a.Name.Local {
		case "presentation:action":
			action = a.Value
		case "http://www.w3.org/1999/xlink:href":
			target = a.Value
		}
	}
	switch action {
	case "next-page", "previous-page", "first-page", "last-page", "stop":
		return target == ""
	case "show":
		return strings.HasPrefix(target, "#")
	}
	return false
}

func (j *xmlJudge) start(t *xmlread.Token) error {
	s := short(t.Name.Space)
	if j.inPicture {
		return verify.Fail(RuleXML, j.name, "the element %q in a picture", t.Name.Local)
	}
	if t.Name.Local == "binary-data" {
		if err := j.begin(); err != nil {
			return err
		}
	}
	switch {
	case j.r.Depth() == 1 && (s != "office" || t.Name.Local != j.root) && !j.formulaRoot(s, t.Name.Local):
		return verify.Fail(RuleName, j.name, "the root %q", t.Name.Local)
	case !space(s):
		return verify.Fail(RuleName, j.name, "the element %q of %q", t.Name.Local, t.Name.Space)
	case active(t.Name.Local) && !slideMove(s, t):
		return verify.Fail(RuleActive, j.name, "the element %q", t.Name.Local)
	}
	for _, a := range t.Attrs {
		if err := j.attribute(s, t.Name.Local, a); err != nil {
			return err
		}
	}
	return nil
}

func (j *xmlJudge) attribute(s, element string, a xmlread.Attr) error {
	as := short(a.Name.Space)
	switch {
	case as == "script" && a.Name.Local == "event-name" && s == "presentation" && element == "event-listener":
		return nil
	case as != "" && !space(as):
		return verify.Fail(RuleName, j.name, "the attribute %q of %q", a.Name.Local, a.Name.Space)
	case a.Name.Local == "href":
		return j.reference(s, element, a.Value)
	case a.Name.Local == "macro-name", as == "form" && (a.Name.Local == "target-location" || a.Name.Local == "datasource"):
		return verify.Fail(RuleActive, j.name, "%q on %q", a.Name.Local, element)
	case a.Name.Local == "formula" && as == "text" || a.Name.Local == "condition" && as == "text":
		return j.formula(a.Value, true)
	case a.Name.Local == "formula" || a.Name.Local == "condition" || a.Name.Local == "expression":
		return j.formula(a.Value, false)
	}
	return nil
}

// reference judges an xlink:href: a part of the package, a place in the document, or a hyperlink.
func (j *xmlJudge) reference(s, element, target string) error {
	if target == "" || strings.HasPrefix(target, "#") {
		return nil
	}
	if element == "a" && (s == "text" || s == "drawing") {
		if j.pass.Policy.Links && link.Public(target) {
			return nil
		}
		return verify.Fail(RuleLink, j.name, "a link to %q", target)
	}
	if s == "chart" && element == "chart" && (target == "." || target == "..") { // the data are its own, or of the document around it
		return nil
	}
	dir := path.Dir(j.name)
	full := path.Join(dir, strings.TrimPrefix(target, "./"))
	if _, there := j.entries[full]; there {
		j.used[full] = true
		return nil
	}
	if _, there := j.entries[full+"/content.xml"]; there && element == "object" {
		return nil
	}
	return verify.Fail(RuleLink, j.name, "%q leads to %q, which is not in the package", element, target)
}

// reaching are the functions that reach out of the file.
var reaching = [...]string{"DDE", "WEBSERVICE", "FILTERXML", "RTD", "CALL", "REGISTER", "IMAGE", "EXEC"}

// formula judges a formula: no function that reaches out, none but the known ones, no reference to another file. Fields of
// texts have operators that are words.
func (j *xmlJudge) formula(f string, field bool) error {
	var code strings.Builder
	for i, piece := range strings.Split(f, `"`) {
		if i%2 == 0 {
			code.WriteString(piece)
		}
	}
	upper := strings.ToUpper(strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "").Replace(code.String()))
	for _, name := range reaching {
		for rest := upper; ; {
			i := strings.Index(rest, name+"(")
			if i < 0 {
				break
			}
			if i == 0 || !(rest[i-1] >= 'A' && rest[i-1] <= 'Z' || rest[i-1] == '_') {
				return verify.Fail(RuleFormula, j.name, "the function %q", name)
			}
			rest = rest[i+1:]
		}
	}
	if strings.Contains(upper, "'#") || strings.Contains(upper, "FILE:") || strings.Contains(upper, "://") {
		return verify.Fail(RuleFormula, j.name, "a reference to another file: %q", f)
	}
	err := formula.Calls(f, formula.OpenDocument, func(name, args string) error { return j.called(name, args, field) })
	if err != nil {
		return verify.Fail(RuleFormula, j.name, "%v: %q", err, f)
	}
	return nil
}

// ofPrograms are the names that programs put before those of functions of theirs.
var ofPrograms = [...]string{"COM.MICROSOFT.", "ORG.LIBREOFFICE.", "ORG.OPENOFFICE.", "COM.SUN.STAR.SHEET.ADDIN.ANALYSIS.GET", "COM.SUN.STAR.SHEET.ADDIN.DATEFUNCTIONS.GET"}

// called judges one name that a formula calls.
func (j *xmlJudge) called(name, args string, field bool) error {
	for _, prefix := range ofPrograms {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	switch {
	case name == "" || formula.Known(name) || condition(name) || field && operator(name):
		return nil
	case name == "HYPERLINK": // its target is written out (OpenDocument 1.3 Part 4, 6.14.7)
		target, rest, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(args), `"`), `"`)
		if ok && strings.HasPrefix(strings.TrimSpace(args), `"`) && strings.ContainsAny((strings.TrimSpace(rest) + "&")[:1], ";,)") &&
			(strings.HasPrefix(target, "#") || j.pass.Policy.Links && link.Public(target)) {
			return nil
		}
	}
	return errors.New("the function " + name)
}

// condition reports whether name is the last part of one of the functions of conditions, whose names have hyphens
// ("cell-content-is-between", OpenDocument 1.3 Part 3, 19.471 and 19.614).
func condition(name string) bool {
	switch name {
	case "CONTENT", "BETWEEN", "NUMBER", "DATE", "TIME", "TEXT", "LIST", "LENGTH", "FORMULA", "VALUE", "IS", "WITH", "ELEMENTS", "PERCENT", "AVERAGE", "ERROR",
		"DUPLICATE", "UNIQUE":
		return true
	}
	return false
}

// operator reports whether name is an operator of fields that is a word.
func operator(name string) bool {
	switch name {
	case "EQ", "NEQ", "L", "LEQ", "G", "GEQ", "AND", "OR", "XOR", "NOT", "PHD", "POW":
		return true
	}
	return false
}
