package text

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

func shiftJIS(t *testing.T, s string) []byte {
	t.Helper()
	b, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConformance(t *testing.T) {
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{},
		Cases: []sanitizetest.Case{
			{Name: "empty", Exact: true},
			{Name: "UTF-8", Input: []byte("住民票の写し\n"), FileName: "お知らせ.txt", Keep: []string{"住民票の写し\n"}, Exact: true},
			{Name: "CP932", Input: shiftJIS(t, "機種依存文字 ①㈱髙ｱｲｳ\r\n"), Keep: []string{string(shiftJIS(t, "①㈱髙ｱｲｳ"))}, Exact: true},
			{Name: "gaiji", Input: append(shiftJIS(t, "氏名は"), 0xf0, 0x40), Keep: []string{"\xf0\x40"}, Exact: true},
			{Name: "log", Input: []byte("\x1b[31merror\x1b[0m ${jndi:ldap://x}\n"), FileName: "a.log", Gone: []string{"\x1b"},
				Keep: []string{"error ${jndi"}, Rules: []string{RuleEscape}, Exact: true},
			{Name: "controls", Input: []byte("page\x00 one\x1a"), Gone: []string{"\x00", "\x1a"}, Keep: []string{"page one"},
				Rules: []string{RuleControl}, Exact: true},
			{Name: "bidi", Input: []byte("a\u202eb"), Gone: []string{"\u202e"}, Rules: []string{RuleBidi}, Exact: true},
			{Name: "hidden", Input: []byte("a\ufeffb"), Gone: []string{"\ufeff"}, Keep: []string{"ab"}, Rules: []string{RuleHidden}, Exact: true},
			{Name: "half character", Input: append(shiftJIS(t, strings.Repeat("住民", 50)), 0x8f), Rules: []string{RuleInvalid}, Exact: true},
			{Name: "markdown", Input: []byte("# 見出し\n\n- <br> と [リンク](http://example.com)\n"), FileName: "a.md", Exact: true},
			{Name: "HTML by another name", Input: []byte("<html><script>x</script></html>"), FileName: "a.txt", Err: sanitize.ErrUnsupported},
			{Name: "text by another name", Input: []byte("住民票"), FileName: "a.exe", Err: sanitize.ErrMismatch},
			{Name: "program", Input: []byte("text " + strings.Repeat("\x00", 100) + "MZ"), FileName: "a.txt", Err: sanitize.ErrUnsupported},
			{Name: "encoded script", Input: []byte("#@~^DgAAAA==\\ko$K6~J4rJiAAAA==^#~@"), FileName: "a.txt", Err: sanitize.ErrUnsupported},
			{Name: "script host settings", Input: []byte("\r\n[ScriptFile]\r\nPath=x.vbs\r\n"), FileName: "a.txt", Err: sanitize.ErrUnsupported},
			{Name: "property list", Input: []byte("bplist00 web archive"), FileName: "a.txt", Err: sanitize.ErrUnsupported},
			{Name: "markup behind escapes", Input: []byte("\x1b[0m<b onclick=x>"), FileName: "a.txt", Err: sanitize.ErrUnsupported},
			{Name: "binary behind text", Input: []byte(strings.Repeat("text ", 20000) + strings.Repeat("\x00", 9)), Err: sanitize.ErrMalformed},
		},
		Foreign: [][]byte{
			[]byte("%PDF-1.7\n"), []byte("{\\rtf1 x}"), []byte("<svg/>"), []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00\x00"),
			[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01"),
		},
	})
}
