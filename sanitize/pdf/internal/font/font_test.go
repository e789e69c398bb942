package font

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// sfntOf makes a font file of tables in the order given.
func sfntOf(version string, all ...table) []byte { return assemble(version, all) }

func trueType() []byte {
	head := make([]byte, 54)
	head[51] = 0 // short offsets
	maxp := []byte{0, 1, 0, 0, 0, 2}
	return sfntOf("\x00\x01\x00\x00",
		table{"NEED", []byte("NEEDLE")}, table{"glyf", []byte("GLYPHGLYPH")}, table{"head", head},
		table{"loca", []byte{0, 0, 0, 2, 0, 5}}, table{"maxp", maxp}, table{"name", []byte("NEEDLE")})
}

func index(items ...string) string {
	if len(items) == 0 {
		return "\x00\x00"
	}
	out := []byte{byte(len(items) >> 8), byte(len(items)), 2}
	offset := 1
	out = binary.BigEndian.AppendUint16(out, uint16(offset))
	for _, i := range items {
		offset += len(i)
		out = binary.BigEndian.AppendUint16(out, uint16(offset))
	}
	return string(out) + strings.Join(items, "")
}

func integer(n int) string {
	return string([]byte{29, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// compact makes a CFF font with two glyphs, a private dictionary with one subroutine, and a hole with text in it.
func compact() []byte {
	const topLength = 5 + 1 + 5 + 5 + 1
	front := "\x01\x00\x04\x02" + index("Name")
	rest := index() + index() // strings, global subroutines
	glyphsAt := len(front) + len(index(strings.Repeat("x", topLength))) + len(rest) + len("NEEDLE")
	glyphs := index("\x0e", "GLYPH\x0e")
	private := integer(6) + "\x13" // Subrs right after
	top := integer(glyphsAt) + "\x11" + integer(len(private)) + integer(glyphsAt+len(glyphs)) + "\x12"
	return []byte(front + index(top) + rest + "NEEDLE" + glyphs + private + index("SUBR\x0b") + "NEEDLE")
}

func typeOne() []byte {
	clearText := "%!PS-AdobeFont-1.0: NEEDLE\n12 dict begin\n/FontInfo 9 dict dup begin /Notice (NEEDLE) def end def\n" +
		"/FontName /Test def\n/FontMatrix [0.001 0 0 0.001 0 0] readonly def\n/FontBBox {0 -200 1000 800} readonly def\n" +
		"/Encoding 256 array 0 1 255 {1 index exch /.notdef put} for\ndup 65 /A put\nreadonly def\ncurrentdict end\ncurrentfile eexec\n"
	private := "dup /Private 8 dict dup begin /RD {string currentfile exch readstring pop} executeonly def\n/lenIV 4 def\n" +
		"/Subrs 1 array\ndup 0 4 RD \x01\x02\x03\x04 NP\nND\n2 index /CharStrings 1 dict dup begin\n/A 5 RD GLYPH ND\nend\nend\n" +
		"readonly put\nnoaccess put\ndup/FontName get exch definefont pop\nmark currentfile closefile\nNEEDLE"
	return append([]byte(clearText), append(encrypt([]byte(private)), strings.Repeat("0", 512)+"cleartomark"...)...)
}

func TestSFNT(t *testing.T) {
	out, dropped, err := SFNT(trueType())
	if err != nil {
		t.Fatal(err)
	}
	if dropped != 2 || bytes.Contains(out, []byte("NEEDLE")) || !bytes.Contains(out, []byte("GLYPHGLYPH")) {
		t.Errorf("dropped %d tables: %q", dropped, out)
	}
	if sum(out) != checkSumBase {
		t.Errorf("the sum of the font is %#x", sum(out))
	}
	again, dropped, err := SFNT(out)
	if err != nil || dropped != 0 || !bytes.Equal(again, out) {
		t.Errorf("not stable: dropped %d, error %v", dropped, err)
	}
}

func TestCFF(t *testing.T) {
	out, err := CFF(compact())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("NEEDLE")) || !bytes.Contains(out, []byte("GLYPH")) || !bytes.Contains(out, []byte("SUBR")) {
		t.Errorf("got %q", out)
	}
	if again, err := CFF(out); err != nil || !bytes.Equal(again, out) {
		t.Errorf("not stable: error %v", err)
	}
}

func TestOpenType(t *testing.T) {
	out, _, err := SFNT(sfntOf("OTTO", table{"CFF ", compact()}))
	if err != nil || bytes.Contains(out, []byte("NEEDLE")) || !bytes.Contains(out, []byte("GLYPH")) {
		t.Errorf("got %q, error %v", out, err)
	}
}

func TestType1(t *testing.T) {
	p, err := Type1(typeOne())
	if err != nil {
		t.Fatal(err)
	}
	plain := string(p.Data[:p.Clear]) + string(decrypt(p.Data[p.Clear:]))
	for _, want := range []string{"/FontName /Test def", "/FontMatrix [0.001 0 0 0.001 0 0] def", "/FontBBox [0 -200 1000 800] def", "dup 65 /A put", "GLYPH", "\x01\x02\x03\x04"} {
		if !strings.Contains(plain, want) {
			t.Errorf("%q is lost in\n%s", want, plain)
		}
	}
	if strings.Contains(plain, "NEEDLE") {
		t.Errorf("the needle survives:\n%s", plain)
	}
	if again, err := Type1(p.Data); err != nil || !bytes.Equal(again.Data, p.Data) {
		t.Errorf("not stable: error %v", err)
	}
}

func TestMatrixIsNumbers(t *testing.T) {
	hostile := bytes.Replace(typeOne(), []byte("[0.001 0 0 0.001 0 0]"), []byte("[1 0 0 1 0 (0); alert(1)]"), 1)
	if _, err := Type1(hostile); !errors.Is(err, ErrFont) {
		t.Errorf("got error %v", err)
	}
}

func TestRefused(t *testing.T) {
	rebuild := map[string]func([]byte) error{
		"sfnt":  func(b []byte) error { _, _, err := SFNT(b); return err },
		"cff":   func(b []byte) error { _, err := CFF(b); return err },
		"type1": func(b []byte) error { _, err := Type1(b); return err },
	}
	for kind, whole := range map[string][]byte{"sfnt": trueType(), "cff": compact()[:len(compact())-6], "type1": typeOne()[:len(typeOne())-700]} {
		for n := range whole {
			if err := rebuild[kind](whole[:n]); err == nil && n < len(whole)/2 {
				t.Errorf("%s cut at %d of %d is taken", kind, n, len(whole))
			} else if err != nil && !errors.Is(err, ErrFont) {
				t.Errorf("%s cut at %d: error %v", kind, n, err)
			}
		}
	}
	far := trueType()
	copy(far[len(far)-40:], "xx")
	loca := bytes.Index(far, []byte{0, 0, 0, 2, 0, 5})
	far[loca+4] = 0xff
	if _, _, err := SFNT(far); !errors.Is(err, ErrFont) {
		t.Errorf("a glyph outside its table: error %v", err)
	}
}

func FuzzSFNT(f *testing.F) {
	f.Add(trueType())
	f.Add(sfntOf("OTTO", table{"CFF ", compact()}))
	f.Fuzz(func(t *testing.T, b []byte) {
		once, _, err := SFNT(b)
		if err != nil {
			return
		}
		twice, dropped, err := SFNT(once)
		if err != nil || dropped > 0 || !bytes.Equal(once, twice) {
			t.Fatalf("not stable: dropped %d, error %v", dropped, err)
		}
	})
}

func FuzzCFF(f *testing.F) {
	f.Add(compact())
	f.Fuzz(func(t *testing.T, b []byte) {
		once, err := CFF(b)
		if err != nil {
			return
		}
		if twice, err := CFF(once); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("not stable: error %v", err)
		}
	})
}

func FuzzType1(f *testing.F) {
	f.Add(typeOne())
	f.Fuzz(func(t *testing.T, b []byte) {
		once, err := Type1(b)
		if err != nil {
			return
		}
		if twice, err := Type1(once.Data); err != nil || !bytes.Equal(once.Data, twice.Data) {
			t.Fatalf("not stable: error %v", err)
		}
	})
}
