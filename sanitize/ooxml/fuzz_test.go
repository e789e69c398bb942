package ooxml

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// FuzzPart puts any XML in the place of a main part: what comes out must be stable, and hold nothing of the kinds that
// never come out.
func FuzzPart(f *testing.F) {
	for kind, cases := range [][]string{bodies(wordCases()[1].Input, "word/document.xml", f), bodies(sheetCases()[1].Input, "xl/worksheets/sheet1.xml", f), bodies(slideCases()[1].Input, "ppt/slides/slide1.xml", f)} {
		for _, c := range cases {
			f.Add(uint8(kind), []byte(c))
		}
	}
	for _, s := range []string{
		`<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DDE x</w:instrText></w:r></w:p>`,
		complexField("a", "I", "F", "x") + oleObject,
		`<mc:AlternateContent><mc:Choice Requires="w"><w:p/></mc:Choice><mc:Fallback><w:p/></mc:Fallback></mc:AlternateContent>`,
	} {
		f.Add(uint8(0), []byte(strings.Replace(word("@").partText("word/document.xml"), "@", s, 1)))
	}
	never := regexp.MustCompile(`(?i)<[a-z0-9]+:(altChunk|subDoc|control|tags|movie)[ />]|ppaction://(program|macro|ole)|TargetMode="External"|WEBSERVICE\(|<!DOCTYPE|<!ENTITY`)
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		in := [][]byte{
			word("").with("word/document.xml", string(body)).zip(),
			workbook(Xlsx, "").with("xl/worksheets/sheet1.xml", string(body)).zip(),
			slides(Pptx, "").with("ppt/slides/slide1.xml", string(body)).zip(),
		}[kind%3]
		out, _, err := rebuildFiles(t, in, sanitize.Standard())
		if err != nil {
			if strings.Contains(err.Error(), "panic") {
				t.Fatal(err)
			}
			return
		}
		sound(t, out)
		for _, name := range []string{"word/document.xml", "xl/worksheets/sheet1.xml", "ppt/slides/slide1.xml"} {
			if text := textOf(out, name); never.MatchString(stripText(text)) {
				t.Fatalf("%s holds %q", name, never.FindString(stripText(text)))
			}
		}
		again, report, err := rebuildFiles(t, out, sanitize.Standard())
		if err != nil {
			t.Fatalf("its own output is refused: %v", err)
		}
		if len(report.Findings) > 0 || !bytes.Equal(out, again) {
			t.Fatalf("not stable, findings %v\n%s\n%s", report.Findings, out, again)
		}
	})
}

// FuzzPackage changes bytes of whole packages.
func FuzzPackage(f *testing.F) {
	for _, v := range []Variant{Docx, Xlsx, Pptx} {
		f.Add(minimal(v).zip())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, _, err := rebuildFiles(t, in, sanitize.Standard()); err != nil && strings.Contains(err.Error(), "panic") {
			t.Fatal(err)
		}
	})
}

// FuzzField: splitting a code never panics, and what is not on the list is not allowed.
func FuzzField(f *testing.F) {
	for _, s := range []string{`HYPERLINK "a" \o "b"`, ` DDE a`, `"`, `\`, `"\"`, "PAGE"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		args := fieldArguments(code)
		if allowedField([]byte(code), false, sanitize.Standard()) && len(args) > 0 &&
			slices.Contains([]string{"DDE", "DDEAUTO", "LINK", "INCLUDETEXT", "IMPORT"}, strings.ToUpper(strings.Trim(strings.Fields(code)[0], "\""))) {
			t.Fatalf("%q is allowed", code)
		}
	})
}

// bodies returns one part of a case's input as a seed.
func bodies(in []byte, name string, f *testing.F) []string {
	text := textOf(in, name)
	if text == "" {
		f.Fatalf("no %s", name)
	}
	return []string{text}
}

// TestRulesAreClosed: what the grammar's policy names is among the rules of this package.
func TestRulesAreClosed(t *testing.T) {
	all := []string{
		ruleActiveX, ruleAltChunk, ruleBinary, ruleConnection, ruleControl, ruleCustomUI, ruleCustomXML, ruleDrawing,
		ruleExternalLink, ruleFont, ruleFrameset, ruleHyperlink, ruleInk, ruleMacro, ruleMailMerge, ruleMedia, ruleMetadata, ruleOLE, rulePrinter,
		ruleScript, ruleSignature, ruleSmartTag, ruleSubDocument, ruleTags, ruleVariables, ruleVendor, ruleWebExtension,
		ruleWebPublish, ruleWebVideo,
	}
	for _, r := range grammar.Rules() {
		if !slices.Contains(all, rulePrefix+r) {
			t.Errorf("the grammar names %q, which is no rule", r)
		}
	}
}
