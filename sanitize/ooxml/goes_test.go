package ooxml

import (
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// TestPartsThatGo: each kind of part that runs, loads or tells more than the document goes with its relationship, whatever
// the part is called, and is told by its own rule. The document stays.
func TestPartsThatGo(t *testing.T) {
	const (
		ms   = "http://schemas.microsoft.com/office/2006/relationships/"
		ms11 = "http://schemas.microsoft.com/office/2011/relationships/"
		pkg  = "http://schemas.openxmlformats.org/package/2006/relationships/"
	)
	for app, v := range map[string]Variant{"word": Docx, "xl": Xlsx, "ppt": Pptx} {
		main := map[string]string{"word": "word/_rels/document.xml.rels", "xl": "xl/_rels/workbook.xml.rels", "ppt": "ppt/_rels/presentation.xml.rels"}[app]
		below := map[string]string{"word": main, "xl": "xl/worksheets/_rels/sheet1.xml.rels", "ppt": "ppt/slides/_rels/slide1.xml.rels"}[app]
		var cases []sanitizetest.Case
		add := func(owner, kind, rule string, where ...string) {
			if len(where) > 0 && !strings.Contains(strings.Join(where, " "), app) {
				return
			}
			f, list := minimal(v), []string{"rId90", kind, "/" + app + "/media/NEEDLE.png"}
			for i := 0; i < len(f); i += 2 {
				if f[i] == owner { // beside those that are there
					list = nil
					f[i+1] = strings.Replace(f[i+1], "</Relationships>", `<Relationship Id="rId90" Type="`+fullKind(kind)+`" Target="/`+app+`/media/NEEDLE.png"/></Relationships>`, 1)
				}
			}
			f = f.with(app+"/media/NEEDLE.png", "NEEDLE")
			if list != nil {
				f = f.with(owner, rels(list...))
			}
			cases = append(cases, sanitizetest.Case{Name: kind + " of " + owner, Input: f.zip(), Keep: []string{"本文"}, Gone: []string{"NEEDLE", "rId90"}, Rules: []string{rule}, Exact: true, Check: sound})
		}
		root := "_rels/.rels"
		add(root, ms+"ui/extensibility", ruleCustomUI)
		add(root, "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility", ruleCustomUI)
		add(root, ms11+"webextensiontaskpanes", ruleWebExtension)
		add(root, pkg+"digital-signature/origin", ruleSignature)
		add(root, pkg+"metadata/thumbnail", ruleThumbnail)
		add(root, "customXml", ruleCustomXML)
		add(main, ms+"vbaProject", ruleMacro)
		add(main, ms+"wordVbaData", ruleMacro)
		add(main, ms+"attachedToolbars", ruleCustomUI, "word xl")
		add(main, ms+"keyMapCustomizations", ruleCustomUI, "word")
		add(main, "aFChunk", ruleAltChunk)
		add(main, "subDocument", ruleSubDocument)
		add(main, "mailMergeSource", ruleRelation)
		add(main, "connections", ruleConnection)
		add(main, "externalLink", ruleExternalLink)
		add(main, "volatileDependencies", ruleConnection)
		add(main, "calcChain", ruleCalcChain)
		add(main, "xmlMaps", ruleCustomXML)
		add(main, "attachedTemplate", ruleRelation)
		add(main, "font", ruleFont)
		add(below, "oleObject", ruleOLE)
		add(below, "control", ruleActiveX)
		add(below, ms+"activeXControlBinary", ruleActiveX)
		add(below, "ctrlProp", ruleControl)
		add(below, "printerSettings", rulePrinter)
		add(below, "queryTable", ruleConnection)
		add(below, "tags", ruleTags)
		add(below, ms+"xlMacrosheet", ruleMacro)
		add(below, "dialogsheet", ruleMacro)
		add(below, "http://example.invalid/relationships/of-nobody", ruleRelation)
		t.Run(app, func(t *testing.T) {
			prove(t, sanitizetest.Suite{Format: v, Others: others(v), Cases: cases})
		})
	}
}

// fullKind returns the whole type of a relationship of the office's.
func fullKind(kind string) string {
	if strings.Contains(kind, "/") {
		return kind
	}
	return relOffice + kind
}

// TestExternalTargets: a target outside of the package goes whatever relationship leads to it, but for a hyperlink to the web.
func TestExternalTargets(t *testing.T) {
	var list []string
	for i, kind := range strings.Fields("attachedTemplate externalLink externalLinkPath frame image oleObject package slideUpdateUrl slideMaster slide subDocument worksheet " +
		"mailMergeSource mailMergeHeaderSource transform video audio media settings styles theme customXml hyperlink officeDocument of-nobody") {
		for k, target := range []string{"!http://NEEDLE/", `!\\NEEDLE\x`, "!file:///NEEDLE", "!mhtml:http://NEEDLE!x-usc:y"} {
			if kind == "hyperlink" && k == 0 {
				continue // http stays there; a name without a dot does not, see TestWebLinks
			}
			list = append(list, "rId"+strings.Repeat("x", i*4+k+1), kind, target)
		}
	}
	out, report, err := rebuildFiles(t, word(run("本文")).with("word/_rels/document.xml.rels", rels(list...)).zip(), sanitize.Standard())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "document.xml.rels") {
		t.Error("a relationship is left")
	}
	sum := 0
	for _, f := range report.Findings {
		sum += f.Count
	}
	if sum != len(list)/3 {
		t.Errorf("%d findings for %d targets: %+v", sum, len(list)/3, report.Findings)
	}
}

// TestFields: fields that read, start or ask something leave what they show, as one element and in pieces; those that show
// something of the document stay.
func TestFields(t *testing.T) {
	var cases []sanitizetest.Case
	for _, code := range []string{"DDE a b c", "DDEAUTO a b c", `dDeAuTo a b`, `INCLUDETEXT "a"`, `INCLUDEPICTURE "a"`, `INCLUDE "a"`, "LINK a b", `IMPORT "a"`, "DATABASE \\c a", "MACROBUTTON a b", "GOTOBUTTON a b", `ASK a "b"`,
		`FILLIN "a"`, `RD "a"`, `AUTOTEXT a`, `AUTOTEXTLIST "a"`, "PRINT a", "ADDIN", "CONTROL a", "EMBED a", "HTMLCONTROL a", `HYPERLINK "file:///a"`, `HYPERLINK "\\\\a\\b"`, `SHELL "a"`, "\u201cDDE\u201d a b"} {
		simple := `<w:p><w:fldSimple w:instr="` + strings.NewReplacer(`"`, "&quot;").Replace(code+" NEEDLE") + `"><w:r><w:t>結果</w:t></w:r></w:fldSimple></w:p>`
		pieces := complexField("結果", strings.Split(strings.NewReplacer(`"`, "&quot;").Replace(code+" NEEDLE"), "")...)
		for how, body := range map[string]string{"simple": simple, "pieces": strings.ReplaceAll(pieces, "&</w:instrText>", "&amp;</w:instrText>")} {
			cases = append(cases, sanitizetest.Case{Name: code + " " + how, Input: word(body).zip(), Keep: []string{"結果"}, Gone: []string{"NEEDLE", "instr"}, Rules: []string{ruleField}, Exact: true})
		}
	}
	for _, code := range []string{"PAGE", "NUMPAGES", `DATE \@ "yyyy年M月d日"`, `TOC \o "1-3" \h \z \u`, "REF _Ref1 \\h", "SEQ 図 \\* ARABIC", `EQ \o(漢,かん)`, `MERGEFIELD 氏名`, `IF 1 = 1 "a" "b"`, "= 1 + 2", `HYPERLINK "https://www.example.jp/"`, `HYPERLINK \l "_Toc1"`,
		`STYLEREF "見出し 1"`, "FORMTEXT", "FILENAME", "AUTHOR", `INDEX \c "2"`, `XE "語"`, "SECTIONPAGES"} {
		escaped := strings.NewReplacer(`"`, "&quot;").Replace(code)
		cases = append(cases, sanitizetest.Case{Name: code + " stays", Input: word(complexField("結果", escaped)).zip(), Keep: []string{"結果", "instrText", `fldCharType="end"`}, Exact: true})
	}
	prove(t, sanitizetest.Suite{Format: Docx, Others: others(Docx), Cases: cases})
}

// TestReaching: formulas that reach outside leave their value wherever they stand.
func TestReaching(t *testing.T) {
	var cases []sanitizetest.Case
	for i, f := range []string{`WEBSERVICE("http://NEEDLE")`, `_xlfn.WEBSERVICE("NEEDLE")`, `HYPERLINK("file:///NEEDLE","b")`, `HYPERLINK("NEEDLE"&amp;A1)`, `CALL("NEEDLE","b","c")`, `REGISTER.ID("NEEDLE","b")`, `EXEC("NEEDLE")`, `RTD("NEEDLE",,"b")`,
		`cmd|'/c NEEDLE'!A0`, `'cmd'|'NEEDLE'!A0`, `NEEDLE|b!c`, `SQL.REQUEST("NEEDLE")`, `_xlfn.IMAGE("http://NEEDLE")`, `FILTERXML("NEEDLE","b")`, `[1]NEEDLE!A1`, `'[NEEDLE.xlsx]S'!A1`, `'\\a\[NEEDLE.xls]S'!A1`, `CUBEVALUE("NEEDLE","b")`,
		`_xll.NEEDLE(1)`, `_xludf.NEEDLE(1)`, `STOCKHISTORY("NEEDLE")`, `_xlws.PY("NEEDLE")`, `IF(1,IF(1,web service("NEEDLE"),WEBSERVICE ("NEEDLE")))`, "NEEDLE(A1)"} {
		value := cell(f, "値")
		cases = append(cases, sanitizetest.Case{Name: f, Input: workbook(Xlsx, value).zip(), Keep: []string{"値"}, Gone: []string{"NEEDLE", "<f>"}, Rules: []string{ruleFormula}, Exact: true})
		if i%4 > 0 { // the same code reads them elsewhere: a few are enough
			continue
		}
		cases = append(cases,
			sanitizetest.Case{Name: f + " in a format", Input: workbook(Xlsx, `<row r="1"><c r="A1"><v>11</v></c></row>`).replace("xl/worksheets/sheet1.xml", "</sheetData>",
				`</sheetData><conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>`+f+`</formula></cfRule></conditionalFormatting>`).zip(), Keep: []string{"<v>11</v>"}, Gone: []string{"NEEDLE", "cfRule"}, Rules: []string{ruleFormula}},
			sanitizetest.Case{Name: f + " as a name", Input: workbook(Xlsx, `<row r="1"><c r="A1"><v>11</v></c></row>`).replace("xl/workbook.xml", "</sheets>",
				`</sheets><definedNames><definedName name="n">`+f+`</definedName></definedNames>`).zip(), Keep: []string{"<v>11</v>"}, Gone: []string{"NEEDLE"}, Rules: []string{ruleFormula}, Exact: true})
	}
	prove(t, sanitizetest.Suite{Format: Xlsx, Others: others(Xlsx), Cases: cases})
}

// TestActions: what a click or a pointer does on a slide.
func TestActions(t *testing.T) {
	var cases []sanitizetest.Case
	for _, element := range []string{"hlinkClick", "hlinkHover"} {
		for _, action := range []string{"ppaction://program", "ppaction://macro?name=NEEDLE", "ppaction://ole?verb=0", "ppaction://hlinkfile", "ppaction://hlinkpres?slideindex=1&amp;slidetitle=NEEDLE", "ppaction://media", "PPACTION://Program", "NEEDLE:"} {
			f := slides(Pptx, shape("本文", `<a:`+element+` r:id="rId2" action="`+action+`"/>`)).with("ppt/slides/_rels/slide1.xml.rels", rels("rId2", "hyperlink", "!file:///NEEDLE.exe"))
			cases = append(cases, sanitizetest.Case{Name: element + " " + action, Input: f.zip(), Keep: []string{"本文"}, Gone: []string{"NEEDLE", "hlink", "ppaction"}, Rules: []string{ruleSlideAction, ruleHyperlink}, Exact: true})
		}
		for _, action := range []string{"ppaction://hlinkshowjump?jump=nextslide", "ppaction://hlinkshowjump?jump=endshow", "ppaction://noaction"} {
			cases = append(cases, sanitizetest.Case{Name: element + " " + action, Input: slides(Pptx, shape("本文", `<a:`+element+` r:id="" action="`+action+`"/>`)).zip(), Keep: []string{"本文", action}, Exact: true})
		}
	}
	prove(t, sanitizetest.Suite{Format: Pptx, Others: others(Pptx), Cases: cases})
}
