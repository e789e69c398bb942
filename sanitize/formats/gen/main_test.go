package main

import (
	"bytes"
	"os"
	"testing"

	"sekisho/sanitize/formats"
)

// TestReadme: the README names the formats that there are.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := replace(text, table(formats.All()))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Error("the table of formats is old: go generate ./sanitize/formats")
	}
}
