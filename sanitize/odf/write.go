package odf

import (
	"bytes"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/odf/internal/grammar"
)

// file is one entry of the output.
type file struct {
	name, mime string
	raw        []byte // stored as it is; or else
	body       []byte // compressed
	crc        uint32
	size       int64
}

// write writes the package: the type first and as it is, then the parts, the manifest at last (OpenDocument 1.3 Part 2,
// 3.3).
func (d *document) write(out io.Writer) error {
	z := zipfile.NewWriter(out)
	if err := z.AddFile(typeName, []byte(variants[d.variant].mime), true); err != nil {
		return err
	}
	for _, f := range d.files {
		var err error
		if f.raw != nil {
			err = z.AddFile(f.name, f.raw, true)
		} else {
			err = z.AddDeflated(zipfile.Header{Name: f.name}, f.body, f.crc, f.size)
		}
		if err != nil {
			return err
		}
	}
	if err := z.AddFile(manifestName, d.manifest(), false); err != nil {
		return err
	}
	return z.Close()
}

// manifest returns the manifest of the files of the output (Part 2, 4).
func (d *document) manifest() []byte {
	var b bytes.Buffer
	w := xmltext.NewWriter(&b)
	prefix := []byte("manifest")
	entry := func(path, mime, version string) {
		w.StartNamed(prefix, []byte("file-entry"))
		w.AttrNamed(prefix, []byte("full-path"), []byte(path))
		if version != "" {
			w.AttrNamed(prefix, []byte("version"), []byte(version))
		}
		w.AttrNamed(prefix, []byte("media-type"), []byte(mime))
		w.EndNamed(prefix, []byte("file-entry"))
	}
	version := d.manifestVersion()
	w.Declaration()
	w.StartNamed(prefix, prefix)
	w.AttrNamed([]byte("xmlns"), prefix, []byte(grammar.URI(grammar.NsManifest)))
	w.AttrNamed(prefix, []byte("version"), []byte(version))
	entry("/", variants[d.variant].mime, version)
	for _, o := range d.queue {
		entry(o.name+"/", o.mime, version)
	}
	for _, f := range d.files {
		entry(f.name, f.mime, "")
	}
	w.EndNamed(prefix, prefix)
	w.Flush() // to memory: cannot fail
	return b.Bytes()
}

// manifestVersion returns the version that the manifest states: the one it had, if it is one that has a manifest version.
func (d *document) manifestVersion() string {
	switch d.version {
	case "1.3", "1.4":
		return d.version
	}
	return "1.2"
}

// packed is a writer that compresses and sums up what goes through it. It is used for one part after the other.
type packed struct {
	out   bytes.Buffer
	flate *flate.Writer
	crc   uint32
	size  int64
}

func newPacked() (*packed, error) {
	w := &packed{}
	f, err := flate.NewWriter(&w.out, zipfile.Level)
	w.flate = f
	return w, err
}

func (w *packed) Write(b []byte) (int, error) {
	w.crc = crc32.Update(w.crc, crc32.IEEETable, b)
	w.size += int64(len(b))
	return w.flate.Write(b)
}

// finish gives what was written to f and makes the writer ready for the next part.
func (w *packed) finish(f *file) error {
	if err := w.flate.Close(); err != nil {
		return err
	}
	f.body, f.crc, f.size = bytes.Clone(w.out.Bytes()), w.crc, w.size
	w.reset()
	return nil
}

func (w *packed) reset() {
	w.out.Reset()
	w.flate.Reset(&w.out)
	w.crc, w.size = 0, 0
}
