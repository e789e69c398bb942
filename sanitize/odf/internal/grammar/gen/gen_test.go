package main

import (
	"bytes"
	"strings"
	"testing"
)

const (
	namespaces = "prefix\turi\nw\turn:w\nbad\turn:bad\n"
	elements   = "element\tattributes\tchildren\ttext\n*\t*\t*\ttext\nw:doc\tw:a\tw:p bad:x\t\nw:p\tw:b\tw:t w:gone\ttext\nw:t\t\t\t\nw:gone\t\t\t\nbad:x\t\t\t\n"
	extra      = "# comment\nn\tv\turn:v\ng\tboth\tw:p w:t\ne\t@both\tv:x\t\t\nl\tv:like\tw:p\na\tw:everywhere\n"
	policy     = "space\tbad\tvendor\ndrop\tw:gone\tgone-rule\nhandle\tw:p\nattr\tw:b\tb-rule\ncheck\tformula\tv:x\n"
)

func TestBuild(t *testing.T) {
	m, err := build([]byte(namespaces), []byte(elements), []byte(extra), []byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.Names(), " "); got != "v:like w:doc w:gone w:p w:t" {
		t.Errorf("elements %s", got)
	}
	p, like := m.ByName["w:p"], m.ByName["v:like"]
	if strings.Join(p.Attrs, " ") != "v:x w:b" || strings.Join(p.Children, " ") != "w:gone w:t" || !p.Text || p.Actions != "h" {
		t.Errorf("w:p is %+v", p)
	}
	if strings.Join(like.Attrs, " ") != "v:x w:b" || strings.Join(like.Children, " ") != "w:gone w:t" || !like.Text {
		t.Errorf("v:like is %+v", like)
	}
	if doc := m.ByName["w:doc"]; strings.Join(doc.Children, " ") != "w:p" || doc.Text {
		t.Errorf("w:doc is %+v", doc)
	}
	var out bytes.Buffer
	if err := m.write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NsW ", "urn:v", `"gone-rule"`, "WP Element", "OASIS"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not written", want)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	for _, bad := range []string{"drop\tw:nothing\tx\n", "space\tnothing\tx\n", "what\tw:p\n", "check\twhat\tw:b\n", "check\tformula\tw:nothing\n"} {
		if _, err := build([]byte(namespaces), []byte(elements), nil, []byte(bad)); err == nil {
			t.Errorf("policy %q is taken", bad)
		}
	}
	for _, bad := range []string{"e\tq:x\t\t\n", "l\tw:x\tw:nothing\n", "what\tx\n"} {
		if _, err := build([]byte(namespaces), []byte(elements), []byte(bad), nil); err == nil {
			t.Errorf("supplement %q is taken", bad)
		}
	}
}
