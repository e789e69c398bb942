package writer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sekisho/sanitize/pdf/internal/object"
)

// document writes a file of one empty page and n more objects.
func document(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	f := New(&b)
	name := func(s string) object.Object { return object.Name(s) }
	objects := []object.Dict{
		{{Key: "Pages", Value: object.Ref(2)}, {Key: "Type", Value: name("Catalog")}, {Key: "X", Value: object.Array{object.Ref(5)}}},
		{{Key: "Count", Value: int64(1)}, {Key: "Kids", Value: object.Array{object.Ref(3)}}, {Key: "Type", Value: name("Pages")}},
		{{Key: "Contents", Value: object.Ref(4)}, {Key: "MediaBox", Value: object.Array{int64(0), int64(0), int64(9), int64(9)}},
			{Key: "Parent", Value: object.Ref(2)}, {Key: "Type", Value: name("Page")}},
	}
	for i, o := range objects {
		if err := f.Object(object.Ref(i+1), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Stream(4, nil, []byte("q\nQ\n")); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := f.Object(object.Ref(5+i), object.Array{object.Ref(6 + i), object.String("text")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Finish(object.Ref(5+n), 1, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadByOthers(t *testing.T) {
	for _, n := range []int{0, 1, perStream - 3, perStream, 1000, 7000} {
		b := document(t, n)
		name := filepath.Join(t.TempDir(), "out.pdf")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if text, err := exec.Command("qpdf", "--check", name).CombinedOutput(); err != nil {
			t.Errorf("%d objects: %v\n%s", n, err, text)
		}
	}
}

func TestDeterministic(t *testing.T) {
	a, b := document(t, 300), document(t, 300)
	if !bytes.Equal(a, b) {
		t.Error("the same calls gave other bytes")
	}
	if bytes.Equal(id(t, a), id(t, document(t, 301))) {
		t.Error("another document has the same identifier")
	}
}

func id(t *testing.T, b []byte) []byte {
	t.Helper()
	i := bytes.Index(b, []byte("/ID["))
	if i < 0 {
		t.Fatal("no identifier")
	}
	return b[i : i+20]
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = errors.New("full")

func TestErrorStays(t *testing.T) {
	f := New(&full{left: 100})
	var err error
	for i := range 10 {
		err = f.Stream(object.Ref(i+1), nil, bytes.Repeat([]byte("x"), 50))
	}
	if !errors.Is(err, errFull) || !errors.Is(f.Finish(11, 1, nil), errFull) {
		t.Errorf("got error %v", err)
	}
}

func BenchmarkObjects(b *testing.B) {
	for b.Loop() {
		f := New(&bytes.Buffer{})
		for i := range 10_000 {
			if err := f.Object(object.Ref(i+1), object.String(fmt.Sprint(i))); err != nil {
				b.Fatal(err)
			}
		}
	}
}
