package ooxml

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// bomb is a package with a part of this many megabytes of blanks.
func bomb(t *testing.T, megabytes int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f := word(run("本文"))
	for i := 0; i < len(f); i += 2 {
		w, err := z.Create(f[i])
		if err != nil {
			t.Fatal(err)
		}
		text := f[i+1]
		if f[i] == "word/document.xml" {
			head, tail, _ := strings.Cut(text, "<w:body>")
			io.WriteString(w, head+"<w:body>")
			for range megabytes {
				w.Write(bytes.Repeat([]byte(" "), 1<<20))
			}
			text = tail
		}
		io.WriteString(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zip64 is the package with the sizes of an entry in the long form, as programs write them that stream (APPNOTE 4.5.3).
func zip64(t *testing.T, f files) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(f); i += 2 {
		h := &zip.FileHeader{Name: f[i], Method: zip.Deflate, Extra: []byte{1, 0, 0, 0}}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, f[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTraps: what would make a reader read for ever, fill its memory, or read another document than a scanner did.
func TestTraps(t *testing.T) {
	const w = "word/document.xml"
	small := sanitize.Standard()
	small.Limits.XMLPart = 4 << 20
	var laughs strings.Builder
	laughs.WriteString(`<!DOCTYPE x [<!ENTITY a0 "evil">`)
	for i := range 9 {
		laughs.WriteString(`<!ENTITY a` + string(rune('1'+i)) + ` "` + strings.Repeat(`&a`+string(rune('0'+i))+`;`, 10) + `">`)
	}
	doc := func(before, inside string) files { // the document part with something before its root and in its text
		f := word(run("本文" + inside))
		for i := 0; i < len(f); i += 2 {
			if f[i] == w {
				f[i+1] = before + f[i+1][strings.Index(f[i+1], "<w:document"):]
			}
		}
		return f
	}
	prove(t, sanitizetest.Suite{Format: Docx, Others: others(Docx), Cases: []sanitizetest.Case{
		{Name: "bomb", Input: bomb(t, 16), Err: sanitize.ErrLimit},
		{Name: "part over the limit", Input: bomb(t, 5), Policy: &small, Err: sanitize.ErrLimit},
		{Name: "laughs", Input: doc(laughs.String()+"]>", "&a9;").zip(), Keep: []string{"本文"}, Gone: []string{"evil", "&a9"}, Rules: []string{ruleDTD}, Exact: true},
		{Name: "external entity", Input: doc(`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///evil">]>`, "&e;").zip(), Keep: []string{"本文"}, Gone: []string{"evil"}, Rules: []string{ruleDTD}, Exact: true},
		{Name: "entity in relationships", Input: word(run("本文")).replace("_rels/.rels", "<Relationships", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///evil">]><Relationships`).zip(),
			Keep: []string{"本文"}, Gone: []string{"evil"}, Rules: []string{ruleDTD}, Exact: true},
		{Name: "undefined entity", Input: doc("", "&e;").zip(), Err: sanitize.ErrMalformed},
		{Name: "two million deep", Input: word(strings.Repeat("<w:p>", 2_000_000)).zip(), Err: sanitize.ErrLimit},
		{Name: "huge attribute", Input: word(`<w:p w:rsidR="` + strings.Repeat("0", 33<<20) + `"/>`).zip(), Err: sanitize.ErrLimit, MaxAlloc: 512 << 20},
		{Name: "many attributes", Input: word(`<w:p ` + strings.Repeat(` w:rsidR="0"`, 600) + `/>`).zip(), Err: sanitize.ErrLimit},
		{Name: "attribute twice", Input: word(`<w:p w:rsidR="0" w:rsidR="1"/>`).zip(), Err: sanitize.ErrMalformed},
		{Name: "part that leads to itself", Input: word(run("本文")).with("word/_rels/document.xml.rels", rels("rId1", "glossaryDocument", "document.xml", "rId2", "footer", "document.xml")).zip(),
			Keep: []string{"本文"}, Rules: []string{ruleRelation}, Exact: true},
		{Name: "parts that lead to each other", Input: word(run("本文")).with("word/_rels/document.xml.rels", rels("rId1", "glossaryDocument", "glossary/document.xml"),
			"word/glossary/document.xml", `<w:glossaryDocument `+nsW+`/>`, "word/glossary/_rels/document.xml.rels", rels("rId1", "glossaryDocument", "document.xml", "rId2", "footer", "../document.xml")).zip(),
			Keep: []string{"本文"}, Rules: []string{ruleRelation}, Exact: true},
		{Name: "pieces of a part", Input: word(run("本文")).with("word/media.xml/[0].piece", "evil", "word/media.xml/[1].last.piece", "evil").zip(), Keep: []string{"本文"}, Gone: []string{"evil", "piece"},
			Rules: []string{ruleUnreferenced}, Exact: true},
		{Name: "pieces of the document", Input: files{typesName, types("/word/document.xml", variants[Docx].main), "_rels/.rels", rels("rId1", "officeDocument", "word/document.xml"),
			w + "/[0].piece", `<w:document ` + nsW + `><w:body>`, w + "/[1].last.piece", `</w:body></w:document>`}.zip(), Err: sanitize.ErrMalformed},
		{Name: "name that climbs", Input: word(run("本文")).with("../evil.xml", "evil", "/word/../../evil2.xml", "evil").zip(), Keep: []string{"本文"}, Gone: []string{"evil"}, Rules: []string{ruleUnreferenced}, Exact: true},
		{Name: "target that climbs", Input: word(run("本文")).with("word/_rels/document.xml.rels", rels("rId1", "styles", "../../../evil.xml"), "evil.xml", "evil").zip(), Keep: []string{"本文"}, Gone: []string{"evil"},
			Rules: []string{ruleDangling, ruleUnreferenced}, Exact: true},
		{Name: "one id for two", Input: word(run("本文")).with("word/_rels/document.xml.rels", rels("rId1", "styles", "styles.xml", "rId1", "settings", "settings.xml")).zip(), Err: sanitize.ErrMalformed},
		{Name: "long sizes", Input: zip64(t, word(run("本文"))), Keep: []string{"本文"}, Exact: true},
	}})
}

// TestManyParts: the number of parts of one run is bounded.
func TestManyParts(t *testing.T) {
	f := word(run("本文"))
	var list []string
	for i := range 200 {
		name := "footer" + strings.Repeat("x", i) + ".xml"
		list = append(list, "rId"+strings.Repeat("x", i), "footer", name)
		f = append(f, "word/"+name, `<w:ftr `+nsW+`/>`)
	}
	policy := sanitize.Standard()
	policy.Limits.Entries = 100
	_, _, err := rebuildFiles(t, f.with("word/_rels/document.xml.rels", rels(list...)).zip(), policy)
	if !errors.Is(err, sanitize.ErrLimit) {
		t.Errorf("200 parts of at most 100: %v", err)
	}
}
