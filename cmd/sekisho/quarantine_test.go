package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/pipeline"
	"sekisho/internal/quarantine"
)

func TestExplain(t *testing.T) {
	for err, want := range map[error]string{
		fs.ErrNotExist: "見つかりません", quarantine.ErrKey: "審査用の鍵", quarantine.ErrSamePerson: "別の人",
		quarantine.ErrMalware: "ウイルス", quarantine.ErrExceptions: "exceptions", quarantine.ErrReason: "--reason",
	} {
		if got := explain(err).Error(); !strings.Contains(got, want) || !strings.HasSuffix(got, err.Error()) {
			t.Errorf("%v: %q", err, got)
		}
	}
	if err := explain(nil); err != nil {
		t.Error(err)
	}
}

// TestQuarantineMistakes: what a person can do wrong at the keyboard, told by exit code and words.
func TestQuarantineMistakes(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"inbox", "state"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := pipeline.EnsureKeys(upConfig(dir, "127.0.0.1:0")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"list"}, 0, ""},
		{[]string{"show", "0123456789"}, 1, "見つかりません"},
		{[]string{"show", "../../etc"}, 1, "cannot use job id"},
		{[]string{"show"}, 2, "arg"},
		{[]string{"reject", "0123456789", "--actor", ""}, 2, "--actor"},
		{[]string{"reject", "0123456789", "--actor", "佐藤"}, 1, "見つかりません"},
		{[]string{"release", "0123456789", "--actor", "佐藤", "--as-is", "--policy", "strict"}, 2, "--as-is"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"quarantine", "--dir", dir}, c.args...), &stdout, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.says) || stdout.Len() > 0 {
			t.Errorf("%q: exit code %d, want %d; stdout %q, stderr %q", c.args, code, c.code, &stdout, &stderr)
		}
	}
}
