package pdfium_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/sanitize"
	"sekisho/sanitize/image/jpeg"
	"sekisho/sanitize/pdf"
	"sekisho/sanitize/pdf/pdfium"
)

// textPages makes a file of n pages of A4, full of text.
func textPages(n int) []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", helvetica}
	var kids strings.Builder
	for p := range n {
		var text strings.Builder
		for i := range 55 {
			fmt.Fprintf(&text, "BT /F 10 Tf 50 %d Td (Page %d, line %d: the quick brown fox jumps over the lazy dog and 1,234 others, all of them asleep.) Tj ET\n", 790-14*i, p+1, i+1)
		}
		fmt.Fprintf(&kids, "%d 0 R ", len(objects)+1)
		objects = append(objects,
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>", len(objects)+2),
			stream("", text.String()))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids.String(), n)
	return file(objects...)
}

// BenchmarkRenderPages draws pages of text and packs them, and has pdftoppm draw the same pages at the same resolution,
// in turn.
func BenchmarkRenderPages(b *testing.B) {
	const pages = 20
	data := textPages(pages)
	dir := b.TempDir()
	name := filepath.Join(dir, "text.pdf")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		b.Fatal(err)
	}
	renderer, err := sanitize.NewEngine([]sanitize.Format{pdf.Format{Engine: engine(b)}, jpeg.Format{}}, sanitize.Naming{})
	if err != nil {
		b.Fatal(err)
	}
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := renderer.Rebuild(b.Context(), sanitize.Job{Input: sanitize.BytesInput(data), Policy: sanitize.Render()}, io.Discard); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		start = time.Now()
		if out, err := exec.Command("pdftoppm", "-r", fmt.Sprint(sanitize.DefaultDPI), name, filepath.Join(dir, "page")).CombinedOutput(); err != nil {
			b.Fatalf("pdftoppm: %v\n%s", err, out)
		}
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(pages*b.N)/ours.Seconds(), "pages/s")
	b.ReportMetric(float64(pages*b.N)/theirs.Seconds(), "pdftoppm-pages/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-pdftoppm")
}

// BenchmarkStart starts PDFium from compiled code, as every child that draws does.
func BenchmarkStart(b *testing.B) {
	cache := filepath.Join(os.TempDir(), "sekisho-pdfium-tests")
	engine(b)
	for b.Loop() {
		e, err := pdfium.New(pdfium.Options{Cache: cache})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Repair(context.Background(), sheet(latin, "", "", helvetica), nil); err != nil {
			b.Fatal(err)
		}
		e.Close()
	}
}
