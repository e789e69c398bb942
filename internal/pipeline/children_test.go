package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCompiledOnce proves that PDFium is compiled when the cache lacks something or the program is another, and only then.
// The program here compiles nothing: what it writes down is that it was called.
func TestCompiledOnce(t *testing.T) {
	dir := t.TempDir()
	r := renderer{program: filepath.Join(dir, "program"), cache: filepath.Join(dir, "cache")}
	calls := filepath.Join(dir, "calls")
	if err := os.Mkdir(r.cache, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho \"$1\" >>" + calls + "\nmkdir -p \"$2/deep\" && echo code >\"$2/deep/compiled\"\n"
	if err := os.WriteFile(r.program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	compiled := filepath.Join(r.cache, "deep", "compiled")
	for _, c := range []struct {
		after  string
		change func() error
		calls  int
	}{
		{"nothing", func() error { return nil }, 1},
		{"a run", func() error { return nil }, 1},
		{"code was lost", func() error { return os.Remove(compiled) }, 2},
		{"code was cut", func() error { return os.Truncate(compiled, 2) }, 3},
		{"the program is another", func() error { return os.Chtimes(r.program, time.Time{}, time.Unix(1e9, 0)) }, 4},
		{"another run", func() error { return nil }, 4},
	} {
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if err := r.warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		said, err := os.ReadFile(calls)
		if want := strings.Repeat("warm\n", c.calls); err != nil || string(said) != want {
			t.Errorf("after %s: called with %q, want %q, %v", c.after, said, want, err)
		}
	}
}
