package charset

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

const sample = "申請書 第１号，ﾃｽﾄ\r\n＝＋－＠ end\n"

func encode(t testing.TB, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReadings proves that each encoding is read as itself, with the symbols that judges ask about.
func TestReadings(t *testing.T) {
	cases := map[string][]byte{
		"UTF-8":       []byte(sample),
		"UTF-16LE":    encode(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), sample),
		"UTF-16BE":    encode(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), sample),
		"CP932":       encode(t, japanese.ShiftJIS, sample),
		"EUC-JP":      encode(t, japanese.EUCJP, sample),
		"ISO-2022-JP": encode(t, japanese.ISO2022JP, "申請書 第１号，\r\n＝＋－＠ end\n"),
	}
	for name, b := range cases {
		readings := Readings(b)
		if len(readings) == 0 {
			t.Errorf("%s: no text", name)
			continue
		}
		got := ""
		for _, e := range readings {
			if e.Name == name {
				e.Each(b, func(_ int, r rune) bool { got += string(r); return true })
			}
		}
		symbols := ""
		for _, r := range got {
			switch r {
			case '１', '，', '＝', '＋', '－', '＠', '\n', 'e':
				symbols += string(r)
			}
		}
		if symbols != "１，\n＝＋－＠e\n" {
			t.Errorf("%s: the symbols read are %q", name, symbols)
		}
	}
}

func TestWestern(t *testing.T) {
	if r := Readings([]byte("a \x93quoted\x94 caf\xe9 text")); len(r) != 1 || r[0].Name != "windows-1252" {
		t.Errorf("read as %v", r)
	}
}

func TestNoText(t *testing.T) {
	for name, b := range map[string]string{
		"cut in a character": "\x83",
		"bad trail":          "\x81\x20 text",
		"mostly high":        "\xe9\xe9\x80",
		"UTF-8 with a mark":  "\xef\xbb\xbf\xff",
		"lone surrogate":     "\xff\xfe\x00\xd8a\x00",
		"odd length":         "\xff\xfea\x00b",
		"terminal escape":    "a\x1b[31mred",
		"left in kanji":      "\x1b$B0!",
		"newline in kanji":   "\x1b$B0!\n\x1b(B",
		"8-bit after escape": "\x1b(Ba\xe3\x81\x82",
		"cut designation":    "\x1b$",
	} {
		if r := Readings([]byte(b)); r != nil {
			t.Errorf("%s: read as %s", name, r[0].Name)
		}
	}
}

func FuzzReadings(f *testing.F) {
	f.Add([]byte(sample))
	f.Add(encode(f, japanese.ShiftJIS, sample))
	f.Add([]byte("\x1b$B0!\x1b(Ba"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, e := range Readings(b) {
			if !e.Each(b, func(int, rune) bool { return true }) {
				t.Fatalf("%s is a reading, and is not", e.Name)
			}
		}
	})
}
