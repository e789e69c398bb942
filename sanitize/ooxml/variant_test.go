package ooxml

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// minimal returns the least package of a variant.
func minimal(v Variant) files {
	switch v.folder() {
	case "word":
		return wordAs(v, run("本文"))
	case "xl":
		return workbook(v, `<row r="1"><c r="A1" t="inlineStr"><is><t>本文</t></is></c></row>`)
	}
	return slides(v, shape("本文", ""))
}

func TestVariants(t *testing.T) {
	for _, v := range Variants() {
		t.Run(v.Info().ID, func(t *testing.T) {
			c := sanitizetest.Case{Name: "minimal", Input: minimal(v).zip(), Keep: []string{"本文"}, Check: sound, Exact: true}
			switch out := variants[v].output; {
			case v == Xlam || v == Xlsb:
				c.Err = sanitize.ErrUnsupported
			case out != v:
				c.Output, c.Rules, c.Gone = variants[out].id, []string{ruleMacro}, []string{"macroEnabled"}
			}
			var foreign [][]byte
			for _, w := range Variants() {
				if w != v {
					foreign = append(foreign, minimal(w).zip())
				}
			}
			prove(t, sanitizetest.Suite{Format: v, Others: others(v), Cases: []sanitizetest.Case{c}, Foreign: foreign})
		})
	}
}

func TestVariantsAreSorted(t *testing.T) {
	last := ""
	for _, v := range Variants() {
		info := v.Info()
		if info.ID <= last || info.Refines != "zip" || info.MIME == "" {
			t.Errorf("%+v after %q", info, last)
		}
		last = info.ID
	}
	if len(Variants()) != len(variants) {
		t.Error("a variant is missing")
	}
}

// TestSisterNames: a document with macros under the name of one without is rebuilt like any other, and told; an add-in
// under such a name, and a document under that of another program, are held.
func TestSisterNames(t *testing.T) {
	engine, err := sanitize.NewEngine(append(others(Docx), Docx), sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		v            Variant
		name, output string // "" when it is held
	}{
		{Docm, "a.docx", "a.docx"}, {Docx, "a.docm", "a.docx"}, {Dotm, "a.docx", "a.dotx"}, {Xlsm, "a.xlsx", "a.xlsx"}, {Xltx, "a.xlsx", "a.xltx"},
		{Pptm, "a.pptx", "a.pptx"}, {Ppsm, "a.pptx", "a.ppsx"}, {Docm, "a.xlsx", ""}, {Docm, "a.zip", ""}, {Xlsx, "a.xlam", ""}, {Xlsx, "a.xlsb", ""},
	} {
		var out bytes.Buffer
		report, err := engine.Rebuild(context.Background(), sanitize.Job{
			Input: sanitize.BytesInput(minimal(c.v).zip()), Name: c.name, Policy: sanitize.Standard(),
		}, &out)
		told := slices.ContainsFunc(report.Findings, func(f sanitize.Finding) bool { return f.Rule == sanitize.RuleExtension })
		switch {
		case c.output == "":
			if !errors.Is(err, sanitize.ErrMismatch) {
				t.Errorf("%s as %s: %v, want a mismatch", c.v.Info().ID, c.name, err)
			}
		case err != nil || !told || engine.OutputName(c.name, report.Output) != c.output:
			t.Errorf("%s as %s: %v, %+v", c.v.Info().ID, c.name, err, report)
		}
	}
}

// TestStub: a program that unpacks what stands behind it is left out, and told; a file that only begins like one is none.
func TestStub(t *testing.T) {
	stub := append([]byte("MZ"), make([]byte, 1022)...)
	plain := minimal(Docx).zip()
	clean, _, err := rebuildFiles(t, plain, sanitize.Standard())
	if err != nil {
		t.Fatal(err)
	}
	out, report, err := rebuildFiles(t, append(bytes.Clone(stub), plain...), sanitize.Standard())
	if err != nil || !bytes.Equal(out, clean) || len(report.Findings) != 1 || report.Findings[0].Rule != ruleStub {
		t.Errorf("a stub: %v, %+v", err, report.Findings)
	}
	moved := bytes.Clone(plain) // the same with offsets that count from the start of the file
	for i := 0; i+4 <= len(moved); i++ {
		switch string(moved[i : i+4]) {
		case "PK\x01\x02":
			binary.LittleEndian.PutUint32(moved[i+42:], binary.LittleEndian.Uint32(moved[i+42:])+uint32(len(stub)))
		case "PK\x05\x06":
			binary.LittleEndian.PutUint32(moved[i+16:], binary.LittleEndian.Uint32(moved[i+16:])+uint32(len(stub)))
		}
	}
	out, report, err = rebuildFiles(t, append(bytes.Clone(stub), moved...), sanitize.Standard())
	if err != nil || !bytes.Equal(out, clean) || len(report.Findings) != 1 || report.Findings[0].Rule != ruleStub {
		t.Errorf("a stub that the offsets count: %v, %+v", err, report.Findings)
	}
	for name, in := range map[string][]byte{
		"another beginning": append(bytes.Repeat([]byte("x"), 1024), plain...), "no package": stub,
		"data in between": append(append(bytes.Clone(stub), plain[:len(plain)-22]...), append([]byte("gap"), plain[len(plain)-22:]...)...),
	} {
		if Docx.Detect(sanitize.BytesInput(in)) {
			t.Errorf("%s: it is taken for a document", name)
		}
	}
}

// TestTwoMainTypes: a package that names the type of another variant too is what its root leads to.
func TestTwoMainTypes(t *testing.T) {
	in := minimal(Docx).with(typesName, types("/word/document.xml", variants[Docx].main, "/word/other.xml", variants[Docm].main)).zip()
	if !Docx.Detect(sanitize.BytesInput(in)) || Docm.Detect(sanitize.BytesInput(in)) {
		t.Error("not told apart")
	}
	_, _, err := rebuildFiles(t, minimal(Docx).with("_rels/.rels", rels("a", "officeDocument", "word/document.xml", "b", "officeDocument", "x.xml")).zip(), sanitize.Standard())
	if !errors.Is(err, sanitize.ErrMalformed) {
		t.Errorf("two main parts: %v", err)
	}
}
