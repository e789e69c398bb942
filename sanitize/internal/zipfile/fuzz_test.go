package zipfile

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"sekisho/sanitize"
)

// FuzzOpen checks that hostile bytes never panic, that entries stay within what they declare, and that what was read
// can be written and read again.
func FuzzOpen(f *testing.F) {
	f.Add(plain(f, "a.txt", "aaaaaaaaaaaaaaaaaaaaaaaa", "表.txt", "b"))
	f.Add(streamed(f, &zip.FileHeader{Name: "d/"}, &zip.FileHeader{Name: "d/a.txt", Method: zip.Deflate}))
	for _, b := range encrypted(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Open(sanitize.BytesInput(b), 1000)
		if err != nil {
			return
		}
		var out bytes.Buffer
		w := NewWriter(&out)
		written := 0
		for _, e := range a.Entries {
			data, err := a.ReadAll(e, 1<<20, free, "himitsu")
			if err != nil {
				continue
			}
			if int64(len(data)) != e.Size {
				t.Fatalf("entry %q has %d bytes and declares %d", e.Name, len(data), e.Size)
			}
			if w.Add(Header{Name: e.Name, Modified: e.Modified}, data) == nil {
				written++
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := Open(sanitize.BytesInput(out.Bytes()), 1000)
		if err != nil || len(again.Entries) != written || len(again.Oddities) > 0 {
			t.Fatalf("own archive: %v", err)
		}
		for _, e := range again.Entries {
			r, err := again.Open(e, free)
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			if err != nil {
				t.Fatalf("own entry %q: %v", e.Name, err)
			}
		}
	})
}
