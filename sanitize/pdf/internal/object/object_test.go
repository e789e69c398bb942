package object

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func parse(t *testing.T, s string) Object {
	t.Helper()
	p := Parser{Buf: []byte(s), Depth: 10}
	o, err := p.Next()
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return o
}

func TestSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"true": "true", "null": "null", "+007": "7", "-.50": "-0.5", "1.": "1", "--5": "-5", "12 0 R": "12 0 R", "4.": "4",
		"/A#42C": "/ABC", "/A#20B": "/A#20B", "/#4a#53": "/JS", "<41 4>": "(A@)", "(a\\(b\\)(c))": `(a\(b\)\(c\))`,
		"(\\101\\7x\\\ny)": "(A\ax" + "y)", "(a\r\nb)": `(a\nb)`, "[1 2/A(b)<<>>3 0 R]": "[1 2/A(b)<<>>3 0 R]",
		"<</B 1/A[ ]/B 2>>": "<</A[]/B 2>>", "<</A null>>": "<<>>", "% comment\n5": "5", "<</A 1/B>>": "<</A 1>>",
		"1000000000000000000000": "1000000000000000000000",
	} {
		if got := string(Append(nil, parse(t, in))); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for in, want := range map[string]error{
		"": ErrEnd, "(a": ErrSyntax, "<41": ErrSyntax, "[1": ErrEnd, "[}": ErrSyntax, "<<1 2>>": ErrSyntax,
		"[[[[[[[[[[[[[[[[": ErrDepth,
	} {
		p := Parser{Buf: []byte(in), Depth: 10}
		if o, err := p.Next(); !errors.Is(err, want) {
			t.Errorf("%q: got %v and error %v, want %v", in, o, err, want)
		}
	}
}

func TestGet(t *testing.T) {
	d := NewDict([]Entry{{"B", int64(2)}, {"A", int64(1)}, {"B", int64(3)}})
	if d.Get("B") != int64(3) || d.Get("A") != int64(1) || d.Get("C") != nil || d.Has("C") {
		t.Errorf("got %v", d)
	}
}

// FuzzSpelling writes what it could read, and reads that again: it must be the same, in the same spelling.
func FuzzSpelling(f *testing.F) {
	for _, s := range []string{"<</A[1 -2.5 3 0 R(x\\051)<4142>/N#20]>>", "-.", "1e5", "(\\\r\n)", "[true false null]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := Parser{Buf: b, Depth: 50}
		o, err := p.Next()
		if _, word := o.(Keyword); err != nil || word {
			return
		}
		once := Append(nil, o)
		q := Parser{Buf: once, Depth: 50}
		again, err := q.Next()
		if err != nil {
			t.Fatalf("%q is written %q: %v", b, once, err)
		}
		if twice := Append(nil, again); !bytes.Equal(once, twice) {
			t.Fatalf("%q is written %q, and then %q", b, once, twice)
		}
		if a, isArray := o.(Array); isArray && len(a) == 0 && !reflect.DeepEqual(o, again) {
			t.Fatalf("%v became %v", o, again)
		}
	})
}
