package manifest

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOrdinaryNamesStay(t *testing.T) {
	for _, name := range []string{
		"様式第1号.docx", "令和8年度 予算（案）.xlsx", "がくぶち.txt", "か\u3099.txt", "辻\U000e0100.pdf", "\ue000外字.txt", "~$x", "a", "a-rf",
		"a=b.csv", "a.tar.gz", "COM10.txt", "console.txt", "😀.png", "&&id", "%2e%2e", strings.Repeat("あ", 85), "x.{y", "COM",
	} {
		if err := CheckName(name); err != nil {
			t.Errorf("%v", err)
		}
		if got := SafeName(name); got != name {
			t.Errorf("SafeName(%q) = %q", name, got)
		}
	}
}

func TestDangerousNamesAreRefusedAndMadeSafe(t *testing.T) {
	for untrusted, safe := range map[string]string{
		"":                                 "_",
		".":                                "_",
		"..":                               "_",
		"...":                              "_",
		"../x":                             "_..／x",
		`..\..\x`:                          "_..＼..＼x",
		"/etc/passwd":                      "／etc／passwd",
		"C:x":                              "C：x",
		"a\x00b":                           "a_b",
		"c\rx\n":                           "c_x_",
		"\u0085x":                          "_x",
		"\u202egpj.exe":                    "_gpj.exe",
		"\u2066x\u2069":                    "_x_",
		"x\u200b.exe":                      "x_.exe",
		"x\u2028y":                         "x_y",
		"\xff\xfe.txt":                     "__.txt",
		"\x95\\\x94\\\x83\\.txt":           "_＼_＼_＼.txt",
		"con.txt":                          "_con.txt",
		"AUX":                              "_AUX",
		"NUL.pdf":                          "_NUL.pdf",
		"com9.docx":                        "_com9.docx",
		"COM¹":                             "_COM¹",
		"con .txt":                         "_con .txt",
		"CLOCK$":                           "_CLOCK$",
		"Thumbs.db":                        "_Thumbs.db",
		"DESKTOP.INI":                      "_DESKTOP.INI",
		".htaccess":                        "_.htaccess",
		" x":                               "_ x",
		"-rf":                              "_-rf",
		"=cmd.csv":                         "_=cmd.csv",
		"a`id`.txt":                        "a｀id｀.txt",
		"x.":                               "x",
		"x . .":                            "x",
		`<a>"|?*b`:                         "＜a＞＂｜？＊b",
		"a:b:$DATA":                        "a：b：$DATA",
		"x.{21EC2020-3AEA-1069}":           "_x.{21EC2020-3AEA-1069}_",
		"\ufffe":                           "_",
		strings.Repeat("a", 300):           strings.Repeat("a", 255),
		strings.Repeat("あ", 90):            strings.Repeat("あ", 85),
		strings.Repeat("x", 300) + ".docx": strings.Repeat("x", 250) + ".docx",
	} {
		if CheckName(untrusted) == nil {
			t.Errorf("accepted %q", untrusted)
		}
		if got := SafeName(untrusted); got != safe {
			t.Errorf("SafeName(%q) = %q, want %q", untrusted, got, safe)
		}
	}
}

func TestSafePath(t *testing.T) {
	for untrusted, safe := range map[string]string{
		"":                        "",
		"課/申請":                    "課/申請",
		"/a//b/":                  "a/b",
		"../../etc":               "_/_/etc",
		"a/./b":                   "a/b",
		"a\\b/c":                  "a＼b/c",
		strings.Repeat("d/", 100): strings.TrimSuffix(strings.Repeat("d/", MaxDepth), "/"),
	} {
		if got := SafePath(untrusted); got != safe {
			t.Errorf("SafePath(%q) = %q, want %q", untrusted, got, safe)
		}
	}
}

func TestShortenKeepsExtensionAndCharacters(t *testing.T) {
	got := Shorten(strings.Repeat("あ", 90)+".pdf", " (2)", MaxName)
	if len(got) > MaxName || !utf8.ValidString(got) || !strings.HasSuffix(got, "あ (2).pdf") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"../x", "con", "a.{b}", "\xff", strings.Repeat("あ", 100) + ". .pdf", "x. ", ".{}", " .}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := SafeName(s)
		if err := CheckName(name); err != nil {
			t.Fatalf("SafeName(%q): %v", s, err)
		}
		if SafeName(name) != name {
			t.Fatalf("SafeName(%q) is not stable", s)
		}
		if err := CheckPath(SafePath(s)); err != nil {
			t.Fatalf("SafePath(%q): %v", s, err)
		}
		if n := len(Shorten(name, " (1000)", MaxName)); n > MaxName {
			t.Fatalf("Shorten(%q) has %d bytes", name, n)
		}
	})
}
