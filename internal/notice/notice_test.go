package notice

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

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
	other := Lookup("never heard of")
	for _, reason := range []string{
		string(sanitize.ReasonEncrypted), string(sanitize.ReasonUnsupported), string(sanitize.ReasonAmbiguous),
		string(sanitize.ReasonMismatch), string(sanitize.ReasonMalformed), string(sanitize.ReasonLimit),
		string(sanitize.ReasonTimeout), string(sanitize.ReasonCrash), string(sanitize.ReasonMalware),
		string(sanitize.ReasonPolicy), string(sanitize.ReasonVerify),
		string(inbox.TooLarge), string(inbox.NotRegular), string(inbox.Unreadable), string(inbox.Growing), string(inbox.TooDeep),
		"rejected", "exception",
	} {
		m := Lookup(reason)
		if m == other || codes[m.Code] {
			t.Errorf("%s has no message of its own (%s)", reason, m.Code)
		}
		codes[m.Code] = true
		for _, s := range []string{m.Ja.Title, m.En.Title, m.Ja.What, m.Ja.Now, m.Ja.Next, m.En.What, m.En.Now, m.En.Next} {
			if s == "" {
				t.Errorf("%s: a sentence is missing", reason)
			}
		}
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

// The page is made of these elements alone, and its policy names its one style.
func TestPageIsInert(t *testing.T) {
	allowed := "html head meta title style body main h1 h2 p bdi ul li dl dt dd section footer"
	got := render(t, Notice{
		Name: `"><svg onload=alert(1)>`, Reason: "limit", Time: time.Now(), Job: "</dd><script>", SHA256: "'\"",
		Found: []string{"\u2067x", `<a href="javascript:1">`},
	})
	elements := 0
	for tokens := html.NewTokenizer(strings.NewReader(got)); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		elements++
		token := tokens.Token()
		if !slices.Contains(strings.Fields(allowed), token.Data) {
			t.Errorf("the page holds <%s>", token.Data)
		}
		for _, a := range token.Attr {
			if !slices.Contains([]string{"lang", "charset", "http-equiv", "content", "name", "class"}, a.Key) {
				t.Errorf("<%s> has %s", token.Data, a.Key)
			}
		}
	}
	if elements < 20 {
		t.Errorf("only %d elements were seen", elements)
	}
	_, rest, _ := strings.Cut(got, "<style>")
	text, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(text))
	policy := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if !strings.Contains(html.UnescapeString(got), policy) || strings.Contains(got, "unsafe") {
		t.Errorf("the policy does not name the style: want %s", policy)
	}
	if strings.Contains(got, "\u2067") {
		t.Error("a finding turns the direction of the page")
	}
}

func FuzzRender(f *testing.F) {
	f.Add("a.pdf", "malware", "x")
	f.Add("\u202e<script>", "", "\xff\x00")
	f.Fuzz(func(t *testing.T, name, reason, found string) {
		got := render(t, Notice{Name: name, Reason: reason, Found: []string{found}})
		if !utf8.ValidString(got) || strings.Contains(got, "<script") || strings.ContainsFunc(got, func(r rune) bool {
			return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf)
		}) {
			t.Errorf("%q", got)
		}
	})
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
