package textenc

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"sekisho/sanitize"
)

func encode(t testing.TB, e encoding.Encoding, s string) string {
	t.Helper()
	b, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const notice = "住民票の写しの交付について\r\n申請書に必要事項を記入し、窓口へ提出してください。\r\n"

func samples(t testing.TB) map[string]struct {
	text string
	want Encoding
} {
	le := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	be := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	all := map[string]struct {
		text string
		want Encoding
	}{
		"empty":              {"", UTF8},
		"ASCII":              {"hello, world\n", UTF8},
		"UTF-8":              {notice, UTF8},
		"UTF-8 BOM":          {bomUTF8 + notice, UTF8BOM},
		"UTF-8 BOM only":     {bomUTF8, UTF8BOM},
		"UTF-16LE BOM":       {bomUTF16LE + encode(t, le, notice), UTF16LE},
		"UTF-16BE BOM":       {bomUTF16BE + encode(t, be, notice), UTF16BE},
		"UTF-16LE":           {encode(t, le, notice+"名前, a, b\r\n"), UTF16LE},
		"UTF-16BE":           {encode(t, be, notice+"名前, a, b\r\n"), UTF16BE},
		"UTF-16LE ASCII":     {encode(t, le, "name,value\r\n"), UTF16LE},
		"CP932":              {encode(t, japanese.ShiftJIS, notice), CP932},
		"CP932 short":        {encode(t, japanese.ShiftJIS, "名前,値\n"), CP932},
		"CP932 one":          {encode(t, japanese.ShiftJIS, "済"), CP932},
		"CP932 kana":         {"\xd4\xcf\xc0\xde \xc0\xdb\xb3\n", CP932},
		"CP932 vendor":       {"\x87\x40\x87\x8a\xed\x40\xfa\x40\xfc\x4b", CP932},
		"CP932 gaiji":        {"\xf0\x40\x8d\xe2\xf9\xfc\x93\x63", CP932},
		"CP932 unassigned":   {encode(t, japanese.ShiftJIS, notice) + "\x85\x40\xeb\x40", CP932},
		"CP932 half char":    {encode(t, japanese.ShiftJIS, strings.Repeat(notice, 3)) + "\x8e", CP932},
		"EUC-JP":             {encode(t, japanese.EUCJP, notice), EUCJP},
		"EUC-JP short":       {encode(t, japanese.EUCJP, "これは"), EUCJP},
		"EUC-JP kanji":       {encode(t, japanese.EUCJP, "東京都千代田区"), EUCJP},
		"EUC-JP 0212, kana":  {encode(t, japanese.EUCJP, notice) + "\x8f\xb0\xa1\x8e\xb1\xfe\xfe", EUCJP},
		"ISO-2022-JP":        {encode(t, japanese.ISO2022JP, notice), ISO2022JP},
		"ISO-2022-JP kana":   {"\x1b(I1234\x1b(B\n", ISO2022JP},
		"colours":            {"\x1b[31mred\x1b[0m\x1b(B\n", UTF8},
		"windows-1252":       {"the trigger is a \x93windows\x94 caf\xe9 encoding", Windows1252},
		"UTF-8, one broken":  {strings.Repeat(notice, 3) + "\xff", UTF8},
		"stray control":      {"page one\x1apage two", UTF8},
		"one NUL":            {"name,\"\x00=1+1\"\r\n", UTF8},
		"UTF-32":             {bomUTF32LE + "a\x00\x00\x00", None},
		"zeros":              {"text " + strings.Repeat("\x00", 100) + "MZ", None},
		"program":            {"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8\x00\x00\x00", None},
		"controls":           {"\x01\x02\x03\x04\x05\x06\x07\x08abc", None},
		"broken UTF-8":       {strings.Repeat("\xc3(\xa0\xa1\xf0(\x8c(", 20), None},
		"EBCDIC":             {"\x9d" + strings.Repeat("@@@\xc9\x95\xa3\x85\x93\x93\x89\xe2\xa3\x81\xa3\x89\x96\x95@\xd7\xd6\xe6\xc5\xd9@\r%\x85%", 40), None},
		"broken UTF-16":      {bomUTF16LE + strings.Repeat("\x00\xd8", 10), None},
		"deflated":           {"\x4b\x2c\x4e\x4d\x2e\x4a\x2d\x51\x28\xcf\x2f\xca\x49\x01\xb2\x81\x94\x42\x66\x9e\x02\x90\x4a\xcb\x01\x52\x05\x89\xc9\xa9\x00", None},
		"CP932 half control": {encode(t, japanese.ShiftJIS, notice) + "\x1a", CP932},
	}
	return all
}

func TestDetect(t *testing.T) {
	for name, s := range samples(t) {
		if got := Detect([]byte(s.text), true); got != s.want {
			t.Errorf("%s: got %s, want %s", name, got, s.want)
		}
	}
}

// TestDetectSample cuts a long text at every place: the cut must not change the answer.
func TestDetectSample(t *testing.T) {
	for name, s := range samples(t) {
		if s.want == None || s.want == Windows1252 || len(s.text) < 40 || strings.Contains(name, "broken") || strings.Contains(name, "half") {
			continue
		}
		for n := len(s.text) / 2; n < len(s.text); n++ {
			if got := Detect([]byte(s.text[:n]), false); got != s.want {
				t.Errorf("%s cut at %d: got %s, want %s", name, n, got, s.want)
			}
		}
	}
}

// TestBytesAreKept is the promise of the package: text with nothing to drop comes out as it went in.
func TestBytesAreKept(t *testing.T) {
	for name, s := range samples(t) {
		if s.want == None {
			continue
		}
		out, e, dropped, err := Clean(context.Background(), []byte(s.text))
		if err != nil || e != s.want {
			t.Errorf("%s: %s, %v", name, e, err)
			continue
		}
		if dropped.Total() == 0 && string(out) != s.text {
			t.Errorf("%s: got %q, want %q", name, out, s.text)
		}
	}
}

// TestAllCodes puts every well-formed double-byte code through: bytes in, the same bytes out.
func TestAllCodes(t *testing.T) {
	var sjis, euc []byte
	for lead := 0x81; lead <= 0xfc; lead++ {
		for trail := 0x40; trail <= 0xfc; trail++ {
			if isLead932(byte(lead)) && isTrail932(byte(trail)) {
				sjis = append(sjis, byte(lead), byte(trail), '\n')
			}
		}
	}
	for lead := 0xa1; lead <= 0xfe; lead++ {
		for trail := 0xa1; trail <= 0xfe; trail++ {
			euc = append(euc, byte(lead), byte(trail), 0x8f, byte(lead), byte(trail), '\n')
		}
	}
	for e, b := range map[Encoding][]byte{CP932: sjis, EUCJP: euc} {
		out, dropped, err := pass(context.Background(), b, e)
		if err != nil || dropped.Total() != 0 || !bytes.Equal(out, b) {
			t.Errorf("%s: %d bytes of %d, dropped %+v, error %v", e, len(out), len(b), dropped, err)
		}
	}
}

func TestClean(t *testing.T) {
	le := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	for _, c := range []struct {
		name, in, want string
		dropped        Dropped
	}{
		{"controls", "a\x01b\x7fc\x1a", "abc", Dropped{Control: 3}},
		{"layout stays", "a\tb\r\nc\fd", "a\tb\r\nc\fd", Dropped{}},
		{"C1", "a\u0080\u0085b", "ab", Dropped{Control: 2}},
		{"noncharacter", "a\ufffeb\U0001ffffc", "abc", Dropped{Control: 2}},
		{"colour", "\x1b[1;31mred\x1b[0m", "red", Dropped{Escape: 2}},
		{"title", "a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c", "abc", Dropped{Escape: 2}},
		{"string without end", "a\x1b]0;title\nb", "a\nb", Dropped{Escape: 1}},
		{"8-bit CSI", "a\u009b31mb", "ab", Dropped{Escape: 1}},
		{"charset and keypad", "a\x1b(0\x1b=b", "ab", Dropped{Escape: 2}},
		{"lone escape", "a\x1b\nb\x1b", "a\nb", Dropped{Control: 2}},
		{"bidi", "a\u202eb\u2066c\u2069", "abc", Dropped{Bidi: 3}},
		{"marks stay", "a\u200eb\u200d", "a\u200eb\u200d", Dropped{}},
		{"BOM inside", "a\ufeffb", "ab", Dropped{Hidden: 1}},
		{"tags", "a\U000e0041b", "ab", Dropped{Hidden: 1}},
		{"variation selector stays", "葛\U000e0100", "葛\U000e0100", Dropped{}},
		{"emoji stays", "👨\u200d👩", "👨\u200d👩", Dropped{}},
		{"UTF-16", encode(t, le, "a\u202e\x1b[0mb"), encode(t, le, "ab"), Dropped{Bidi: 1, Escape: 1}},
		{"CP932", "\x96\xbc\x1b[0m\x91\x4f\x07", "\x96\xbc\x91\x4f", Dropped{Escape: 1, Control: 1}},
		{"ISO-2022-JP", "\x1b$B0!\x1b(B\x1b[0m\x1b(Ba", "\x1b$B0!\x1b(Ba", Dropped{Escape: 1}},
		{"ISO-2022-JP, redundant", "\x1b(B\x1b$B\x1b$B0!\x1b$B0!\n", "\x1b$B0!0!\x1b(B\n", Dropped{}},
		{"half character", strings.Repeat("\x96\xbc", 60) + "\x91", strings.Repeat("\x96\xbc", 60), Dropped{Invalid: 1}},
	} {
		out, _, dropped, err := Clean(context.Background(), []byte(c.in))
		if err != nil || string(out) != c.want || dropped != c.dropped {
			t.Errorf("%s: got %q, %+v, %v; want %q, %+v", c.name, out, dropped, err, c.want, c.dropped)
		}
	}
}

func TestSniffRefusesLanguages(t *testing.T) {
	for _, s := range []string{
		"<html><script>1</script></html>", " \r\n<!DOCTYPE html>", "<?xml version='1.0'?><a/>", "<svg xmlns='x'/>",
		bomUTF8 + "<?xml version='1.0'?>", "<a:b c='d'>", "<b\x01>", "{\\rtf1 x}", "%PDF-1.4", "x\n%PDF-1.7\n", "%!PS-Adobe",
		"#!/bin/sh\necho", "<?php echo 1;", "<% x %>", "@echo off\r\n", "MIME-Version: 1.0\r\nFrom: a\r\n\r\n",
		"Received: from a\n by b\nSubject: c\n\nd", "BEGIN:VCARD\nEND:VCARD", "ISO-10303-21;\nHEADER;",
		"  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "999\ncomment\n0\nSECTION\n", "ID;PWXL;N;E\r\nC;X1;Y1;K1\r\n",
		"TABLE\r\n0,1\r\n\"EXCEL\"", "WEB\r\n1\r\nhttp://example.com", "Windows Registry Editor Version 5.00",
		"[InternetShortcut]\nURL=x", "\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", strings.Repeat("text ", 100) + "<SCRIPT>x",
	} {
		if e, ok := Sniff(sanitize.BytesInput([]byte(s))); ok {
			t.Errorf("%q is taken for text in %s", s, e)
		}
	}
	for _, s := range []string{
		"", "<重要> お知らせ", "<- 矢印", "a < b", "From: 山田\nTo: 佐藤\nSubject: 会議\n\n本文", "ID;Price;Place\n1;2;3\n",
		"0\nSELECTION\n", "User-Agent: *\nDisallow: /\n", "{\"a\": 1}", "# 見出し\n- 箇条書き\n",
		"From: a@b\nNewsgroups: c.d\nMessage-ID: <1@b>\n\ntext\n", "#!", // the last: see below
	} {
		if _, ok := Sniff(sanitize.BytesInput([]byte(s))); ok == (s == "#!") {
			t.Errorf("%q: text is %v", s, ok)
		}
	}
}

// TestMarkupBehindEscapes checks that what is dropped cannot hide markup from Sniff.
func TestMarkupBehindEscapes(t *testing.T) {
	if _, _, _, err := Clean(context.Background(), []byte("\x1b[0m<b onclick=x>")); !errors.Is(err, sanitize.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, _, err := Clean(ctx, []byte(notice)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range samples(f) {
		f.Add([]byte(s.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, e, _, err := Clean(context.Background(), b)
		if err != nil {
			return
		}
		again, e2, dropped, err := Clean(context.Background(), out)
		if err != nil || !bytes.Equal(out, again) || dropped.Total() != 0 {
			t.Fatalf("not stable: %q in %s gave %q, then %q in %s, %+v, %v", b, e, out, again, e2, dropped, err)
		}
	})
}

func BenchmarkClean(b *testing.B) {
	text := []byte(encode(b, japanese.ShiftJIS, strings.Repeat(notice, 10000)))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, _, _, err := Clean(context.Background(), text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSniff looks at what is no text: every file of every type is asked, so that the no must be quick.
func BenchmarkSniff(b *testing.B) {
	noise := make([]byte, sniffLen)
	for i := range noise {
		noise[i] = byte(i*i>>7 ^ i*31)
	}
	in := sanitize.BytesInput(noise)
	for b.Loop() {
		if _, ok := Sniff(in); ok {
			b.Fatal("noise is text")
		}
	}
}
