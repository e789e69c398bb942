package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"sekisho/internal/faults/disk"
)

// mount shows d in a folder.
func mount(t *testing.T, d *disk.Disk) string {
	t.Helper()
	dir := t.TempDir()
	if err := d.Mount(dir); err != nil {
		t.Fatalf("%v (this test needs /dev/fuse and the right to mount)", err)
	}
	t.Cleanup(func() {
		if err := d.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func syncPath(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string, flags int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flags, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestUnsyncedIsForgotten(t *testing.T) {
	d := disk.New()
	dir := mount(t, d)
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, at("folder/saved"), "saved", 0)
	write(t, at("folder/old"), "old", 0)
	syncPath(t, at("folder/saved"))
	syncPath(t, at("folder/old"))
	syncPath(t, at("folder"))
	syncPath(t, dir)
	write(t, at("folder/saved"), " and not saved", os.O_APPEND)
	write(t, at("folder/direct"), "direct", syscall.O_SYNC)
	write(t, at("folder/unsaved"), "unsaved", 0)
	if err := os.Rename(at("folder/old"), at("new")); err != nil {
		t.Fatal(err)
	}
	for names, want := range map[disk.Survivor]map[string]string{
		disk.SyncedNames: {"folder/saved": "saved", "folder/old": "old"},
		disk.Journal:     {"folder/saved": "saved", "folder/old": "old", "folder/direct": "direct"},
		disk.AllNames:    {"folder/saved": "saved", "new": "old", "folder/direct": "direct", "folder/unsaved": ""},
	} {
		after := mount(t, d.Cut(names))
		for _, name := range []string{"folder/saved", "folder/old", "folder/direct", "folder/unsaved", "new"} {
			text, err := os.ReadFile(filepath.Join(after, name))
			if wanted, ok := want[name]; ok != (err == nil) || string(text) != wanted {
				t.Errorf("%d: %s is %q, %v, want %q", names, name, text, err, wanted)
			}
		}
	}
	if _, err := os.ReadFile(at("folder/saved")); !errors.Is(err, syscall.EIO) {
		t.Errorf("a disk without power: %v", err)
	}
}

func TestConditions(t *testing.T) {
	d := disk.New()
	dir := mount(t, d)
	f, err := os.Create(filepath.Join(dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d.SyncAll()
	put := func() error {
		_, err := f.WriteString("x")
		return errors.Join(err, f.Sync())
	}
	for condition, want := range map[disk.Condition]error{disk.Full: syscall.ENOSPC, disk.ReadOnly: syscall.EROFS, disk.Failing: syscall.EIO} {
		d.Set(condition)
		if err := put(); !errors.Is(err, want) {
			t.Errorf("condition %d: %v, want %v", condition, err, want)
		}
		d.Set(disk.Healthy)
		if err := put(); err != nil {
			t.Errorf("after condition %d: %v", condition, err)
		}
	}
	d.CutAfter(4)
	if err := errors.Join(put(), put()); err != nil {
		t.Fatal(err)
	}
	if err := put(); !errors.Is(err, syscall.EIO) {
		t.Errorf("after the power was cut: %v", err)
	}
	<-d.Stopped()
	text, err := os.ReadFile(filepath.Join(mount(t, d.Cut(disk.SyncedNames)), "file"))
	if err != nil || len(text) != 6 || text[0] != 'x' {
		t.Errorf("left %q, %v", text, err)
	}
}

func TestLinksAndRenames(t *testing.T) {
	dir := mount(t, disk.New())
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "text", 0)
	if err := os.Link(a, b); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(b)
	if err != nil || info.Sys().(*syscall.Stat_t).Nlink != 2 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.Link(a, b); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second link: %v", err)
	}
	if err := os.Remove(a); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(b); string(text) != "text" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if err := os.Mkdir(a, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(b, filepath.Join(a, "c")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(a); !errors.Is(err, syscall.ENOTEMPTY) {
		t.Errorf("removing a folder with a file: %v", err)
	}
	if err := os.RemoveAll(a); err != nil {
		t.Error(err)
	}
}
