package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sekisho/internal/durable"
)

func openTemp(t testing.TB) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, dir
}

func openCell(t testing.TB, root *os.Root) *durable.Cell {
	t.Helper()
	c, err := durable.OpenCell(root, "cell", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCell(t *testing.T) {
	root, _ := openTemp(t)
	c := openCell(t, root)
	if _, err := c.Read(); !errors.Is(err, durable.ErrNoCell) {
		t.Errorf("empty: %v", err)
	}
	for n := range 5 {
		want := fmt.Appendf(nil, "value %d: %s", n, bytes.Repeat([]byte("x"), n*900))
		if err := c.Write(want); err != nil {
			t.Fatal(err)
		}
		if n == 2 { // another process goes on with it
			c = openCell(t, root)
		}
		got, err := c.Read()
		other, err2 := durable.ReadCell(root, "cell")
		if err != nil || err2 != nil || !bytes.Equal(got, want) || !bytes.Equal(other, want) {
			t.Errorf("%d: %q %q, %v, %v", n, got, other, err, err2)
		}
	}
	for _, bad := range [][]byte{make([]byte, durable.MaxCell+1), []byte("x\n")} {
		if err := c.Write(bad); err == nil {
			t.Errorf("%d bytes written", len(bad))
		}
	}
	if err := c.Write(bytes.Repeat([]byte("y"), durable.MaxCell)); err != nil {
		t.Error(err)
	}
}

// A write that is broken off at any byte leaves the old value or the new one.
func TestCellTornWrite(t *testing.T) {
	root, dir := openTemp(t)
	c := openCell(t, root)
	path := filepath.Join(dir, "cell")
	write := func(value string) []byte {
		t.Helper()
		if err := c.Write([]byte(value)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	write("first")
	before := write("second")
	after := write("third and longer")
	for n := range len(after) + 1 {
		torn := append(bytes.Clone(after[:n]), before[min(n, len(before)):]...)
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := durable.ReadCell(root, "cell")
		if err != nil || string(got) != "second" && string(got) != "third and longer" {
			t.Fatalf("torn at %d: %q, %v", n, got, err)
		}
	}
}

func FuzzCell(f *testing.F) {
	f.Add([]byte("1 00000000: x"))
	f.Add(bytes.Repeat([]byte("\n"), 8192))
	root, dir := openTemp(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, "cell"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		c := openCell(t, root)
		value, err := c.Read()
		if err == nil && len(value) > 8192 {
			t.Errorf("%d bytes", len(value))
		}
		if err := c.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		if got, err := durable.ReadCell(root, "cell"); err != nil || string(got) != "new" {
			t.Errorf("after %q: %q, %v", value, got, err)
		}
	})
}

func BenchmarkReplace(b *testing.B) {
	value := bytes.Repeat([]byte("v"), 400)
	b.Run("cell", func(b *testing.B) {
		root, _ := openTemp(b)
		c := openCell(b, root)
		for b.Loop() {
			if err := c.Write(value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("file", func(b *testing.B) {
		root, _ := openTemp(b)
		for b.Loop() {
			if err := durable.WriteFile(root, "file", value, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	})
}
