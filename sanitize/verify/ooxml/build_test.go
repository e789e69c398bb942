package ooxml

import (
	stdzip "archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	pngjudge "sekisho/sanitize/verify/png"
)

// files is a package: names and contents.
type files map[string]string

// build writes a package as our writer does.
func build(t testing.TB, f files) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdzip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		var z bytes.Buffer
		fw, err := flate.NewWriter(&z, 6)
		if err != nil {
			t.Fatal(err)
		}
		fw.Write([]byte(f[name]))
		fw.Close()
		e, err := w.CreateRaw(&stdzip.FileHeader{
			Name: name, Method: stdzip.Deflate, Flags: 1 << 11, CRC32: crc32.ChecksumIEEE([]byte(f[name])),
			CompressedSize64: uint64(z.Len()), UncompressedSize64: uint64(len(f[name])),
		})
		if err != nil {
			t.Fatal(err)
		}
		e.Write(z.Bytes())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func judge(t testing.TB, id string, b []byte, policy sanitize.Policy) string {
	t.Helper()
	set, err := verify.New(Docx(), Dotx(), Potx(), Ppsx(), Pptx(), Xlsx(), Xltx(), pngjudge.Judge{})
	if err != nil {
		t.Fatal(err)
	}
	err = set.Check(context.Background(), id, sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	if err != nil {
		t.Log(err)
	}
	return v.Rule
}

// pixel is a picture of one grey pixel.
func pixel() string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return b.String()
}

func rels(items ...string) string {
	return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<Relationships xmlns="` + relsSpace + `">` + strings.Join(items, "") + `</Relationships>`
}

func rel(id, typ, target string) string {
	return `<Relationship Id="` + id + `" Type="` + typ + `" Target="` + target + `"/>`
}

func types(overrides ...string) string {
	s := `<Types xmlns="` + contentTypesSpace + `"><Default Extension="rels" ContentType="` + relsContent + `"/>` +
		`<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>`
	for i := 0; i < len(overrides); i += 2 {
		s += `<Override PartName="/` + overrides[i] + `" ContentType="` + overrides[i+1] + `"/>`
	}
	return s + `</Types>`
}

const external = `<Relationship Id="h1" Type="` + relOffice + `hyperlink" Target="https://example.jp/" TargetMode="External"/>`

const wDocument = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="` + nsW + `" xmlns:r="` + nsR + `" xmlns:mc="` + nsMC + `" xmlns:a="` + nsA + `" xmlns:v="` + nsV + `" xmlns:o="` + nsO + `"` +
	` xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" mc:Ignorable="w14"><w:body><w:p><w:hyperlink r:id="h1"><w:r><w:t>住所</w:t></w:r></w:hyperlink>` +
	`<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PA</w:instrText></w:r><w:r><w:instrText>GE \* MERGEFORMAT </w:instrText></w:r>` +
	`<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>` +
	`<w:fldSimple w:instr=" HYPERLINK &quot;https://example.jp/&quot; \l &quot;a&quot; "><w:r><w:t>x</w:t></w:r></w:fldSimple>` +
	`<w:r><mc:AlternateContent><mc:Choice Requires="w14"><w:t>a</w:t></mc:Choice><mc:Fallback><w:pict><v:shape style="width:1pt"><v:imagedata r:id="p1"/></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>` +
	`</w:p></w:body></w:document>`

// word returns a good document with a link, fields, an alternative and a picture.
func word() files {
	return files{
		"[Content_Types].xml":          types("word/document.xml", Docx().main, "word/header1.xml", wml+"header+xml"),
		"_rels/.rels":                  rels(rel("r1", relOffice+"officeDocument", "word/document.xml")),
		"word/_rels/document.xml.rels": rels(external, rel("p1", relOffice+"image", "media/image1.png"), rel("r2", relOffice+"header", "/word/header1.xml")),
		"word/document.xml":            wDocument,
		"word/header1.xml":             `<w:hdr xmlns:w="` + nsW + `"><w:p/></w:hdr>`,
		"word/media/image1.png":        pixel(),
	}
}

// excel returns a good workbook with formulas.
func excel() files {
	return files{
		"[Content_Types].xml":        types("xl/workbook.xml", Xlsx().main, "xl/worksheets/sheet1.xml", sml+"worksheet+xml"),
		"_rels/.rels":                rels(rel("r1", relOffice+"officeDocument", "xl/workbook.xml")),
		"xl/_rels/workbook.xml.rels": rels(rel("r1", relOffice+"worksheet", "worksheets/sheet1.xml")),
		"xl/workbook.xml": `<workbook xmlns="` + nsX + `" xmlns:r="` + nsR + `"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>` +
			`<definedNames><definedName name="x">Sheet1!$A$1</definedName></definedNames></workbook>`,
		"xl/worksheets/sheet1.xml": `<worksheet xmlns="` + nsX + `"><sheetData><row r="1"><c r="A1"><f>SUM(B1:B2)&amp;"WEBSERVICE(|!"</f><v>1</v></c></row></sheetData></worksheet>`,
	}
}

// slides returns a good presentation with an action.
func slides() files {
	return files{
		"[Content_Types].xml":              types("ppt/presentation.xml", Pptx().main, "ppt/slides/slide1.xml", pml+"slide+xml"),
		"_rels/.rels":                      rels(rel("r1", relOffice+"officeDocument", "ppt/presentation.xml")),
		"ppt/_rels/presentation.xml.rels":  rels(rel("r1", relOffice+"slide", "slides/slide1.xml")),
		"ppt/presentation.xml":             `<p:presentation xmlns:p="` + nsP + `" xmlns:r="` + nsR + `"><p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst></p:presentation>`,
		"ppt/slides/slide1.xml":            `<p:sld xmlns:p="` + nsP + `" xmlns:a="` + nsA + `" xmlns:r="` + nsR + `"><p:cSld><p:spTree><a:hlinkClick r:id="" action="ppaction://hlinkshowjump?jump=nextslide"/></p:spTree></p:cSld></p:sld>`,
		"ppt/slides/_rels/slide1.xml.rels": rels(external),
	}
}
