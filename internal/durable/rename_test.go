package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func openDir(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func openRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestMovesNeverReplace(t *testing.T) {
	for name, how := range map[string]func(*os.File, string, *os.File, string) error{"renameat2": renameNew, "link": linkNew} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "a"), "one")
			write(t, filepath.Join(dir, "sub", "taken"), "two")
			from, to := openDir(t, dir), openDir(t, filepath.Join(dir, "sub"))
			if err := how(from, "a", to, "taken"); !errors.Is(err, fs.ErrExist) {
				t.Fatalf("onto a taken name: %v", err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "sub", "taken")); string(got) != "two" {
				t.Fatalf("replaced by %q", got)
			}
			if err := how(from, "a", to, "b"); err != nil {
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

func TestMoveNewBetweenRoots(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "stage", "id"), "text")
	write(t, filepath.Join(dir, "release", "sub", "taken"), "other")
	from, to := openRoot(t, filepath.Join(dir, "stage")), openRoot(t, filepath.Join(dir, "release"))
	if ok, err := CanMove(from, to); !ok || err != nil {
		t.Errorf("CanMove: %v, %v", ok, err)
	}
	if err := MoveNew(from, "id", to, "sub/taken"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a taken name: %v", err)
	}
	if err := MoveNew(from, "id", to, "none/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a missing folder: %v", err)
	}
	if err := MoveNew(from, "id", to, "sub/free"); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "release", "sub", "free")); string(got) != "text" {
		t.Errorf("moved file holds %q", got)
	}
}

// TestCanMoveSeesMounts uses /proc, which is never of one mount with a folder on a disk.
func TestCanMoveSeesMounts(t *testing.T) {
	if ok, err := CanMove(openRoot(t, t.TempDir()), openRoot(t, "/proc")); ok || err != nil {
		t.Errorf("between two mounts: %v, %v", ok, err)
	}
}

func TestRenameNewStaysBelowRoot(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "root", "a"), "one")
	root := openRoot(t, filepath.Join(dir, "root"))
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
