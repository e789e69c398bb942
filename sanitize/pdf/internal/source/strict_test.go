package source

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sekisho/sanitize/pdf/internal/object"
)

// spelled returns every object of a document, in the one spelling.
func spelled(t testing.TB, doc *Document) map[object.Ref]string {
	t.Helper()
	all := map[object.Ref]string{0: fmt.Sprint(doc.Root, doc.Info, doc.Encrypted, doc.Repaired, doc.Damaged, doc.Lost)}
	for ref := object.Ref(1); ref < doc.next; ref++ {
		o, _, err := doc.Load(ref)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := o.(*object.Stream); ok {
			all[ref] = string(object.AppendDict(nil, s.Dict)) + string(s.Raw)
		} else if o != nil {
			all[ref] = string(object.Append(nil, o))
		}
	}
	return all
}

// agree fails unless both readers say the same of data. It reports whether it was one for strict.
func agree(t testing.TB, data []byte) bool {
	t.Helper()
	doc := strict(t.Context(), data, limits)
	if doc == nil {
		return false
	}
	other, err := tolerant(t.Context(), data, "", limits)
	if err != nil {
		t.Fatalf("only strict reads it: %v", err)
	}
	ours, theirs := spelled(t, doc), spelled(t, other)
	for ref := range max(doc.next, other.next) {
		if ours[ref] != theirs[ref] {
			t.Fatalf("object %d: strict reads %.300q, pdfcpu %.300q", ref, ours[ref], theirs[ref])
		}
	}
	return true
}

// TestStrict has another program write files in every way that there is of cross-reference.
func TestStrict(t *testing.T) {
	if !agree(t, sample()) {
		t.Error("not read: the sample")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(in, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--object-streams=disable"}, {"--object-streams=generate"}, {"--object-streams=generate", "--compress-streams=n"},
		{"--linearize"}, {"--linearize", "--object-streams=generate"}, {"--qdf"},
	} {
		out := filepath.Join(dir, "out.pdf")
		if b, err := exec.Command("qpdf", append(args, in, out)...).CombinedOutput(); err != nil {
			t.Fatalf("qpdf %v: %v\n%s", args, err, b)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if !agree(t, data) {
			t.Errorf("not read: %v", args)
		}
	}
	sealed := filepath.Join(dir, "sealed.pdf")
	if b, err := exec.Command("qpdf", "--encrypt", "", "o", "256", "--", in, sealed).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	if data, err := os.ReadFile(sealed); err != nil || strict(t.Context(), data, limits) != nil {
		t.Errorf("an encrypted file is read (%v)", err)
	}
}

// TestStrictRevisions proves that the newest revision counts.
func TestStrictRevisions(t *testing.T) {
	data := sample()
	at := len(data)
	prev := bytes.LastIndex(data, []byte("xref\n0 5"))
	data = append(data, "4 0 obj\n<</Length 4>>\nstream\nNEW!\nendstream\nendobj\n"...)
	table := len(data)
	data = fmt.Appendf(data, "xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 5/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", at, prev, table)
	doc := strict(t.Context(), data, limits)
	if doc == nil {
		t.Fatal("not read")
	}
	if got := content(t, doc); got != "NEW!" {
		t.Errorf("content %q", got)
	}
	agree(t, data)
}

// TestStrictIsStrict proves that whatever is not as it should be is left to the others.
func TestStrictIsStrict(t *testing.T) {
	replace := func(old, new string) []byte {
		b := bytes.Replace(sample(), []byte(old), []byte(new), 1)
		if bytes.Equal(b, sample()) {
			t.Fatalf("no %q in the sample", old)
		}
		return b
	}
	for name, data := range map[string][]byte{
		"something before it":      append([]byte("\n"), sample()...),
		"too short a length":       replace("/Length 5", "/Length 4"),
		"too long a length":        replace("/Length 5", "/Length 7"),
		"no length":                replace("/Length 5", "/Lemgth 5"),
		"another number":           replace("4 0 obj", "5 0 obj"),
		"another generation":       replace("4 0 obj", "4 1 obj"),
		"no end of an object":      replace("endobj\n2", "emdobj\n2"),
		"an entry of another kind": replace(" 00000 n", " 00000 x"),
		"a generation":             replace(" 00000 n", " 00001 n"),
		"an offset of nothing":     replace("xref\n0 5", "xref\n0 4"),
		"no root":                  replace("/Root 1", "/Root 4"),
		"a loop of sections":       replace("/Size 5", "/Size 5/Prev 9"),
		"encrypted":                replace("/Size 5", "/Size 5/Encrypt 1 0 R"),
		"hybrid":                   replace("/Size 5", "/Size 5/XRefStm 9"),
		"a word in a dictionary":   replace("/Count 1", "/Count x"),
		"no end":                   replace("%%EOF", "%%EOX"),
	} {
		if strict(t.Context(), data, limits) != nil {
			t.Errorf("%s: read", name)
		}
	}
	for cut := range sample() {
		if strict(t.Context(), sample()[:cut], limits) != nil && cut < len(sample())-1 {
			t.Errorf("cut at %d of %d: read", cut, len(sample()))
		}
	}
	few := limits
	few.Objects = 3
	if strict(t.Context(), sample(), few) != nil {
		t.Error("more objects than the limit")
	}
}

// FuzzStrict looks for what the strict reader cannot bear.
func FuzzStrict(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, data []byte) {
		if doc := strict(t.Context(), data, limits); doc != nil {
			spelled(t, doc)
		}
	})
}
