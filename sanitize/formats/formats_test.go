package formats

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
)

// TestOrder: the list is alphabetical, so that one looks for a format in one place.
func TestOrder(t *testing.T) {
	var ids []string
	for _, f := range All() {
		ids = append(ids, f.Info().ID)
	}
	if !slices.IsSorted(ids) {
		t.Errorf("not in order: %v", ids)
	}
	if _, err := sanitize.NewEngine(All(), sanitize.Naming{}); err != nil {
		t.Error(err)
	}
}

// TestComplete: a folder of a format that is in no list would be dead code.
func TestComplete(t *testing.T) {
	list, err := os.ReadFile("formats.go")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, pattern := range []string{"../*/*.go", "../image/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			folders = append(folders, filepath.ToSlash(filepath.Dir(f)))
		}
	}
	for _, folder := range slices.Compact(folders) {
		name := strings.TrimPrefix(folder, "../")
		if slices.Contains([]string{"formats", "identify", "internal", "name", "sanitizetest", "scan", "verify"}, name) {
			continue
		}
		if !strings.Contains(string(list), `"sekisho/sanitize/`+name+`"`) {
			t.Errorf("sanitize/%s is in no list", name)
		}
	}
}
