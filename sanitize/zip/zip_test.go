package zip

import (
	stdzip "archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"

	"sekisho/sanitize"
	"sekisho/sanitize/csv"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/name"
	"sekisho/sanitize/sanitizetest"
	"sekisho/sanitize/text"
)

// pack writes names and contents in turn.
func pack(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zipfile.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := zipfile.Header{Name: files[i], Modified: time.Date(2026, 4, 1, 8, 30, 0, 0, time.UTC)}
		if err := w.Add(h, []byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packRaw writes headers as the standard library does, which minds no name.
func packRaw(t testing.TB, headers ...*stdzip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdzip.NewWriter(&b)
	for _, h := range headers {
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, "/") {
			io.WriteString(f, "content of this one")
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func raw(name string) *stdzip.FileHeader {
	return &stdzip.FileHeader{Name: name, Method: stdzip.Deflate}
}

func entries(t testing.TB, b []byte) map[string]string {
	t.Helper()
	r, err := stdzip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(body)
	}
	return all
}

// holds checks that the output has exactly these entries.
func holds(names ...string) func(*testing.T, []byte) {
	return func(t *testing.T, out []byte) {
		all := entries(t, out)
		for _, n := range names {
			if _, ok := all[n]; !ok {
				t.Errorf("%q is missing", n)
			}
			delete(all, n)
		}
		for n := range all {
			t.Errorf("%q is in the output", n)
		}
	}
}

// upper is a format that turns one type into another: MACRO… into PLAIN….
type upper struct{ from bool }

func (u upper) Info() sanitize.Info {
	if u.from {
		return sanitize.Info{ID: "old", Extensions: []string{"old"}, Refines: "txt"}
	}
	return sanitize.Info{ID: "new", Extensions: []string{"new"}, Refines: "txt"}
}

func (u upper) Detect(in sanitize.Input) bool {
	return bytes.HasPrefix(in.Head(5), []byte(map[bool]string{true: "MACRO", false: "PLAIN"}[u.from]))
}

func (u upper) Rebuild(_ context.Context, _ sanitize.Input, out io.Writer, _ sanitize.Pass) (sanitize.Report, error) {
	_, err := io.WriteString(out, "PLAIN")
	return sanitize.Report{Type: u.Info().ID, Output: "new"}, err
}

const good = "よい文書\n"

func cases(t *testing.T) []sanitizetest.Case {
	sjis, err := japanese.ShiftJIS.NewEncoder().String("様式/申請書①.txt")
	if err != nil {
		t.Fatal(err)
	}
	link, device, setuid := raw("NEEDLE.txt"), raw("NEEDLE.txt"), raw("tool.txt")
	link.SetMode(fs.ModeSymlink | 0o777)
	device.SetMode(fs.ModeDevice | 0o666)
	setuid.SetMode(fs.ModeSetuid | 0o755)
	commented := raw("a.txt")
	commented.Comment = "NEEDLE"
	commented.Extra = []byte{0xfe, 0xca, 0, 0, 0x34, 0x12, 6, 0, 'N', 'E', 'E', 'D', 'L', 'E'}
	nested := pack(t, "a.txt", good)
	for range 7 {
		nested = pack(t, "a.zip", string(nested))
	}
	whole := sanitize.Standard()
	whole.HoldWhole = true
	return []sanitizetest.Case{
		{Name: "empty", Input: pack(t), Exact: true, Check: holds()},
		{Name: "plain", Input: pack(t, "様式/", "", "様式/a.txt", good, "b.csv", "a,=1\n"), FileName: "a.zip", Keep: []string{good, ",'=1"},
			Gone: []string{",=1"}, Rules: []string{csv.RuleFormula}, Exact: true, Check: holds("様式/", "様式/a.txt", "b.csv")},
		{Name: "nested", Input: pack(t, "in.zip", string(pack(t, "a.txt", "a\x1b[0mb"))), Gone: []string{"\x1b"}, Rules: []string{text.RuleEscape}, Exact: true},
		{Name: "names in CP932", Input: packRaw(t, &stdzip.FileHeader{Name: sjis, NonUTF8: true}), Exact: true, Check: holds("様式/申請書①.txt")},
		{Name: "names of macOS", Input: packRaw(t, raw("か\u3099.txt"), raw("__MACOSX/._か\u3099.txt"), raw(".DS_Store"), raw("~$a.docx")),
			Rules: []string{RuleClutter}, Exact: true, Check: holds("が.txt")},
		{Name: "backslashes", Input: packRaw(t, raw(`様式\a.txt`)), Exact: true, Check: holds("様式/a.txt")},
		{Name: "program", Input: pack(t, "a.txt", good, "tool.exe", "MZNEEDLE"), Gone: []string{"NEEDLE"}, Keep: []string{good, "tool.exe", "policy"},
			Rules: []string{RuleMember}, Exact: true, Check: holds("a.txt", "tool.exe.止めました.txt")},
		{Name: "two extensions", Input: pack(t, "a.txt", good, "NEEDLE.pdf.exe", "MZ"), Gone: []string{"NEEDLE"},
			Rules: []string{RuleMember}, Exact: true, Check: holds("a.txt", "止めました-2.txt")},
		{Name: "unsupported", Input: pack(t, "a.txt", good, "x/data.bin", "\x00\x00\x00\x01"), Keep: []string{"unsupported"},
			Rules: []string{RuleMember}, Exact: true, Check: holds("a.txt", "x/data.bin.止めました.txt")},
		{Name: "mismatch", Input: pack(t, "a.txt", good, "b.zip", good), Keep: []string{"mismatch"}, Rules: []string{RuleMember}, Exact: true},
		{Name: "taken notice", Input: pack(t, "tool.exe", "MZ", "tool.exe.止めました.txt", good), Rules: []string{RuleMember},
			Check: holds("tool.exe.止めました.txt", "tool.exe.止めました (2).txt")},
		{Name: "changed type", Input: pack(t, "a.old", "MACRO", "a.new", "PLAIN"), Gone: []string{"MACRO"}, Exact: true,
			Check: holds("a (2).new", "a.new")},
		{Name: "hold whole", Input: pack(t, "a.txt", good, "tool.exe", "MZ"), Policy: &whole, Err: sanitize.ErrPolicy},
		{Name: "nothing left", Input: pack(t, "tool.exe", "MZ", "data.bin", "\x00\x00\x01"), Err: sanitize.ErrPolicy},
		{Name: "traversal", Input: packRaw(t, raw("a.txt"), raw("../../NEEDLE.txt")), Gone: []string{"NEEDLE"}, Rules: []string{RulePath}, Exact: true},
		{Name: "mixed traversal", Input: packRaw(t, raw("a.txt"), raw(`b/..\../NEEDLE.txt`)), Gone: []string{"NEEDLE"}, Rules: []string{RulePath}},
		{Name: "absolute", Input: packRaw(t, raw("a.txt"), raw("/etc/NEEDLE.txt")), Gone: []string{"NEEDLE"}, Rules: []string{RulePath}},
		{Name: "drive", Input: packRaw(t, raw("a.txt"), raw("C:/NEEDLE.txt")), Gone: []string{"NEEDLE"}, Rules: []string{RuleName}},
		{Name: "deep", Input: packRaw(t, raw("a.txt"), raw(strings.Repeat("d/", 40)+"NEEDLE.txt")), Gone: []string{"NEEDLE"}, Rules: []string{RulePath}},
		{Name: "long", Input: packRaw(t, raw("a.txt"), raw("NEEDLE"+strings.Repeat("a", 2000))), Gone: []string{"NEEDLE"}, Rules: []string{RulePath}},
		{Name: "option", Input: packRaw(t, raw("a.txt"), raw("-rf NEEDLE.txt")), Gone: []string{"NEEDLE"}, Rules: []string{RuleName}, Check: holds("a.txt", "止めました-2.txt")},
		{Name: "device name", Input: packRaw(t, raw("a.txt"), raw("docs/AUX.NEEDLE.txt")), Gone: []string{"NEEDLE"}, Rules: []string{RuleName}},
		{Name: "direction", Input: packRaw(t, raw("a.txt"), raw("NEEDLE\u202etxt.exe")), Gone: []string{"NEEDLE"}, Rules: []string{RuleName}},
		{Name: "stream", Input: packRaw(t, raw("a.txt"), raw("b.txt:NEEDLE.exe")), Gone: []string{"NEEDLE"}, Rules: []string{RuleName}},
		{Name: "case twins", Input: pack(t, "a.txt", good, "b.txt", "NEEDLE", "B.TXT", "NEEDLE"), Gone: []string{"NEEDLE"}, Rules: []string{RuleTwin}, Exact: true},
		{Name: "form twins", Input: packRaw(t, raw("a.txt"), raw("が.txt"), raw("か\u3099.txt")), Rules: []string{RuleTwin}, Exact: true},
		{Name: "file and folder", Input: pack(t, "a.txt", good, "b", "NEEDLE", "b/c.txt", "NEEDLE"), Gone: []string{"NEEDLE"}, Rules: []string{RuleTwin}, Exact: true},
		{Name: "same name", Input: packRaw(t, raw("a.txt"), raw("a.txt")), Err: sanitize.ErrMalformed},
		{Name: "link", Input: packRaw(t, raw("a.txt"), link), Gone: []string{"NEEDLE"}, Rules: []string{RuleSpecial}, Exact: true},
		{Name: "device", Input: packRaw(t, raw("a.txt"), device), Gone: []string{"NEEDLE"}, Rules: []string{RuleSpecial}, Exact: true},
		{Name: "setuid", Input: packRaw(t, setuid), Rules: []string{RuleMode}, Exact: true},
		{Name: "comment and extra", Input: packRaw(t, commented), Gone: []string{"NEEDLE"}, Rules: []string{RuleComment, RuleExtra}, Exact: true},
		{Name: "line end after it", Input: append(pack(t, "a.txt", good), '\n'), Rules: []string{RuleHeader}, Exact: true},
		{Name: "prefix", Input: append(pack(t, "a.txt", good), pack(t, "a.txt", good)...), Err: sanitize.ErrMalformed},
		{Name: "trailing", Input: append(pack(t, "a.txt", good), "<hta>"...), Err: sanitize.ErrMalformed},
		{Name: "bomb", Input: pack(t, "a.txt", strings.Repeat(" ", 20<<20)), Err: sanitize.ErrLimit, MaxAlloc: 4 << 20},
		{Name: "too deep", Input: nested, Err: sanitize.ErrLimit},
		{Name: "Java", Input: pack(t, "META-INF/MANIFEST.MF", "x", "a.class", "x"), Err: sanitize.ErrUnsupported},
		{Name: "Android", Input: pack(t, "classes.dex", "x"), Err: sanitize.ErrUnsupported},
		{Name: "by another name", Input: pack(t, "a.txt", good), FileName: "a.txt", Err: sanitize.ErrMismatch},
		{Name: "encrypted", Input: locked(t), Err: sanitize.ErrEncrypted},
		{Name: "wrong password", Input: locked(t), Passwords: []string{"no"}, Err: sanitize.ErrEncrypted},
		{Name: "right password", Input: locked(t), Passwords: []string{"no", "himitsu"}, Keep: []string{"secret words"}, Exact: true, Check: holds("a.txt", "b.txt")},
		{Name: "encrypted inside", Input: pack(t, "a.txt", good, "b.zip", string(locked(t))), Err: sanitize.ErrEncrypted},
	}
}

// locked is what zip -X -e -P himitsu made of a.txt and b.txt.
func locked(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("" +
		"UEsDBBQACQAIAMBDgVzam5xJKgAAAC8AAAAFAAAAYS50eHTZOTytWty9TbsocwnRnKCyTAVYKlQZQRzVIml1qgusmGUr" +
		"Rjf1kMBHPZxQSwcI2pucSSoAAAAvAAAAUEsDBAoACQAAAMBDgVyDFtyMDQAAAAEAAAAFAAAAYi50eHRRTVPAaSpLSQU+" +
		"Pp/4UEsHCIMW3IwNAAAAAQAAAFBLAQIeAxQACQAIAMBDgVzam5xJKgAAAC8AAAAFAAAAAAAAAAEAAACkgQAAAABhLnR4" +
		"dFBLAQIeAwoACQAAAMBDgVyDFtyMDQAAAAEAAAAFAAAAAAAAAAEAAACkgV0AAABiLnR4dFBLBQYAAAAAAgACAGYAAACd" +
		"AAAAAAA=")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConformance(t *testing.T) {
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{},
		Others: []sanitize.Format{csv.Format{}, upper{true}, upper{false}, text.Format{}},
		Naming: sanitize.Naming{Hazard: name.Hazard},
		Cases:  cases(t),
		Foreign: [][]byte{
			nil, []byte("PK"), []byte("PKWARE"), []byte("text"), append([]byte("MZ"), pack(t, "a.txt", good)...),
		},
	})
}

// TestTimesAreKept: people sort their files by date.
func TestTimesAreKept(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}, text.Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	job := sanitize.Job{Input: sanitize.BytesInput(pack(t, "d/", "", "d/a.txt", good)), Policy: sanitize.Standard()}
	if _, err := engine.Rebuild(t.Context(), job, &out); err != nil {
		t.Fatal(err)
	}
	a, err := zipfile.Open(sanitize.BytesInput(out.Bytes()), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range a.Entries {
		if want := time.Date(2026, 4, 1, 8, 30, 0, 0, time.UTC); !e.Modified.Equal(want) {
			t.Errorf("%s: %v", e.Name, e.Modified)
		}
	}
}

// TestManyEntries: the count is bounded before anything is done, and a full archive is not quadratic.
func TestManyEntries(t *testing.T) {
	var files []string
	for i := range 5000 {
		files = append(files, fmt.Sprintf("d%d/f%d.txt", i%7, i), "x")
	}
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}, text.Format{}}, sanitize.Naming{Hazard: name.Hazard})
	if err != nil {
		t.Fatal(err)
	}
	job := sanitize.Job{Input: sanitize.BytesInput(pack(t, files...)), Policy: sanitize.Standard()}
	var out bytes.Buffer
	if _, err := engine.Rebuild(t.Context(), job, &out); err != nil {
		t.Fatal(err)
	}
	if n := len(entries(t, out.Bytes())); n != 5000 {
		t.Errorf("%d entries", n)
	}
	job.Policy.Limits.Entries = 4999
	if _, err := engine.Rebuild(t.Context(), job, &out); sanitize.ReasonOf(err) != sanitize.ReasonLimit {
		t.Errorf("over the limit: %v", err)
	}
}

// FuzzRebuild checks that no archive panics, and that an output is stable and says nothing the second time.
func FuzzRebuild(f *testing.F) {
	f.Add(pack(f, "d/", "", "d/a.txt", good, "b.csv", "a,=1", "c.exe", "MZ"))
	f.Add(packRaw(f, raw("../a.txt"), raw("-rf"), raw("A.txt"), raw("a.TXT")))
	f.Add(locked(f))
	engine, err := sanitize.NewEngine([]sanitize.Format{csv.Format{}, Format{}, text.Format{}}, sanitize.Naming{Hazard: name.Hazard})
	if err != nil {
		f.Fatal(err)
	}
	rebuild := func(t *testing.T, b []byte) ([]byte, sanitize.Report, error) {
		var out bytes.Buffer
		job := sanitize.Job{Input: sanitize.BytesInput(b), Policy: sanitize.Standard(), Passwords: []string{"himitsu"}}
		report, err := engine.Rebuild(t.Context(), job, &out)
		if err != nil && strings.Contains(err.Error(), "panic:") {
			t.Fatal(err)
		}
		return out.Bytes(), report, err
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := rebuild(t, b)
		if err != nil {
			return
		}
		again, report, err := rebuild(t, out)
		if err != nil || !bytes.Equal(out, again) || len(report.Findings) > 0 {
			t.Fatalf("not stable: %v, %v", report.Findings, err)
		}
	})
}
