package html

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	stdpng "image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

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

func page(body string) []byte {
	return []byte("<!DOCTYPE html><html lang=ja><head><title>題</title></head><body><p>住所</p>" + body + "</body></html>")
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
	gone := func(name, body string, rules ...string) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: page(body), Keep: []string{"<p>住所</p>"}, Gone: []string{"evil"}, Rules: rules, Exact: true}
	}
	sjis := func(s string) []byte { b, _ := japanese.ShiftJIS.NewEncoder().String(s); return []byte(b) }
	euc := func(s string) []byte { b, _ := japanese.EUCJP.NewEncoder().String(s); return []byte(b) }
	jis := func(s string) []byte { b, _ := japanese.ISO2022JP.NewEncoder().String(s); return []byte(b) }
	cases := []sanitizetest.Case{
		{Name: "text and tables", Exact: true, Input: page(`<h1 class=a>見出し</h1><table border=1><tr><td colspan=2>枠<td>二</table><ul><li>一<li>二</ul><ruby>漢<rt>かん</rt></ruby><br><a href="#a">上へ</a><a name=a></a>&lt;b&gt;&amp;`),
			Keep: []string{`<html lang="ja"><head><meta charset="utf-8"/><title>題</title></head><body>`, `<h1 class="a">見出し</h1>`, `<tr><td colspan="2">枠</td><td>二</td></tr>`, "<li>一</li>", "<rt>かん</rt>", "<br/>", `<a href="#a">上へ</a>`, "&lt;b&gt;&amp;"}},
		{Name: "styles", Exact: true, Input: page(`<style><!-- td > b , .c { color : red } --></style><p style="margin : 1px; mso-x: 2">x`), Keep: []string{"<style>td > b , .c{color:red}</style>", `style="margin:1px"`}, Rules: []string{RuleCSS}},
		{Name: "line end in front", Exact: true, Input: page("<pre>\n\nx</pre>"), Keep: []string{"<pre>\n\nx</pre>"}},
		gone("script", `<script>evil</script><noscript>見<b>字</b></noscript><SCRIPT SRC=http://evil/></script>`, RuleScript),
		gone("events", `<p onclick=evil ONLOAD="evil">x</p><b/onfocus=evil>y</b>`, RuleEvent),
		gone("links", `<a href="javascript:evil">a</a><a href="jav&#9;ascript:evil">a</a><a href="vbscript:evil">a</a><a href="file:///evil">a</a><a href="data:text/html,evil">a</a>`, RuleLink),
		gone("frames", `<iframe src="http://evil/" srcdoc="evil">evil</iframe>`, RuleFrame),
		gone("head", `<base href="http://evil/"><link rel=stylesheet href="http://evil/"><meta http-equiv=refresh content="0;url=http://evil/">`, RuleHead),
		gone("objects", `<object data=evil>evil</object><embed src=evil><svg/onload=evil><math><mi>evil</mi></math><video src=evil></video><applet code=evil></applet>`, RuleObject),
		gone("forms", `<form action="http://evil/"><label>名</label><input value=evil><button formaction=evil>送る</button><select><option>evil</select><textarea>evil</textarea></form>`, RuleForm),
		gone("pictures", `<img src="http://evil/a.png" alt="図" srcset="evil 2x"><img src="data:image/png;base64,AAAA"><table background="http://evil/"><tr><td>x</table>`, RulePicture, RuleUnknown),
		gone("styles that load", `<style>@import "http://evil/";</style><style>a{background:url(http://evil/)}</style><p style="background:url(evil)">x<p style="width:expression(evil)">y`, RuleCSS),
		gone("comments", `<!-- evil --><!--[if IE]><script>evil</script><![endif]-->`, RuleComment),
		gone("names of nobody", `<evil-x evil=1>x</evil-x><p evil=1>y`, RuleUnknown),
		gone("noscript read in two ways", `<noscript><p title="</noscript><img src=x onerror=evil>">x</noscript>`, RuleUnknown),
		gone("mutation", `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=evil&gt;">`, RuleObject),
		{Name: "picture as data", Input: page(`<img src="data:image/png;base64,` + small(t) + `" alt=図 width=3>`), Keep: []string{`alt="図" width="3" src="data:image/png;base64,`}, Exact: true},
		{Name: "web link", Input: page(`<a href="https://www.example.jp/?a=1&amp;b=2" target=_blank>県</a>`), Keep: []string{`<a href="https://www.example.jp/?a=1&amp;b=2">県</a>`}, Exact: true},
		{Name: "links by policy", Policy: &strict, Input: page(`<a href="https://www.example.jp/">県</a>`), Keep: []string{"<a>県</a>"}, Gone: []string{"example.jp"}, Rules: []string{RuleLink}, Exact: true},
		{Name: "Shift_JIS", Input: sjis(`<html><head><meta charset=shift_jis><title>表題</title></head><body>住所①ｱｲ</body></html>`), Keep: []string{"表題", "住所①ｱｲ", `charset="utf-8"`}, Rules: []string{RuleEncoding}, Exact: true},
		{Name: "Shift_JIS that does not say so", Input: sjis(`<html><body>住民票の写しの交付について</body></html>`), Keep: []string{"住民票の写しの交付について"}, Rules: []string{RuleEncoding}, Exact: true},
		{Name: "ISO-2022-JP", Input: jis(`<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-2022-jp"></head><body>住所</body></html>`), Keep: []string{"住所"}, Rules: []string{RuleEncoding, RuleHead}, Exact: true},
		{Name: "piece of a page", Input: []byte("<!-- saved from url=(0014)about:internet -->\r\n<DIV class=a><TABLE><TR><TD>住所<SCRIPT>evil</SCRIPT></TABLE></DIV>"), Keep: []string{"<td>住所</td>"}, Gone: []string{"evil"}, Rules: []string{RuleScript, RuleComment}, Exact: true},
		{Name: "piece in Shift_JIS", Input: sjis("<p>住民票の写しの交付について<br>市民課"), Keep: []string{"住民票の写しの交付について<br/>市民課"}, Rules: []string{RuleEncoding}, Exact: true},
		{Name: "EUC-JP that does not say so", Input: euc(`<html><body>住民票の写しの交付についてのお知らせです。</body></html>`), Keep: []string{"住民票の写しの交付についてのお知らせです。"}, Rules: []string{RuleEncoding}, Exact: true},
		{Name: "ISO-2022-JP that does not say so", Input: jis(`<table><tr><td>住民票の写し</td></tr></table>`), Keep: []string{"住民票の写し"}, Rules: []string{RuleEncoding}, Exact: true},
		{Name: "label of nobody", Input: euc(`<html><head><meta charset="x-jisautodetect"></head><body>住民票の写しの交付についてのお知らせです。</body></html>`), Keep: []string{"住民票の写しの交付についてのお知らせです。"}, Rules: []string{RuleEncoding}, Exact: true},
		{Name: "ASCII under another label", Input: []byte(`<html><head><meta charset="gb2312"></head><body>plain</body></html>`), Keep: []string{"plain"}, Exact: true},
		{Name: "Chinese", Input: []byte("<html><head><meta charset=gb2312></head><body>\xd6\xd0\xce\xc4</body></html>"), Err: sanitize.ErrUnsupported},
		{Name: "lead byte before a quote", Input: []byte("<html><head><meta charset=shift_jis></head><body>住<img alt=\"\x83\" src=x onerror=evil\"></body></html>"), Err: sanitize.ErrUnsupported},
		{Name: "NUL in a tag", Input: page("<scr\x00ipt>evil</scr\x00ipt>"), Err: sanitize.ErrMalformed},
		{Name: "UTF-7", Input: []byte(`<html><head><meta charset="utf-7"></head><body>+ADw-script+AD4-</body></html>`), Err: sanitize.ErrUnsupported},
		{Name: "XHTML", Input: []byte(`<?xml version="1.0"?><!DOCTYPE html PUBLIC "x" "y"><html xmlns="http://www.w3.org/1999/xhtml"><body><p>住所</p><script>evil</script></body></html>`), Keep: []string{"<p>住所</p>"}, Gone: []string{"evil"}, Rules: []string{RuleScript, RuleComment}, Exact: true},
		{Name: "deep", Input: page(strings.Repeat("<div>", 100_000)), Err: sanitize.ErrLimit},
		{Name: "deep in paragraphs", Input: page(strings.Repeat("<b><p>", 2000)), Err: sanitize.ErrLimit},
	}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Others: []sanitize.Format{anyText{}, png.Format{}}, Cases: cases,
		Foreign: [][]byte{nil, []byte("text"), []byte("<svg/>"), []byte("<htmlx>"), []byte("text <html>"), []byte(`<html><head><HTA:APPLICATION ID=x></head></html>`), []byte("<a/>")},
	})
}

func TestLists(t *testing.T) {
	for name, list := range map[string][]string{"elements": elements[:], "attributes": attributes[:], "properties": properties[:], "functions": functions[:]} {
		if !slices.IsSorted(list) {
			t.Errorf("%s are not in order", name)
		}
	}
}

func FuzzRebuild(f *testing.F) {
	f.Add(page(`<table><tr><td><a href="https://example.jp/"><p>x<table><b>y</table><pre>` + "\n\n" + `z</pre><style>a{color:red}</style><img src="data:image/png;base64,` + small(f) + `">`))
	f.Add(page(`<b><p>x</b><form><button><div>y</button></form><select><option>z</select><svg><p>w</svg><ruby>a<rt>b`))
	sanitizetest.FuzzStable(f, nil, Format{}, anyText{}, png.Format{})
}
