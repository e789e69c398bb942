package pdf

import (
	"io"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
)

// TestEmbeddedNames drops embedded files from every place that they can be in, and tells each by its name, made fit to
// be shown.
func TestEmbeddedNames(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	body := flated("/Type/EmbeddedFile", "MZ")
	for name, c := range map[string]struct {
		sheet sheet
		want  []string
	}{
		"name tree": {sheet{catalog: "/Names<</EmbeddedFiles<</Kids[7 0 R]>>>>", objects: []string{body,
			"<</Limits[(a)(b)]/Names[(a)<</Type/Filespec/F(a.doc)/UF(\xfe\xff\x6d\xfb\x4e\xd8\x00.\x00d\x00o\x00c)/EF<</F 6 0 R>>>>(b)<</F(b.exe)/EF<</F 6 0 R>>>>]>>"}},
			[]string{"document: b.exe", "document: 添付.doc"}},
		"annotation":        {annotation("/Subtype/FileAttachment/FS<</F(../x\x07y.zip)/EF<</F 6 0 R>>>>"), []string{"page 1: .._xy.zip"}},
		"associated":        {sheet{catalog: "/AF[<</F(a.xml)>><</F(b.xml)>>]"}, []string{"document: a.xml", "document: b.xml"}},
		"without a name":    {sheet{catalog: "/AF[<</EF<<>>>>]"}, []string{"document"}},
		"direction changed": {sheet{catalog: "/AF[<</UF(\xef\xbb\xbfa\u202egpj.exe)>>]"}, []string{"document: agpj.exe"}},
	} {
		report, err := engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(c.sheet.bytes()), Policy: sanitize.Standard()}, io.Discard)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, f := range report.Findings {
			if f.Rule == ruleEmbeddedFile {
				got = append(got, f.Where)
			}
		}
		slices.Sort(got)
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: told %q, want %q", name, got, c.want)
		}
	}
}

// TestEmbeddedMany names a bounded number of files of a document that has more.
func TestEmbeddedMany(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for i := range 5 * maxNamed {
		list.WriteString("<</F(" + strings.Repeat("x", i) + ".doc)>>")
	}
	report, err := engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(sheet{catalog: "/AF[" + list.String() + "]"}.bytes()), Policy: sanitize.Standard()}, io.Discard)
	if err != nil || len(report.Findings) > maxNamed+1 || len(report.Findings) < maxNamed/2 {
		t.Errorf("error %v, %d findings", err, len(report.Findings))
	}
}
