package weblink

import "testing"

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{"a": "a", "a%20b": "a b", "%e4%BD%8f": "\u4f4f", "%": "%", "%2": "%2", "%zz": "%zz", "a%2": "a%2", "%25%41": "%A"} {
		if got := Unescape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestHiding(t *testing.T) {
	for _, r := range "\u200b\u202e\u2066\ufeff\u0085\x7f" {
		if !Hiding(r) {
			t.Errorf("%U is seen", r)
		}
	}
	for _, r := range "a \u4f4f\u3000\uff76" {
		if Hiding(r) {
			t.Errorf("%U is not seen", r)
		}
	}
}
