package xml

import (
	"context"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// anyText stands for the format that this one refines.
type anyText struct{}

func (anyText) Info() sanitize.Info           { return sanitize.Info{ID: "txt", Extensions: []string{"txt"}} }
func (anyText) Detect(in sanitize.Input) bool { return false }
func (anyText) Rebuild(context.Context, sanitize.Input, io.Writer, sanitize.Pass) (sanitize.Report, error) {
	return sanitize.Report{}, sanitize.ErrUnsupported
}

func encoded(t *testing.T, doc string, label string) []byte {
	t.Helper()
	doc = strings.Replace(doc, "?>", ` encoding="`+label+`"?>`, 1)
	enc := map[string]interface{ String(string) (string, error) }{
		"Shift_JIS": japanese.ShiftJIS.NewEncoder(), "EUC-JP": japanese.EUCJP.NewEncoder(), "ISO-2022-JP": japanese.ISO2022JP.NewEncoder(),
		"UTF-16": unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder(),
	}[label]
	s, err := enc.String(doc)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(s)
}

func TestFormat(t *testing.T) {
	const decl = `<?xml version="1.0"?>`
	strict := sanitize.Strict()
	const japaneseDoc = decl + "<表 氏名=\"山田\">住所&#x1F600;<行/></表>"
	sjis := func(s string) string { b, _ := japanese.ShiftJIS.NewEncoder().String(s); return b }
	cases := []sanitizetest.Case{
		{Name: "data", Input: []byte(decl + "\n<a b='1'>\n <c:d xmlns:c=\"urn:x\" c:e=\"&lt;\"><![CDATA[<住所>]]></c:d>\n</a>\n"), Exact: true,
			Keep: []string{`<a b="1">`, `<c:d xmlns:c="urn:x" c:e="&lt;">&lt;住所&gt;</c:d>`, before + "UTF-8"}},
		{Name: "document type", Input: []byte(decl + `<!DOCTYPE r [<!ENTITY e SYSTEM "http://evil/x"><!ENTITY % p SYSTEM "http://evil/y">%p;]><r>住所&e;</r>`),
			Keep: []string{"住所"}, Gone: []string{"evil", "DOCTYPE", "ENTITY"}, Rules: []string{RuleDTD}, Exact: true},
		{Name: "style sheet", Input: []byte(decl + `<?xml-stylesheet href="http://evil/x"?><?mso-application progid="Word.Document"?><r><!-- secret -->住所</r>`),
			Keep: []string{"住所"}, Gone: []string{"evil", "mso", "secret"}, Rules: []string{RuleInstruction, RuleComment}, Exact: true},
		{Name: "active", Input: []byte(`<r xmlns:h="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" v:x="evil">住所<h:script>evil</h:script><SCRIPT>evil</SCRIPT>` +
			`<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="http://evil/"/><s:a xmlns:s="http://www.w3.org/2000/svg" onload="evil"/><b/></r>`),
			Keep: []string{"住所", "<b/>"}, Gone: []string{"evil", "xhtml", "vml", "include"}, Rules: []string{RuleActive}, Exact: true},
		{Name: "references", Input: []byte(`<r xmlns:x="http://www.w3.org/1999/xlink" xmlns:s="http://www.w3.org/2001/XMLSchema-instance" xml:base="http://evil/" s:schemaLocation="u http://evil/x.xsd" s:nil="true">` +
			`<a x:href="#here"/><a x:href="file:///evil"/><a x:href="https://example.jp/" x:actuate="onLoad" x:show="new"/></r>`),
			Keep: []string{"#here", "https://example.jp/", `s:nil="true"`, `x:show="new"`}, Gone: []string{"evil", "onLoad"}, Rules: []string{RuleReference}, Exact: true},
		{Name: "links by policy", Policy: &strict, Input: []byte(`<r xmlns:x="http://www.w3.org/1999/xlink"><a x:href="https://example.jp/"/>住所</r>`),
			Keep: []string{"住所"}, Gone: []string{"example.jp"}, Rules: []string{RuleReference}, Exact: true},
		{Name: "Shift_JIS", Input: encoded(t, japaneseDoc, "Shift_JIS"), Keep: []string{`encoding="Shift_JIS"`, sjis("氏名=\"山田\">住所&#128512;")}, Exact: true},
		{Name: "gaiji", Input: append(append([]byte(before+`Shift_JIS"?><r>`), 0xf0, 0x40, 0x85, 0x40, 0x87, 0x40), "</r>"...), Keep: []string{"\xf0\x40\x85\x40\x87\x40"}, Exact: true},
		{Name: "EUC-JP", Input: encoded(t, japaneseDoc, "EUC-JP"), Keep: []string{`encoding="EUC-JP"`}, Exact: true},
		{Name: "ISO-2022-JP", Input: encoded(t, decl+"<a>住所<b/>氏名</a>", "ISO-2022-JP"), Keep: []string{`encoding="ISO-2022-JP"`, "\x1b$B"}, Exact: true},
		{Name: "UTF-16", Input: encoded(t, japaneseDoc, "UTF-16"), Keep: []string{"\x4f\x4f\x62\x40"}, Exact: true},
		{Name: "long in UTF-16", Input: encoded(t, decl+"<a>"+strings.Repeat("住所 ", 60_000)+"</a>", "UTF-16"), Exact: true},
		{Name: "namespace in an entity", Input: []byte(`<!DOCTYPE r [<!ENTITY n "http://www.w3.org/2000/svg">]><r xmlns:s="&n;"><s:script>evil</s:script></r>`), Err: sanitize.ErrMalformed},
		{Name: "broken", Input: []byte(decl + "<a><b></a>"), Err: sanitize.ErrMalformed},
		{Name: "not what it says", Input: []byte(before + "Shift_JIS\"?><a>\xff\xff</a>"), Err: sanitize.ErrMalformed},
		{Name: "deep", Input: []byte(strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300)), Err: sanitize.ErrLimit},
		{Name: "two million deep", Input: []byte(strings.Repeat("<a>", 2_000_000)), Err: sanitize.ErrLimit},
		{Name: "laughs", Input: []byte(`<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><r>住所&b;</r>`), Keep: []string{"住所"}, Gone: []string{"&a;"}, Rules: []string{RuleDTD}},
	}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Others: []sanitize.Format{anyText{}}, Cases: cases,
		Foreign: [][]byte{
			[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), []byte(`<html/>`), []byte(`<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>`),
			[]byte(`<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"/>`), []byte(`<job><script/></job>`), []byte(`text < text`), nil,
			[]byte(`<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>`), []byte(`<?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>`),
			[]byte(`<scriptlet/>`), []byte(`<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>`),
		},
	})
}

const before = `<?xml version="1.0" encoding="`

func FuzzRebuild(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e "x">]><r a="&#x41;">&e;<b xmlns:x="http://www.w3.org/1999/xlink" x:href="#c"/></r>`))
	f.Add([]byte(before + "Shift_JIS\"?><a>\x8f\x5a\x8f\x8a</a>"))
	sanitizetest.FuzzStable(f, nil, Format{}, anyText{})
}
