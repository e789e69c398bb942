package png

import (
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sekisho/sanitize"
)

// BenchmarkRebuild rebuilds a picture of two million pixels, beside ImageMagick rewriting it (start of the process
// included) where that is installed.
func BenchmarkRebuild(b *testing.B) {
	img := image.NewNRGBA(image.Rect(0, 0, 1600, 1200))
	for i := range 1600 * 1200 {
		x, y := i%1600, i/1600
		img.Set(x, y, color.NRGBA{uint8(x / 7), uint8(y / 5), uint8(x * y >> 9), 255})
	}
	in := encoded(b, img)
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			out, _, err := rebuild(b, sanitize.Standard(), in)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(out))/float64(len(in)), "size/input")
		}
	})
	const tool = "/usr/bin/convert"
	if _, err := os.Stat(tool); err != nil {
		b.Log("no ImageMagick: no peer")
		return
	}
	name := filepath.Join(b.TempDir(), "in.png")
	if err := os.WriteFile(name, in, 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("convert", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			if err := exec.Command(tool, name, name+".out.png").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
