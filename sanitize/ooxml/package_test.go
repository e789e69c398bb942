package ooxml

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/image/metafile"
	pngformat "sekisho/sanitize/image/png"
	"sekisho/sanitize/sanitizetest"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/judges"
)

// anyZip stands for the zip format, which the variants refine.
type anyZip struct{}

func (anyZip) Info() sanitize.Info { return sanitize.Info{ID: "zip", Extensions: []string{"zip"}} }

func (anyZip) Detect(in sanitize.Input) bool { return string(in.Head(2)) == "PK" }

func (anyZip) Rebuild(context.Context, sanitize.Input, io.Writer, sanitize.Pass) (sanitize.Report, error) {
	return sanitize.Report{}, sanitize.ErrUnsupported
}

// others returns the formats that a test of v needs beside it.
func others(v Variant) []sanitize.Format {
	list := []sanitize.Format{anyZip{}, pngformat.Format{}, metafile.WMF{}}
	for _, w := range Variants() {
		if w != v {
			list = append(list, w)
		}
	}
	return list
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

// files is a package as a list of names and contents, in turn.
type files []string

// with returns the package with more parts, or other ones of the same name.
func (f files) with(more ...string) files {
	f = slices.Clone(f)
next:
	for i := 0; i < len(more); i += 2 {
		for k := 0; k < len(f); k += 2 {
			if f[k] == more[i] {
				f[k+1] = more[i+1]
				continue next
			}
		}
		f = append(f, more[i], more[i+1])
	}
	return f
}

// replace returns the package with a text in one part replaced, which must be there.
func (f files) replace(name, old, new string) files {
	f = slices.Clone(f)
	for k := 0; k < len(f); k += 2 {
		if f[k] == name {
			if !strings.Contains(f[k+1], old) {
				panic(fmt.Sprintf("%q is not in %s", old, name))
			}
			f[k+1] = strings.Replace(f[k+1], old, new, 1)
			return f
		}
	}
	panic("no part " + name)
}

// zip returns the package as a zip archive.
func (f files) zip() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(f); i += 2 {
		w, err := z.Create(f[i])
		if err != nil {
			panic(err)
		}
		io.WriteString(w, f[i+1])
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

const (
	nsW   = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
	nsR   = `xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	nsX   = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	nsA   = `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"`
	nsP   = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"`
	nsVML = `xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"`
	nsMC  = `xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"`
)

// rels returns a part of relationships: id, type, target in turn. A short type is one of the office's; a target that
// begins with "!" is external.
func rels(list ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="` + nsRelations + `">`)
	for i := 0; i < len(list); i += 3 {
		kind, target, mode := list[i+1], list[i+2], ""
		if !strings.Contains(kind, "/") {
			kind = relOffice + kind
		}
		if rest, ok := strings.CutPrefix(target, "!"); ok {
			target, mode = rest, ` TargetMode="External"`
		}
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s" Target="%s"%s/>`, list[i], kind, target, mode)
	}
	return b.String() + `</Relationships>`
}

// types returns the content types: extension or part name, and type, in turn.
func types(list ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Types xmlns="` + nsTypes + `"><Default Extension="rels" ` +
		`ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`)
	for i := 0; i < len(list); i += 2 {
		if strings.HasPrefix(list[i], "/") {
			fmt.Fprintf(&b, `<Override PartName="%s" ContentType="%s"/>`, list[i], list[i+1])
		} else {
			fmt.Fprintf(&b, `<Default Extension="%s" ContentType="%s"/>`, list[i], list[i+1])
		}
	}
	return b.String() + `</Types>`
}

// word returns a document with this body.
func word(body string) files { return wordAs(Docx, body) }

func wordAs(v Variant, body string) files {
	return files{
		typesName, types("/word/document.xml", variants[v].main),
		"_rels/.rels", rels("rId1", "officeDocument", "word/document.xml"),
		"word/document.xml", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document ` + nsW + ` ` + nsR + ` ` + nsVML + ` ` + nsMC +
			` ` + nsA + `><w:body>` + body + `<w:sectPr/></w:body></w:document>`,
	}
}

// run returns a paragraph with a run of text.
func run(text string) string { return `<w:p><w:r><w:t>` + text + `</w:t></w:r></w:p>` }

// workbook returns a workbook with one sheet of these rows.
func workbook(v Variant, rows string) files {
	return files{
		typesName, types("/xl/workbook.xml", variants[v].main, "/xl/worksheets/sheet1.xml", openXML+"spreadsheetml.worksheet+xml"),
		"_rels/.rels", rels("rId1", "officeDocument", "xl/workbook.xml"),
		"xl/workbook.xml", `<workbook ` + nsX + ` ` + nsR + `><bookViews><workbookView activeTab="0"/></bookViews><sheets><sheet name="表" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", rels("rId1", "worksheet", "worksheets/sheet1.xml"),
		"xl/worksheets/sheet1.xml", `<worksheet ` + nsX + ` ` + nsR + `><sheetData>` + rows + `</sheetData></worksheet>`,
	}
}

// slides returns a presentation with one slide of these shapes.
func slides(v Variant, shapes string) files {
	return files{
		typesName, types("/ppt/presentation.xml", variants[v].main, "/ppt/slides/slide1.xml", openXML+"presentationml.slide+xml"),
		"_rels/.rels", rels("rId1", "officeDocument", "ppt/presentation.xml"),
		"ppt/presentation.xml", `<p:presentation ` + nsP + ` ` + nsR + `><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst><p:sldSz cx="1" cy="1"/><p:notesSz cx="1" cy="1"/></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", rels("rId1", "slide", "slides/slide1.xml"),
		"ppt/slides/slide1.xml", `<p:sld ` + nsP + ` ` + nsR + ` ` + nsA + `><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>` +
			shapes + `</p:spTree></p:cSld></p:sld>`,
	}
}

// shape returns a shape with text; the click is what stands inside the shape's properties.
func shape(text, click string) string {
	return `<p:sp><p:nvSpPr><p:cNvPr id="2" name="s">` + click + `</p:cNvPr><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>` +
		text + `</a:t></a:r></a:p></p:txBody></p:sp>`
}

// picture returns a small PNG.
func picture() string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 3))); err != nil {
		panic(err)
	}
	return b.String()
}

// sound checks, by the standard library and not by our reader, that a package is closed: each relationship leads to a
// part that is there, each part has a content type and is led to, and each id that an XML part names is there.
func sound(t *testing.T, out []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(out), int64(len(out)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(b)
	}
	reached := map[string]bool{typesName: true}
	for name, text := range parts {
		dir, file, ok := strings.Cut(name, "_rels/")
		if !ok {
			continue
		}
		reached[name] = true
		owner := dir + strings.TrimSuffix(file, ".rels")
		if owner != "" && parts[owner] == "" {
			t.Errorf("%s belongs to no part", name)
		}
		for _, r := range strings.Split(text, "<Relationship ")[1:] {
			target := between(r, `Target="`)
			if strings.Contains(r, `TargetMode="External"`) || strings.HasPrefix(target, "#") {
				continue
			}
			to := join(dir, target)
			if parts[to] == "" {
				t.Errorf("%s leads to %s, which is not there", name, to)
			}
			reached[to] = true
		}
	}
	for name := range parts {
		if !reached[name] {
			t.Errorf("nothing leads to %s", name)
		}
	}
	for name, text := range parts {
		dir, file := name[:strings.LastIndexByte(name, '/')+1], name[strings.LastIndexByte(name, '/')+1:]
		if strings.HasSuffix(name, ".rels") {
			continue
		}
		for _, attr := range []string{`r:id="`, `r:embed="`, `r:link="`} {
			for _, rest := range strings.Split(text, attr)[1:] {
				id, _, _ := strings.Cut(rest, `"`)
				if id != "" && !strings.Contains(parts[dir+"_rels/"+file+".rels"], `Id="`+id+`"`) {
					t.Errorf("%s names %s, which is not there", name, id)
				}
			}
		}
	}
}

func between(s, start string) string {
	_, rest, _ := strings.Cut(s, start)
	v, _, _ := strings.Cut(rest, `"`)
	return v
}

// join resolves a relative reference.
func join(dir, target string) string {
	for strings.HasPrefix(target, "../") {
		target = target[3:]
		dir = dir[:strings.LastIndexByte(strings.TrimSuffix(dir, "/"), '/')+1]
	}
	return dir + target
}

// rebuildFiles rebuilds a package by an engine of all variants.
func rebuildFiles(t *testing.T, in []byte, policy sanitize.Policy) ([]byte, sanitize.Report, error) {
	t.Helper()
	engine, err := sanitize.NewEngine(append(others(Docx), Docx), sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	report, err := engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(in), Policy: policy}, &out)
	return out.Bytes(), report, err
}

// partText returns one part of the package.
func (f files) partText(name string) string {
	for i := 0; i < len(f); i += 2 {
		if f[i] == name {
			return f[i+1]
		}
	}
	return ""
}

// textOf returns one part of a zip archive, or "".
func textOf(b []byte, name string) string {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return ""
	}
	r, err := z.Open(name)
	if err != nil {
		return ""
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return ""
	}
	return string(text)
}

// stripText returns XML without its character data and attribute values that are words only a reader sees.
func stripText(s string) string {
	var b strings.Builder
	inside := false
	for _, r := range s {
		switch r {
		case '<':
			inside = true
		case '>':
			inside = false
			b.WriteRune(r)
		}
		if inside {
			b.WriteRune(r)
		}
	}
	return b.String()
}
