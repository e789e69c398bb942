package ooxml

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
)

// bigSheet returns a workbook with this many rows, and the bytes of its sheet.
func bigSheet(rows int) ([]byte, int) {
	var b strings.Builder
	for i := 1; i <= rows; i++ {
		fmt.Fprintf(&b, `<row r="%d" spans="1:4"><c r="A%d" s="3"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>東京都千代田区 %d</t></is></c>`+
			`<c r="C%d" s="1"><f>SUM(A%d:A%d)*2</f><v>%d.5</v></c></row>`, i, i, i*7919%100003, i, i, i, i, i, i)
	}
	return workbook(Xlsx, b.String()).zip(), b.Len()
}

// perCore reports bytes by the time that processors worked for them, which others on the same machine do not change.
func perCore(b *testing.B, size int) func() {
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	return func() {
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
			b.Fatal(err)
		}
		spent := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
		b.ReportMetric(float64(size)*float64(b.N)/1e6/spent.Seconds(), "MB/s-a-core")
	}
}

// BenchmarkRebuild is to be read beside BenchmarkUnzipZip.
func BenchmarkRebuild(b *testing.B) {
	in, size := bigSheet(30000)
	engine, err := sanitize.NewEngine(append(others(Xlsx), Xlsx), sanitize.Naming{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	defer perCore(b, size)()
	for b.Loop() {
		if _, err := engine.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(in), Policy: sanitize.Standard()}, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUnzipZip decompresses and compresses the same package, and does nothing else.
func BenchmarkUnzipZip(b *testing.B) {
	in, size := bigSheet(30000)
	b.SetBytes(int64(size))
	defer perCore(b, size)()
	for b.Loop() {
		z, err := zip.NewReader(bytes.NewReader(in), int64(len(in)))
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				b.Fatal(err)
			}
			w, err := flate.NewWriter(io.Discard, level)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(w, r); err != nil {
				b.Fatal(err)
			}
			w.Close()
		}
	}
}

// BenchmarkSmall is a document as offices send them.
func BenchmarkSmall(b *testing.B) {
	in := word(strings.Repeat(run("住民票の写しの交付について"), 200)).zip()
	engine, err := sanitize.NewEngine(append(others(Docx), Docx), sanitize.Naming{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := engine.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(in), Policy: sanitize.Standard()}, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
