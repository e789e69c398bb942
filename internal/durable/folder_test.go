package durable_test

import (
	"os"
	"path/filepath"
	"testing"

	"sekisho/internal/durable"
)

func TestOpenFolder(t *testing.T) {
	base := t.TempDir()
	for range 2 { // made, then found
		root, err := durable.OpenFolder(filepath.Join(base, "a/b/c"), 0o700)
		if err != nil {
			t.Fatal(err)
		}
		if err := durable.WriteFile(root, "file", nil, 0o600); err != nil {
			t.Error(err)
		}
		root.Close()
	}
	info, err := os.Stat(filepath.Join(base, "a/b"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := durable.OpenFolder(filepath.Join(base, "a/b/c/file"), 0o700); err == nil {
		t.Error("a file was opened as a folder")
	}
	if _, err := durable.OpenFolder(filepath.Join(base, "a/b/c/file/d"), 0o700); err == nil {
		t.Error("a folder was made in a file")
	}
}
