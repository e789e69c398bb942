package odf

import (
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/odf/internal/grammar"
	"sekisho/sanitize/sanitizetest"
)

func cell(formula, value string) string {
	return `<table:table-cell table:formula="` + formula + `" office:value-type="float" office:value="` + value + `"><text:p>` + value + `</text:p></table:table-cell>`
}

func TestSheets(t *testing.T) {
	sheet := func(styles, body string) []byte {
		return pack(t, Ods, entries{{"content.xml", content("spreadsheet", styles, body)}})
	}
	rows := func(cells string) string {
		return `<table:table table:name="表1"><table:table-row>` + cells + `</table:table-row></table:table>`
	}
	hidden := `<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>`
	prove(t, sanitizetest.Suite{
		Format: Ods, Others: others(Ods),
		Cases: []sanitizetest.Case{
			{Name: "formulas stay", Input: sheet("", rows(cell("of:=SUM([.A1:.B2];[$表2.C3])", "3")+cell("of:=HYPERLINK(&quot;https://www.example.jp/&quot;;&quot;市&quot;)", "4"))),
				Keep: []string{"of:=SUM([.A1:.B2];[$表2.C3])", "https://www.example.jp/"}, Exact: true},
			{Name: "formulas that reach outside", Input: sheet("", rows(cell("of:=DDE(&quot;NEEDLE&quot;;&quot;b&quot;;&quot;c&quot;)", "11")+
				cell("of:=COM.MICROSOFT.WEBSERVICE(&quot;http://NEEDLE&quot;)", "12")+cell("of:=['file:///NEEDLE.ods'#$Sheet1.A1]", "13")+
				cell("of:=HYPERLINK(&quot;file:///NEEDLE&quot;)", "14")+cell("of:=NEEDLE()", "15")+cell("msoxl:=cmd|'NEEDLE'!A1", "16"))),
				Keep: []string{">11<", ">12<", ">13<", ">14<", ">15<", ">16<", `office:value="11"`}, Gone: []string{"NEEDLE", "table:formula"},
				Rules: []string{ruleFormula}, Exact: true},
			{Name: "formulas under another prefix", Input: pack(t, Ods, entries{{"content.xml", `<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0"` +
				` xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:q="urn:oasis:names:tc:opendocument:xmlns:of:1.2" xmlns:of="urn:x"><o:body><o:spreadsheet><t:table><t:table-row>` +
				`<t:table-cell t:formula="q:=SUM([.A1])"/><t:table-cell t:formula="of:=SUM([.A2])"/></t:table-row></t:table></o:spreadsheet></o:body></o:document-content>`}}),
				Keep: []string{`<table:table-cell table:formula="of:=SUM([.A1])"/><table:table-cell/>`}, Rules: []string{ruleFormula}, Exact: true},
			{Name: "sources", Input: sheet("", `<table:content-validations><table:content-validation table:name="v" table:condition="of:cell-content-is-in-list(&quot;甲&quot;;&quot;乙&quot;)">`+
				`<table:error-macro table:execute="true"/><table:error-message><text:p>甲か乙</text:p></table:error-message><office:event-listeners><script:event-listener xlink:href="NEEDLE"/></office:event-listeners>`+
				`</table:content-validation></table:content-validations><table:table table:name="表1"><table:table-source xlink:href="http://NEEDLE"/><table:table-row><table:table-cell>`+
				`<table:cell-range-source xlink:href="http://NEEDLE"/><text:p>値</text:p></table:table-cell></table:table-row></table:table><table:table table:name="'file:///NEEDLE.ods'#S"><table:table-row/></table:table>`+
				`<table:named-expressions><table:named-expression table:name="n1" table:expression="of:=NEEDLE()"/><table:named-range table:name="n2" table:cell-range-address="$表1.$A$1"/>`+
				`<table:named-range table:name="n3" table:cell-range-address="'file:///NEEDLE.ods'#$S.$A$1"/></table:named-expressions>`+
				`<table:database-ranges><table:database-range table:target-range-address="表1.A1:表1.B2"><table:database-source-sql table:database-name="NEEDLE" table:sql-statement="NEEDLE"/></table:database-range></table:database-ranges>`+
				`<table:data-pilot-tables><table:data-pilot-table table:name="p" table:target-range-address="表1.D1"><table:database-source-query table:database-name="NEEDLE"/></table:data-pilot-table></table:data-pilot-tables>`+
				`<table:dde-links><table:dde-link><office:dde-source office:dde-application="NEEDLE"/><table:table/></table:dde-link></table:dde-links>`),
				Keep: []string{"of:cell-content-is-in-list(&quot;甲&quot;;&quot;乙&quot;)", "甲か乙", "値", `table:name="n2"`, "表1.A1:表1.B2"},
				Gone: []string{"NEEDLE", "event-listener", "n1", "n3", "dde", "data-pilot-table "}, Rules: []string{ruleMacro, ruleEvent, ruleExternalLink, ruleDatabase, ruleDDE, ruleFormula}, Exact: true},
			{Name: "hidden sheets and rows", Policy: strict(), Input: sheet(hidden, `<table:table table:name="表1" table:style-name="ta1"><table:table-row table:visibility="collapse">`+
				`<table:table-cell table:style-name="c1" office:value-type="string" office:string-value="NEEDLE1"><text:p>NEEDLE2</text:p></table:table-cell></table:table-row><table:table-row>`+
				cell("of:=[$秘密.A1]", "7")+`</table:table-row></table:table><table:table table:name="秘密" table:style-name="ta2"><table:table-row><table:table-cell><text:p>NEEDLE3</text:p></table:table-cell></table:table-row></table:table>`),
				Keep: []string{`<table:table-row table:visibility="collapse"><table:table-cell table:style-name="c1"/></table:table-row>`, ">7<"}, Gone: []string{"NEEDLE", "秘密"},
				Rules: []string{ruleHidden, ruleFormula}, Exact: true},
			{Name: "hidden things stay", Input: sheet(hidden, `<table:table table:name="秘密" table:style-name="ta2"><table:table-row table:visibility="collapse"><table:table-cell><text:p>中</text:p></table:table-cell></table:table-row></table:table>`),
				Keep: []string{"秘密", "中"}, Exact: true},
			{Name: "conditional formats", Input: sheet("", `<table:table table:name="表1"><calcext:conditional-formats><calcext:conditional-format calcext:target-range-address="表1.A1:表1.A9">`+
				`<calcext:condition calcext:apply-style-name="Bad" calcext:value="&gt;5" calcext:base-cell-address="表1.A1"/></calcext:conditional-format>`+
				`<calcext:conditional-format calcext:target-range-address="表1.B1"><calcext:condition calcext:apply-style-name="Bad" calcext:value="formula-is(DDE(&quot;NEEDLE&quot;;1;2))"/></calcext:conditional-format>`+
				`</calcext:conditional-formats></table:table>`), Keep: []string{`calcext:value="&gt;5"`}, Gone: []string{"NEEDLE", "表1.B1"}, Rules: []string{ruleFormula}, Exact: true},
		},
	})
}

func TestFormulas(t *testing.T) {
	policy := sanitize.Standard()
	for _, c := range []struct {
		text string
		mode grammar.Check
		want bool
	}{
		{"=SUM([.A1:.A9])*2", grammar.Formula, true},
		{"=[$'it''s'.A1]", grammar.Formula, true},
		{"={1;2|3;4}", grammar.Formula, true},
		{"=IF([.A1]=#N/A;\"DDE(\";'列 名')", grammar.Formula, true},
		{"=COM.MICROSOFT.CONCAT([.A1];ORG.LIBREOFFICE.REGEX([.B1];\"x\"))", grammar.Formula, true},
		{"=[.#REF!]", grammar.Formula, true},
		{"=sum([.A1])", grammar.Formula, true},
		{"=DDE(\"a\";\"b\";\"c\")", grammar.Formula, false},
		{"=dde (1)", grammar.Formula, false},
		{"=WEBSERVICE(\"http://x\")", grammar.Formula, false},
		{"=COM.MICROSOFT.WEBSERVICE(\"http://x\")", grammar.Formula, false},
		{"=IMAGE(\"http://x\")", grammar.Formula, false},
		{"=cmd|'/c calc'!A0", grammar.Formula, false},
		{"='file:///x.ods'#$S.A1", grammar.Formula, false},
		{"=['file:///x.ods'#$S.A1]", grammar.Formula, false},
		{"=[file:///x.ods#S.A1]", grammar.Formula, false},
		{"='x.ods'#S.A1", grammar.Formula, false},
		{"=Makro1()", grammar.Formula, false},
		{"=HYPERLINK([.A1])", grammar.Formula, false},
		{"=HYPERLINK(\"http://www.example.jp\"&[.A1])", grammar.Formula, false},
		{"=HYPERLINK(\"#表1.A1\")", grammar.Formula, true},
		{"=HYPERLINK(\"smb://x/y\";\"a\")", grammar.Formula, false},
		{"=\"open", grammar.Formula, false},
		{"=[.A1", grammar.Formula, false},
		{"cell-content-is-between(1,5)", grammar.Condition, true},
		{"is-true-formula(SUM([.A1])>2)", grammar.Condition, true},
		{"is-true-formula(DDE(1;2;3))", grammar.Condition, false},
		{"value()>=0", grammar.Condition, true},
		{"5-DDE(1;2;3)", grammar.Condition, false},
		{"sum <A1:C3>|<D4>", grammar.Fields, true},
		{"page == 1", grammar.Fields, true},
		{"(a eq (b)) and (c leq (2))", grammar.Fields, true},
		{"DDE(1)", grammar.Fields, false},
	} {
		r := formulaReader{rest: c.text, policy: &policy, mode: c.mode}
		if got := r.allowed(); got != c.want {
			t.Errorf("%s: %v, want %v", c.text, got, c.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"表1.A1:表1.B2": true, "$'a/b#c'.$A$1": true, "Sheet1.A1 'x y'.B2": true, "#REF!.A1": true,
		"'file:///x.ods'#$S.A1": false, "file:///x.ods#S.A1": false, `\\h\x.A1`: false, "'open": false, "a|b": false, "F(1)": false,
	} {
		if got := allowedAddress(text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
