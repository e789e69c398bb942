package function

import (
	"bytes"
	"errors"
	"testing"
)

func TestRebuild(t *testing.T) {
	for in, want := range map[string]string{
		"{}":                           "{}",
		"{ 1.50 add % comment\n dup }": "{1.5 add dup}",
		"{0 gt{pop 1}{-1}ifelse}":      "{0 gt{pop 1}{-1}ifelse}",
		"{2 copy} trailing":            "{2 copy}",
	} {
		got, err := Rebuild([]byte(in), 10)
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q, error %v; want %q", in, got, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, in := range []string{"", "{", "}", "1 add", "{run}", "{(a)}", "{{{{{{{{{{{{{", "{/a}", "{1 [ }"} {
		if out, err := Rebuild([]byte(in), 10); !errors.Is(err, ErrFunction) {
			t.Errorf("%q: got %q and error %v", in, out, err)
		}
	}
}

func FuzzRebuild(f *testing.F) {
	f.Add([]byte("{ dup 0.5 gt { pop 1 } { 2 mul } ifelse }"))
	f.Add([]byte("{1-2 .5.5}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		once, err := Rebuild(b, 20)
		if err != nil {
			return
		}
		twice, err := Rebuild(once, 20)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, and then %q (error %v)", b, once, twice, err)
		}
	})
}
