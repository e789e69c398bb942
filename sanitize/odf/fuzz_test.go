package odf

import (
	"bytes"
	"context"
	"testing"

	"sekisho/sanitize"
)

// fuzzEngine returns an engine over all variants.
func fuzzEngine(t testing.TB) *sanitize.Engine {
	t.Helper()
	e, err := sanitize.NewEngine(append(others(Odt), Odt), sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func fuzzRebuild(e *sanitize.Engine, in []byte, policy sanitize.Policy) ([]byte, sanitize.Report, error) {
	var out bytes.Buffer
	report, err := e.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(in), Policy: policy}, &out)
	return out.Bytes(), report, err
}

// checkStable fails when an output of the engine is not what it rebuilds to.
func checkStable(t *testing.T, e *sanitize.Engine, in []byte, policy sanitize.Policy) {
	out, _, err := fuzzRebuild(e, in, policy)
	if err != nil {
		if bytes.Contains([]byte(err.Error()), []byte("panic:")) {
			t.Fatal(err)
		}
		return
	}
	again, report, err := fuzzRebuild(e, out, policy)
	if err != nil || !bytes.Equal(out, again) || len(report.Findings) > 0 {
		t.Fatalf("not stable: error %v, findings %v\n%q\n%q", err, report.Findings, out, again)
	}
}

// FuzzContent fuzzes the content of a document, which is where all grammar is.
func FuzzContent(f *testing.F) {
	for _, body := range []string{
		`<text:p>本文<text:span text:style-name="T1">x</text:span></text:p>`,
		`<text:p><draw:frame><draw:object xlink:href="./Object 7"/><draw:image xlink:href="Pictures/a.png"/></draw:frame></text:p>`,
		`<text:p><draw:frame><draw:plugin/><svg:title>x</svg:title></draw:frame><text:a xlink:href="file:///x">y</text:a></text:p>`,
		`<text:section text:display="none"><text:p>x</text:p></text:section><x:y xmlns:x="urn:x"/>`,
		`<office:forms><form:form><form:button xlink:href="x"><office:event-listeners><script:event-listener/></office:event-listeners></form:button></form:form></office:forms>`,
		`<table:table table:name="'a'#b"><table:table-row><table:table-cell table:formula="of:=SUM([.A1])"/></table:table-row></table:table>`,
	} {
		f.Add(content("text", `<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>`, body), true)
	}
	f.Fuzz(func(t *testing.T, body string, strict bool) {
		policy := sanitize.Standard()
		if strict {
			policy = sanitize.Strict()
		}
		in := pack(t, Odt, entries{{"content.xml", body}, {"Pictures/a.png", pictureOf(t, 1)}, {"Object 7/content.xml", chartContent}})
		checkStable(t, fuzzEngine(t), in, policy)
	})
}

// FuzzPackage fuzzes whole files, flat ones among them.
func FuzzPackage(f *testing.F) {
	f.Add(pack(f, Odt, entries{{"content.xml", content("text", "", "<text:p>x</text:p>")}, {"meta.xml", `<office:document-meta` + namespaces + `/>`}}))
	f.Add(flat(Fodt, "text", "", "<text:p>x</text:p>"))
	f.Add(flat(Fods, "spreadsheet", "", `<table:table><table:table-row table:visibility="collapse"/></table:table>`))
	f.Add(flat(Fodt, "text", `<text:list-style><text:list-level-style-image xlink:href="a"/></text:list-style><draw:fill-image xlink:href="b"/>`,
		`<text:p><draw:frame><draw:object><office:document office:mimetype="x"/></draw:object><draw:image><office:binary-data>AAAA</office:binary-data></draw:image></draw:frame></text:p>`))
	f.Fuzz(func(t *testing.T, in []byte) { checkStable(t, fuzzEngine(t), in, sanitize.Strict()) })
}

// FuzzFormula fuzzes the reader of expressions: it must end, and what it allows it must allow with more spaces.
func FuzzFormula(f *testing.F) {
	for _, text := range []string{"=SUM([.A1:.B2])", `=HYPERLINK("http://www.example.jp")`, "={1|2}", "=['a''b'.A1]", "cell-content()=1"} {
		f.Add(text)
	}
	policy := sanitize.Standard()
	f.Fuzz(func(t *testing.T, text string) {
		r := formulaReader{rest: text, policy: &policy}
		s := formulaReader{rest: text + " ", policy: &policy}
		if r.allowed() != s.allowed() {
			t.Fatalf("%q: a space at the end changes it", text)
		}
	})
}
