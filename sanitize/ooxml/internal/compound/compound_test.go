package compound

import (
	"bytes"
	"errors"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/ooxml/internal/compound/compoundtest"
)

func free(int64) error { return nil }

func TestStreams(t *testing.T) {
	short, long := []byte("short stream"), bytes.Repeat([]byte("0123456789"), 1000)
	b := compoundtest.Write("Short", short, "Long", long)
	f, err := Open(sanitize.BytesInput(b))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"Short": short, "Long": long} {
		got, err := f.Stream(name, free)
		if err != nil || !bytes.Equal(got, want) || !f.Has(name) {
			t.Errorf("%s: %d bytes, error %v", name, len(got), err)
		}
	}
	if _, err := f.Stream("Other", free); !errors.Is(err, sanitize.ErrMalformed) || f.Has("Other") {
		t.Errorf("a stream that is not there: %v", err)
	}
	full := errors.New("full")
	if _, err := f.Stream("Long", func(n int64) error {
		if n < int64(len(long)) {
			t.Errorf("only %d bytes charged", n)
		}
		return full
	}); !errors.Is(err, full) {
		t.Errorf("charge: %v", err)
	}
}

// TestCircles: tables that lead in a circle or out of the file are refused, without a hang.
func TestCircles(t *testing.T) {
	b := compoundtest.Write("Short", []byte("x"), "Long", bytes.Repeat([]byte("y"), 9000))
	for off := 512; off < 1024; off += 4 {
		for _, v := range []byte{0, 1, 2, 5, 0x70} {
			c := bytes.Clone(b)
			copy(c[off:], []byte{v, 0, 0, 0})
			f, err := Open(sanitize.BytesInput(c))
			if err != nil {
				continue
			}
			for _, name := range []string{"Short", "Long"} {
				if got, err := f.Stream(name, free); err == nil && len(got) > 9000 {
					t.Errorf("entry %d set to %d: %d bytes", off/4, v, len(got))
				}
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(compoundtest.Write("Short", []byte("x"), "Long", bytes.Repeat([]byte("y"), 9000)))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(sanitize.BytesInput(b))
		if err != nil {
			return
		}
		for _, name := range []string{"Short", "Long"} {
			if got, err := file.Stream(name, free); err == nil && len(got) > len(b) {
				t.Errorf("%d bytes from a file of %d", len(got), len(b))
			}
		}
	})
}
