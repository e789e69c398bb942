package odf

import (
	"path"
	"strings"

	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/link"
	"sekisho/sanitize/verify/internal/xmlread"
)

// xmlJudge reads one part of XML.
type xmlJudge struct {
	*pkg
	name, root string
	r          *xmlread.Reader
}

func (j *xmlJudge) check() error {
	for n := 0; ; n++ {
		if n%4096 == 0 && j.ctx.Err() != nil {
			return j.ctx.Err()
		}
		t, ok, err := j.r.Next()
		if err != nil {
			return verify.Fail(RuleXML, j.name, "%v", err)
		}
		if !ok {
			return nil
		}
		if t.Kind != xmlread.Start {
			continue
		}
		if err := j.start(t); err != nil {
			return err
		}
	}
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
	case "event-listener", "event-listeners", "scripts", "script", "execute-macro", "dde-connection", "dde-connection-decl", "dde-connection-decls", "dde-source",
		"dde-link", "dde-links", "section-source", "table-source", "cell-range-source", "plugin", "applet", "object-ole", "floating-frame", "binary-data",
		"database-display", "database-next", "database-row-select", "database-source-sql", "database-source-query", "database-source-table", "sound", "audio",
		"command", "connection-resource", "server-map", "generic-control", "auto-reload", "contour-path-source":
		return true
	}
	return false
}

func (j *xmlJudge) start(t xmlread.Token) error {
	s := short(t.Name.Space)
	switch {
	case j.r.Depth() == 1 && (s != "office" || t.Name.Local != j.root):
		return verify.Fail(RuleName, j.name, "the root %q", t.Name.Local)
	case !space(s):
		return verify.Fail(RuleName, j.name, "the element %q of %q", t.Name.Local, t.Name.Space)
	case active(t.Name.Local):
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
	case as != "" && !space(as):
		return verify.Fail(RuleName, j.name, "the attribute %q of %q", a.Name.Local, a.Name.Space)
	case a.Name.Local == "href":
		return j.reference(s, element, a.Value)
	case a.Name.Local == "macro-name", as == "form" && (a.Name.Local == "target-location" || a.Name.Local == "datasource"):
		return verify.Fail(RuleActive, j.name, "%q on %q", a.Name.Local, element)
	case a.Name.Local == "formula" || a.Name.Local == "condition" || a.Name.Local == "expression":
		return j.formula(a.Value)
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
var reaching = [...]string{"DDE", "WEBSERVICE", "FILTERXML", "RTD", "CALL", "REGISTER", "HYPERLINK", "IMAGE", "EXEC"}

// formula judges a formula: no function that reaches out, no reference to another file.
func (j *xmlJudge) formula(f string) error {
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
	return nil
}
