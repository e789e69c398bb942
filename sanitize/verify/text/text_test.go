package text

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// judge returns the rule that b violates as a file of the format called id, and "" when it may go.
func judge(t testing.TB, id string, b []byte, policy sanitize.Policy) string {
	t.Helper()
	set, err := verify.New(Table{}, JSON{}, Plain{})
	if err != nil {
		t.Fatal(err)
	}
	err = set.Check(context.Background(), id, sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

func encoded(t testing.TB, name, s string) []byte {
	t.Helper()
	b := []byte(s)
	var err error
	switch name {
	case "cp932":
		b, err = japanese.ShiftJIS.NewEncoder().Bytes(b)
	case "euc":
		b, err = japanese.EUCJP.NewEncoder().Bytes(b)
	case "jis":
		b, err = japanese.ISO2022JP.NewEncoder().Bytes(b)
	case "utf16":
		b, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var encodings = []string{"utf8", "cp932", "euc", "jis", "utf16"}

func TestPlain(t *testing.T) {
	good := "住民票の写し\r\n\t第１条 a < b, c > d\f\n"
	for _, e := range encodings {
		if rule := judge(t, "txt", encoded(t, e, good), sanitize.Standard()); rule != "" {
			t.Errorf("%s: a good text violates %s", e, rule)
		}
	}
	if rule := judge(t, "txt", []byte("Newsgroups: a\nSubject: お知らせ\n\nMIME-Version: 本文\n"), sanitize.Standard()); rule != "" {
		t.Errorf("a note that begins with its subject violates %s", rule)
	}
	if rule := judge(t, "txt", nil, sanitize.Standard()); rule != "" {
		t.Errorf("an empty text violates %s", rule)
	}
	for name, c := range map[string]struct{ rule, text string }{
		"bell":            {RuleControl, good + "\a"},
		"nul":             {RuleEncoding, good + "\x00"},
		"delete":          {RuleControl, good + "\x7f"},
		"c1":              {RuleControl, good + "\u009b31m"},
		"escape":          {RuleEncoding, good + "\x1b[2J"},
		"override":        {RuleBidi, good + "\u202e"},
		"isolate":         {RuleBidi, good + "\u2067"},
		"no encoding":     {RuleEncoding, good + "\x81"},
		"html":            {RuleDisguise, "<html>" + good},
		"html later":      {RuleDisguise, good + "<HTML>"},
		"blank then html": {RuleDisguise, "\n \t<!DOCTYPE html>" + good},
		"marked html":     {RuleDisguise, "\xef\xbb\xbf<b onclick=x>" + good},
		"xml":             {RuleDisguise, `<w:document xmlns:w="x">` + good},
		"rtf":             {RuleDisguise, `{\rtf1` + good},
		"postscript":      {RuleDisguise, "%!PS-Adobe" + good},
		"shell script":    {RuleDisguise, "#!/bin/sh\n" + good},
		"shortcut":        {RuleDisguise, "[InternetShortcut]\r\nURL=http://a" + good},
		"mail":            {RuleDisguise, "Subject: a\r\n b\r\nMIME-Version: 1.0\r\n" + good},
		"pdf later":       {RuleDisguise, "% x\n%PDF-1.4\n" + good},
		"card":            {RuleDisguise, "BEGIN:VCARD\n" + good},
	} {
		if rule := judge(t, "txt", []byte(c.text), sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

func TestTable(t *testing.T) {
	good := "名前,額;x\ty\r\n\"青木,\n次郎\",-5\r\n,+81-3-1234-5678\n\"x\"\"\",'=1+1\r\n-1.5e+3,-,(03)1234,-10%\n"
	for _, e := range encodings {
		if rule := judge(t, "csv", encoded(t, e, good), sanitize.Standard()); rule != "" {
			t.Errorf("%s: a good table violates %s", e, rule)
		}
	}
	keep := sanitize.Standard()
	keep.CSVFormulas = true
	for name, s := range map[string]string{
		"first": "=1+1", "comma": ",=1+1", "semicolon": "a;@SUM(A1)", "tab": "\t+cmd|'/c calc'!A0", "line": "a\n-2+cmd()",
		"quoted": "\"=1\"", "blank": "a, =1", "quoted tab": "\"\t=1\"", "quoted line": "\"\n=1\"", "break-out": "\"x\"\"\",=cmd",
		"wide": "＝1", "wide at": "＠a", "wide plus": "＋cmd", "wide minus": "a,－cmd", "mark": "\ufeff=1",
	} {
		for _, e := range encodings {
			if name == "mark" && e != "utf8" && e != "utf16" {
				continue
			}
			b := encoded(t, e, good+"青,"+s)
			if rule := judge(t, "csv", b, sanitize.Standard()); rule != RuleFormula {
				t.Errorf("%s in %s: violates %q, want %q", name, e, rule, RuleFormula)
			}
			if rule := judge(t, "csv", b, keep); rule != "" {
				t.Errorf("%s in %s: violates %q where the policy keeps formulas", name, e, rule)
			}
		}
	}
	for s, want := range map[string]string{
		"sep=|\r\nNotice|1\r\nx|=cmd|'x'!A0": RuleFormula, "\"SEP=:\"\na:=1": RuleFormula, "\ufeffsep=x\nax@SUM(1)": RuleFormula,
		"sep=|\na|b,c|-1\n": "", "sep=\na\n": "", "a\nsep=|\nb|=1": "",
	} {
		if rule := judge(t, "csv", []byte(s), sanitize.Standard()); rule != want {
			t.Errorf("%q: violates %q, want %q", s, rule, want)
		}
	}
	if rule := judge(t, "csv", []byte("ID;PWXL;N;E\r\nC;Y1;X1;EFOO()\r\n"), sanitize.Standard()); rule != RuleSylk {
		t.Errorf("SYLK: violates %q", rule)
	}
	if rule := judge(t, "csv", []byte(good+"\x01"), sanitize.Standard()); rule != RuleControl {
		t.Errorf("control: violates %q", rule)
	}
}

func TestJSON(t *testing.T) {
	for text, rule := range map[string]string{
		`{"名前": ["a", 1, -2.5e+10, true, null, {"b": {}}], "c": "\u3042\n"}` + "\n": "",
		"\ufeff[]":           "",
		`"x"`:                "",
		`{"a":1,"a":2}`:      RuleJSON,
		`{"a":1,"\u0061":2}`: RuleJSON,
		`[{"a":1},{"a":2}]`:  "",
		`{"a":"b","b":"a"}`:  "",
		`{"a":{"a":"a"}}`:    "",
		`[1,]`:               RuleJSON,
		`[1] [2]`:            RuleJSON,
		`// x` + "\n[]":      RuleJSON,
		`["\u001b[2J"]`:      RuleControl,
		`["\u202e"]`:         RuleControl,
		"[\"\u202e\"]":       RuleBidi,
		"":                   RuleJSON,
		"\xff\xfe[\x00]\x00": RuleJSON,
		strings.Repeat("[", 300) + strings.Repeat("]", 300): verify.RuleLimit,
	} {
		if got := judge(t, "json", []byte(text), sanitize.Standard()); got != rule {
			t.Errorf("%q: violates %q, want %q", text, got, rule)
		}
	}
}

func TestClaims(t *testing.T) {
	long := make([]byte, 0, 1<<18)
	for len(long) < 1<<18-10 {
		long = append(long, "漢字、"...)
	}
	for name, b := range map[string][]byte{"long": long, "empty": nil, "bm": []byte("BMI 22"), "utf16": encoded(t, "utf16", string(long))} {
		if !(Plain{}).Claims(sanitize.BytesInput(b)) {
			t.Errorf("%s is not taken for a text", name)
		}
	}
	for _, s := range []string{"%PDF-1.7\n", "PK\x03\x04", "GIF89a", "{\\rtf1}", "BM\x00\x01", "\x89PNG\r\n\x1a\n", "MZ\x90\x00\x03",
		"\x01\x00\t\x00\x00\x03 \x00 \x00 \x00", "\xff\xd8\xff\xe0 \x00 \x00 \x00"} {
		if (Plain{}).Claims(sanitize.BytesInput([]byte(s))) {
			t.Errorf("%q is taken for a text", s)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("a,b\n\"=1\",-5\n"))
	f.Add([]byte("\x1b$B0!\x1b(B,=1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, table := judge(t, "txt", b, sanitize.Standard()), judge(t, "csv", b, sanitize.Standard()); plain != "" && table == "" {
			t.Fatalf("a table that is no text: %s", plain)
		} else if plain == verify.RulePanic || table == verify.RulePanic {
			t.Fatal("panic")
		}
	})
}
