package manifest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// key returns a key pair that is the same in every run.
func key(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32)) }

func public(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

// sample is a manifest that every rule accepts.
func sample() Manifest {
	sum := sha256.Sum256([]byte("body"))
	return Manifest{
		ID: "20261123-150540-000001-0123456789ab", Sequence: 7, Route: "総務課", Path: "申請/令和8年度", Name: "様式第1号.docx",
		Type: "docx", Length: 4, Original: hex.EncodeToString(sum[:]), Rebuilt: hex.EncodeToString(sum[:]),
		Policy: "standard", Engine: "1.0",
		Findings: []Finding{{Rule: "ooxml/vba", Action: "dropped", Where: "word/vbaProject.bin", Count: 1}},
		Modified: time.Date(2026, 4, 1, 9, 0, 0, 123456789, time.FixedZone("JST", 9*3600)),
		Created:  time.Date(2026, 11, 23, 15, 5, 40, 0, time.UTC),
	}
}

func TestSealedOpensAgain(t *testing.T) {
	m := sample()
	m.Marks = []string{MarkException}
	head, err := Seal(m, key(1))
	if err != nil {
		t.Fatal(err)
	}
	r := bytes.NewReader(append(head, "body"...))
	p, err := Open(r, Trust(public(2), public(1)))
	if err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(r); string(rest) != "body" || p.HeaderSize != int64(len(head)) {
		t.Errorf("body %q after a header of %d bytes, want %d", rest, p.HeaderSize, len(head))
	}
	if !p.Exception() {
		t.Error("mark lost")
	}
	if !p.Modified.Equal(m.Modified) || !p.Created.Equal(m.Created) {
		t.Errorf("times %v %v", p.Modified, p.Created)
	}
	m.Schema, m.Gateway, m.Modified, m.Created = Schema, p.Gateway, p.Modified, p.Created
	if !reflect.DeepEqual(p.Manifest, m) {
		t.Errorf("got  %+v\nwant %+v", p.Manifest, m)
	}
}

func TestSealIsDeterministic(t *testing.T) {
	a, _ := Seal(sample(), key(1))
	b, _ := Seal(sample(), key(1))
	if len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("two headers of one manifest differ")
	}
}

func TestTimesBeyondFileSystemsAreMoved(t *testing.T) {
	m := sample()
	m.Modified = time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)
	m.Created = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	head, err := Seal(m, key(1))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(bytes.NewReader(head), Trust(public(1)))
	if err != nil || !p.Modified.Equal(firstTime) || !p.Created.Equal(lastTime) {
		t.Errorf("%v, %v, %v", p.Modified, p.Created, err)
	}
}

// TestEveryByteCounts changes, drops and truncates every byte of a header.
func TestEveryByteCounts(t *testing.T) {
	head, err := Seal(sample(), key(1))
	if err != nil {
		t.Fatal(err)
	}
	keys := Trust(public(1))
	for i := range head {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(head)
			bad[i] ^= bit
			if _, err := Open(bytes.NewReader(bad), keys); !final(err) {
				t.Fatalf("byte %d with bit %#x changed: %v", i, bit, err)
			}
		}
		if _, err := Open(bytes.NewReader(head[:i]), keys); !errors.Is(err, ErrFormat) {
			t.Fatalf("truncated to %d bytes: %v", i, err)
		}
	}
}

func final(err error) bool {
	return errors.Is(err, ErrFormat) || errors.Is(err, ErrKey) || errors.Is(err, ErrSignature) || errors.Is(err, ErrContent)
}

func TestOtherGatewaysAreUnknown(t *testing.T) {
	head, _ := Seal(sample(), key(1))
	if _, err := Open(bytes.NewReader(head), Trust(public(2))); !errors.Is(err, ErrKey) {
		t.Errorf("foreign key: %v", err)
	}
	copy(head[len(magic):], idOf(2)) // pretends to be gateway 2
	if _, err := Open(bytes.NewReader(head), Trust(public(1), public(2))); !errors.Is(err, ErrSignature) {
		t.Errorf("borrowed key id: %v", err)
	}
}

func idOf(n byte) []byte { id := KeyID(public(n)); return id[:] }

// forge signs any text as a manifest of gateway 1.
func forge(text []byte) []byte {
	head := append([]byte(magic), idOf(1)...)
	head = binary.BigEndian.AppendUint32(head, uint32(len(text)))
	head = append(head, text...)
	return append(head, ed25519.Sign(key(1), signed(text))...)
}

// text returns the canonical JSON of a good manifest.
func text(t testing.TB) string {
	head, err := Seal(sample(), key(1))
	if err != nil {
		t.Fatal(err)
	}
	return string(head[fixedHead : len(head)-ed25519.SignatureSize])
}

// TestOneSpelling signs other spellings of a good manifest with the good key.
func TestOneSpelling(t *testing.T) {
	good := text(t)
	if _, err := Open(bytes.NewReader(forge([]byte(good))), Trust(public(1))); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	for name, bad := range map[string]string{
		"white space":      strings.Replace(good, ":", ": ", 1),
		"newline at end":   good + "\n",
		"second value":     good + good,
		"unknown field":    strings.Replace(good, `{`, `{"a":1,`, 1),
		"doubled field":    strings.Replace(good, `"policy":"standard"`, `"policy":"standard","policy":"standard"`, 1),
		"letter case":      strings.Replace(good, `"policy"`, `"Policy"`, 1),
		"missing field":    strings.Replace(good, `"policy":"standard",`, ``, 1),
		"escaped letter":   strings.Replace(good, `standard`, `st\u0061ndard`, 1),
		"other number":     strings.Replace(good, `"length":4`, `"length":4.0`, 1),
		"exponent":         strings.Replace(good, `"length":4`, `"length":4e0`, 1),
		"null list":        strings.Replace(good, `"marks":[]`, `"marks":null`, 1),
		"null text":        strings.Replace(good, `"policy":"standard"`, `"policy":null`, 1),
		"not UTF-8":        strings.Replace(good, `standard`, "stand\xffard", 1),
		"lone surrogate":   strings.Replace(good, `standard`, `\ud800`, 1),
		"other time zone":  strings.Replace(good, `2026-11-23T15:05:40Z`, `2026-11-24T00:05:40+09:00`, 1),
		"time with zeroes": strings.Replace(good, `15:05:40Z`, `15:05:40.000Z`, 1),
		"an array":         `[]`,
		"nothing":          ``,
		"deep":             strings.Repeat(`[`, 100_000),
	} {
		if bad == good {
			t.Fatalf("%s: the case changes nothing", name)
		}
		if _, err := Open(bytes.NewReader(forge([]byte(bad))), Trust(public(1))); !errors.Is(err, ErrFormat) && !errors.Is(err, ErrContent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSizeIsCheckedBeforeMemoryIsTaken(t *testing.T) {
	head := append([]byte(magic), idOf(1)...)
	head = binary.BigEndian.AppendUint32(head, 1<<32-1)
	allocated := testing.AllocsPerRun(1, func() {
		if _, err := Open(io.MultiReader(bytes.NewReader(head), zeros{}), Trust(public(1))); !errors.Is(err, ErrFormat) {
			t.Errorf("manifest of 4 GiB: %v", err)
		}
	})
	if allocated > 100 {
		t.Errorf("%v allocations", allocated)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// TestValuesThatBreakARule checks that neither side lets them through: Seal refuses to make them, Open to take them.
func TestValuesThatBreakARule(t *testing.T) {
	for name, edit := range map[string]func(*Manifest){
		"short id":         func(m *Manifest) { m.ID = "a" },
		"id with a slash":  func(m *Manifest) { m.ID = "../../../../etc" },
		"id with capitals": func(m *Manifest) { m.ID = "ABCDEFGHIJ" },
		"no sequence":      func(m *Manifest) { m.Sequence = 0 },
		"huge sequence":    func(m *Manifest) { m.Sequence = 1 << 60 },
		"no route":         func(m *Manifest) { m.Route = "" },
		"route above":      func(m *Manifest) { m.Route = ".." },
		"absolute path":    func(m *Manifest) { m.Path = "/etc" },
		"path upwards":     func(m *Manifest) { m.Path = "a/../../b" },
		"path with gap":    func(m *Manifest) { m.Path = "a//b" },
		"deep path":        func(m *Manifest) { m.Path = strings.TrimSuffix(strings.Repeat("d/", MaxDepth+1), "/") },
		"no name":          func(m *Manifest) { m.Name = "" },
		"long type":        func(m *Manifest) { m.Type = strings.Repeat("x", MaxText+1) },
		"newline":          func(m *Manifest) { m.Policy = "standard\nforged" },
		"override":         func(m *Manifest) { m.Engine = "\u202e1.0" },
		"not UTF-8":        func(m *Manifest) { m.Engine = "\xff" },
		"negative length":  func(m *Manifest) { m.Length = -1 },
		"huge length":      func(m *Manifest) { m.Length = 1 << 60 },
		"short hash":       func(m *Manifest) { m.Rebuilt = "00" },
		"capital hash":     func(m *Manifest) { m.Original = strings.ToUpper(m.Original) },
		"unknown mark":     func(m *Manifest) { m.Marks = []string{"trusted"} },
		"double mark":      func(m *Manifest) { m.Marks = []string{MarkException, MarkException} },
		"many findings":    func(m *Manifest) { m.Findings = make([]Finding, MaxFindings+1) },
		"bad finding":      func(m *Manifest) { m.Findings = []Finding{{Rule: "a\x00b"}} },
		"negative count":   func(m *Manifest) { m.Findings = []Finding{{Rule: "a", Count: -1}} },
	} {
		m := sample()
		edit(&m)
		if head, err := Seal(m, key(1)); !errors.Is(err, ErrContent) || head != nil {
			t.Errorf("%s: sealed: %v", name, err)
		}
		if !json.Valid([]byte(m.Engine)) && name == "not UTF-8" {
			continue // cannot be written as JSON
		}
		m.Schema, m.Gateway = Schema, hex.EncodeToString(idOf(1))
		if m.Marks == nil {
			m.Marks = []string{}
		}
		b, err := canonical(m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := Open(bytes.NewReader(forge(b)), Trust(public(1))); !errors.Is(err, ErrContent) && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: opened: %v", name, err)
		}
	}
}

func TestManifestNamesItsSigner(t *testing.T) {
	m := sample()
	m.Schema, m.Gateway, m.Marks = Schema, hex.EncodeToString(idOf(2)), []string{}
	m.Modified, m.Created = clamp(m.Modified), clamp(m.Created)
	b, err := canonical(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bytes.NewReader(forge(b)), Trust(public(1), public(2))); !errors.Is(err, ErrContent) {
		t.Errorf("manifest of another gateway: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(text(f)))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"id":"x","marks":[null]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Open(bytes.NewReader(forge(b)), Trust(public(1)))
		if err != nil {
			if !final(err) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		again, err := Seal(p.Manifest, key(1))
		if err != nil || !bytes.Equal(again, forge(b)) {
			t.Fatalf("accepted %q, which is not what Seal writes: %v", b, err)
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	for b.Loop() {
		head, err := Seal(sample(), key(1))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Open(bytes.NewReader(head), Trust(public(1))); err != nil {
			b.Fatal(err)
		}
	}
}
