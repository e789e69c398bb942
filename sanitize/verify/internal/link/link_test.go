package link

import "testing"

func TestPublic(t *testing.T) {
	for uri, want := range map[string]bool{
		"http://www.soumu.go.jp/": true, "https://例え.jp/": true, "mailto:a@b.jp?subject=x": true,
		"http://127.0.0.1:9/": false, "http://127.1/": false, "http://[::1]/": false, "http://router/": false, "http://a.invalid/": false,
		"http://a@b.jp/": false, "file:///x": false, "javascript:x": false, "mailto:": false, "mailto:a@b.jp?attach=x": false,
		"http://a.jp/ x": false, "": false, "x": false, "http://0x7f.0x1/": false,
	} {
		if Public(uri) != want {
			t.Errorf("%s: want %v", uri, want)
		}
	}
}
