package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestRenameNewMovesAndNeverReplaces(t *testing.T) {
	for name, move := range map[string]func(*os.Root, string, string) error{"renameat2": RenameNew, "link": linkNew} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			write(t, filepath.Join(dir, "a"), "one")
			write(t, filepath.Join(dir, "sub", "taken"), "two")
			if err := move(root, "a", "sub/taken"); !errors.Is(err, fs.ErrExist) {
				t.Fatalf("onto a taken name: %v", err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "sub", "taken")); string(got) != "two" {
				t.Fatalf("replaced by %q", got)
			}
			if err := move(root, "a", "sub/b"); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "sub", "b")); string(got) != "one" {
				t.Fatalf("moved file holds %q", got)
			}
			if _, err := os.Lstat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("old name: %v", err)
			}
		})
	}
}

func TestRenameNewStaysBelowRoot(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "root", "a"), "one")
	root, err := os.OpenRoot(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := os.Symlink("..", filepath.Join(dir, "root", "up")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../b", "up/b"} {
		if err := RenameNew(root, "a", name); err == nil {
			t.Errorf("moved to %s", name)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
