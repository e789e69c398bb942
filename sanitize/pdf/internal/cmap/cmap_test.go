package cmap

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

const sample = `%!PS-Adobe-3.0 Resource-CMap
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo 3 dict dup begin /Registry (Adobe) def /Ordering (Japan1) def /Supplement 6 def end def
/CMapName /Test-H def
/CMapType 2 def
/WMode 1 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
2 beginbfchar
<0001> <65E5>
<0002> <672C>
endbfchar
1 beginbfrange
<0010> <0012> [<3042> <3044> <3046>]
endbfrange
1 begincidrange
<0100> <01ff> 500
endcidrange
(NEEDLE) run
endcmap`

func TestRebuild(t *testing.T) {
	out, err := Rebuild([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<0000><FFFF>\n", "2 beginbfchar\n<0001><65E5>\n<0002><672C>\nendbfchar", "<0010><0012>[<3042><3044><3046>]",
		"<0100><01FF>500", "/WMode 1 def", "/CMapName /Test-H def", "/Registry (Adobe)", "/Supplement 6",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is lost in\n%s", want, out)
		}
	}
	if bytes.Contains(out, []byte("NEEDLE")) {
		t.Error("what is no mapping survives")
	}
	again, err := Rebuild(out)
	if err != nil || !bytes.Equal(again, out) {
		t.Errorf("not stable (error %v):\n%s", err, again)
	}
}

func TestRefused(t *testing.T) {
	for _, s := range []string{"", "hello", "<<", "(open"} {
		if _, err := Rebuild([]byte(s)); !errors.Is(err, ErrCMap) {
			t.Errorf("%q: got error %v", s, err)
		}
	}
}

func FuzzRebuild(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("begincmap 1 beginbfrange <00> <01> [/a /b] endbfrange"))
	f.Add([]byte("begincmap /A usecmap 1 begincidchar <> 5"))
	f.Fuzz(func(t *testing.T, b []byte) {
		once, err := Rebuild(b)
		if err != nil {
			return
		}
		twice, err := Rebuild(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, and then %q (error %v)", b, once, twice, err)
		}
	})
}
