package tables

import (
	"bytes"
	"strings"
	"testing"
)

func TestGoName(t *testing.T) {
	if got := goName("text:dde-connection-decl"); got != "TextDdeConnectionDecl" {
		t.Error(got)
	}
}

func TestModel(t *testing.T) {
	m := New([]byte("prefix\turi\nw\turn:w\nbad\turn:bad\n"))
	m.Add("w:p", []string{"w:b", "a", "bad:x"}, []string{"w:t", "bad:y", "w:nothing"})
	m.Add("w:t", nil, nil).Text = true
	m.Add("bad:y", nil, nil)
	letters := map[string]string{"drop": "d"}
	for _, f := range Rows([]byte("# comment\n\nspace\tbad\tvendor\nattr\tw:b\tb-rule\ndrop\tw:t\tt-rule\n")) {
		if err := m.Policy(f, letters); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	p := m.ByName["w:p"]
	if strings.Join(m.Names(), " ") != "w:p w:t" || strings.Join(p.Attrs, " ") != "a w:b" || strings.Join(p.Children, " ") != "w:t" {
		t.Errorf("%v: %+v", m.Names(), p)
	}
	var b, out bytes.Buffer
	b.WriteString("package x\n")
	m.WriteSpaces(&b)
	m.WriteRules(&b)
	m.WriteNames(&b)
	m.WriteElements(&b, map[rune]int{'d': 1, 't': 2})
	m.WriteCoded(&b, "d")
	if err := Source(&b, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NsW ", `"b-rule", "t-rule", "vendor"`, "WT Element = 2", "0, 3,"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not written:\n%s", want, out.String())
		}
	}
	for _, bad := range [][]string{{"space", "nothing", "x"}, {"drop", "w:nothing", "x"}, {"what", "w:p", ""}} {
		if err := m.Policy(bad, letters); err == nil {
			t.Errorf("policy %q is taken", bad)
		}
	}
}
