package command

import (
	"strings"
	"testing"
	"time"
)

// shell returns a scanner that is a line of shell.
func shell(t *testing.T, line string) *Scanner {
	t.Helper()
	s, err := New(Options{Args: []string{"/bin/sh", "-c", line}, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScan(t *testing.T) {
	file := strings.Repeat("line\n", 100_000)
	for _, c := range []struct {
		name, line, signature string
		clean, failed         bool
	}{
		{"clean", "cat >/dev/null", "", true, false},
		{"as YARA finds", "cat >/dev/null; echo 'Rule_name /dev/stdin'", "Rule_name", false, false},
		{"status 1", "cat >/dev/null; echo Found; exit 1", "Found", false, false},
		{"found before the end", "echo Found", "Found", false, false},
		{"name with control characters", "cat >/dev/null; printf '\\033[31mX\\n'", "?[31mX", false, false},
		{"a regular file", "test -f /dev/stdin && test -f /proc/self/fd/0", "", true, false},
		{"that nobody can change", "! (echo X >/dev/stdin) 2>/dev/null", "", true, false},
		{"all bytes arrive", "test $(wc -c) = 500000", "", true, false},
		{"status 1, no word", "cat >/dev/null; exit 1", "", false, true},
		{"status 2", "cat >/dev/null; echo Found; exit 2", "", false, true},
		{"complaint", "cat >/dev/null; echo 'cannot read rules' >&2", "", false, true},
		{"killed", "kill -9 $$", "", false, true},
		{"blank line", "cat >/dev/null; echo", "", false, true},
		{"too many words", "cat >/dev/null; yes | head -c 100000", "", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := shell(t, c.line).Scan(t.Context(), strings.NewReader(file), int64(len(file)))
			if r.Clean != c.clean || (err != nil) != c.failed || r.Signature != c.signature {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestWrongLength(t *testing.T) {
	for _, size := range []int64{0, 4, 6} {
		if r, err := shell(t, "cat >/dev/null").Scan(t.Context(), strings.NewReader("12345"), size); err == nil {
			t.Errorf("%d: %+v", size, r)
		}
	}
}

func TestHangs(t *testing.T) {
	s := shell(t, "sleep 100 & sleep 100")
	s.opts.Timeout = 100 * time.Millisecond
	start := time.Now()
	if r, err := s.Scan(t.Context(), strings.NewReader("x"), 1); err == nil || time.Since(start) > 10*time.Second {
		t.Errorf("%+v, %v after %v", r, err, time.Since(start))
	}
}

func TestBadOptions(t *testing.T) {
	for _, args := range [][]string{nil, {"yara"}} {
		if _, err := New(Options{Args: args}); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	s, err := New(Options{Args: []string{"/nowhere/scanner"}})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Scan(t.Context(), strings.NewReader("x"), 1); err == nil {
		t.Errorf("%+v", r)
	}
}
