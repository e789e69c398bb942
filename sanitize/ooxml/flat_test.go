package ooxml

import (
	"context"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// anyText stands for the text format, which a flat package refines.
type anyText struct{}

func (anyText) Info() sanitize.Info { return sanitize.Info{ID: "txt", Extensions: []string{"txt"}} }

func (anyText) Detect(in sanitize.Input) bool { return in.Size() > 0 && string(in.Head(1)) == "<" }

func (anyText) Rebuild(context.Context, sanitize.Input, io.Writer, sanitize.Pass) (sanitize.Report, error) {
	return sanitize.Report{}, sanitize.ErrUnsupported
}

// flat returns a package as one XML file; parts that are no XML are in base64.
func flat(f files) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><?mso-application progid="Word.Document"?><pkg:package xmlns:pkg="` + nsFlat + `" ` + nsA + `>`)
	for i := 2; i < len(f); i += 2 {
		kind := "application/xml"
		switch {
		case strings.HasSuffix(f[i], ".rels"):
			kind = "application/vnd.openxmlformats-package.relationships+xml"
		case f[i] == "word/document.xml":
			kind = variants[Docx].main
			if strings.Contains(f[1], "macroEnabled") {
				kind = variants[Docm].main
			}
		}
		b.WriteString(`<pkg:part pkg:name="/` + f[i] + `" pkg:contentType="` + kind + `">`)
		if strings.HasSuffix(f[i], ".bin") {
			b.WriteString("\n<pkg:binaryData>" + base64.StdEncoding.EncodeToString([]byte(f[i+1])) + "\n</pkg:binaryData>")
		} else {
			_, body, found := strings.Cut(f[i+1], "?>")
			if !found {
				body = f[i+1]
			}
			b.WriteString(`<pkg:xmlData>` + body + `</pkg:xmlData>`)
		}
		b.WriteString(`</pkg:part>`)
	}
	return []byte(b.String() + `</pkg:package>`)
}

func TestFlat(t *testing.T) {
	macro := wordAs(Docm, run("本文")).with("word/_rels/document.xml.rels", rels("rId1", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin"),
		"word/vbaProject.bin", "evil evil evil evil evil")
	cases := []sanitizetest.Case{
		{Name: "plain", Input: flat(word(run("本文"))), Output: "docx", Keep: []string{"本文"}, Exact: true, Check: sound},
		{Name: "macro", Input: flat(macro), Output: "docx", Gone: []string{"evil", "macroEnabled", "vbaProject"}, Keep: []string{"本文"}, Rules: []string{ruleMacro}, Exact: true, Check: sound},
		{Name: "other element", Input: []byte(strings.Replace(string(flat(word(""))), "<pkg:xmlData>", "<pkg:other>x</pkg:other><pkg:xmlData>", 1)), Err: sanitize.ErrMalformed},
		{Name: "broken base64", Input: []byte(strings.Replace(string(flat(macro)), "<pkg:binaryData>", "<pkg:binaryData>*", 1)), Err: sanitize.ErrMalformed},
		{Name: "two parts of one name", Input: flat(word("").with("WORD/Document.xml", "<x/>")), Err: sanitize.ErrMalformed},
	}
	prove(t, sanitizetest.Suite{
		Format: Flat{}, Others: append(others(Docx), Docx, anyText{}), Cases: cases,
		Foreign: [][]byte{nil, []byte("<a/>"), []byte(nsFlat), word("").zip()},
	})
}
