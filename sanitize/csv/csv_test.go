package csv

import (
	"bytes"
	"context"
	"testing"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
	"sekisho/sanitize/sanitizetest"
	"sekisho/sanitize/text"
)

func table(t testing.TB, in string) string {
	t.Helper()
	var report sanitize.Report
	out, err := neutralise(context.Background(), []byte(in), textenc.UTF8, &report)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestNeutralise(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a,=1+1\n", "a,'=1+1\n"},
		{"=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"},
		{"a\t=1", "a\t'=1"},
		{"a;b\nc;=1\n", "a;b\nc;'=1\n"},
		{"a;b\nc;-A1\n", "a;b\nc;'-A1\n"},
		{"a,b;-c\n", "a,b;'-c\n"},
		{`"a"",-x"`, `"a"",-x"`},
		{`"a"",-x(",-y`, `"a"",'-x(",'-y`},
		{`"+"A0,"-5","-5"x`, `"'+"A0,"-5","'-5"x`},
		{`""-x`, `""'-x`},
		{"@SUM(1),x", "'@SUM(1),x"},
		{"+cmd|' /C calc'!A0,-2+3", "'+cmd|' /C calc'!A0,'-2+3"},
		{`"=1+1",b`, `"'=1+1",b`},
		{"\"\n=1\"", "\"\n'=1\""},
		{"\" \t=1\"", "\" \t'=1\""},
		{`"x""",=1`, `"x""",'=1`},
		{`""=1`, `""'=1`},
		{`"""=1"`, `"""'=1"`},
		{`a"b,=1`, `a"b,'=1`},
		{"\"a;=1\"", "\"a;'=1\""},
		{"＝1+1,－SUM(1),＠x,＋A1", "'＝1+1,'－SUM(1),'＠x,'＋A1"},
		{"\u3000=1,\u00a0=1,\u200b=1", "\u3000'=1,\u00a0'=1,\u200b'=1"},
		{"sep=;\na;=1", "sep=;\na;'=1"},
		{"sep=|\na|=1|-A1", "sep=|\na|'=1|'-A1"},
		{"\"sep=x\"\r\nax=1", "ax=1"},
		{"sep==\nsep=a\nb", "b"},
		{"'=1", "'=1"},
		{"a=1,b@c.jp,c-d,1+1", "a=1,b@c.jp,c-d,1+1"},
		{"-5,+81-3-1234-5678,(03)1234-5678,-1.5e-3,-12%", "-5,+81-3-1234-5678,(03)1234-5678,-1.5e-3,-12%"},
		{`"-1,234,567",-２５,－５．５,-2024/4/1,- 5`, `"-1,234,567",-２５,－５．５,-2024/4/1,- 5`},
		{"-,--,－,－－,+,---", "-,--,－,－－,+,---"},
		{"++,-5℃,-1+1,+5=5", "'++,'-5℃,'-1+1,'+5=5"},
		{"-該当なし,+α", "'-該当なし,'+α"},
		{"\"一覧\n- 住所（番地）\n- 氏名 (姓)\n-1\"", "\"一覧\n- 住所（番地）\n- 氏名 (姓)\n-1\""},
		{"\"x\n-HYPERLINK(1)\ny\n+cmd|'x'!A\"", "\"x\n'-HYPERLINK(1)\ny\n'+cmd|'x'!A\""},
		{"", ""},
	} {
		got := table(t, c.in)
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
		if again := table(t, got); again != got {
			t.Errorf("%q: not stable: %q, then %q", c.in, got, again)
		}
	}
}

func TestConformance(t *testing.T) {
	sjis := func(s string) []byte {
		b, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	utf16 := func(s string) []byte {
		b, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	jis, err := japanese.ISO2022JP.NewEncoder().String("名前,値\r\n山田,=1+1\r\n")
	if err != nil {
		t.Fatal(err)
	}
	allowed := sanitize.Standard()
	allowed.CSVFormulas = true
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{},
		Others: []sanitize.Format{text.Format{}},
		Cases: []sanitizetest.Case{
			{Name: "plain", Input: []byte("名前,値\r\n山田,-5\r\n"), FileName: "a.csv", Keep: []string{"名前,値\r\n山田,-5\r\n"}, Exact: true},
			{Name: "formula", Input: []byte("a,=1\n"), FileName: "a.csv", Gone: []string{",="}, Keep: []string{"a,'=1\n"}, Rules: []string{RuleFormula}, Exact: true},
			{Name: "CP932", Input: sjis("名前,値\nソ表,=1\n"), FileName: "a.csv", Keep: []string{string(sjis("ソ表,'=1\n"))}, Rules: []string{RuleFormula}, Exact: true},
			{Name: "UTF-16", Input: utf16("名前\t=1\n"), FileName: "a.tsv", Keep: []string{string(utf16("名前\t'=1\n"))}, Rules: []string{RuleFormula}, Exact: true},
			{Name: "ISO-2022-JP", Input: []byte(jis), FileName: "a.csv", Keep: []string{",'=1+1\r\n"}, Rules: []string{RuleFormula}, Exact: true},
			{Name: "BOM", Input: []byte("\ufeff=1,a\n"), FileName: "a.csv", Keep: []string{"\ufeff'=1,a\n"}, Rules: []string{RuleFormula}, Exact: true},
			{Name: "zero before the sign", Input: []byte("a,\"\x00=1\"\n"), FileName: "a.csv", Keep: []string{`"'=1"`}, Rules: []string{RuleFormula, RuleControl}, Exact: true},
			{Name: "separator line", Input: []byte("sep=x\naxb\n"), FileName: "a.csv", Gone: []string{"sep="}, Rules: []string{RuleSep}, Exact: true},
			{Name: "policy keeps formulas", Input: []byte("a,=1\n"), FileName: "a.csv", Policy: &allowed, Keep: []string{"a,=1\n"}, Exact: true},
			{Name: "text by its name", Input: []byte("=1\n"), FileName: "a.txt", Type: "txt", Keep: []string{"=1\n"}, Exact: true},
			{Name: "characters", Input: []byte("a\x1b[0m\u202e\ufeff\x01,b\n"), FileName: "a.csv",
				Rules: []string{RuleControl, RuleEscape, RuleBidi, RuleHidden}, Exact: true},
			{Name: "half character", Input: append(bytes.Repeat(sjis("住民,"), 50), 0x8f), FileName: "a.csv", Rules: []string{RuleInvalid}, Exact: true},
			{Name: "CP932 or EUC-JP", Input: []byte("\xa1\xdd0A"), FileName: "a.csv", Keep: []string{"'\xa1\xdd0A"}, Rules: []string{RuleFormula}, Exact: true},
			{Name: "program", Input: []byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00"), FileName: "a.csv", Err: sanitize.ErrUnsupported},
			{Name: "SYLK", Input: []byte("ID;PWXL\nC;X1;Y1;K1\n"), FileName: "a.csv", Err: sanitize.ErrUnsupported},
		},
		Foreign: [][]byte{[]byte("<html>"), []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00\x00")},
	})
}

// FuzzNeutralise checks that an output holds no cell that would be neutralised, in any encoding.
func FuzzNeutralise(f *testing.F) {
	for _, s := range []string{"a,=1\n", "\"\n=1\";-x(", "sep=|\na|=1", "\x96\xbc,\x81\x81", "\ufeff＝1", "\xff\xfe=\x001\x00", "\x1b$B!a\x1b(B"} {
		f.Add([]byte(s))
	}
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}, text.Format{}}, sanitize.Naming{})
	if err != nil {
		f.Fatal(err)
	}
	rebuild := func(b []byte) ([]byte, sanitize.Report, error) {
		var out bytes.Buffer
		job := sanitize.Job{Input: sanitize.BytesInput(b), Name: "a.csv", Policy: sanitize.Standard()}
		report, err := engine.Rebuild(context.Background(), job, &out)
		return out.Bytes(), report, err
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := rebuild(b)
		if err != nil {
			return
		}
		again, report, err := rebuild(out)
		if err != nil || !bytes.Equal(out, again) || len(report.Findings) > 0 {
			t.Fatalf("not stable: %q gave %q, then %q, %v, %v", b, out, again, report.Findings, err)
		}
	})
}
