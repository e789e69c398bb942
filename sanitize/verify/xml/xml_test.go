package xml

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

func check(t *testing.T, doc string, policy sanitize.Policy) string {
	t.Helper()
	set, err := verify.New(Judge{})
	if err != nil {
		t.Fatal(err)
	}
	err = set.Check(context.Background(), "xml", sanitize.BytesInput([]byte(doc)), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatal(err)
	}
	return v.Rule
}

func TestCheck(t *testing.T) {
	const first = before + "UTF-8" + after
	for _, c := range []struct{ doc, rule string }{
		{"<表><行 番号=\"1\">住所 &amp; 氏名</行></表>", ""},
		{`<a xmlns="http://example.jp/data" xmlns:l="http://www.w3.org/1999/xlink" l:href="#b"><package/></a>`, ""},
		{`<a xmlns:l="http://www.w3.org/1999/xlink" l:href="https://example.jp/"/>`, ""},
		{`<a xmlns:l="http://www.w3.org/1999/xlink" l:href="file:///c:/"/>`, RuleReference},
		{`<a xmlns:l="http://www.w3.org/1999/xlink" l:href="#b" l:actuate="onLoad"/>`, RuleReference},
		{`<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:noNamespaceSchemaLocation="a.xsd"/>`, RuleReference},
		{`<a xml:base="http://example.jp/"/>`, RuleReference},
		{`<a><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="x"/></a>`, RuleActive},
		{`<a><p:b xmlns:p="http://www.w3.org/1999/xhtml"/></a>`, RuleActive},
		{`<a xmlns:o="urn:schemas-microsoft-com:office:office" o:x="1"/>`, RuleActive},
		{`<a><Script/></a>`, RuleActive},
		{`<job/>`, RuleActive},
		{`<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>`, RuleActive},
		{`<!DOCTYPE a><a/>`, RuleSyntax}, {`<a><?xml-stylesheet href="x"?></a>`, RuleSyntax}, {`<a><!-- x --></a>`, RuleSyntax}, {`<a>&e;</a>`, RuleSyntax},
		{`<a>`, RuleSyntax}, {strings.Repeat("<a>", 257) + strings.Repeat("</a>", 257), RuleSyntax},
	} {
		if got := check(t, first+c.doc, sanitize.Standard()); got != c.rule {
			t.Errorf("%s: violates %q, want %q", c.doc, got, c.rule)
		}
	}
	if got := check(t, first+`<a xmlns:l="http://www.w3.org/1999/xlink" l:href="https://example.jp/"/>`, sanitize.Strict()); got != RuleReference {
		t.Errorf("a link without the policy for it: %q", got)
	}
}

func TestEncodings(t *testing.T) {
	const body = "<表 氏名=\"山田\">住所ｱｲｳ</表>"
	sjis, _ := japanese.ShiftJIS.NewEncoder().String(before + "Shift_JIS" + after + body)
	euc, _ := japanese.EUCJP.NewEncoder().String(before + "EUC-JP" + after + body)
	jis, _ := japanese.ISO2022JP.NewEncoder().String(before + "ISO-2022-JP" + after + "<a>住所</a>")
	utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(before + "UTF-16" + after + body)
	active, _ := japanese.ShiftJIS.NewEncoder().String(before + "Shift_JIS" + after + `<表><b xmlns="http://www.w3.org/2000/svg"/></表>`)
	for _, c := range []struct{ name, doc, rule string }{
		{"Shift_JIS", sjis, ""}, {"EUC-JP", euc, ""}, {"ISO-2022-JP", jis, ""}, {"UTF-16", utf16, ""}, {"active", active, RuleActive},
		{"another than it says", strings.Replace(sjis, "Shift_JIS", "UTF-8", 1), RuleSyntax},
		{"unknown", before + "KOI8-R" + after + "<a/>", RuleEncoding}, {"no first line", "<a/>", RuleEncoding}, {"mark", "\xef\xbb\xbf" + before + "UTF-8" + after + "<a/>", RuleEncoding},
	} {
		if got := check(t, c.doc, sanitize.Standard()); got != c.rule {
			t.Errorf("%s: violates %q, want %q", c.name, got, c.rule)
		}
		if claimed := (Judge{}).Claims(sanitize.BytesInput([]byte(c.doc))); claimed != (c.rule != RuleEncoding && c.name != "another than it says") {
			t.Errorf("%s: claimed %v", c.name, claimed)
		}
	}
}
