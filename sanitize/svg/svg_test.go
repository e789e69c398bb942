package svg

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	stdpng "image/png"
	"io"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/image/png"
	"sekisho/sanitize/sanitizetest"
)

// anyText stands for the format that this one refines.
type anyText struct{}

func (anyText) Info() sanitize.Info        { return sanitize.Info{ID: "txt", Extensions: []string{"txt"}} }
func (anyText) Detect(sanitize.Input) bool { return false }
func (anyText) Rebuild(context.Context, sanitize.Input, io.Writer, sanitize.Pass) (sanitize.Report, error) {
	return sanitize.Report{}, sanitize.ErrUnsupported
}

// doc returns a picture with this in it.
func doc(inside string) []byte {
	return []byte(`<svg xmlns="` + svgURI + `" xmlns:xlink="` + xlinkURI + `" width="10" height="10" viewBox="0 0 10 10"><text x="1">住所</text>` + inside + `</svg>`)
}

func small(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	if err := stdpng.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestFormat(t *testing.T) {
	strict := sanitize.Strict()
	const kept = `<text x="1">住所</text>`
	gone := func(name, inside string, rules ...string) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: doc(inside), Keep: []string{kept}, Gone: []string{"evil", "alert"}, Rules: rules, Exact: true}
	}
	cases := []sanitizetest.Case{
		{Name: "drawing", Exact: true, Keep: []string{
			kept, `<linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient>`, `fill="url(#g)"`, `xlink:href="#p"`, `style="fill:red;stroke-width:2px"`,
			`.a &gt; b , #c{fill:rgb(1,2,3);filter:url(#f)}`, `<title>図 &amp; 表</title>`, `<animate attributeName="x" from="0" to="5" dur="2s"/>`, `xml:space="preserve"`,
		}, Input: doc(`<title>図 &amp; 表</title><defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient><path id="p" d="M0 0L1 1"/>` +
			`<filter id="f"><feGaussianBlur stdDeviation="2"/></filter><style type="text/css"><![CDATA[/* x */ .a > b , #c { fill: rgb(1,2,3); filter:url(#f) }]]></style></defs>` +
			`<rect fill="url(#g)" style="fill: red; -inkscape-x: 1; stroke-width:2px"/><use xlink:href="#p"/><rect><animate attributeName="x" from="0" to="5" dur="2s"/></rect><text xml:space="preserve"> a <tspan>b</tspan></text>`)},
		gone("script", `<script>evil</script><script xlink:href="http://evil/"/><handler>evil</handler>`, RuleScript),
		gone("prefixed script", `<x:script xmlns:x="`+svgURI+`">evil</x:script><h:script xmlns:h="http://www.w3.org/1999/xhtml">evil</h:script>`, RuleScript),
		gone("events", `<rect onload="evil" onfocusin="evil" ONCLICK="evil"/>`, RuleEvent),
		gone("page", `<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="http://evil/"/></foreignObject>`, RuleForeign),
		gone("links", `<a xlink:href="javascript:alert(1)"><text>x</text></a><a href="&#x6a;ava&#9;script:evil"><rect/></a><a href="data:text/html,evil"/>`, RuleLink),
		gone("use of another file", `<use xlink:href="http://evil/a.svg#b"/><linearGradient xlink:href="evil.svg#x"/>`, RuleLink),
		gone("animated link", `<a id="q"><animate attributeName="href" values="javascript:evil"/><set attributeName="xlink:href" to="evil"/><animate attributeName="onclick" to="evil"/></a>`, RuleAnimation, RuleLink),
		gone("pictures", `<image href="http://evil/a.png"/><image xlink:href="data:image/png;base64,AAAA"/><feImage href="http://evil/"/><filter id="f"><feImage href="evil"/></filter>`, RulePicture),
		gone("import", `<style>@import url(http://evil/);</style><style>@\69mport 'evil';</style><style>@font-face{src:url(http://evil/)}</style>`, RuleCSS),
		gone("loaded by style", `<rect style="fill:url(http://evil/#a)" fill="url(http://evil/)" mask="url('evil')" clip-path="image(evil)"/><style>a{fill:url( "http://evil/" )}</style><style>a{behavior:url(#evil)}</style>`, RuleCSS),
		gone("fonts", `<font-face><font-face-src><font-face-uri xlink:href="http://evil/"/></font-face-src></font-face>`, RuleFont),
		gone("metadata", `<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">evil</r:RDF></metadata><s:namedview xmlns:s="http://sodipodi.sourceforge.net/" s:a="evil"/>`, RuleMetadata),
		gone("markup in a description", `<desc><![CDATA[</desc><script>evil</script>]]></desc>`, RuleMetadata),
		gone("text out of place", `evil<g>evil</g>`, RuleUnknown),
		gone("unknown names", `<evil/><g evil="1"/>`, RuleUnknown),
		{Name: "style sheet of XML", Input: append([]byte(`<?xml version="1.0"?><?xml-stylesheet href="http://evil/"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://evil/svg11.dtd"><!-- evil -->`), doc("")...),
			Keep: []string{kept}, Gone: []string{"evil"}, Rules: []string{RuleXMLNote, RuleDTD}, Exact: true},
		{Name: "picture as data", Input: doc(`<image width="3" xlink:href="data:image/jpeg;base64,` + small(t) + `"/>`), Keep: []string{`xlink:href="data:image/png;base64,`}, Exact: true},
		{Name: "picture in a picture", Input: doc(`<image href="data:image/svg+xml,` + strings.NewReplacer("%", "%25", `"`, "%22", "<", "%3C", "#", "%23").Replace(string(doc("<script>evil</script>"))) + `"/>`),
			Keep: []string{"data:image/svg+xml;base64,"}, Gone: []string{"evil", base64.StdEncoding.EncodeToString([]byte("evil"))}, Rules: []string{RuleScript}, Exact: true},
		{Name: "web link", Input: doc(`<a href="https://example.jp/"><text>x</text></a>`), Keep: []string{`<a xlink:href="https://example.jp/"><text>x</text></a>`}, Exact: true},
		{Name: "strict", Policy: &strict, Input: doc(`<a href="https://example.jp/"><text>x</text></a><rect><animate attributeName="x" to="1"/></rect>`),
			Keep: []string{`<text>x</text>`}, Gone: []string{"example.jp", "animate"}, Rules: []string{RuleLink, RuleAnimation}, Exact: true},
		{Name: "use bomb", Input: doc(bomb(9)), Err: sanitize.ErrLimit},
		{Name: "few uses", Input: doc(bomb(3)), Keep: []string{`xlink:href="#a2"`}, Exact: true},
		{Name: "drawn in itself", Input: doc(`<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>`), Err: sanitize.ErrMalformed},
		{Name: "long chain", Input: doc(chain(5000)), Err: sanitize.ErrLimit},
		{Name: "filter bomb", Input: doc(`<filter id="f"><feTurbulence numOctaves="999999"/></filter>`), Err: sanitize.ErrLimit},
		{Name: "filter of many parts", Input: doc(`<filter id="f">` + strings.Repeat("<feTile/>", 101) + `</filter>`), Err: sanitize.ErrLimit},
		{Name: "laughs", Input: append([]byte(`<!DOCTYPE svg [<!ENTITY a "evil"><!ENTITY b "&a;&a;&a;&a;&a;">]>`), doc("<text>&b;</text>")...), Gone: []string{"evil"}, Rules: []string{RuleDTD}},
		{Name: "script in an entity", Input: append([]byte(`<!DOCTYPE svg [<!ENTITY n "`+svgURI+`">]>`), doc(`<s:script xmlns:s="&n;">evil</s:script>`)...),
			Keep: []string{kept}, Gone: []string{"evil"}, Rules: []string{RuleDTD, RuleScript}, Exact: true},
		{Name: "two million deep", Input: []byte(`<svg xmlns="` + svgURI + `">` + strings.Repeat("<g>", 2_000_000)), Err: sanitize.ErrLimit},
		{Name: "broken", Input: []byte(`<svg xmlns="` + svgURI + `"><g></svg>`), Err: sanitize.ErrMalformed},
	}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Others: []sanitize.Format{anyText{}, png.Format{}}, Cases: cases,
		Foreign: [][]byte{nil, []byte("<svg/>"), []byte("<html/>"), []byte(`<x:g xmlns:x="` + svgURI + `"/>`), []byte("text")},
	})
}

// bomb returns groups of which each uses the one before ten times.
func bomb(levels int) string {
	s := `<g id="a0"><rect/></g>`
	for i := range levels {
		s += `<g id="a` + string(rune('1'+i)) + `">` + strings.Repeat(`<use xlink:href="#a`+string(rune('0'+i))+`"/>`, 10) + `</g>`
	}
	return s
}

// chain returns groups of which each uses the next.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		name := strings.Repeat("x", 1) + strings.ReplaceAll(string(rune(0x4e00+i)), " ", "")
		next := "x" + string(rune(0x4e00+i+1))
		b.WriteString(`<g id="` + name + `"><use href="#` + next + `"/></g>`)
	}
	return b.String()
}

func FuzzRebuild(f *testing.F) {
	f.Add(doc(`<style>a{fill:red}</style><a href="#b"><use href="#c"/></a><image href="data:image/png;base64,` + small(f) + `"/><animate attributeName="x"/>`))
	f.Add(doc(`<title>x</title><desc>&lt;</desc><script/><g style="fill:url(#a);x:y"/>`))
	sanitizetest.FuzzStable(f, func(t *testing.T, out []byte) {
		if low := strings.ToLower(string(out)); strings.Contains(low, "<script") || strings.Contains(low, "javascript:") && !strings.Contains(low, ">") {
			t.Fatalf("active: %q", out)
		}
	}, Format{}, anyText{}, png.Format{})
}
