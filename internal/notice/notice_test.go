package notice

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sekisho/sanitize"
	"sekisho/transfer/inbox"
)

func render(t *testing.T, n Notice) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, n); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryReasonHasItsWords(t *testing.T) {
	codes := map[string]bool{}
	for _, reason := range []string{
		string(sanitize.ReasonEncrypted), string(sanitize.ReasonUnsupported), string(sanitize.ReasonAmbiguous),
		string(sanitize.ReasonMismatch), string(sanitize.ReasonMalformed), string(sanitize.ReasonLimit),
		string(sanitize.ReasonTimeout), string(sanitize.ReasonCrash), string(sanitize.ReasonMalware),
		string(sanitize.ReasonPolicy), string(sanitize.ReasonVerify),
		string(inbox.TooLarge), string(inbox.NotRegular), string(inbox.Unreadable), string(inbox.Growing), string(inbox.TooDeep),
	} {
		m := Lookup(reason)
		if m == unknown || codes[m.Code] {
			t.Errorf("%s has no message of its own (%s)", reason, m.Code)
		}
		codes[m.Code] = true
		for _, s := range []string{m.Ja.What, m.Ja.Now, m.Ja.Next, m.En.What, m.En.Now, m.En.Next} {
			if s == "" {
				t.Errorf("%s: a sentence is missing", reason)
			}
		}
	}
	if Lookup("never heard of") != unknown {
		t.Error("an unknown reason is told as another")
	}
}

func TestNameIsInert(t *testing.T) {
	got := render(t, Notice{
		Name: "請求書\u202efdp.exe\n<script>alert(1)</script>\"'&\x00\xff", Reason: "policy", Time: time.Unix(0, 0), Job: "j",
	})
	for _, bad := range []string{"<script", "\u202e", "\x00", "\xff"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q stands in the page", bad)
		}
	}
	for _, want := range []string{"‹U&#43;202E›", "‹U&#43;000A›", "&lt;script&gt;", "SK-H-POLICY", "1970年1月1日 09時00分"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestNothingOutsideItself(t *testing.T) {
	got := render(t, Notice{Name: "a.pdf", Reason: "malware", Time: time.Now(), Found: []string{"<img src=x>"}})
	for _, bad := range []string{"http://", "https://", "<img", "<link", "<a ", "url(", "<iframe", "onload"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q stands in the page", bad)
		}
	}
}

func TestFileName(t *testing.T) {
	if got := FileName("通知.pdf"); got != "通知.pdf.無害化結果.html" {
		t.Error(got)
	}
	long := FileName(strings.Repeat("長", 85))
	if len(long) > 255 || !utf8.ValidString(long) || !strings.HasSuffix(long, Suffix) {
		t.Errorf("%d bytes: %q", len(long), long)
	}
}
