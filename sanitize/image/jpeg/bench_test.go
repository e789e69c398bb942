package jpeg

import (
	"bytes"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sekisho/sanitize"
)

// BenchmarkRebuild rebuilds a picture of two million pixels, beside decoding and encoding it, and beside jpegtran
// (start of the process included) where that is installed.
func BenchmarkRebuild(b *testing.B) {
	in := made(b, 1600, 1200)
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			if _, _, err := rebuild(b, sanitize.Standard(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pixels", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			img, err := jpeg.Decode(bytes.NewReader(in))
			if err != nil {
				b.Fatal(err)
			}
			var out bytes.Buffer
			if err := jpeg.Encode(&out, img, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	tool, err := exec.LookPath("jpegtran")
	if err != nil {
		b.Log("no jpegtran: no peer")
		return
	}
	name := filepath.Join(b.TempDir(), "in.jpg")
	if err := os.WriteFile(name, in, 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("jpegtran", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			if err := exec.Command(tool, "-optimize", "-copy", "none", "-outfile", name+".out", name).Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
