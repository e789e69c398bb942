package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/sanitize/pdf/internal/object"
)

var limits = Limits{Objects: 1000, Nesting: 50, Bytes: 1 << 20, Time: 10 * time.Second}

func free(int64) error { return nil }

// sample is a file of one page whose content is TEXT.
func sample() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var offsets []int
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>", "<</Length 5>>\nstream\nTEXT!\nendstream",
	} {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	b.WriteString("xref\n0 5\n0000000000 65535 f \n")
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size 5/Root 1 0 R/Info<</Title(T)>>>>\nstartxref\n%d\n%%%%EOF\n", start)
	return b.Bytes()
}

// content returns the content of the only page.
func content(t *testing.T, doc *Document) string {
	t.Helper()
	get := func(o object.Object, key object.Name) object.Object {
		v, _, err := doc.Load(o)
		if err != nil {
			t.Fatal(err)
		}
		d, _ := v.(object.Dict)
		return d.Get(key)
	}
	kids, _, _ := doc.Load(get(get(doc.Root, "Pages"), "Kids"))
	list, _ := kids.(object.Array)
	if len(list) != 1 {
		t.Fatalf("%d pages", len(list))
	}
	s, _, _ := doc.Load(get(list[0], "Contents"))
	stream, ok := s.(*object.Stream)
	if !ok {
		t.Fatalf("content is %v", s)
	}
	return string(stream.Raw)
}

func TestOpen(t *testing.T) {
	doc, err := Open(t.Context(), sample(), "", limits)
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, doc); got != "TEXT!" || doc.Repaired || doc.Encrypted {
		t.Errorf("content %q, repaired %v, encrypted %v", got, doc.Repaired, doc.Encrypted)
	}
}

// TestEncrypted has another program encrypt, in every revision that there is.
func TestEncrypted(t *testing.T) {
	dir := t.TempDir()
	plain, sealed := filepath.Join(dir, "plain.pdf"), filepath.Join(dir, "sealed.pdf")
	if err := os.WriteFile(plain, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"40", "128 --use-aes=n", "128 --use-aes=n --force-V4", "128 --use-aes=y", "256", "256 --force-R5"} {
		for _, user := range []string{"", "user", "ひみつ"} {
			args := append([]string{"--allow-weak-crypto", "--compress-streams=n", "--encrypt", user, "owner"}, strings.Fields(method)...)
			if text, err := exec.Command("qpdf", append(args, "--", plain, sealed)...).CombinedOutput(); err != nil {
				t.Fatalf("qpdf: %v\n%s", err, text)
			}
			data, err := os.ReadFile(sealed)
			if err != nil {
				t.Fatal(err)
			}
			for _, password := range []string{user, "owner"} {
				doc, err := Open(t.Context(), data, password, limits)
				if err != nil {
					t.Errorf("%s, password %q: %v", method, password, err)
					continue
				}
				if got := strings.TrimSpace(content(t, doc)); got != "TEXT!" || !doc.Encrypted {
					t.Errorf("%s, password %q: content %q, encrypted %v", method, password, got, doc.Encrypted)
				}
			}
			if _, err := Open(t.Context(), data, "wrong", limits); user != "" && !errors.Is(err, ErrPassword) {
				t.Errorf("%s: wrong password: error %v", method, err)
			}
		}
	}
}

func TestRepair(t *testing.T) {
	whole := sample()
	table := bytes.Index(whole, []byte("xref\n"))
	for name, data := range map[string][]byte{
		"whole":                  whole,
		"without its table":      whole[:table],
		"with a later revision":  append(bytes.Replace(whole, []byte("TEXT!"), []byte("OLD!!"), 1), "4 0 obj<</Length 5>>stream\nTEXT!\nendstream endobj"...),
		"with a wrong length":    bytes.Replace(whole, []byte("/Length 5"), []byte("/Length 9999"), 1),
		"without a catalog":      bytes.Replace(whole[:table], []byte("/Catalog/Pages"), []byte("/Cat/Pag"), 1),
		"without line ends":      bytes.ReplaceAll(whole[:table], []byte("\nendobj\n"), []byte(" endobj ")),
		"with an object in text": append(whole[:table:table], "5 0 obj (9 0 obj) endobj"...),
	} {
		doc, err := Repair(t.Context(), data, limits, free)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := content(t, doc); got != "TEXT!" || !doc.Repaired {
			t.Errorf("%s: content %q", name, got)
		}
	}
}

// TestRepairUnpacks has another program put the objects into object streams, and takes the table away.
func TestRepairUnpacks(t *testing.T) {
	dir := t.TempDir()
	plain, packed := filepath.Join(dir, "plain.pdf"), filepath.Join(dir, "packed.pdf")
	if err := os.WriteFile(plain, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command("qpdf", "--object-streams=generate", "--compress-streams=n", plain, packed).CombinedOutput(); err != nil {
		t.Fatalf("qpdf: %v\n%s", err, text)
	}
	data, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Repair(t.Context(), data[:bytes.LastIndex(data, []byte("startxref"))], limits, free)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(content(t, doc)); got != "TEXT!" {
		t.Errorf("content %q", got)
	}
}

func TestRefused(t *testing.T) {
	many := []byte("%PDF-1.4\n")
	for i := range 2000 {
		many = fmt.Appendf(many, "%d 0 obj null endobj\n", i+1)
	}
	if _, err := Repair(t.Context(), many, limits, free); !errors.Is(err, ErrLimit) {
		t.Errorf("too many objects: error %v", err)
	}
	deep := append([]byte("1 0 obj "), bytes.Repeat([]byte("["), 100_000)...)
	if _, err := Repair(t.Context(), deep, limits, free); err == nil {
		t.Error("a deep array is taken for a document")
	}
	if _, err := Repair(t.Context(), bytes.Repeat([]byte("1 0 obj ("), 100_000), limits, free); err == nil {
		t.Error("open strings are taken for a document")
	}
	if _, err := Repair(t.Context(), append(sample(), "trailer<</Encrypt 9 0 R>>"...), limits, free); err == nil {
		t.Error("an encrypted document is repaired")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Repair(gone, sample(), limits, free); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

func TestLoops(t *testing.T) {
	doc, err := Repair(t.Context(), append(sample(), "7 0 obj 7 0 R endobj"...), limits, free)
	if err != nil {
		t.Fatal(err)
	}
	if o, _, err := doc.Load(object.Ref(7)); o != nil || err != nil {
		t.Errorf("an object that is itself is %v, error %v", o, err)
	}
}

func FuzzRepair(f *testing.F) {
	f.Add(sample())
	f.Add([]byte("1 0 obj<</Type/ObjStm/N 1/First 4>>stream\n2 0 <</Type/Page>>endstream"))
	f.Add([]byte("trailer<</Root<</Pages<</Kids[]>>>>>>1 0 obj()"))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := Repair(t.Context(), b, limits, free)
		if err != nil {
			return
		}
		if _, _, err := doc.Load(doc.Root); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzOpen looks for panics that get out of the library, and for runs without an end.
func FuzzOpen(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := Open(t.Context(), b, "", limits)
		if err != nil {
			return
		}
		for n := range doc.next {
			if _, _, err := doc.Load(n); err != nil && !errors.Is(err, ErrLimit) {
				t.Fatal(err)
			}
			if n > 1000 {
				break
			}
		}
	})
}
