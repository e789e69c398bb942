package verify

import (
	"context"
	"errors"
	"testing"

	"sekisho/sanitize"
)

func TestCheckFile(t *testing.T) {
	set, err := New(fake("pdf"), fake("txt"), fake("csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, content, rule string }{
		{"申請書 (2).pdf", "pdf", ""}, {"no extension", "pdf", ""}, {"a.PDF", "pdf", ""}, {"a.exe.pdf", "pdf", ""},
		{"a.log", "txt", ""}, {"a.csv", "txtcsv", RuleUnreadable},
		{"a.txt", "pdf", RuleMismatch}, {"a.pdfx", "pdf", RuleMismatch}, {"a.pdf", "zz", RuleUnknown}, {"a.pdf", "pdf-other", RuleUnreadable},
		{"a.pdf.exe", "pdf", RuleHazard}, {"a.JS", "pdf", RuleHazard}, {"Desktop.ini", "txt", RuleHazard},
		{"", "pdf", RuleName}, {"a/b.pdf", "pdf", RuleName}, {"a\\b.pdf", "pdf", RuleName}, {"..", "pdf", RuleName}, {"a.pdf ", "pdf", RuleName},
		{"a.pdf:b.pdf", "pdf", RuleName}, {"a\u202efdp.exe", "pdf", RuleName}, {"a\u200b.pdf", "pdf", RuleName}, {"a\n.pdf", "pdf", RuleName},
		{"nul.pdf", "pdf", RuleName}, {"LPT³.pdf", "pdf", RuleName}, {"-a.pdf", "pdf", RuleName}, {"=a.pdf", "pdf", RuleName}, {".a.pdf", "pdf", RuleName},
	} {
		err := set.CheckFile(context.Background(), c.name, sanitize.BytesInput([]byte(c.content)), sanitize.Standard())
		var v Violation
		if errors.As(err, &v); v.Rule != c.rule || (err == nil) != (c.rule == "") {
			t.Errorf("%q with %q: got %v, want rule %q", c.name, c.content, err, c.rule)
		}
	}
}

// TestJudge: what is said of a file must be true, its name as well as its type.
func TestJudge(t *testing.T) {
	set, err := New(fake("pdf"), fake("txt"), fake("csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, id, content, rule string }{
		{"", "pdf", "pdf", ""}, {"", "", "pdf", ""}, {"a.pdf", "", "pdf", ""}, {"a.pdf", "pdf", "pdf", ""}, {"a.log", "txt", "txt", ""},
		{"", "", "zz", RuleUnknown}, {"a.pdf", "pdf", "zz", RuleMismatch}, {"a.pdf", "", "zz", RuleUnknown},
		{"a.txt", "txt", "pdf", RuleMismatch}, {"a.txt", "pdf", "pdf", RuleMismatch}, {"a.pdf", "txt", "pdf", RuleMismatch},
		{"a.exe", "pdf", "pdf", RuleHazard}, {"-a.pdf", "pdf", "pdf", RuleName},
	} {
		id, err := set.Judge(context.Background(), c.name, c.id, sanitize.BytesInput([]byte(c.content)), sanitize.Standard())
		var v Violation
		if errors.As(err, &v); v.Rule != c.rule || (err == nil) != (c.rule == "") || err == nil && id != c.content {
			t.Errorf("%+v: judged as %q, %v", c, id, err)
		}
	}
}
