package zip

import (
	stdzip "archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/text"
)

type file struct{ name, data string }

// build writes an archive as our writer does: UTF-8 names, no extra fields, no descriptors.
func build(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdzip.NewWriter(&b)
	for _, f := range files {
		var z bytes.Buffer
		fw, err := flate.NewWriter(&z, 6)
		if err != nil {
			t.Fatal(err)
		}
		fw.Write([]byte(f.data))
		fw.Close()
		raw, method := z.Bytes(), stdzip.Deflate
		if f.data == "" {
			raw, method = nil, stdzip.Store
		}
		h := &stdzip.FileHeader{
			Name: f.name, Method: method, Flags: 1 << 11, CRC32: crc32.ChecksumIEEE([]byte(f.data)),
			CompressedSize64: uint64(len(raw)), UncompressedSize64: uint64(len(f.data)),
		}
		e, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		e.Write(raw)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func judge(t testing.TB, b []byte) string {
	t.Helper()
	set, err := verify.New(Judge{}, text.Plain{}, text.Table{})
	if err != nil {
		t.Fatal(err)
	}
	err = set.Check(context.Background(), "zip", sanitize.BytesInput(b), sanitize.Standard())
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

func good() []file {
	return []file{{"資料/", ""}, {"資料/申請書.txt", "住所"}, {"資料/表.csv", "a,b"}, {"readme", "x"}, {"資料/申請書.exe.止めました.txt", "止めました"}}
}

func TestGood(t *testing.T) {
	inner := build(t, good()...)
	for name, b := range map[string][]byte{
		"plain": inner, "empty": build(t), "nested": build(t, file{"in.zip", string(inner)}),
	} {
		if rule := judge(t, b); rule != "" {
			t.Errorf("%s: violates %s", name, rule)
		}
		if !(Judge{}).Claims(sanitize.BytesInput(b)) {
			t.Errorf("%s: not claimed", name)
		}
	}
	if (Judge{}).Claims(sanitize.BytesInput(build(t, file{"[Content_Types].xml", "x"}))) {
		t.Error("a package is claimed")
	}
}

// TestViolations adds one entry to a good archive.
func TestViolations(t *testing.T) {
	for name, c := range map[string]struct {
		rule string
		f    file
	}{
		"up":               {verify.RuleName, file{"../x.txt", "x"}},
		"up inside":        {verify.RuleName, file{"a/../x.txt", "x"}},
		"absolute":         {verify.RuleName, file{"/x.txt", "x"}},
		"backslash":        {verify.RuleName, file{`a\x.txt`, "x"}},
		"drive":            {verify.RuleName, file{"c:x.txt", "x"}},
		"stream":           {verify.RuleName, file{"a.txt:b.txt", "x"}},
		"empty part":       {verify.RuleName, file{"a//x.txt", "x"}},
		"trailing dot":     {verify.RuleName, file{"x.txt.", "x"}},
		"trailing space":   {verify.RuleName, file{"a /x.txt", "x"}},
		"device":           {verify.RuleName, file{"con.txt", "x"}},
		"port":             {verify.RuleName, file{"COM¹.txt", "x"}},
		"turned":           {verify.RuleName, file{"a\u202etxt.exe", "x"}},
		"invisible":        {verify.RuleName, file{"a\u200b.txt", "x"}},
		"control":          {verify.RuleName, file{"a\n.txt", "x"}},
		"decomposed":       {verify.RuleName, file{"か\u3099.txt", "x"}},
		"long":             {verify.RuleName, file{string(bytes.Repeat([]byte("x"), 252)) + ".txt", "x"}},
		"deep":             {verify.RuleName, file{strings.Repeat("a/", 300) + "x.txt", "x"}},
		"dash":             {verify.RuleName, file{"a/-rf.txt", "x"}},
		"home":             {verify.RuleName, file{"~/x.txt", "x"}},
		"home of another":  {verify.RuleName, file{"~root/x.txt", "x"}},
		"hidden":           {verify.RuleName, file{".x.txt", "x"}},
		"unknown type":     {verify.RuleMismatch, file{"x.torrent", "x"}},
		"twice":            {RuleDuplicate, file{"readme", "x"}},
		"case":             {RuleDuplicate, file{"README", "x"}},
		"width":            {RuleDuplicate, file{"ｒeadme", "x"}},
		"file and folder":  {RuleDuplicate, file{"readme/x.txt", "x"}},
		"folder and file":  {RuleDuplicate, file{"資料", "x"}},
		"program":          {verify.RuleHazard, file{"x.exe", "x"}},
		"script":           {verify.RuleHazard, file{"x.pdf.JS", "x"}},
		"shortcut":         {verify.RuleHazard, file{"x.url", "x"}},
		"folder settings":  {verify.RuleHazard, file{"a/Desktop.ini", "x"}},
		"java":             {verify.RuleHazard, file{"META-INF/MANIFEST.MF", "x"}},
		"mismatch":         {verify.RuleMismatch, file{"x.pdf", "text"}},
		"markup":           {verify.RuleMismatch, file{"x.html", "text"}},
		"macro document":   {verify.RuleMismatch, file{"x.docm", "text"}},
		"unknown content":  {verify.RuleUnknown, file{"x.txt", "MZ\x00\x01\xff\xff"}},
		"table":            {text.RuleFormula, file{"x.csv", "=1+1"}},
		"disguised":        {text.RuleDisguise, file{"x.txt", "<script>"}},
		"archive in a txt": {verify.RuleMismatch, file{"x.txt", string(build(t, file{"a.txt", "a"}))}},
		"too deep":         {verify.RuleLimit, file{"1.zip", string(deep(t, 6))}},
	} {
		if rule := judge(t, build(t, append(good(), c.f)...)); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
	b := build(t, good()...)
	if rule := judge(t, append(bytes.Clone(b), 0)); rule != RuleStructure {
		t.Errorf("trailing: violates %q", rule)
	}
	i := bytes.Index(b, []byte("資料/申請書.txt")) + len("資料/申請書.txt")
	b[i+2] ^= 0x10
	if rule := judge(t, b); rule != RuleMember {
		t.Errorf("spoilt data: violates %q", rule)
	}
}

func deep(t *testing.T, n int) []byte {
	b := build(t, file{"a.txt", "a"})
	for range n {
		b = build(t, file{"a.zip", string(b)})
	}
	return b
}

func FuzzCheck(f *testing.F) {
	f.Add(build(f, good()...))
	f.Add(build(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		if judge(t, b) == verify.RulePanic {
			t.Fatal("panic")
		}
	})
}
