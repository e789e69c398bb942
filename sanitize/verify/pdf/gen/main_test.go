package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	tsv := "Key\tType\nType\tname\nZ\tname\nA\tname\n*\tname\n0\tname\n1.3\tname\n"
	if err := os.WriteFile(filepath.Join(dir, "Thing.tsv"), []byte(tsv), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "keys.go")
	if err := run(dir, out); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `"A", "Type", "Z",`+"\n}") {
		t.Errorf("wrote %s", b)
	}
	if err := run(t.TempDir(), out); err == nil {
		t.Error("a table from nothing")
	}
}
