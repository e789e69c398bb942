package odf

import (
	"encoding/base64"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

func TestSlides(t *testing.T) {
	slide := func(styles, page string, more ...[2]string) []byte {
		return pack(t, Odp, append(entries{{"content.xml", content("presentation", styles, `<draw:page draw:name="1" draw:style-name="dp1">`+page+`</draw:page>`)}}, more...))
	}
	listener := func(attrs string) string {
		return `<draw:rect><office:event-listeners><presentation:event-listener script:event-name="dom:click" ` + attrs + `/></office:event-listeners><text:p>押</text:p></draw:rect>`
	}
	hidden := `<style:style style:name="dp1" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>`
	prove(t, sanitizetest.Suite{
		Format: Odp, Others: others(Odp),
		Cases: []sanitizetest.Case{
			{Name: "moves stay", Input: slide("", listener(`presentation:action="next-page"`)+listener(`presentation:action="show" xlink:href="#2"`)),
				Keep: []string{`script:event-name="dom:click" presentation:action="next-page"`, `xlink:href="#2"`}, Exact: true},
			{Name: "actions", Input: slide("", listener(`presentation:action="execute" xlink:href="file:///NEEDLE"`)+listener(`presentation:action="verb" presentation:verb="1"`)+
				listener(`presentation:action="show" xlink:href="http://NEEDLE"`)+listener(`presentation:action="sound" xlink:href="NEEDLE.wav"`)),
				Keep: []string{`<draw:rect><text:p>押</text:p></draw:rect>`}, Gone: []string{"NEEDLE", "event-listener"}, Rules: []string{ruleSlideAction}, Exact: true},
			{Name: "links of shapes", Input: slide("", `<draw:a xlink:href="smb://NEEDLE/x"><draw:rect draw:name="甲"/></draw:a><draw:a xlink:href="https://www.example.jp/"><draw:rect draw:name="乙"/></draw:a>`),
				Keep: []string{`<draw:rect draw:name="甲"/><draw:a xlink:href="https://www.example.jp/">`}, Gone: []string{"NEEDLE"}, Rules: []string{ruleHyperlink}, Exact: true},
			{Name: "film", Input: slide("", `<draw:frame><draw:plugin xlink:href="Media/a.mp4"/><draw:image xlink:href="Pictures/a.png"/></draw:frame>`,
				[2]string{"Media/a.mp4", "NEEDLE"}, [2]string{"Pictures/a.png", pictureOf(t, 1)}),
				Keep: []string{`<draw:frame><draw:image xlink:href="Pictures/image1.png"/></draw:frame>`}, Gone: []string{"NEEDLE", "plugin"}, Rules: []string{rulePlugin, ruleMedia}, Exact: true},
			{Name: "hidden slide", Policy: strict(), Input: slide(hidden, `<draw:rect draw:name="NEEDLE"/>`), Gone: []string{"NEEDLE", "draw:page "}, Rules: []string{ruleHidden}, Exact: true},
			{Name: "hidden shapes", Policy: strict(), Input: slide("", `<draw:layer-set><draw:layer draw:name="L" draw:display="none"/></draw:layer-set><draw:rect draw:layer="L" draw:name="NEEDLE1"/>`+
				`<draw:g drawooo:display="none" xmlns:drawooo="http://openoffice.org/2010/draw"><draw:rect draw:name="NEEDLE2"/></draw:g><draw:rect draw:name="見える"/>`),
				Keep: []string{"見える"}, Gone: []string{"NEEDLE"}, Rules: []string{ruleHidden}, Exact: true},
			{Name: "controls", Input: slide("", `<office:forms><form:form form:name="f" xlink:href="http://NEEDLE/submit" form:datasource="NEEDLE" form:command="NEEDLE">`+
				`<form:button form:name="b" form:label="送信" form:button-type="submit" xlink:href="http://NEEDLE" form:image-data="http://NEEDLE" form:control-implementation="ooo:com.sun.star.form.component.CommandButton">`+
				`<form:properties><form:property form:property-name="NEEDLE" office:value-type="string" office:string-value="x"/><form:property form:property-name="MultiLine" office:value-type="boolean" office:boolean-value="true"/></form:properties>`+
				`<office:event-listeners><script:event-listener script:event-name="form:performaction" xlink:href="NEEDLE"/></office:event-listeners></form:button></form:form></office:forms>`),
				Keep: []string{"送信", `form:button-type="push"`, "MultiLine", `form:control-implementation="ooo:com.sun.star.form.component.CommandButton"`}, Gone: []string{"NEEDLE", "event-listener"},
				Rules: []string{ruleFormAction, ruleDatabase, ruleForm, ruleEvent}, Exact: true},
		},
	})
}

const chartContent = `<?xml version="1.0"?><office:document-content` + namespaces + `><office:body><office:chart><chart:chart chart:class="chart:bar" xlink:href=".." svg:width="8cm">` +
	`<chart:plot-area table:cell-range-address="表1.A1:表1.B2"/></chart:chart></office:chart></office:body></office:document-content>`

func TestObjects(t *testing.T) {
	body := `<text:p><draw:frame><draw:object xlink:href="./Object 7" xlink:type="simple"/><draw:image xlink:href="./ObjectReplacements/Object 7"/></draw:frame></text:p>`
	with := func(object string, replacement string) []byte {
		return pack(t, Odt, entries{{"content.xml", content("text", "", body)}, {"Object 7/content.xml", object}, {"ObjectReplacements/Object 7", replacement}})
	}
	formula := `<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mi>a</mi><mo>+</mo><mtext href="NEEDLE">二</mtext></mrow><annotation encoding="StarMath 5.0">a + 二</annotation>` +
		`<annotation-xml encoding="x">NEEDLE</annotation-xml></semantics></math>`
	document := content("text", "", `<text:p>内側<text:a xlink:href="file:///NEEDLE">字</text:a></text:p>`)
	prove(t, sanitizetest.Suite{
		Format: Odt, Others: others(Odt),
		Cases: []sanitizetest.Case{
			{Name: "chart", Input: with(chartContent, pictureOf(t, 3)), Exact: true,
				Keep: []string{`xlink:href="./Object 1"`, `xlink:href="ObjectReplacements/Object 1"`, `manifest:full-path="Object 1/" manifest:version="1.3" manifest:media-type="application/vnd.oasis.opendocument.chart"`, `chart:class="chart:bar"`, `xlink:href=".."`}},
			{Name: "chart with a metafile", Input: with(chartContent, "NEEDLE"), Gone: []string{"NEEDLE", "draw:image"}, Rules: []string{rulePreview}, Exact: true},
			{Name: "formula", Input: with(formula, pictureOf(t, 3)), Keep: []string{"<math:mi>a</math:mi>", "a + 二", "opendocument.formula"}, Gone: []string{"NEEDLE", "annotation-xml"},
				Rules: []string{ruleUnknown}, Exact: true},
			{Name: "document", Input: with(document, pictureOf(t, 3)), Keep: []string{"内側字", "Object 1/content.xml"}, Gone: []string{"NEEDLE"}, Rules: []string{ruleHyperlink}, Exact: true},
			{Name: "document by policy", Policy: strict(), Input: with(document, pictureOf(t, 3)), Keep: []string{"Pictures/image1.png"}, Gone: []string{"NEEDLE", "内側", "Object"},
				Rules: []string{ruleEmbedded, ruleUnreferenced}, Exact: true},
			{Name: "no kind that stays", Input: with(content("database", "", "NEEDLE"), pictureOf(t, 3)), Keep: []string{"Pictures/image1.png"}, Gone: []string{"NEEDLE"}, Rules: []string{ruleEmbedded, ruleUnreferenced}, Exact: true},
			{Name: "broken", Input: with("<x", pictureOf(t, 3)), Err: sanitize.ErrMalformed},
			{Name: "of itself", Input: pack(t, Odt, entries{{"content.xml", content("text", "", `<text:p><draw:frame><draw:object xlink:href="."/></draw:frame><draw:frame><draw:object xlink:href="./"/></draw:frame></text:p>`)}}),
				Keep: []string{"Pictures/image1.png"}, Gone: []string{"draw:object"}, Rules: []string{ruleDangling}},
		},
	})
}

func TestFlat(t *testing.T) {
	inline := func(data string) string {
		return `<text:p><draw:frame><draw:image><office:binary-data>` + "\n " + base64.StdEncoding.EncodeToString([]byte(data)) + "\n" + `</office:binary-data></draw:image></draw:frame></text:p>`
	}
	prove(t, sanitizetest.Suite{
		Format: Fodt, Others: others(Fodt),
		Foreign: [][]byte{[]byte("<html/>"), []byte("plain"), []byte(content("text", "", "")), flat(Fods, "spreadsheet", "", "")},
		Cases: []sanitizetest.Case{
			{Name: "text", Input: flat(Fodt, "text", "", "<text:p>平文</text:p>"), Keep: []string{"<text:p>平文</text:p>"}, Exact: true},
			{Name: "template", Input: []byte(`<office:document` + namespaces + ` office:mimetype="` + variants[Ott].mime + `"><office:body><office:text/></office:body></office:document>`), Keep: []string{variants[Ott].mime}, Exact: true},
			{Name: "no type", Input: []byte(`<office:document` + namespaces + `><office:body><office:text><text:p>NEEDLE</text:p></office:text></office:body></office:document>`), Err: sanitize.ErrUnsupported},
			{Name: "another body", Input: flat(Fodt, "spreadsheet", "", ""), Err: sanitize.ErrMalformed},
			{Name: "declared entities", Input: append([]byte(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///NEEDLE">]>`), flat(Fodt, "text", "", "<text:p>平文&a;</text:p>")[38:]...),
				Keep: []string{"<text:p>平文</text:p>"}, Gone: []string{"NEEDLE", "DOCTYPE"}, Rules: []string{ruleDTD}, Exact: true},
			{Name: "picture", Input: flat(Fodt, "text", "", inline(pictureOf(t, 5))), Keep: []string{"<draw:image><office:binary-data>"}, Exact: true},
			{Name: "no picture", Input: flat(Fodt, "text", "", inline("NEEDLE")), Keep: []string{"<draw:image><office:binary-data>"}, Gone: []string{"NEEDLE", base64.StdEncoding.EncodeToString([]byte("NEEDLE"))},
				Rules: []string{rulePicture}, Exact: true},
			{Name: "picture from outside", Input: flat(Fodt, "text", "", `<text:p><draw:frame><draw:image xlink:href="http://NEEDLE/x.png"/></draw:frame></text:p>`), Gone: []string{"NEEDLE"}, Rules: []string{ruleExternalLink}, Exact: true},
			{Name: "object inside", Input: flat(Fodt, "text", "", `<text:p><draw:frame><draw:object><math:math><math:mi>x</math:mi></math:math></draw:object></draw:frame><draw:frame><draw:object-ole><office:binary-data>TkVFRExF</office:binary-data></draw:object-ole></draw:frame></text:p>`),
				Keep: []string{"<math:mi>x</math:mi>"}, Gone: []string{"TkVFRExF", "object-ole"}, Rules: []string{ruleOLE}, Exact: true},
			{Name: "document inside by policy", Policy: strict(), Input: flat(Fodt, "text", "", `<text:p>外<draw:frame><draw:object><office:document office:mimetype="`+variants[Ods].mime+`"><office:body>`+
				`<office:spreadsheet><table:table table:name="NEEDLE"/></office:spreadsheet></office:body></office:document></draw:object></draw:frame></text:p>`), Keep: []string{"外"}, Gone: []string{"NEEDLE"}, Rules: []string{ruleEmbedded}, Exact: true},
			{Name: "bullets and fills from outside", Input: flat(Fodt, "text", `<text:list-style style:name="L"><text:list-level-style-image text:level="1" xlink:href="http://NEEDLE/"/></text:list-style>`+
				`<style:style style:name="P" style:family="paragraph"><style:paragraph-properties><style:background-image xlink:href="NEEDLE"/></style:paragraph-properties></style:style>`, "<text:p>文</text:p>"),
				Keep: []string{"文", `<text:list-style style:name="L"/>`}, Gone: []string{"NEEDLE"}, Rules: []string{ruleExternalLink, ruleDangling}, Exact: true},
			{Name: "behind blanks", Input: append([]byte("\n \n"), flat(Fodt, "text", "", "<text:p>平文</text:p>")[38:]...), Keep: []string{"平文"}, Exact: true},
			{Name: "programs", Input: []byte(`<office:document` + namespaces + ` office:mimetype="` + variants[Fodt].mime + `"><office:scripts><office:script script:language="ooo:Basic"><x xmlns="urn:NEEDLE">Sub Main</x></office:script></office:scripts>` +
				`<office:meta><dc:title>題名</dc:title><meta:template xlink:href="http://NEEDLE"/></office:meta><office:settings><config:config-item-set config:name="ooo:configuration-settings">` +
				`<config:config-item config:name="PrinterName" config:type="string">NEEDLE</config:config-item><config:config-item config:name="TabsRelativeToIndent" config:type="boolean">true</config:config-item>` +
				`</config:config-item-set></office:settings><office:body><office:text><text:p>本文</text:p></office:text></office:body></office:document>`),
				Keep: []string{"本文", "題名", "TabsRelativeToIndent"}, Gone: []string{"NEEDLE", "Sub Main", "Printer"}, Rules: []string{ruleScript, ruleExternalLink, ruleSettings}, Exact: true},
		},
	})
}
