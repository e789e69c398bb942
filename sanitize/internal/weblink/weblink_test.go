package weblink

import (
	"strings"
	"testing"
)

func TestAllowed(t *testing.T) {
	for _, uri := range []string{
		"http://www.soumu.go.jp/", "https://www.city.example.jp:8443/a?b=c#d", "HTTPS://例え.jp/文書.html", "http://example.com",
		"mailto:soumu@city.example.jp", "mailto:a@b.jp?subject=件名&body=x", "http://a.lgwan.jp/", "http://example.com./x",
	} {
		if !Allowed(uri) {
			t.Errorf("%s does not stay", uri)
		}
	}
	for _, uri := range []string{
		"", "http:", "http://", "http:///x", "http://router/", "http://127.0.0.1/", "http://0x7f.1/", "http://2130706433/", "http://127.1/",
		"http://[::1]/", "http://a@www.example.com/", "http://www.example.com@evil.jp/", "http://x.localhost/", "http://printer.local:631/",
		"http://canary.invalid/x", "https://intra.corp", "http://a..jp/", "http://%31%32%37.0.0.1/", "http://www.example.com:99999999/",
		"file:///etc/passwd", "ftp://example.com/", "javascript:alert(1)", "//example.com/", "example.com", "search-ms:query=x",
		"http://example.com/a b", "http://example.com\\x", "http://exam\u200bple.com/", "http://example.com/\u202egpj.exe",
		"mailto:", "mailto://x", "mailto:a@b.jp?attach=c:\\x", "mailto:a@b.jp?Attachment=/etc/passwd", "data:text/html,x",
		"http://example.com/" + strings.Repeat("x", maxLink),
	} {
		if Allowed(uri) {
			t.Errorf("%s stays", uri)
		}
	}
}
