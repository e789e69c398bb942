package durable

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func names(t *testing.T, root *os.Root) string {
	t.Helper()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestNothingBeforeCommit(t *testing.T) {
	root := open(t)
	f, err := Begin(root, "通知.pdf", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("half")
	if _, err := root.Stat("通知.pdf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("visible before commit: %v", err)
	}
	f.Abort()
	f.Abort()
	if got := names(t, root); got != "" {
		t.Errorf("left behind: %s", got)
	}
	if err := f.Commit(); err == nil {
		t.Error("an aborted file was committed")
	}
}

func TestCommitNewDoesNotReplace(t *testing.T) {
	root := open(t)
	if err := WriteFile(root, "a", []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Begin(root, "a", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if err := f.CommitNew(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if b, _ := root.ReadFile("a"); string(b) != "first" || names(t, root) != "a" {
		t.Errorf("content %q, names %s", b, names(t, root))
	}
}

func TestCommitFreeTogether(t *testing.T) {
	root := open(t)
	when := time.Date(2026, 4, 1, 17, 10, 0, 0, time.UTC)
	next := func(n int) string {
		if n == 0 {
			return "名前.pdf"
		}
		return "名前 (" + strconv.Itoa(n+1) + ").pdf"
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			f, err := Begin(root, "名前.pdf", 0o600)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Abort()
			f.WriteString("x")
			if err := f.SetTimes(when); err != nil {
				t.Error(err)
			}
			if _, err := f.CommitFree(next); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got := strings.Fields(strings.ReplaceAll(names(t, root), " (", "("))
	if len(got) != 8 {
		t.Errorf("names %v", got)
	}
	if info, err := root.Stat("名前 (8).pdf"); err != nil || !info.ModTime().Equal(when) {
		t.Errorf("time %v, %v", info, err)
	}
}

func TestStaysBelowRoot(t *testing.T) {
	root := open(t)
	if err := root.Symlink("/", "out"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../a", "/a", "out/tmp/a"} {
		if f, err := Begin(root, name, 0o600); err == nil {
			f.Abort()
			t.Errorf("%s was begun", name)
		}
	}
}

func TestSweepRemovesOnlyUnfinished(t *testing.T) {
	root := open(t)
	if err := MkdirAll(root, "課/係", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Begin(root, "課/係/a", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(root, "課/係/b", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(root, "課/係"); err != nil {
		t.Fatal(err)
	}
	entries, _ := fs.ReadDir(root.FS(), "課/係")
	if len(entries) != 1 || entries[0].Name() != "b" {
		t.Errorf("left: %v", entries)
	}
}

func TestAppendAndTruncate(t *testing.T) {
	root := open(t)
	a, err := OpenAppend(root, "journal", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, line := range []string{"one\n", "tw"} {
		if err := a.Append([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Truncate(4); err != nil {
		t.Fatal(err)
	}
	if err := a.Append([]byte("two\n")); err != nil {
		t.Fatal(err)
	}
	if b, _ := root.ReadFile("journal"); string(b) != "one\ntwo\n" {
		t.Errorf("journal %q", b)
	}
}
