package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	put := func(name, s string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	elements := put("e", "namespace\telement\ttype\tattributes\tchildren\nurn:w\tw:p\tx\tw:a b\t\nurn:w\tw:b\tx\t\t\n"+forbidden[0]+"\tz:z\tx\tq\t\n")
	namespaces := put("n", "prefix\turi\nw\turn:w\n")
	out := filepath.Join(dir, "out.go")
	if err := run(elements, namespaces, out); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"urn:w", " " +` + "\n\t\t\"b p \"", `{"", " " +` + "\n\t\t\"b \"", `{"urn:w", " " +` + "\n\t\t\"a \""} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if strings.Contains(string(b), "customui") {
		t.Error("a forbidden namespace is written")
	}
	if err := run(namespaces, namespaces, out); err == nil {
		t.Error("a table without its columns is read")
	}
}
