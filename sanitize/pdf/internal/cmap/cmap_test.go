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

// TestNarrow parts ranges that span more than one first byte: readers give up over them.
func TestNarrow(t *testing.T) {
	for given, want := range map[string]string{
		"<01ED> <0206> <0061>":             "2 beginbfrange\n<01ED><01FF><0061>\n<0200><0206><0074>\n",
		"<00FE> <0101> [<41> <42> <0043>]": "2 beginbfrange\n<00FE><00FF>[<41><42>]\n<0100><0101>[<0043>]\n",
		"<0010> <00FF> <0061>":             "1 beginbfrange\n<0010><00FF><0061>\n",
		"<01> <02> <0061>":                 "1 beginbfrange\n<01><02><0061>\n",
		"<0100> <0201> <FFF0>":             "1 beginbfrange\n<0100><0201><FFF0>\n",
		"<0200> <0100> <0061>":             "1 beginbfrange\n<0200><0100><0061>\n",
	} {
		out, err := Rebuild([]byte("begincmap 1 beginbfrange " + given + " endbfrange"))
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: error %v, want %s in\n%s", given, err, want, out)
		}
		again, err := Rebuild(out)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("%s: not stable", given)
		}
	}
	out, err := Rebuild([]byte("begincmap 1 beginbfrange <0000> <FFFF> <0000> endbfrange"))
	if err != nil || strings.Count(string(out), "00><") < 256 || !strings.Contains(string(out), "<FF00><FFFF><FF00>") {
		t.Errorf("all codes: error %v in %d bytes", err, len(out))
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
