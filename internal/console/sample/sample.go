// Package sample makes the two files with which a first set-up is tried: the test file of the scanners' makers, and a Word document
// with a macro. Both are made as the program runs, so that no scanner finds either in the program.
package sample

import (
	"archive/zip"
	"bytes"
	"fmt"

	"sekisho/sanitize/identify"
)

// EICAR returns the file that every virus scanner finds and that does no harm (EICAR, 2003).
func EICAR() []byte { return identify.EICAR() }

// The parts of the document. The names of parts, relations and types are those of ECMA-376 Part 1 (11.3.10), Part 2 (9) and
// MS-OFFMACRO2 2.2.1 (the part of a VBA project).
const (
	head  = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	types = head + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>` +
		`<Override PartName="/word/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>`
	relations = head + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="%s" Target="%s"/></Relationships>`
	document = head + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` +
		`<w:p><w:r><w:t>関所の試験ファイルです。マクロを取り除いて届けば、正しく動いています。This is a test file of Sekisho. It works when this arrives without its macro.</w:t></w:r></w:p>` +
		`<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body></w:document>`
	officeDocument = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
	vbaProject     = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
)

// Macro returns a Word document (docm) with a macro that does nothing.
func Macro() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range []struct{ name, text string }{
		{"[Content_Types].xml", types},
		{"_rels/.rels", fmt.Sprintf(relations, officeDocument, "word/document.xml")},
		{"word/document.xml", document},
		{"word/_rels/document.xml.rels", fmt.Sprintf(relations, vbaProject, "vbaProject.bin")},
		{"word/vbaProject.bin", "Attribute VB_Name = \"Sekisho\"\r\nSub AutoOpen()\r\nEnd Sub\r\n"},
	} {
		w, err := z.Create(part.name)
		if err == nil {
			_, err = w.Write([]byte(part.text))
		}
		if err != nil {
			return nil, fmt.Errorf("cannot make the document with a macro: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("cannot make the document with a macro: %w", err)
	}
	return b.Bytes(), nil
}
