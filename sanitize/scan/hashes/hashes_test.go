package hashes

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func sum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// lists returns a scanner with one list of each kind, and the paths of both.
func lists(t *testing.T, deny, allow string) (s *Scanner, denyPath, allowPath string) {
	t.Helper()
	dir := t.TempDir()
	denyPath, allowPath = filepath.Join(dir, "deny"), filepath.Join(dir, "allow")
	write(t, denyPath, deny)
	write(t, allowPath, allow)
	s, err := New(Options{Deny: []string{denyPath}, Allow: []string{allowPath}})
	if err != nil {
		t.Fatal(err)
	}
	return s, denyPath, allowPath
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLists(t *testing.T) {
	s, _, _ := lists(t, "# malware\n\n"+sum("bad")+"  bad.exe\r\n"+strings.ToUpper(sum("both"))+"\n", sum("good")+"\n"+sum("both")+" *x\n")
	for _, c := range []struct {
		text, signature, note string
	}{
		{"bad", "Deny.SHA256", ""}, {"both", "Deny.SHA256", ""}, {"good", "", "on the allow list"}, {"other", "", ""}, {"", "", ""},
	} {
		r, err := s.Scan(t.Context(), strings.NewReader(c.text), int64(len(c.text)))
		if err != nil || r.Clean != (c.signature == "") || r.Signature != c.signature || r.Note != c.note || len(r.Signatures) != 24 || r.SignedAt.IsZero() {
			t.Errorf("%q: %+v, %v", c.text, r, err)
		}
	}
	for _, size := range []int64{2, 4} {
		if r, err := s.Scan(t.Context(), strings.NewReader("bad"), size); err == nil {
			t.Errorf("of length %d: %+v", size, r)
		}
	}
}

// TestBrokenList: while any list cannot be believed, nothing is clean; when it is mended it is read again.
func TestBrokenList(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "cut off": sum("a") + "\n" + sum("b")[:40], "no last line feed": sum("a"), "too long": sum("a") + "0\n",
		"too short": sum("a")[1:] + "\n", "words": "no hash\n", "no hexadecimal": strings.Repeat("g", 64) + "\n", "blank before": " " + sum("a") + "\n",
	} {
		for kind := range 2 {
			s, deny, allow := lists(t, "# none\n", "# none\n")
			path := []string{deny, allow}[kind]
			scan := func() (bool, error) {
				r, err := s.Scan(t.Context(), strings.NewReader("text"), 4)
				return r.Clean, err
			}
			if clean, err := scan(); !clean || err != nil {
				t.Fatalf("with lists of nothing: %v, %v", clean, err)
			}
			write(t, path, text)
			if clean, err := scan(); clean || err == nil {
				t.Errorf("%s, list %d: clean %v, %v", name, kind, clean, err)
			}
			write(t, path, "# mended now\n")
			if clean, err := scan(); !clean || err != nil {
				t.Errorf("%s, mended list %d: clean %v, %v", name, kind, clean, err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if clean, err := scan(); clean || err == nil {
				t.Errorf("without list %d: clean %v, %v", kind, clean, err)
			}
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("no list is taken")
	}
}

// TestListGrows: a file that gets onto the deny list is malware from then on.
func TestListGrows(t *testing.T) {
	s, deny, _ := lists(t, "# none\n", sum("text")+"\n")
	before, err := s.Scan(t.Context(), strings.NewReader("text"), 4)
	if err != nil || !before.Clean {
		t.Fatalf("%+v, %v", before, err)
	}
	write(t, deny, sum("text")+"\n")
	after, err := s.Scan(t.Context(), strings.NewReader("text"), 4)
	if err != nil || !after.Infected() || after.Signatures == before.Signatures {
		t.Errorf("%+v, %v", after, err)
	}
}
