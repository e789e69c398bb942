package ooxml

import (
	"bytes"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

func TestGood(t *testing.T) {
	for id, f := range map[string]files{"docx": word(), "xlsx": excel(), "pptx": slides()} {
		b := build(t, f)
		if rule := judge(t, id, b, sanitize.Standard()); rule != "" {
			t.Errorf("%s: violates %s", id, rule)
		}
		set, err := verify.New(Docx(), Dotx(), Potx(), Ppsx(), Pptx(), Xlsx(), Xltx())
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Identify(sanitize.BytesInput(b)); got != id {
			t.Errorf("%s: identified as %q", id, got)
		}
	}
}

// strict writes the namespaces of a good document as the strict form of the standard has them.
func TestStrict(t *testing.T) {
	f := word()
	for name, s := range f {
		if name != "word/media/image1.png" && name != "[Content_Types].xml" {
			s = strings.ReplaceAll(s, nsW, "http://purl.oclc.org/ooxml/wordprocessingml/main")
			f[name] = strings.ReplaceAll(s, nsR, "http://purl.oclc.org/ooxml/officeDocument/relationships")
		}
	}
	if rule := judge(t, "docx", build(t, f), sanitize.Standard()); rule != "" {
		t.Errorf("violates %s", rule)
	}
	f["word/document.xml"] = strings.Replace(f["word/document.xml"], "<w:body>", "<w:body><w:altChunk r:id=\"p1\"/>", 1)
	if rule := judge(t, "docx", build(t, f), sanitize.Standard()); rule != RuleActive {
		t.Errorf("an imported file: violates %q", rule)
	}
}

// change is one replacement in one part of a good document.
type change struct{ rule, part, old, new string }

func spoil(t *testing.T, id string, good func() files, cases map[string]change) {
	t.Helper()
	for name, c := range cases {
		f := good()
		if c.old == "" {
			f[c.part] = c.new
		} else if f[c.part] = strings.Replace(f[c.part], c.old, c.new, 1); !strings.Contains(good()[c.part], c.old) {
			t.Fatalf("%s: %q is not in %s", name, c.old, c.part)
		}
		if rule := judge(t, id, build(t, f), sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

const (
	doc     = "word/document.xml"
	docRels = "word/_rels/document.xml.rels"
	ct      = "[Content_Types].xml"
)

func TestPackage(t *testing.T) {
	spoil(t, "docx", word, map[string]change{
		"unreached":           {RulePart, "word/x.xml", "", "<x/>"},
		"macros":              {RulePackage, "word/vbaProject.bin", "", "x"},
		"case":                {RulePackage, "word/Document.xml", "", "<x/>"},
		"traversal":           {RulePackage, "word/../x.xml", "", "<x/>"},
		"percent":             {RulePackage, "word/%2e.xml", "", "<x/>"},
		"no types":            {RuleXML, ct, "", ""},
		"macro type":          {RuleRelationship, ct, Docx().main, "application/vnd.ms-word.document.macroEnabled.main+xml"},
		"template":            {RulePackage, ct, Docx().main, Dotx().main},
		"type for nothing":    {RulePackage, ct, "</Types>", `<Override PartName="/x.xml" ContentType="application/xml"/></Types>`},
		"type twice":          {RulePackage, ct, "</Types>", `<Default Extension="XML" ContentType="application/xml"/></Types>`},
		"type with more":      {RulePackage, ct, `<Default Extension="xml"`, `<Default Extension="xml" X="y"`},
		"dangling":            {RuleRelationship, docRels, "media/image1.png", "media/image2.png"},
		"outside":             {RuleRelationship, docRels, "media/image1.png", "../../word/media/image1.png"},
		"template link":       {RuleExternal, docRels, external, strings.Replace(external, "hyperlink", "attachedTemplate", 1)},
		"linked picture":      {RuleExternal, docRels, external, strings.Replace(external, "hyperlink", "image", 1)},
		"unknown link":        {RuleExternal, docRels, external, strings.Replace(external, relOffice+"hyperlink", "urn:hyperlink", 1)},
		"link to a file":      {RuleLink, docRels, "https://example.jp/", "file:///c:/a.exe"},
		"link to a share":     {RuleLink, docRels, "https://example.jp/", `\\host\share`},
		"escaped scheme":      {RuleLink, docRels, "https://example.jp/", "java&#10;script:x"},
		"unknown mode":        {RuleRelationship, docRels, `TargetMode="External"`, `TargetMode="external"`},
		"unknown kind":        {RuleRelationship, docRels, relOffice + "header", relOffice + "aFChunk"},
		"kind of another":     {RuleRelationship, docRels, relOffice + "header", relOffice + "footer"},
		"id twice":            {RuleRelationship, docRels, `Id="p1"`, `Id="h1"`},
		"picture is none":     {verify.RuleUnknown, "word/media/image1.png", "", "MZ"},
		"picture is a text":   {RuleXML, "word/header1.xml", "", pixel()},
		"document type":       {RuleXML, doc, "<w:document", `<!DOCTYPE x><w:document`},
		"instruction":         {RuleXML, doc, "<w:body>", `<?mso x?><w:body>`},
		"other root":          {RuleName, "word/header1.xml", "w:hdr", "w:ftr"},
		"no end":              {RuleXML, doc, "<w:p>", "<w:p><w:p>"},
		"unknown element":     {RuleName, doc, "<w:p>", "<w:p><w:foo/>"},
		"unknown namespace":   {RuleName, doc, "<w:p>", `<w:p><x xmlns="urn:x"/>`},
		"unknown attribute":   {RuleName, doc, "<w:p>", `<w:p w:foo="1">`},
		"no relationship":     {RuleRelationship, doc, `r:id="h1"`, `r:id="h9"`},
		"unbound ignorable":   {RuleXML, doc, `mc:Ignorable="w14"`, `mc:Ignorable="w99"`},
		"deep":                {RuleXML, doc, "<w:p>", strings.Repeat("<w:p>", 300)},
		"subdocument":         {RuleActive, doc, "<w:p>", `<w:p><w:subDoc r:id="h1"/>`},
		"control":             {RuleActive, doc, "<w:p>", `<w:p><w:control r:id="h1"/>`},
		"object":              {RuleActive, doc, "<w:p>", `<w:p><o:OLEObject Type="Link" r:id="h1"/>`},
		"object of a picture": {RuleActive, doc, "<w:p>", `<w:p><o:OLEObject Type="Embed" r:id="p1"/>`},
		"vml source":          {RuleActive, doc, `<v:imagedata r:id="p1"/>`, `<v:imagedata src="http://a/b"/>`},
		"vml link":            {RuleLink, doc, `<v:shape style="width:1pt">`, `<v:shape href="file:///a">`},
		"vml style":           {RuleActive, doc, "width:1pt", "behavior:url(#x)"},
		"linked art":          {RuleRelationship, doc, "<w:p>", `<w:p><a:blip r:link="x1"/>`},
		"button link":         {RuleActive, doc, "<w:p>", `<w:p><a:hlinkClick invalidUrl="file:///a"/>`},
	})
}

func TestFields(t *testing.T) {
	begin, sep, end := `<w:r><w:fldChar w:fldCharType="begin"/></w:r>`, `<w:r><w:fldChar w:fldCharType="separate"/></w:r>`, `<w:r><w:fldChar w:fldCharType="end"/></w:r>`
	code := func(s string) string { return `<w:r><w:instrText>` + s + `</w:instrText></w:r>` }
	text := func(s string) string { return `<w:r><w:t>` + s + `</w:t></w:r>` }
	cases := map[string]change{}
	for name, body := range map[string]string{
		"dde":               begin + code(` DDEAUTO c:\\windows\\cmd.exe "/k calc" `) + sep + end,
		"split":             begin + code(" D") + code("DE") + code("AUTO x y") + sep + end,
		"lower case":        begin + code("ddeauto x y") + end,
		"references":        begin + code("&#68;&#x44;E x y") + end,
		"never ended":       begin + code("DDE x y"),
		"outside":           code("DDE x y"),
		"deleted":           begin + `<w:r><w:delInstrText>DDE x</w:delInstrText></w:r>` + end,
		"changed to":        begin + `<w:del><w:r><w:delInstrText>PAGE</w:delInstrText></w:r></w:del>` + code("D") + `<w:ins>` + code("DE x") + `</w:ins>` + end,
		"changed from":      begin + code("D") + `<w:del><w:r><w:delInstrText>DE x</w:delInstrText></w:r></w:del><w:ins>` + code("ATE") + `</w:ins>` + end,
		"simple":            `<w:fldSimple w:instr="INCLUDETEXT file.docx"/>`,
		"picture":           begin + code(` INCLUDEPICTURE "http://a/b.png" \d`) + end,
		"import":            begin + code("IMPORT x") + end,
		"link":              begin + code("LINK Excel.Sheet.8 a.xls") + end,
		"macro button":      begin + code("MACROBUTTON x y") + end,
		"database":          begin + code("DATABASE x") + end,
		"referenced":        begin + code("RD x") + end,
		"unknown":           begin + code("FOO x") + end,
		"parted":            begin + code("PRINT") + `<w:r><w:tab/></w:r>` + code("DATE") + end,
		"built by a field":  begin + begin + code("QUOTE 68 68 69") + sep + text("DDE") + end + code(" x y") + sep + end,
		"across choices":    begin + code("D") + `<mc:AlternateContent><mc:Choice Requires="w14">` + code("ATE ") + `</mc:Choice><mc:Fallback>` + code("DE x") + `</mc:Fallback></mc:AlternateContent>` + end,
		"begun in a choice": `<mc:AlternateContent><mc:Choice Requires="w14">` + begin + code("DATE") + `</mc:Choice></mc:AlternateContent>` + end,
		"end of nothing":    end,
		"mark":              `<w:r><w:fldChar w:fldCharType="foo"/></w:r>`,
	} {
		cases[name] = change{RuleField, doc, "<w:body><w:p>", "<w:body><w:p>" + body}
	}
	for name, body := range map[string]string{
		"link field":         begin + code(`HYPERLINK "file:///c:/a"`) + end,
		"link after a frame": begin + code(`HYPERLINK \t "_blank" "\\host\a"`) + end,
		"computed link":      begin + code(`HYPERLINK "`) + begin + code("IF 1=1 x") + sep + text("https://example.jp/") + end + code(`"`) + end,
		"script":             begin + code(`HYPERLINK javascript:x`) + end,
	} {
		cases[name] = change{RuleLink, doc, "<w:body><w:p>", "<w:body><w:p>" + body}
	}
	for name, body := range map[string]string{
		"anchor":       begin + code(`HYPERLINK \l "a"`) + sep + text("x") + end,
		"contents":     begin + code(` TOC \o "1-3" \h \z `) + sep + begin + code(`PAGEREF a \h`) + sep + text("1") + end + end,
		"condition":    begin + code(" IF ") + begin + code(" MERGEFIELD 氏名 ") + sep + text("x") + end + code(` = "x" "y" "z" `) + sep + text("y") + end,
		"calculation":  begin + code(" =SUM(ABOVE) ") + sep + text("1") + end,
		"in a choice":  `<w:r><mc:AlternateContent><mc:Choice Requires="w14">` + begin + code("DATE") + end + `</mc:Choice></mc:AlternateContent></w:r>`,
		"an empty one": begin + end,
		"changed":      begin + `<w:del><w:r><w:delInstrText>PAGE</w:delInstrText></w:r></w:del><w:ins>` + code("DATE") + `</w:ins>` + end,
	} {
		cases[name] = change{"", doc, "<w:body><w:p>", "<w:body><w:p>" + body}
	}
	spoil(t, "docx", word, cases)
}

func TestFormulas(t *testing.T) {
	const sheet, f = "xl/worksheets/sheet1.xml", `SUM(B1:B2)&amp;"WEBSERVICE(|!"`
	cases := map[string]change{}
	for name, formula := range map[string]string{
		"service": `WEBSERVICE("http://a")`, "prefixed": `_xlfn.WEBSERVICE("http://a")`, "blank": "webservice (A1)", "inside": `IF(1,CALL("kernel32","WinExec"),2)`,
		"register": `REGISTER.ID("a","b")`, "rtd": `RTD("a",,"b")`, "image": `_xlfn.IMAGE("http://a")`, "dde": `cmd|'/c calc'!A0`, "dde plain": "Excel|x!y",
		"link": `HYPERLINK("file:///a","b")`, "computed link": `HYPERLINK("ht"&amp;A1)`, "link of a cell": "HYPERLINK(A1)", "other book": "[1]Sheet1!A1",
		"other book, quoted": "'C:\\[a.xls]Sheet1'!A1", "other book, named": "SUM([2]!x)", "macro name": "GET.CELL(1,A1)", "handed on": "MAP(A1:A2,WEBSERVICE)", "handed on, new": "_xlfn.LET(_xlpm.f, _xlfn.WEBSERVICE ,_xlpm.f(A1))", "open literal": `"a"&amp;"b`,
		"no function": "MYCALL(A1)", "of an add-in": "_xll.GETDATA(A1)", "of nobody": "_xludf.SUM(A1)", "no function, in words": "合計(A1)", "query": `CUBEVALUE("a","b")`, "sheet called": "'a b'(1)",
	} {
		cases[name] = change{RuleFormula, sheet, f, formula}
	}
	for name, formula := range map[string]string{
		"table": "SUM(Table1[[#This Row],[1]])", "web link": `HYPERLINK("https://example.jp/a","b")`, "place": `HYPERLINK("#Sheet1!A1","b")`, "or": `"a|b!c"&amp;1`,
		"alike": "IMAGE!A1+RTD:RTD", "sheet": "'a b'!A1", "dotted": "STDEV.S(A1:A2)", "of the workbook": "X(A1)", "brackets": "T[単価 (円)]+T['[a(b]", "parameter": "_xlfn.LET(_xlpm.f,_xlfn.LAMBDA(_xlpm.a,_xlpm.a),_xlpm.f(A1))", "row": "Table1[@[住所]]",
	} {
		cases[name] = change{"", sheet, f, formula}
	}
	const name = `<definedName name="x">Sheet1!$A$1`
	cases["name"] = change{RuleFormula, "xl/workbook.xml", name, `<definedName name="x">EXEC("calc")`}
	cases["name of a macro"] = change{RuleActive, "xl/workbook.xml", name, `<definedName name="x" function="1">A1`}
	cases["starts itself"] = change{RuleActive, "xl/workbook.xml", name, `<definedName name="_xlnm.Auto_Open">A1`}
	cases["rule"] = change{RuleFormula, sheet, "</sheetData>", `</sheetData><conditionalFormatting><cfRule><formula>WEBSERVICE("a")</formula></cfRule></conditionalFormatting>`}
	cases["bar"] = change{RuleFormula, sheet, "</sheetData>", `</sheetData><conditionalFormatting><cfRule><cfvo type="formula" val="RTD(1)"/></cfRule></conditionalFormatting>`}
	cases["validation"] = change{RuleFormula, sheet, "</sheetData>", `</sheetData><dataValidations><dataValidation><formula1>a|b!c</formula1></dataValidation></dataValidations>`}
	cases["no menu shows it"] = change{RuleActive, "xl/workbook.xml", `sheetId="1"`, `sheetId="1" state="veryHidden"`}
	cases["hidden"] = change{"", "xl/workbook.xml", `sheetId="1"`, `sheetId="1" state="hidden"`}
	cases["controls"] = change{RuleActive, sheet, "</sheetData>", "</sheetData><controls/>"}
	cases["publishing"] = change{RuleActive, sheet, "</sheetData>", "</sheetData><webPublishItems/>"}
	spoil(t, "xlsx", excel, cases)
}

func TestSlides(t *testing.T) {
	const slide, action = "ppt/slides/slide1.xml", "ppaction://hlinkshowjump?jump=nextslide"
	cases := map[string]change{}
	for _, a := range []string{"ppaction://program", "ppaction://macro?name=x", "ppaction://ole?verb=0", "ppaction://hlinkfile", "ppaction://hlinkpres?slideindex=1", "ppaction://media", "PPACTION://PROGRAM", "x"} {
		cases[a] = change{RuleAction, slide, action, a}
	}
	cases["jump"] = change{"", slide, action, "ppaction://hlinksldjump"}
	cases["verb"] = change{RuleAction, slide, "<p:spTree>", `<p:spTree><p:cmd type="verb" cmd="0"/>`}
	cases["linked object"] = change{RuleActive, slide, "<p:spTree>", `<p:spTree><p:oleObj r:id="h1"/>`}
	cases["sound"] = change{RuleActive, slide, "<p:spTree>", `<p:spTree><a:audioFile r:link="h1"/>`}
	cases["web video"] = change{RuleActive, slide, "<p:spTree>", `<p:spTree><webVideoPr xmlns="http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing" embeddedHtml="x"/>`}
	spoil(t, "pptx", slides, cases)
}

// TestPolicy changes the policy and not the document.
func TestPolicy(t *testing.T) {
	closed := sanitize.Strict()
	if rule := judge(t, "docx", build(t, word()), closed); rule != RuleLink {
		t.Errorf("a link under strict: violates %q", rule)
	}
	f := word()
	f[docRels] = rels(rel("p1", relOffice+"image", "media/image1.png"), rel("r2", relOffice+"header", "header1.xml"), rel("c1", relOffice+"comments", "comments.xml"))
	f["word/comments.xml"] = `<w:comments xmlns:w="` + nsW + `"/>`
	f[ct] = types("word/document.xml", Docx().main, "word/header1.xml", wml+"header+xml", "word/comments.xml", wml+"comments+xml")
	f[doc] = strings.Replace(strings.Replace(f[doc], ` r:id="h1"`, "", 1), "&quot;https://example.jp/&quot; ", "", 1)
	if rule := judge(t, "docx", build(t, f), sanitize.Standard()); rule != "" {
		t.Errorf("comments: violates %q", rule)
	}
	if rule := judge(t, "docx", build(t, f), closed); rule != RuleComment {
		t.Errorf("comments under strict: violates %q", rule)
	}
}

func TestHidden(t *testing.T) {
	sheet, slide := excel(), slides()
	sheet["xl/workbook.xml"] = strings.Replace(sheet["xl/workbook.xml"], `sheetId="1"`, `sheetId="1" state="hidden"`, 1)
	slide["ppt/slides/slide1.xml"] = strings.Replace(slide["ppt/slides/slide1.xml"], "<p:sld ", `<p:sld show="0" `, 1)
	closed := sanitize.Standard()
	closed.Hidden = false
	for id, f := range map[string]files{"xlsx": sheet, "pptx": slide} {
		if rule := judge(t, id, build(t, f), sanitize.Standard()); rule != "" {
			t.Errorf("%s: violates %q", id, rule)
		}
		if rule := judge(t, id, build(t, f), closed); rule != RuleHidden {
			t.Errorf("%s where the policy keeps nothing hidden: violates %q", id, rule)
		}
	}
}

// TestLinkBase proves that no base turns a relative link into another one.
func TestLinkBase(t *testing.T) {
	for base, rule := range map[string]string{"": "", "\\\\host\\a": RuleLink, "http://a/": RuleLink} {
		f := word()
		f["docProps/app.xml"] = `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><HyperlinkBase>` + base + `</HyperlinkBase></Properties>`
		f[ct] = strings.Replace(f[ct], "</Types>", `<Override PartName="/docProps/app.xml" ContentType="`+mainPrefix+`extended-properties+xml"/></Types>`, 1)
		f["_rels/.rels"] = rels(rel("r1", relOffice+"officeDocument", doc), rel("r2", relOffice+"extended-properties", "docProps/app.xml"))
		if got := judge(t, "docx", build(t, f), sanitize.Standard()); got != rule {
			t.Errorf("%q: violates %q, want %q", base, got, rule)
		}
	}
}

// TestStores proves that data stay only where content is bound to them.
func TestStores(t *testing.T) {
	const id = "{00000000-0000-0000-0000-00000000000A}"
	with := func(binding string, props bool) []byte {
		f := word()
		f["customXml/item1.xml"] = "<any xmlns=\"urn:any\">x</any>"
		f[docRels] = strings.Replace(f[docRels], "</Relationships>", rel("d1", relOffice+"customXml", "../customXml/item1.xml")+"</Relationships>", 1)
		if props {
			f["customXml/_rels/item1.xml.rels"] = rels(rel("p", relOffice+"customXmlProps", "itemProps1.xml"))
			f["customXml/itemProps1.xml"] = `<ds:datastoreItem xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml" ds:itemID="` + id + `"/>`
			f[ct] = strings.Replace(f[ct], "</Types>", `<Override PartName="/customXml/itemProps1.xml" ContentType="`+mainPrefix+`customXmlProperties+xml"/></Types>`, 1)
		}
		f[doc] = strings.Replace(f[doc], "<w:body>", `<w:body><w:sdt><w:sdtPr>`+binding+`</w:sdtPr></w:sdt>`, 1)
		return build(t, f)
	}
	binding := `<w:dataBinding w:xpath="/any" w:storeItemID="` + strings.ToLower(id) + `"/>`
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{"bound": {"", with(binding, true)}, "not bound": {RulePart, with("", true)}, "no name": {RulePart, with(binding, false)}} {
		if rule := judge(t, "docx", c.b, sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

// TestEmbedded proves that a document in a document is judged as one.
func TestEmbedded(t *testing.T) {
	with := func(inner []byte) []byte {
		f := word()
		f["word/embeddings/a.xlsx"] = string(inner)
		f[ct] = strings.Replace(f[ct], "</Types>", `<Default Extension="xlsx" ContentType="`+sml+`sheet"/></Types>`, 1)
		f[docRels] = strings.Replace(f[docRels], "</Relationships>", rel("e1", relOffice+"package", "embeddings/a.xlsx")+"</Relationships>", 1)
		f[doc] = strings.Replace(f[doc], "<w:p>", `<w:p><w:r><w:object><o:OLEObject Type="Embed" r:id="e1"/></w:object></w:r>`, 1)
		return build(t, f)
	}
	bad := excel()
	bad["xl/worksheets/sheet1.xml"] = strings.Replace(bad["xl/worksheets/sheet1.xml"], "SUM(", "RTD(", 1)
	for name, c := range map[string]struct {
		rule  string
		inner []byte
	}{"good": {"", build(t, excel())}, "bad": {RuleFormula, build(t, bad)}, "of another type": {RuleMember, build(t, slides())}} {
		if rule := judge(t, "docx", with(c.inner), sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
	if rule := judge(t, "docx", with(build(t, excel())), sanitize.Strict()); rule == "" {
		t.Error("an embedded document passes where the policy keeps none")
	}
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(wDocument))
	f.Add([]byte(excel()["xl/worksheets/sheet1.xml"]))
	good := word()
	f.Fuzz(func(t *testing.T, b []byte) {
		good[doc] = string(b)
		if rule := judge(t, "docx", build(t, good), sanitize.Standard()); rule == verify.RulePanic {
			t.Fatal("panic")
		} else if rule == "" && bytes.Contains(b, []byte("<!")) {
			t.Fatal("markup that is no element")
		}
	})
}
