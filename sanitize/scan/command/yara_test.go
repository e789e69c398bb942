package command

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const rule = `rule Sekisho_Test { strings: $a = "SEKISHO-YARA-TEST-51C7" condition: $a }`

// yara returns a scanner that is the real YARA with one rule.
func yara(t *testing.T, args ...string) *Scanner {
	t.Helper()
	program, err := exec.LookPath("yara")
	if err != nil {
		t.Fatalf("this test needs the real YARA (Debian: apt-get install yara): %v", err)
	}
	rules := filepath.Join(t.TempDir(), "rules.yar")
	if err := os.WriteFile(rules, []byte(rule), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Name: "yara", Args: append([]string{program, "-w", rules}, args...), Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestYARA: what a rule matches is malware, however the program is told to read the file and however long it is.
func TestYARA(t *testing.T) {
	needle := []byte("SEKISHO-YARA-TEST-51C7")
	for _, path := range []string{"{file}", "/dev/stdin"} {
		for _, length := range []int{0, len(needle), 100_000, inMemory + 1} {
			file := make([]byte, length)
			s := yara(t, path)
			r, err := s.Scan(t.Context(), bytes.NewReader(file), int64(length))
			if err != nil || !r.Clean {
				t.Errorf("%s, %d bytes, without it: %+v, %v", path, length, r, err)
			}
			if length == 0 {
				continue
			}
			copy(file[length-len(needle):], needle)
			r, err = s.Scan(t.Context(), bytes.NewReader(file), int64(length))
			if err != nil || r.Clean || r.Signature != "Sekisho_Test" {
				t.Errorf("%s, %d bytes: %+v, %v", path, length, r, err)
			}
		}
	}
}

// TestYARACannotRead: where the program can read no file, or no rules, nothing is clean.
func TestYARACannotRead(t *testing.T) {
	broken := yara(t, "{file}")
	if err := os.WriteFile(broken.opts.Args[2], []byte("rule {"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Scanner{"no file": yara(t, "/nowhere"), "closed": yara(t, "/proc/self/fd/77"), "broken rules": broken} {
		if r, err := s.Scan(t.Context(), bytes.NewReader([]byte("text")), 4); err == nil || r.Clean {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
