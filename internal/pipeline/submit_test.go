package pipeline

import (
	"slices"
	"strings"
	"testing"

	"sekisho/transfer/manifest"
)

func TestPathBelow(t *testing.T) {
	for _, c := range []struct{ office, folder, want string }{
		{"総務課", "", "総務課"}, {"総務課", "令和8年/11月", "総務課/令和8年/11月"}, {"", "a/b", "a/b"}, {"", "", ""}, {"総務課", "/", "総務課"},
	} {
		if got := pathBelow(c.office, c.folder); got != c.want {
			t.Errorf("pathBelow(%q, %q) = %q, want %q", c.office, c.folder, got, c.want)
		}
	}
	for _, untrusted := range []string{
		"../..", "../税務課", "/etc", strings.Repeat("a/", 500), strings.Repeat(strings.Repeat("長", 80)+"/", 60), "..\\..", "\x00/..", "a/../../b", ".",
	} {
		got := pathBelow("総務課", untrusted)
		if first, _, _ := strings.Cut(got, "/"); first != "総務課" || manifest.SafePath(got) != got || slices.Contains(strings.Split(got, "/"), "..") {
			t.Errorf("pathBelow(%.20q) = %.60q", untrusted, got)
		}
	}
	if got := pathBelow("課/税務課", "x"); strings.Count(got, "/") != 1 {
		t.Errorf("an office is one folder: %q", got)
	}
}
