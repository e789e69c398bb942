package pdf

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
)

// signedForm makes a form as Adobe LiveCycle writes one: fields with their appearances, the same form in XFA beside them in
// packets, and a signature over the document that a page shows.
func signedForm() sheet {
	return sheet{
		catalog: "/AcroForm<</Fields[6 0 R 8 0 R]/SigFlags 3/DA(/Helv 0 Tf 0 g)/XFA[(template)10 0 R(datasets)10 0 R]>>/Perms<</DocMDP 11 0 R>>",
		page:    "/Annots[6 0 R 8 0 R]",
		objects: []string{
			"<</Type/Annot/Subtype/Widget/Rect[10 10 90 30]/F 4/FT/Tx/T(applicant)/V(\xfe\xff\x67\x71\x4e\xac)/DA(/Helv 12 Tf 0 g)/AP<</N 7 0 R>>>>",
			stream("/Type/XObject/Subtype/Form/BBox[0 0 80 20]", "/Tx BMC q BT (value) Tj ET Q EMC"),
			"<</Type/Annot/Subtype/Widget/Rect[10 40 90 60]/F 4/FT/Sig/T(seal)/V 11 0 R/AP<</N 9 0 R>>>>",
			stream("/Type/XObject/Subtype/Form/BBox[0 0 80 20]", "0 0 80 20 re f"),
			stream("", "<xdp:xdp><script>"+needle+"</script></xdp:xdp>"),
			"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 1 2 3]/Contents<00>/Name(" + needle + ")>>",
		},
	}
}

// TestSignedForm: of a signed form in two spellings the fields stay with their values, the seal is shown still, and who
// gets it is told that it is signed no more. Another program reads what came out.
func TestSignedForm(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	report, err := engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(signedForm().bytes()), Policy: sanitize.Standard()}, &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{ruleXFA, ruleSignature, rulePermissions} {
		if !slices.ContainsFunc(report.Findings, func(f sanitize.Finding) bool { return f.Rule == rule }) {
			t.Errorf("%s is not told", rule)
		}
	}
	name := filepath.Join(t.TempDir(), "out.pdf")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("qpdf", "--json", "--json-key=acroform", "--json-key=qpdf", "--json-stream-data=none", name).Output()
	if err != nil {
		t.Fatalf("qpdf: %v\n%s", err, text)
	}
	var doc struct {
		Form struct {
			Fields []struct {
				Name  string `json:"fullname"`
				Type  string `json:"fieldtype"`
				Value string `json:"value"`
			} `json:"fields"`
		} `json:"acroform"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if f := doc.Form.Fields; len(f) != 1 || f[0].Name != "applicant" || f[0].Type != "/Tx" || f[0].Value != "u:東京" {
		t.Errorf("fields %+v", f)
	}
	for _, gone := range []string{"/XFA", "/Sig", "/ByteRange", "/Perms", "/SubFilter"} {
		if strings.Contains(string(text), `"`+gone) {
			t.Errorf("%s is there", gone)
		}
	}
	if !strings.Contains(string(text), `"/Subtype": "/Stamp"`) {
		t.Error("the seal is not shown any more")
	}
}
