package svg

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
	for _, c := range []struct{ inside, rule string }{
		{`<title>図</title><rect fill="url(#a)" style="fill:url( '#b' )"/><use xlink:href="#a"/><style>a{fill:red}</style><a xlink:href="https://example.jp/"/>`, ""},
		{`<rect><animate attributeName="x" from="0" to="1" begin="1s" fill="freeze"/></rect>`, ""},
		{`<image xlink:href="data:image/png;base64,` + picture + `"/>`, ""},
		{`<image xlink:href="data:image/jpeg;base64,` + picture + `"/>`, RulePicture},
		{`<image xlink:href="data:image/png;base64,TVo="/>`, RulePicture},
		{`<image xlink:href="data:text/html;base64,TVo="/>`, RuleLink},
		{`<image xlink:href="http://example.jp/a.png"/>`, RuleLink},
		{`<script/>`, RuleName}, {`<foreignObject/>`, RuleName}, {`<feImage/>`, RuleName}, {`<metadata/>`, RuleName},
		{`<x:script xmlns:x="` + nsSVG + `"/>`, RuleName}, {`<h:b xmlns:h="http://www.w3.org/1999/xhtml"/>`, RuleName},
		{`<rect onload="x"/>`, RuleName}, {`<rect xmlns:e="http://www.w3.org/2001/xml-events" e:event="x"/>`, RuleName}, {`<rect href="#a"/>`, RuleName},
		{`<use xlink:href="a.svg#b"/>`, RuleLink}, {`<a xlink:href="javascript:alert(1)"/>`, RuleLink}, {`<a xlink:href="file:///c:/"/>`, RuleLink},
		{`<rect fill="url(http://x/)"/>`, RuleActive}, {`<rect style="fill:URL ( &quot;x&quot; )"/>`, RuleActive}, {`<rect style="fill:\75rl(x)"/>`, RuleActive},
		{`<style>@import 'x';</style>`, RuleActive}, {`<style>a{fill:url(x)}</style>`, RuleActive}, {`<style><g/></style>`, RuleName},
		{`<desc>&lt;script&gt;</desc>`, RuleActive},
		{`<a><animate attributeName="href" to="x"/></a>`, RuleActive}, {`<a><set attributeName="xlink:href" to="x"/></a>`, RuleActive}, {`<g><animate to="x"/></g>`, RuleActive},
		{`<g><set attributeName="onclick" to="x"/></g>`, RuleActive}, {`<g><set attributeName="x" to="javascript:x"/></g>`, RuleActive},
		{`<!-- x -->`, RuleSyntax}, {`<?x y?>`, RuleSyntax}, {`&e;`, RuleSyntax}, {`<g>`, RuleSyntax},
	} {
		doc := `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<svg xmlns="` + nsSVG + `" xmlns:xlink="` + nsXlink + `" viewBox="0 0 1 1">` + c.inside + `</svg>`
		in := sanitize.BytesInput([]byte(doc))
		err := set.Check(context.Background(), "svg", in, sanitize.Standard())
		var v verify.Violation
		if errors.As(err, &v); err != nil && v.Rule == "" || v.Rule != c.rule {
			t.Errorf("%s: %v, want %q", c.inside, err, c.rule)
		}
		if id := set.Identify(in); id != "svg" {
			t.Errorf("%s: it is taken for %q", c.inside, id)
		}
	}
	moving := []byte(`<svg xmlns="` + nsSVG + `"><rect><animate attributeName="x" to="1"/></rect></svg>`)
	if err := set.Check(context.Background(), "svg", sanitize.BytesInput(moving), sanitize.Strict()); err == nil {
		t.Error("an animation without the policy for it")
	}
}

func TestLists(t *testing.T) {
	if !slices.IsSorted(attributes[:]) {
		t.Error("the attributes are not in order")
	}
	for _, bad := range append(attributes[:], elements[:]...) {
		if low := strings.ToLower(bad); strings.HasPrefix(low, "on") || strings.Contains(low, "href") || strings.Contains(low, "script") {
			t.Errorf("%q is on a list", bad)
		}
	}
}
