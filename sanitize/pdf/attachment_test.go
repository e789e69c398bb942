package pdf

import (
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/csv"
	"sekisho/sanitize/html"
	"sekisho/sanitize/name"
	"sekisho/sanitize/sanitizetest"
	txt "sekisho/sanitize/text"
	"sekisho/sanitize/xml"
)

// attachment makes a file specification of what the object has.
func attachment(name, object string) string {
	return "<</Type/Filespec/F(" + name + ")/UF(" + name + ")/EF<</F " + object + " 0 R>>/Desc(WHATITIS)/AFRelationship/Data/Private(" + needle + ")>>"
}

// fileNames puts specifications into the name tree of embedded files.
func fileNames(specs ...string) string {
	var b strings.Builder
	for i, s := range specs {
		b.WriteString("(" + needle + strings.Repeat("x", i) + ")" + s)
	}
	return "/Names<</EmbeddedFiles<</Names[" + b.String() + "]>>>>"
}

// TestAttachments puts files back in that come back clean from the engine, under a policy that wants them, and drops and
// tells the others.
func TestAttachments(t *testing.T) {
	keep, drop := sanitize.Attachments(), sanitize.Standard()
	body := func(s string) string {
		return flated("/Type/EmbeddedFile/Subtype/"+needle+"/Params<</Size 9/CreationDate(D:20260401083000+09'00')/ModDate("+needle+")/CheckSum("+needle+")>>", s)
	}
	page := "/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/Name/Paperclip/Contents(CLIP)/FS 7 0 R>>]"
	gone := []string{needle}
	cases := []sanitizetest.Case{
		{Name: "a text", Input: sheet{catalog: fileNames(attachment("a.txt", "6")), objects: []string{body("plain words")}}.bytes(),
			Keep: []string{"plain words", "(a.txt)", "/text#2Fplain", "WHATITIS", "/Data", "/Size 11", "D:20260401083000+09'00'"}},
		{Name: "a table with a formula", Input: sheet{catalog: fileNames(attachment("a.csv", "6")), objects: []string{body("a,=1\n")}}.bytes(),
			Keep: []string{"'=1", "/text#2Fcsv"}, Rules: []string{csv.RuleFormula}},
		{Name: "an invoice", Input: sheet{catalog: "/AF[7 0 R]" + fileNames("7 0 R"), objects: []string{
			body("<?xml version=\"1.0\"?><!--" + needle + "--><Invoice>1000</Invoice>"), attachment("factur-x.xml", "6")}}.bytes(),
			Keep: []string{"<Invoice>1000</Invoice>", "/AF[", "/application#2Fxml"}},
		{Name: "an annotation", Input: sheet{page: page, objects: []string{body("plain words"), attachment("a.txt", "6")}}.bytes(),
			Keep: []string{"plain words", "/Paperclip", "(CLIP)", "/FileAttachment"}},
		{Name: "no extension", Input: sheet{catalog: fileNames(attachment("\xe8\xa8\x98\xe9\x8c\xb2", "6")), objects: []string{body("plain words")}}.bytes(),
			Keep: []string{"\x8a\x18\x93\x32\x00.\x00t\x00x\x00t"}},
		{Name: "a portfolio", Input: sheet{catalog: "/Collection<</D(" + needle + ")>>" + fileNames(attachment("a.txt", "6")), objects: []string{body("plain words")}}.bytes(),
			Keep: []string{"plain words"}, Rules: []string{ruleCollection}},
		{Name: "a program", Input: sheet{catalog: fileNames(attachment("a.vbs", "6")), objects: []string{body(needle)}}.bytes(), Rules: []string{ruleEmbeddedFile}},
		{Name: "a page of a browser", Input: sheet{catalog: fileNames(attachment("a.html", "6")), objects: []string{body("<html><p>" + needle + "</p></html>")}}.bytes(), Rules: []string{ruleEmbeddedFile}},
		{Name: "a path", Input: sheet{catalog: fileNames(attachment("../../etc/x.txt", "6")), objects: []string{body(needle)}}.bytes(), Rules: []string{ruleEmbeddedFile}},
		{Name: "content of another type", Input: sheet{catalog: fileNames(attachment("a.pdf", "6")), objects: []string{body(needle)}}.bytes(), Rules: []string{ruleEmbeddedFile}},
		{Name: "an annotation without its file", Input: sheet{page: page, objects: []string{body(needle), attachment("a.exe", "6")}}.bytes(),
			Gone: []string{"/FileAttachment", "CLIP"}, Rules: []string{ruleEmbeddedFile}},
		{Name: "a file elsewhere", Input: sheet{catalog: "/AF[<</F(\\\\\\\\host\\\\" + needle + ".txt)>>]"}.bytes(), Rules: []string{ruleEmbeddedFile}},
		{Name: "a file under an unknown filter", Input: sheet{catalog: fileNames(attachment("a.txt", "6")), objects: []string{stream("/Filter/Odd", needle)}}.bytes(), Rules: []string{ruleEmbeddedFile}},
		{Name: "data in another file", Input: sheet{catalog: fileNames(attachment("a.txt", "6")), objects: []string{stream("/F("+needle+")", "x")}}.bytes(), Rules: []string{ruleEmbeddedFile}},
		{Name: "another policy", Input: sheet{catalog: fileNames(attachment("a.txt", "6")), page: page, objects: []string{body(needle), attachment("a.txt", "6")}}.bytes(),
			Policy: &drop, Gone: []string{"/EmbeddedFile", "/Filespec", "/FileAttachment"}, Rules: []string{ruleEmbeddedFile}},
	}
	for i := range cases {
		c := &cases[i]
		c.Gone, c.Keep = append(c.Gone, gone...), append(c.Keep, text)
		if c.Policy == nil {
			c.Policy = &keep
		}
	}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Others: []sanitize.Format{csv.Format{}, html.Format{}, txt.Format{}, xml.Format{}},
		Naming: sanitize.Naming{Hazard: name.Hazard}, Cases: cases,
	})
}

// TestAttachmentsTold says of each file that stays out why it would be held if it came by itself, and what was taken
// from one that goes back in.
func TestAttachmentsTold(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{csv.Format{}, Format{}, txt.Format{}}, sanitize.Naming{Hazard: name.Hazard})
	if err != nil {
		t.Fatal(err)
	}
	in := sheet{catalog: fileNames(attachment("a.vbs", "6"), attachment("b.pdf", "6"), attachment("c.csv", "6")), objects: []string{flated("/Type/EmbeddedFile", "=1,2\n")}}
	var out strings.Builder
	report, err := engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(in.bytes()), Policy: sanitize.Attachments()}, &out)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, f := range report.Findings {
		told = append(told, f.Rule+" "+f.Where)
	}
	for _, want := range []string{
		"pdf/embedded-file document: a.vbs (policy)", "pdf/embedded-file document: b.pdf (mismatch)", "csv/formula document: c.csv",
	} {
		if !slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("%q is not told: %q", want, told)
		}
	}
}

// TestAttachmentMalware holds a document whose embedded file is malware, whatever its policy does with the file.
func TestAttachmentMalware(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}, txt.Format{}}, sanitize.Naming{Malware: func(in sanitize.Input) string {
		if strings.HasPrefix(string(in.Head(16)), "MALWARE") {
			return "test"
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	in := sheet{catalog: fileNames(attachment("a.txt", "6")), objects: []string{flated("/Type/EmbeddedFile", "MALWARE")}}
	var out strings.Builder
	_, err = engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(in.bytes()), Policy: sanitize.Attachments()}, &out)
	if sanitize.ReasonOf(err) != sanitize.ReasonMalware {
		t.Errorf("held for %q", sanitize.ReasonOf(err))
	}
}
