package name

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
)

func encoded(t testing.TB, s string) string {
	t.Helper()
	b, err := japanese.ShiftJIS.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClean(t *testing.T) {
	euc, err := japanese.EUCJP.NewEncoder().String("住民票のしおり.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		raw, want string
		changes   []string
	}{
		{"住民票.pdf", "住民票.pdf", nil},
		{"invoice.tar.gz", "invoice.tar.gz", nil},
		{encoded(t, "事項表①.docx"), "事項表①.docx", []string{Encoding}},
		{euc, "住民票のしおり.pdf", []string{Encoding}},
		{"か\u3099.txt", "が.txt", []string{Normalised}},
		{"辺\U000e0100.txt", "辺\U000e0100.txt", nil},
		{"❤\ufe0f.txt", "❤.txt", []string{Normalised}},
		{"a\x00b\x1b[0m\u0085.txt", "ab[0m.txt", []string{Control}},
		{"x\u202efdp.exe", "xfdp.exe", []string{Hidden}},
		{"x\u200b\ufeff.exe", "x.exe", []string{Hidden}},
		{`a<b>:"c"/d\e|f?*`, "a_b___c__d_e_f__", []string{Character}},
		{"a\u00a0b", "a b", []string{Character}},
		{" a . .", "a", []string{Edge}},
		{"...", "無題", []string{Edge, Empty}},
		{"", "無題", []string{Empty}},
		{"\x01\u202e", "無題", []string{Control, Hidden, Empty}},
		{"con.txt", "_con.txt", []string{Device}},
		{"AUX .tar.gz", "_AUX .tar.gz", []string{Device}},
		{"COM¹", "_COM¹", []string{Device}},
		{"COM", "COM", nil},
		{"common.txt", "common.txt", nil},
		{"1．申請書（案）.docx", "1．申請書（案）.docx", nil},
		{strings.Repeat("漢", 100) + ".docx", strings.Repeat("漢", 83) + ".docx", []string{Length}},
		{strings.Repeat("a", 300), strings.Repeat("a", 255), []string{Length}},
		{strings.Repeat("a", 253) + "葛\U000e0100", strings.Repeat("a", 253), []string{Length}},
		{"\x82", "_", []string{Encoding}},
	} {
		got, changes := Clean([]byte(c.raw))
		if got != c.want || !slices.Equal(changes, c.changes) {
			t.Errorf("%q: got %q, %v; want %q, %v", c.raw, got, changes, c.want, c.changes)
		}
		if again, changes := Clean([]byte(got)); again != got || len(changes) > 0 {
			t.Errorf("%q: cleaned again it is %q, %v", got, again, changes)
		}
	}
}

func TestHazard(t *testing.T) {
	for _, n := range []string{
		"a.exe", "A.EXE", "invoice.pdf.exe", "invoice.exe.", "invoice.exe . ", "a.txt:b.exe", "b.exe:a.txt", "\u202egpj.exe",
		"x\u200b.exe", "x．ｅｘｅ", "x.ｅｘｅ", "invoice.ехе", "a.lnk", "desktop.ini", "Desktop.ini ", "dir/desktop.ini", `c:\x\a.scr`,
		"a.SettingContent-ms", "a.{20D04FE0-3AEA-1069-A2D8-08002B30309D}", "a.ps1", "a.eps", ".htaccess", "a.jpg.php",
		encoded(t, "表.exe"), "invoice.pdf" + strings.Repeat(" ", 200) + ".exe",
	} {
		if Hazard(n) == "" {
			t.Errorf("%q may pass", n)
		}
	}
	for _, n := range []string{
		"", "a", "住民票.pdf", "a.docx", "a.exe.txt", "a.txt", "第1.申請書", "exe", ".", "..", "a.zip", "10:00 会議.pdf", "a.csv",
		"setup.exe.止めました.txt", "Ωの表.xlsx",
	} {
		if why := Hazard(n); why != "" {
			t.Errorf("%q: %s", n, why)
		}
	}
}

func TestSuspicious(t *testing.T) {
	for _, n := range []string{
		"-rf", "-", "--help", "- x", "=cmd|'x'!A0.csv", "@SUM(1).csv", ".git", "a\x1b]0;x\x07.txt", "<img src=x>.txt", "'; DROP TABLE files;-- x.txt",
		"${jndi:ldap:__x}.txt", "`id`.txt", "$(id).txt", "{{7*7}}", "AUX.txt", "a.txt.", "a.pdf" + strings.Repeat(" ", 50) + ".txt",
		"a; b.txt", "' OR 1=1 -- x.txt", "a\u2215b.txt", "%s%n.txt",
		"．．／x.txt", "．．", "\u2024\u2024", "~root", "%2e%2e%2fx", "x\u202etxt", strings.Repeat("a", 300) + ".txt",
	} {
		if Suspicious(n) == "" {
			t.Errorf("%q is not suspicious", n)
		}
	}
	for _, n := range []string{
		"住民票.pdf", "Q&A.docx", "O'Brien.txt", "{案}.docx", "US$100.xlsx", "1．申請書.docx", "申請書／記入例.pdf",
		"100%.txt", "(案) 資料 #2 [確定]!.pdf", encoded(t, "事項表.docx"), "か\u3099.txt", "_x.txt", "+α.txt", "-参考-.pdf", "-1-.pdf", "'26年度.xlsx",
	} {
		if why := Suspicious(n); why != "" {
			t.Errorf("%q: %s", n, why)
		}
	}
}

func TestHeldIsSorted(t *testing.T) {
	for i := 1; i < len(held); i++ {
		if held[i-1].ext >= held[i].ext {
			t.Errorf("%q stands after %q", held[i].ext, held[i-1].ext)
		}
	}
	if heldExtension("exe") != program || heldExtension("docx") != "" {
		t.Error("the table does not answer")
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a.txt", "con.txt", "...", "\x95\\.txt", "か\u3099", strings.Repeat("あ", 90) + ".exe", "\u202egpj.exe", "AUX.{x}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		clean, _ := Clean(raw)
		again, changes := Clean([]byte(clean))
		switch {
		case again != clean || len(changes) > 0:
			t.Fatalf("%q gave %q, then %q, %v", raw, clean, again, changes)
		case clean == "" || clean == "." || clean == ".." || len(clean) > MaxBytes || !utf8.ValidString(clean):
			t.Fatalf("%q gave %q", raw, clean)
		case strings.ContainsAny(clean, "/\\:\x00\n"):
			t.Fatalf("%q gave %q", raw, clean)
		}
		if Hazard(clean) != "" && Hazard(string(raw)) == "" && !strings.ContainsAny(string(raw), "/\\") {
			t.Fatalf("%q may pass, and %q may not", raw, clean)
		}
	})
}
