package stateversion

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestVersion(t *testing.T) {
	for text, want := range map[string]struct{ newer, bad bool }{
		"-": {}, "1\n": {}, "2\n": {newer: true, bad: true}, "": {bad: true}, "one\n": {bad: true}, "0\n": {bad: true}, "99999999999999999999999\n": {bad: true},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, file)
		if text != "-" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for name, err := range map[string]error{"check": Check(dir), "claim": Claim(dir)} {
			if (err != nil) != want.bad || errors.Is(err, ErrNewer) != want.newer {
				t.Errorf("%q, %s: %v", text, name, err)
			}
		}
		after, err := os.ReadFile(path)
		if want.bad && string(after) != text || !want.bad && string(after) != "1\n" {
			t.Errorf("%q became %q, %v", text, after, err)
		}
	}
	if err := Check(filepath.Join(t.TempDir(), "nothing")); err != nil {
		t.Error(err)
	}
}
