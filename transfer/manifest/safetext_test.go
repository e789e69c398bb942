package manifest

import (
	"strings"
	"testing"
)

func TestSafeText(t *testing.T) {
	for in, want := range map[string]string{
		"page 3":                   "page 3",
		"a\nb\x00c":                "a_b_c",
		"\u202efdp.exe":            "_fdp.exe",
		"\xff名前":                   "_名前",
		strings.Repeat("字", 100):   strings.Repeat("字", 20) + "…",
		strings.Repeat("x", 64):    strings.Repeat("x", 64),
		"zero\u200bwidth\u2028new": "zero_width_new",
	} {
		got := SafeText(in, 64)
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if err := checkText("text", got); err != nil || len(got) > 64 {
			t.Errorf("%q: %d bytes, %v", got, len(got), err)
		}
	}
}

func FuzzSafeText(f *testing.F) {
	f.Add("シート1!A1", 16)
	f.Add("\xf0\x9f\x98", 2)
	f.Fuzz(func(t *testing.T, in string, limit int) {
		got := SafeText(in, max(limit, 8))
		if err := checkText("text", got); err != nil || len(got) > max(limit, 8) {
			t.Errorf("%q at %d: %q, %v", in, limit, got, err)
		}
	})
}
