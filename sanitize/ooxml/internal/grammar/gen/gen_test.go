package main

import (
	"bytes"
	"strings"
	"testing"
)

const (
	namespaces = "prefix\turi\tsince\nw\turn:w\t\nr\turn:r\t\nbad\turn:bad\t\n"
	elements   = "namespace\telement\ttype\tattributes\tchildren\n" +
		"urn:w\tw:doc\tCT_Doc\tw:a\tw:p bad:x\nurn:w\tw:p\tCT_P\tr:id w:b\tw:t w:gone\nurn:w\tw:p\tCT_P2\tw:c\t\nurn:w\tw:t\tCT_T\t\t\nurn:w\tw:gone\tCT_G\t\t\nurn:bad\tbad:x\tCT_X\t\t\n"
	parts  = "part\trelationship_type\tcontent_type\troot_type\troot_element\tchild_parts\nMain\turn:main\tapp/main\tw:CT_Doc\tdoc\tMain\n"
	extra  = "# comment\ns\tw\turn:w-strict\ne\tw:t\tw:x\t\tmixed\na\tw:everywhere\n"
	policy = "part\tMain\t@/main.xml\nspace\tbad\tvendor\ndrop\tw:gone\tgone-rule\nhandle\tw:p\nattr\tw:b\tb-rule\n"
)

func TestBuild(t *testing.T) {
	m, err := build([]byte(namespaces), []byte(elements), []byte(parts), []byte(extra), []byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.Names(), " "); got != "w:doc w:gone w:p w:t" {
		t.Errorf("elements %s", got)
	}
	p := m.ByName["w:p"]
	if strings.Join(p.Attrs, " ") != "r:id w:b w:c" || strings.Join(p.Children, " ") != "w:gone w:t" || !p.Text || p.Actions != "h" {
		t.Errorf("w:p is %+v", p)
	}
	if doc := m.ByName["w:doc"]; strings.Join(doc.Children, " ") != "w:p" || doc.Text {
		t.Errorf("w:doc is %+v", doc)
	}
	var out bytes.Buffer
	if err := m.write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NsW ", "urn:w-strict", `"gone-rule"`, "WP Element", `"@/main.xml"`, "MIT"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not written", want)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	for _, bad := range []string{"drop\tw:nothing\tx\n", "part\tNothing\tx\n", "space\tnothing\tx\n", "what\tw:p\n"} {
		if _, err := build([]byte(namespaces), []byte(elements), []byte(parts), nil, []byte(bad)); err == nil {
			t.Errorf("policy %q is taken", bad)
		}
	}
	if _, err := build([]byte(namespaces), []byte(elements), []byte(parts), []byte("e\tq:x\t\t\n"), nil); err == nil {
		t.Error("an element in no namespace is taken")
	}
}
