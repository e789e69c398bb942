package odf

import (
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

const image1 = `<draw:frame><draw:image xlink:href="Pictures/a.png" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/></draw:frame>`

// metafileWithEscape is a WMF (MS-WMF 2.3): a header, an escape, a line, the end.
const metafileWithEscape = "\x01\x00\x09\x00\x00\x03\x18\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00" +
	"\x07\x00\x00\x00\x26\x06\x09\x00NEEDLE" + "\x05\x00\x00\x00\x13\x02\x03\x00\x04\x00" + "\x03\x00\x00\x00\x00\x00"

func strict() *sanitize.Policy {
	p := sanitize.Strict()
	return &p
}

func TestText(t *testing.T) {
	text := func(body string, more ...[2]string) []byte {
		return pack(t, Odt, append(entries{{"content.xml", content("text", "", body)}}, more...))
	}
	picture := [2]string{"Pictures/a.png", pictureOf(t, 9)}
	prove(t, sanitizetest.Suite{
		Format: Odt, Others: others(Odt),
		Foreign: [][]byte{[]byte("PK\x03\x04"), []byte("mimetype"), flat(Fodt, "text", "", ""), pack(t, Ott, nil)},
		Cases: []sanitizetest.Case{
			{Name: "plain", Input: text(`<text:p text:style-name="P1">住所<text:tab/><text:span>氏名</text:span><text:s text:c="2"/></text:p>`),
				Keep: []string{`<text:p text:style-name="P1">住所<text:tab/><text:span>氏名</text:span><text:s text:c="2"/></text:p>`}, Exact: true},
			{Name: "other prefixes", Input: pack(t, Odt, entries{{"content.xml", `<document-content xmlns="urn:oasis:names:tc:opendocument:xmlns:office:1.0"` +
				` xmlns:q="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:s="urn:oasis:names:tc:opendocument:xmlns:script:1.0"><scripts><s:x/></scripts><body><text><q:p>ここ</q:p></text></body></document-content>`}}),
				Keep: []string{"<office:text><text:p>ここ</text:p>"}, Gone: []string{"script>", "x/>"}, Rules: []string{ruleScript}, Exact: true},
			{Name: "programs", Input: text(`<text:p>本文<text:script script:language="JavaScript">NEEDLE1</text:script><text:execute-macro text:name="NEEDLE2">残る<office:event-listeners>`+
				`<script:event-listener xlink:href="vnd.sun.star.script:NEEDLE3"/></office:event-listeners></text:execute-macro></text:p>`,
				[2]string{"Basic/Standard/Module1.xml", "NEEDLE4"}, [2]string{"Scripts/python/x.py", "NEEDLE5"}, [2]string{"META-INF/macrosignatures.xml", "NEEDLE6"}),
				Keep: []string{"本文残る"}, Gone: []string{"NEEDLE", "Basic", "Scripts", "event-listener", "macrosignatures"},
				Rules: []string{ruleScript, ruleMacro, ruleEvent, ruleSignature}, Exact: true},
			{Name: "links", Input: text(`<text:p><text:a xlink:href="https://www.example.jp/a" xlink:type="simple">公式</text:a><text:a xlink:href="#見出し|outline">中</text:a>` +
				`<text:a xlink:href="file:///NEEDLE">甲</text:a><text:a xlink:href="../NEEDLE.odt">乙</text:a><text:a xlink:href="vnd.sun.star.help:NEEDLE">丙</text:a></text:p>`),
				Keep: []string{"https://www.example.jp/a", "#見出し|outline", "甲乙丙"}, Gone: []string{"NEEDLE"}, Rules: []string{ruleHyperlink}, Exact: true},
			{Name: "links by policy", Policy: strict(), Input: text(`<text:p><text:a xlink:href="https://www.example.jp/a">公式</text:a></text:p>`),
				Keep: []string{"<text:p>公式</text:p>"}, Gone: []string{"example.jp"}, Rules: []string{ruleHyperlink}, Exact: true},
			{Name: "pictures", Input: text(`<text:p>`+image1+image1+`</text:p>`, picture, [2]string{"Pictures/unused.png", pictureOf(t, 200)}),
				Keep:  []string{`xlink:href="Pictures/image1.png"`, `manifest:full-path="Pictures/image1.png" manifest:media-type="image/png"`},
				Gone:  []string{"a.png", "image2", "unused"},
				Rules: []string{ruleUnreferenced}, Exact: true},
			{Name: "metafiles", Input: text(`<text:p>`+image1+`</text:p>`, [2]string{"Pictures/a.png", metafileWithEscape}), Keep: []string{`xlink:href="Pictures/image1.wmf"`},
				Gone: []string{"NEEDLE"}, Rules: []string{"metafile/record"}, Exact: true},
			{Name: "pictures from outside", Input: text(`<text:p><draw:frame draw:name="枠"><draw:image xlink:href="http://NEEDLE/a.png"/></draw:frame><draw:frame>` +
				`<draw:image xlink:href="../NEEDLE.png"/><svg:title>題</svg:title></draw:frame></text:p>`),
				Keep: []string{`<draw:frame draw:name="枠"><draw:image xlink:href="Pictures/image1.png" xlink:type="simple"/></draw:frame>`, "題"}, Gone: []string{"NEEDLE"},
				Rules: []string{ruleExternalLink}, Exact: true},
			{Name: "bullets and fills from outside", Input: pack(t, Odt, entries{{"content.xml", content("text", `<text:list-style style:name="L"><text:list-level-style-image text:level="1" xlink:href="http://NEEDLE/"/></text:list-style>`+
				`<style:style style:name="P" style:family="paragraph"><style:paragraph-properties><style:background-image xlink:href="NEEDLE"/></style:paragraph-properties></style:style>`, "<text:p>文</text:p>")}}),
				Keep: []string{"文", `<text:list-level-style-image text:level="1" xlink:href="Pictures/image1.png"/>`}, Gone: []string{"NEEDLE", "background"}, Rules: []string{ruleExternalLink, ruleDangling}, Exact: true},
			{Name: "no picture", Input: text(`<text:p><draw:frame><draw:image xlink:href="Pictures/a.png"/></draw:frame></text:p>`, [2]string{"Pictures/a.png", "NEEDLE"}),
				Keep: []string{"Pictures/image1.png"}, Gone: []string{"NEEDLE"}, Rules: []string{rulePicture}, Exact: true},
			{Name: "objects", Input: text(`<text:p><draw:frame><draw:plugin xlink:href="NEEDLE"/></draw:frame><draw:frame><draw:applet xlink:href="NEEDLE"/></draw:frame>`+
				`<draw:frame><draw:floating-frame xlink:href="http://NEEDLE"/></draw:frame><draw:frame><draw:object xlink:href="http://NEEDLE/x"/></draw:frame>`+
				`<draw:frame><draw:object-ole xlink:href="./Object 1"/>`+image1[12:]+`</text:p>`, picture, [2]string{"Object 1", "NEEDLE"}),
				Keep: []string{"Pictures/image2.png"}, Gone: []string{"NEEDLE", "plugin", "applet", "floating", "object"},
				Rules: []string{rulePlugin, ruleApplet, ruleFloatingFrame, ruleExternalLink, ruleOLE, ruleUnreferenced}, Exact: true},
			{Name: "connections", Input: text(`<text:dde-connection-decls><text:dde-connection-decl office:dde-application="NEEDLE"/></text:dde-connection-decls>` +
				`<text:section text:name="S"><text:section-source xlink:href="http://NEEDLE/x.odt"/><text:p>節<text:dde-connection text:connection-name="NEEDLE">値</text:dde-connection>` +
				`<text:database-display text:table-name="NEEDLE" text:column-name="c">列</text:database-display></text:p></text:section>`),
				Keep: []string{"節値列"}, Gone: []string{"NEEDLE", "dde", "database"}, Rules: []string{ruleDDE, ruleExternalLink, ruleDatabase}, Exact: true},
			{Name: "extensions", Input: text(`<text:p>前<x:y xmlns:x="urn:x" a="NEEDLE">中</x:y><loext:content-control loext:alias="NEEDLE">選択</loext:content-control>後</text:p><x:y xmlns:x="urn:x">NEEDLE</x:y>`),
				Keep: []string{"<text:p>前中選択後</text:p>"}, Gone: []string{"NEEDLE", "urn:x"}, Rules: []string{ruleVendor}, Exact: true},
			{Name: "comments and changes", Policy: strict(), Input: text(`<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><text:p>NEEDLE1</text:p></text:deletion></text:changed-region>` +
				`</text:tracked-changes><text:p>本<text:change text:change-id="c1"/><office:annotation><dc:creator>NEEDLE2</dc:creator><text:p>NEEDLE3</text:p></office:annotation>文</text:p>`),
				Keep: []string{"本文"}, Gone: []string{"NEEDLE", "change"}, Rules: []string{ruleRevision, ruleComment}, Exact: true},
			{Name: "comments stay", Input: text(`<text:p>本<office:annotation><dc:creator>山田</dc:creator><text:p>要確認</text:p></office:annotation>文</text:p>`),
				Keep: []string{"山田", "要確認"}, Exact: true},
			{Name: "not at first", Input: archive(t, entries{{"content.xml", content("text", "", "<text:p>順</text:p>")}, {typeName, variants[Odt].mime}}), Keep: []string{"順"}, Exact: true},
			{Name: "encrypted", Input: pack(t, Odt, entries{{"content.xml", "x"}, {manifestName + ".x", ""}}), Err: sanitize.ErrMalformed},
			{Name: "encrypted manifest", Err: sanitize.ErrEncrypted, Input: archive(t, entries{{typeName, variants[Odt].mime}, {"content.xml", "x"},
				{manifestName, `<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>`}})},
			{Name: "no content", Input: pack(t, Odt, entries{{"styles.xml", "x"}}), Err: sanitize.ErrMalformed},
			{Name: "another body", Input: pack(t, Odt, entries{{"content.xml", content("spreadsheet", "", "")}}), Err: sanitize.ErrMalformed},
			{Name: "not well-formed", Input: text(`<text:p>`), Err: sanitize.ErrMalformed},
		},
	})
}
