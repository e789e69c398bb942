package ooxml

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/benchtest"
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

// BenchmarkRebuild is to be read beside BenchmarkUnzipZip.
func BenchmarkRebuild(b *testing.B) {
	in, size := bigSheet(30000)
	engine, err := sanitize.NewEngine(append(others(Xlsx), Xlsx), sanitize.Naming{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	defer benchtest.PerCore(b, size)()
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
	defer benchtest.PerCore(b, size)()
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

// largeBook writes a workbook of so many sheets with so many rows of numbers and text to a file.
func largeBook(b *testing.B, sheets, rows int) *os.File {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "large.xlsx"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	z := zip.NewWriter(f)
	put := func(name string, content string) io.Writer {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			b.Fatal(err)
		}
		return w
	}
	list, relations, kinds := "", []string{}, []string{"/xl/workbook.xml", variants[Xlsx].main}
	for n := range sheets {
		name := fmt.Sprintf("worksheets/sheet%d.xml", n+1)
		list += fmt.Sprintf(`<sheet name="S%d" sheetId="%d" r:id="rId%d"/>`, n+1, n+1, n+1)
		relations = append(relations, fmt.Sprintf("rId%d", n+1), "worksheet", name)
		kinds = append(kinds, "/xl/"+name, "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml")
	}
	put(typesName, types(kinds...))
	put("_rels/.rels", rels("rId1", "officeDocument", "xl/workbook.xml"))
	put("xl/workbook.xml", `<workbook `+nsX+` xmlns:r="`+nsReferences+`"><sheets>`+list+`</sheets></workbook>`)
	put("xl/_rels/workbook.xml.rels", rels(relations...))
	random := rand.New(rand.NewPCG(1, 2))
	for n := range sheets {
		w := bufio.NewWriter(put(fmt.Sprintf("xl/worksheets/sheet%d.xml", n+1), `<worksheet `+nsX+`><sheetData>`))
		for i := 1; i <= rows; i++ {
			fmt.Fprintf(w, `<row r="%d" spans="1:4"><c r="A%d" s="0"><v>%d</v></c><c r="B%d"><v>%d</v></c><c r="C%d"><v>%v</v></c><c r="D%d" t="inlineStr"><is><t>東京都千代田区 %d</t></is></c></row>`,
				i, i, random.Uint64()>>14, i, random.Uint64()>>14, i, random.Float64(), i, i)
		}
		w.WriteString("</sheetData></worksheet>")
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkLarge rebuilds a workbook near the limit of a file, and tells how much memory its process had at most.
func BenchmarkLarge(b *testing.B) {
	f := largeBook(b, 4, 480_000)
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	engine, err := sanitize.NewEngine(append(others(Xlsx), Xlsx), sanitize.Naming{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		job := sanitize.Job{Input: sanitize.NewInput(f, info.Size()), Policy: sanitize.Standard()}
		job.Policy.Limits.Time = time.Hour // a loaded machine is no reason to stop
		if _, err := engine.Rebuild(context.Background(), job, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/(1<<20), "MiB-file")
	b.ReportMetric(float64(usage.Maxrss)/1024, "MiB-at-most")
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
