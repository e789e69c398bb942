package ooxml

import (
	"bytes"
	"compress/gzip"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// TestWordStays: what a reader of a document sees comes through as it was, without a finding.
func TestWordStays(t *testing.T) {
	const (
		m     = `xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"`
		wp    = `xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"`
		pic   = `xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"`
		chart = `xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"`
	)
	stay := func(name, body string, keep ...string) sanitizetest.Case {
		if keep == nil {
			keep = []string{body}
		}
		return sanitizetest.Case{Name: name, Input: word(body).zip(), Keep: keep, Exact: true, Check: sound}
	}
	// line is a WMF (MS-WMF 2.3): a header, a line, the end.
	const line = "\x01\x00\x09\x00\x00\x03\x11\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00" + "\x05\x00\x00\x00\x13\x02\x03\x00\x04\x00" + "\x03\x00\x00\x00\x00\x00"
	inline := `<w:p><w:r><w:drawing><wp:inline ` + wp + `><wp:extent cx="1" cy="1"/><wp:docPr id="1" name="図" descr="説明"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">` +
		`<pic:pic ` + pic + `><pic:nvPicPr><pic:cNvPr id="0" name="x"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId1"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr/></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`
	styles := `<w:styles ` + nsW + `><w:style w:type="paragraph" w:styleId="a"><w:name w:val="見出し 1"/><w:rPr><w:rFonts w:eastAsia="ＭＳ 明朝"/></w:rPr></w:style></w:styles>`
	cases := []sanitizetest.Case{
		stay("text", run("住民票の写し　髙﨑①㈱ｱｲｳ")), stay("private use", run("\ue000\uf8ff\U000f0000")), stay("white space", `<w:p><w:r><w:t xml:space="preserve">  a  </w:t></w:r></w:p>`),
		stay("ruby", `<w:p><w:r><w:ruby><w:rubyPr><w:rubyAlign w:val="distributeSpace"/><w:hps w:val="10"/></w:rubyPr><w:rt><w:r><w:t>かな</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>仮名</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>`),
		stay("East Asian layout", `<w:p><w:pPr><w:kinsoku/><w:wordWrap w:val="0"/><w:textDirection w:val="tbRl"/></w:pPr><w:r><w:rPr><w:em w:val="dot"/><w:eastAsianLayout w:id="1" w:vert="1" w:vertCompress="1"/></w:rPr><w:t>縦中横</w:t></w:r></w:p>`),
		stay("equation", `<w:p><m:oMath `+m+`><m:f><m:num><m:r><m:t>一</m:t></m:r></m:num><m:den><m:r><m:t>二</m:t></m:r></m:den></m:f></m:oMath></w:p>`),
		stay("table", `<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid><w:gridCol w:w="100"/></w:tblGrid><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/><w:vMerge w:val="restart"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>`),
		stay("tracked changes", `<w:p><w:ins w:id="1" w:author="山田" w:date="2024-01-01T00:00:00Z"><w:r><w:t>加</w:t></w:r></w:ins><w:del w:id="2" w:author="山田"><w:r><w:delText>除</w:delText></w:r></w:del></w:p>`),
		stay("bookmark and link inside", `<w:p><w:bookmarkStart w:id="0" w:name="目次"/><w:bookmarkEnd w:id="0"/><w:hyperlink w:anchor="目次"><w:r><w:t>先頭へ</w:t></w:r></w:hyperlink></w:p>`),
		stay("form fields", `<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="欄"/><w:checkBox><w:sizeAuto/><w:default w:val="0"/></w:checkBox></w:ffData></w:fldChar></w:r><w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`),
		stay("content control", `<w:sdt><w:sdtPr><w:alias w:val="選択"/><w:dropDownList><w:listItem w:displayText="甲" w:value="1"/></w:dropDownList></w:sdtPr><w:sdtContent><w:p/></w:sdtContent></w:sdt>`),
		stay("columns and page", `<w:p><w:pPr><w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:cols w:num="2"/><w:docGrid w:type="lines" w:linePitch="360"/></w:sectPr></w:pPr></w:p>`),
		{Name: "parts beside the document", Input: word(`<w:p><w:pPr><w:pStyle w:val="a"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:footnoteReference w:id="1"/><w:endnoteReference w:id="1"/><w:commentReference w:id="0"/></w:r></w:p><w:sectPr><w:headerReference w:type="default" r:id="rId6"/><w:footerReference w:type="default" r:id="rId7"/></w:sectPr>`).
			with("word/_rels/document.xml.rels", rels("rId1", "styles", "styles.xml", "rId2", "numbering", "numbering.xml", "rId3", "footnotes", "footnotes.xml", "rId4", "endnotes", "endnotes.xml", "rId5", "comments", "comments.xml", "rId6", "header", "header1.xml", "rId7", "footer", "footer1.xml",
				"rId8", "fontTable", "fontTable.xml", "rId9", "settings", "settings.xml"),
				"word/styles.xml", styles, "word/numbering.xml", `<w:numbering `+nsW+`><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="aiueo"/><w:lvlText w:val="第%1"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`,
				"word/footnotes.xml", `<w:footnotes `+nsW+`><w:footnote w:id="1">`+run("脚注")+`</w:footnote></w:footnotes>`, "word/endnotes.xml", `<w:endnotes `+nsW+`><w:endnote w:id="1">`+run("文末脚注")+`</w:endnote></w:endnotes>`,
				"word/comments.xml", `<w:comments `+nsW+`><w:comment w:id="0" w:author="山田" w:initials="山">`+run("要確認")+`</w:comment></w:comments>`, "word/header1.xml", `<w:hdr `+nsW+`>`+run("柱")+`</w:hdr>`, "word/footer1.xml", `<w:ftr `+nsW+`>`+run("ノンブル")+`</w:ftr>`,
				"word/fontTable.xml", `<w:fonts `+nsW+`><w:font w:name="ＭＳ 明朝"><w:charset w:val="80"/></w:font></w:fonts>`, "word/settings.xml", `<w:settings `+nsW+`><w:zoom w:percent="100"/><w:characterSpacingControl w:val="compressPunctuation"/><w:themeFontLang w:eastAsia="ja-JP"/></w:settings>`).zip(),
			Keep: []string{"見出し 1", "aiueo", "脚注", "文末脚注", "要確認", "柱", "ノンブル", `w:charset w:val="80"`, "compressPunctuation"}, Exact: true, Check: sound},
		{Name: "picture", Input: word(inline).with("word/_rels/document.xml.rels", rels("rId1", "image", "media/p.png"), "word/media/p.png", picture()).zip(), Keep: []string{`descr="説明"`, "media/image1.png"}, Exact: true, Check: sound},
		{Name: "compressed metafile", Input: word(inline).with("word/_rels/document.xml.rels", rels("rId1", "image", "media/p.wmz"), "word/media/p.wmz", gzipped(t, line)).zip(),
			Keep: []string{"media/image1.wmf", line}, Exact: true, Check: sound},
		{Name: "chart and its workbook", Input: word(`<w:p><w:r><w:drawing><wp:inline `+wp+`><wp:extent cx="1" cy="1"/><wp:docPr id="1" name="グラフ"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart `+chart+` r:id="rId1"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`).
			with("word/_rels/document.xml.rels", rels("rId1", "chart", "charts/chart1.xml"),
				"word/charts/chart1.xml", `<c:chartSpace `+chart+` `+nsA+` `+nsR+`><c:chart><c:plotArea><c:barChart><c:ser><c:idx val="0"/><c:val><c:numRef><c:f>表!$A$1</c:f><c:numCache><c:pt idx="0"><c:v>7</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart><c:externalData r:id="rId1"/></c:chartSpace>`,
				"word/charts/_rels/chart1.xml.rels", rels("rId1", "package", "../embeddings/b.xlsx"), "word/embeddings/b.xlsx", string(workbook(Xlsx, `<row r="1"><c r="A1"><v>7</v></c></row>`).zip())).zip(),
			Keep: []string{"<c:f>表!$A$1</c:f>", "externalData", "package1.xlsx"}, Exact: true, Check: sound},
	}
	prove(t, sanitizetest.Suite{Format: Docx, Others: others(Docx), Cases: cases})
}

// gzipped returns text compressed, as Office stores some metafiles.
func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSheetStays: values, formulas and what shows and checks them.
func TestSheetStays(t *testing.T) {
	const sheet, book = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
	plain := workbook(Xlsx, `<row r="1"><c r="A1"><v>1</v></c></row>`)
	after := func(name, xml string) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: plain.replace(sheet, "</sheetData>", "</sheetData>"+xml).zip(), Keep: []string{xml}, Exact: true, Check: sound}
	}
	var cases []sanitizetest.Case
	for _, f := range []string{`SUM(A1:B2)`, `IF(A1&gt;0,"正","負")`, `VLOOKUP(A1,表!A:B,2,FALSE)`, `_xlfn.XLOOKUP(A1,A:A,B:B)`, `_xlfn.LET(_xlpm.x,1,_xlpm.x+1)`, `INDIRECT("A"&amp;1)`, `TEXT(A1,"ggge年m月d日")`, `DATEDIF(A1,B1,"Y")`, `PHONETIC(A1)`, `ASC("ア")&amp;JIS("ｱ")`,
		`SUMIFS(表[金額],表[区分],"甲")`, `{1,2;3,4}`, `'東 京'!A1`, `A1:INDEX(A:A,3)`, `_xlfn.SINGLE(A1:A2)`, `-1.5E+3%`, `"a|b!c[1]"`, `HYPERLINK("https://www.example.jp/","県")`, `HYPERLINK("#表!A1","先頭")`} {
		cases = append(cases, sanitizetest.Case{Name: f, Input: workbook(Xlsx, cell(f, "値")).zip(), Keep: []string{"<f>" + f + "</f>", "値"}, Exact: true})
	}
	cases = append(cases,
		after("conditional format", `<conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>A1&gt;0</formula></cfRule><cfRule type="colorScale" priority="2"><colorScale><cfvo type="min"/><cfvo type="max"/><color rgb="FFFF0000"/><color rgb="FF00FF00"/></colorScale></cfRule></conditionalFormatting>`),
		after("validation", `<dataValidations count="1"><dataValidation type="list" allowBlank="1" sqref="A1"><formula1>"甲,乙"</formula1></dataValidation></dataValidations>`),
		after("merged cells and filter", `<autoFilter ref="A1:B2"/><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells><phoneticPr fontId="1"/>`),
		after("page", `<printOptions gridLines="1"/><pageMargins left="0.7" right="0.7" top="0.7" bottom="0.7" header="0.3" footer="0.3"/><headerFooter><oddHeader>&amp;C表題</oddHeader></headerFooter>`),
		sanitizetest.Case{Name: "names", Input: plain.replace(book, "</sheets>", `</sheets><definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">表!$A$1:$B$2</definedName><definedName name="税率" function="false" vbProcedure="false">0.1</definedName></definedNames>`).zip(), Keep: []string{"_xlnm.Print_Area", `<definedName name="税率" function="false" vbProcedure="false">0.1</definedName>`}, Exact: true},
		sanitizetest.Case{Name: "strings, styles, table, pivot, notes", Input: plain.replace(sheet, "</sheetData>", `</sheetData><legacyDrawing r:id="rId3"/><tableParts count="1"><tablePart r:id="rId1"/></tableParts>`).
			replace(book, "</sheets>", `</sheets><pivotCaches><pivotCache cacheId="1" r:id="rId4"/></pivotCaches>`).
			with("xl/_rels/workbook.xml.rels", rels("rId1", "worksheet", "worksheets/sheet1.xml", "rId2", "sharedStrings", "sharedStrings.xml", "rId3", "styles", "styles.xml", "rId4", "pivotCacheDefinition", "pivotCache/d1.xml"),
				"xl/sharedStrings.xml", `<sst `+nsX+` count="1" uniqueCount="1"><si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si></sst>`,
				"xl/styles.xml", `<styleSheet `+nsX+`><numFmts count="1"><numFmt numFmtId="176" formatCode="[$-411]ggge&quot;年&quot;"/></numFmts></styleSheet>`,
				"xl/pivotCache/d1.xml", `<pivotCacheDefinition `+nsX+` `+nsR+` r:id="rId1"><cacheSource type="worksheet"><worksheetSource ref="A1:B2" sheet="表"/></cacheSource><cacheFields count="1"><cacheField name="区分"><sharedItems><s v="甲"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>`,
				"xl/pivotCache/_rels/d1.xml.rels", rels("rId1", "pivotCacheRecords", "r1.xml"), "xl/pivotCache/r1.xml", `<pivotCacheRecords `+nsX+` count="1"><r><x v="0"/></r></pivotCacheRecords>`,
				"xl/worksheets/_rels/sheet1.xml.rels", rels("rId1", "table", "../tables/table1.xml", "rId2", "pivotTable", "../pivotTables/p1.xml", "rId3", "vmlDrawing", "../drawings/v.vml", "rId4", "comments", "../comments1.xml"),
				"xl/tables/table1.xml", `<table `+nsX+` id="1" name="T" displayName="T" ref="A1:B2"><tableColumns count="1"><tableColumn id="1" name="金額"><calculatedColumnFormula>T[数]*2</calculatedColumnFormula></tableColumn></tableColumns></table>`,
				"xl/pivotTables/p1.xml", `<pivotTableDefinition `+nsX+` name="集計" cacheId="1"><location ref="A1" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/></pivotTableDefinition>`,
				"xl/pivotTables/_rels/p1.xml.rels", rels("rId1", "pivotCacheDefinition", "../pivotCache/d1.xml"),
				"xl/drawings/v.vml", `<xml `+nsVML+` xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shape id="_x0000_s1" style="visibility:hidden"><x:ClientData ObjectType="Note"><x:Row>0</x:Row></x:ClientData></v:shape></xml>`,
				"xl/comments1.xml", `<comments `+nsX+`><authors><author>山田</author></authors><commentList><comment ref="A1" authorId="0"><text><t>要確認</t></text></comment></commentList></comments>`).zip(),
			Keep: []string{"トウキョウ", "ggge", "T[数]*2", `name="集計"`, `<s v="甲"/>`, `ObjectType="Note"`, "要確認"}, Exact: true, Check: sound},
	)
	prove(t, sanitizetest.Suite{Format: Xlsx, Others: others(Xlsx), Cases: cases})
}

// TestSlideStays: shapes, text, tables, transitions, notes, comments.
func TestSlideStays(t *testing.T) {
	const slide = "ppt/slides/slide1.xml"
	table := `<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="3" name="表"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="0"/><a:ext cx="1" cy="1"/></p:xfrm><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">` +
		`<a:tbl><a:tblGrid><a:gridCol w="1"/></a:tblGrid><a:tr h="1"><a:tc><a:txBody><a:bodyPr/><a:p><a:r><a:t>枠内</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`
	group := `<p:grpSp><p:nvGrpSpPr><p:cNvPr id="5" name="組"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>` + shape("組の中", "") + `</p:grpSp>`
	cases := []sanitizetest.Case{
		{Name: "shapes", Input: slides(Pptx, shape("本文", "")+table+group).zip(), Keep: []string{"本文", table, "<p:grpSp><p:nvGrpSpPr>", "組の中"}, Exact: true, Check: sound},
		{Name: "transition", Input: slides(Pptx, shape("本文", "")).replace(slide, "</p:cSld>", `</p:cSld><p:transition spd="slow"><p:fade/></p:transition>`).zip(), Keep: []string{`<p:transition spd="slow"><p:fade/></p:transition>`}, Exact: true},
		{Name: "animation of text", Input: slides(Pptx, shape("本文", "")).replace(slide, "</p:cSld>", `</p:cSld><p:timing><p:tnLst><p:par><p:cTn id="1" dur="indefinite" nodeType="tmRoot"><p:childTnLst><p:set><p:cBhvr><p:cTn id="2" dur="1"/><p:tgtEl><p:spTgt spid="2"/></p:tgtEl><p:attrNameLst><p:attrName>style.visibility</p:attrName></p:attrNameLst></p:cBhvr><p:to><p:strVal val="visible"/></p:to></p:set></p:childTnLst></p:cTn></p:par></p:tnLst></p:timing>`).zip(),
			Keep: []string{"style.visibility", `<p:spTgt spid="2"/>`}, Exact: true},
		{Name: "notes and comments", Input: slides(Pptx, shape("本文", "")).with("ppt/slides/_rels/slide1.xml.rels", rels("rId1", "notesSlide", "../notesSlides/n.xml", "rId2", "comments", "../comments/c.xml"),
			"ppt/notesSlides/n.xml", `<p:notes `+nsP+` `+nsA+`><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>`+shape("話すこと", "")+`</p:spTree></p:cSld></p:notes>`,
			"ppt/comments/c.xml", `<p:cmLst `+nsP+`><p:cm authorId="0" idx="1"><p:pos x="1" y="1"/><p:text>要確認</p:text></p:cm></p:cmLst>`).zip(), Keep: []string{"話すこと", "要確認"}, Exact: true, Check: sound},
		{Name: "hidden slide", Input: slides(Pptx, shape("本文", "")).replace(slide, "<p:sld ", `<p:sld show="0" `).zip(), Keep: []string{`show="0"`, "本文"}, Exact: true},
	}
	prove(t, sanitizetest.Suite{Format: Pptx, Others: others(Pptx), Cases: cases})
	strict := sanitize.Strict()
	prove(t, sanitizetest.Suite{Format: Pptx, Others: others(Pptx), Cases: []sanitizetest.Case{
		{Name: "comments by policy", Policy: &strict, Input: cases[3].Input, Keep: []string{"本文", "話すこと"}, Gone: []string{"要確認"}, Rules: []string{ruleComment}, Exact: true, Check: sound},
	}})
}
