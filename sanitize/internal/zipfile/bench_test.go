package zipfile

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"sekisho/sanitize"
)

func benchArchive(b *testing.B) []byte {
	var files []string
	for i := range 20 {
		files = append(files, fmt.Sprintf("part%d.xml", i), strings.Repeat(fmt.Sprintf("<w:t>申請 %d</w:t>", i), 5000))
	}
	return plain(b, files...)
}

func BenchmarkRead(b *testing.B) {
	archive := benchArchive(b)
	b.SetBytes(int64(len(archive)))
	for b.Loop() {
		a, err := Open(sanitize.BytesInput(archive), 100)
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range a.Entries {
			if _, err := a.ReadAll(e, 1<<20, free); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkReadStandard is the peer: the standard library over the same bytes.
func BenchmarkReadStandard(b *testing.B) {
	archive := benchArchive(b)
	b.SetBytes(int64(len(archive)))
	for b.Loop() {
		a, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range a.File {
			r, err := f.Open()
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(r); err != nil {
				b.Fatal(err)
			}
		}
	}
}
