package html

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	stdpng "image/png"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/png"
)

func TestCheck(t *testing.T) {
	set, err := verify.New(Judge{}, png.Judge{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := stdpng.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	picture := base64.StdEncoding.EncodeToString(b.Bytes())
	const head = `><head><meta charset="utf-8"/><title>題</title></head><body>`
	for _, c := range []struct{ head, body, rule string }{
		{head, `<p class="a" style="color:rgb(1,2,3)">住所<br/><a href="https://example.jp/">x</a><a href="#b">y</a></p><img alt="図"/>`, ""},
		{head, `<img src="data:image/png;base64,` + picture + `"/>`, ""},
		{head, `<img src="data:image/gif;base64,` + picture + `"/>`, RulePicture}, {head, `<img src="data:image/png;base64,TVo="/>`, RulePicture},
		{head, `<img src="http://example.jp/a.png"/>`, RuleLink}, {head, `<img src="data:text/html;base64,TVo="/>`, RuleLink},
		{head, `<a href="javascript:x">x</a>`, RuleLink}, {head, `<a href="file:///x">x</a>`, RuleLink},
		{head, `<script></script>`, RuleName}, {head, `<iframe></iframe>`, RuleName}, {head, `<p onclick="x"></p>`, RuleName}, {head, `<p href="#a"></p>`, RuleName}, {head, `<form></form>`, RuleName},
		{head, `<svg xmlns="http://www.w3.org/2000/svg"></svg>`, RuleName}, {head, `<base href="x"></base>`, RuleName}, {head, `<meta charset="utf-8"/>`, RuleName}, {head, `<style>a{color:red}</style>`, RuleName},
		{head, `<p/>`, RuleSyntax}, {head, `<br></br>`, RuleSyntax}, {head, `<!-- x -->`, RuleSyntax}, {head, `<p>`, RuleSyntax}, {head, `&nbsp;`, RuleSyntax}, {head, `<p title="a" title="b"></p>`, RuleSyntax},
		{head, `<p style="background:url(x)"></p>`, RuleActive}, {head, `<p style="width:\65xpression(1)"></p>`, RuleActive}, {head, `<p title="&lt;b"></p>`, RuleActive},
		{`><head><meta charset="utf-8"/><title></title><style>a > b{color:red}</style></head><body>`, "", ""},
		{`><head><meta charset="utf-8"/><title></title><style>@import 'x'</style></head><body>`, "", RuleActive},
		{`><head><meta charset="utf-8"/><title></title><style>a{color:red}&lt;/style</style></head><body>`, "", RuleActive},
		{`><head><meta charset="shift_jis"/><title></title></head><body>`, "", RuleName}, {`><head><title></title></head><body>`, "", RuleName},
		{`><head><meta charset="utf-8"/><title></title><link></link></head><body>`, "", RuleName}, {`>x<head><meta charset="utf-8"/><title></title></head><body>`, "", RuleSyntax},
	} {
		in := sanitize.BytesInput([]byte(first + c.head + c.body + "</body></html>"))
		err := set.Check(context.Background(), "html", in, sanitize.Standard())
		var v verify.Violation
		if errors.As(err, &v); err != nil && v.Rule == "" || v.Rule != c.rule {
			t.Errorf("%s%s: %v, want %q", c.head, c.body, err, c.rule)
		}
		if id := set.Identify(in); id != "html" {
			t.Errorf("%s: it is taken for %q", c.body, id)
		}
	}
	if err := set.Check(context.Background(), "html", sanitize.BytesInput([]byte("<html></html>")), sanitize.Standard()); err == nil {
		t.Error("another beginning")
	}
}

func TestLists(t *testing.T) {
	for _, list := range [][]string{elements[:], attributes[:]} {
		if !slices.IsSorted(list) {
			t.Errorf("not in order: %v", list)
		}
		for _, name := range list {
			if strings.HasPrefix(name, "on") || strings.Contains(name, "script") || strings.Contains(name, "src") || strings.Contains(name, "href") || strings.Contains(name, "action") {
				t.Errorf("%q is on a list", name)
			}
		}
	}
}
