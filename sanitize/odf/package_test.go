package odf

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/image/metafile"
	pngformat "sekisho/sanitize/image/png"
	"sekisho/sanitize/sanitizetest"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/judges"
)

// namespaces are the declarations that a document of the tests has.
const namespaces = ` xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"` +
	` xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"` +
	` xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"` +
	` xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0"` +
	` xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" xmlns:form="urn:oasis:names:tc:opendocument:xmlns:form:1.0"` +
	` xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"` +
	` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"` +
	` xmlns:chart="urn:oasis:names:tc:opendocument:xmlns:chart:1.0" xmlns:math="http://www.w3.org/1998/Math/MathML"` +
	` xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" xmlns:ooo="http://openoffice.org/2004/office" xmlns:dom="http://www.w3.org/2001/xml-events"` +
	` xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"` +
	` xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"`

// entries are the files of a package, in order: name, content.
type entries [][2]string

// content returns the content part of a document with this body and automatic styles.
func content(kind, styles, body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><office:document-content` + namespaces + ` office:version="1.3"><office:automatic-styles>` +
		styles + `</office:automatic-styles><office:body><office:` + kind + `>` + body + `</office:` + kind + `></office:body></office:document-content>`
}

// flat returns a flat document.
func flat(v Variant, kind, styles, body string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?><office:document` + namespaces + ` office:version="1.3" office:mimetype="` + variants[v].mime +
		`"><office:automatic-styles>` + styles + `</office:automatic-styles><office:body><office:` + kind + `>` + body + `</office:` + kind +
		`></office:body></office:document>`)
}

// pack returns a package with these entries after its type, and a manifest that lists them.
func pack(t testing.TB, v Variant, files entries) []byte {
	t.Helper()
	manifest := `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">` +
		`<manifest:file-entry manifest:full-path="/" manifest:media-type="` + variants[v].mime + `"/>`
	for _, f := range files {
		manifest += `<manifest:file-entry manifest:full-path="` + f[0] + `" manifest:media-type="text/xml"/>`
	}
	return archive(t, append(entries{{typeName, variants[v].mime}}, append(files, [2]string{manifestName, manifest + `</manifest:manifest>`})...))
}

// archive returns a zip archive of these entries, the first one stored.
func archive(t testing.TB, files entries) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, f := range files {
		h := &zip.FileHeader{Name: f[0], Method: zip.Deflate}
		if i == 0 {
			h.Method = zip.Store
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// anyFormat stands for a format that the variants refine.
type anyFormat struct{ id, start string }

func (a anyFormat) Info() sanitize.Info { return sanitize.Info{ID: a.id, Extensions: []string{a.id}} }

func (a anyFormat) Detect(in sanitize.Input) bool { return string(in.Head(len(a.start))) == a.start }

func (a anyFormat) Rebuild(context.Context, sanitize.Input, io.Writer, sanitize.Pass) (sanitize.Report, error) {
	return sanitize.Report{}, sanitize.ErrUnsupported
}

// others returns the formats that a test of v needs beside it.
func others(v Variant) []sanitize.Format {
	list := []sanitize.Format{anyFormat{"zip", "PK"}, anyFormat{"txt", "<"}, pngformat.Format{}, metafile.WMF{}}
	for _, w := range Variants() {
		if w != v {
			list = append(list, w)
		}
	}
	return list
}

// picture returns a small picture that is not the neutral one.
func pictureOf(t testing.TB, gray uint8) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 3, 2))
	img.Pix[0] = gray
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// prove runs the suite of a format, and lets the judge look at every output.
func prove(t *testing.T, s sanitizetest.Suite) {
	t.Helper()
	set, err := verify.New(judges.All()...)
	if err != nil {
		t.Fatal(err)
	}
	sanitizetest.Run(t, s.Judged(set.Check))
}

// TestSisterNames: a template under the name of a document is rebuilt, and told; a sheet under that of a text is held.
func TestSisterNames(t *testing.T) {
	engine, err := sanitize.NewEngine(append(others(Ott), Ott), sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		held  bool
		rules int
	}{{"a.odt", false, 1}, {"a.ott", false, 0}, {"a.ods", true, 0}, {"a.fodt", true, 0}} {
		in := pack(t, Ott, entries{{"content.xml", content("text", "", "<text:p>本文</text:p>")}})
		var out bytes.Buffer
		report, err := engine.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(in), Name: c.name, Policy: sanitize.Standard()}, &out)
		if errors.Is(err, sanitize.ErrMismatch) != c.held || !c.held && (err != nil || report.Output != "ott" || len(report.Findings) != c.rules) {
			t.Errorf("%s: %v, %+v", c.name, err, report)
		}
	}
}
