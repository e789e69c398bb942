package text

import (
	"strings"

	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/charset"
)

// sniffed is how many characters from the start programs look at to guess a type (the WHATWG sniffing standard reads
// 1,445 bytes, Internet Explorer read 256).
const sniffed = 1445

// beginnings are how things begin that are text to the eye and something else to a program.
var beginnings = [...]string{
	"%!ps", "%pdf-", "{\\rt", "#!", "<%", "<?", "<!",
	"[internetshortcut]", "[shellclassinfo]", "[.shellclassinfo]", "[autorun]", "[version]\nsignature=",
	"windows registry editor", "regedit4", "@echo off", "x5o!p%@ap", "#@~^", "xlodbc", "bplist0", "[oledb]", "[scriptfile]", "[desktop entry]",
	"web\n1\n", "table\n0,1\n", "begin:vcard", "begin:vcalendar", "d8:announce",
}

// anywhere are the marks of a page that a browser finds in the middle of what it sniffs.
var anywhere = [...]string{"<html", "<script", "<svg", "<!doctype", "<iframe", "<?xml", "<?php", "<job", "<scriptlet", "%pdf-"}

// mail reports whether head begins with header lines (RFC 5322 section 2.2), one of which makes a mail of them that has
// parts (RFC 2045 section 3). An old news article in plain text is a text.
func mail(head string) bool {
	for {
		line, rest, more := strings.Cut(head, "\n")
		key, _, ok := strings.Cut(line, ":")
		switch {
		case key == "mime-version", key == "content-type", key == "content-transfer-encoding":
			return ok
		case !more, !ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t"), strings.Contains(key, " ") && ok && line[0] != ' ':
			return false
		}
		head = rest
	}
}

// disguise fails when the start of b is that of markup, a script or another type.
func disguise(b []byte, e charset.Encoding) error {
	head := start(b, e)
	for _, s := range beginnings {
		if strings.HasPrefix(head, s) {
			return verify.Fail(RuleDisguise, "", "it begins with %q", s)
		}
	}
	if len(head) > 1 && head[0] == '<' && tagged(head[1:]) {
		return verify.Fail(RuleDisguise, "", "it begins with a tag")
	}
	if mail(head) {
		return verify.Fail(RuleDisguise, "", "it begins like a mail")
	}
	for _, s := range anywhere {
		if strings.Contains(head, s) {
			return verify.Fail(RuleDisguise, "", "%q stands near its start", s)
		}
	}
	return nil
}

// tagged reports whether s, which follows a '<', goes on like a tag: a name that ends in '>' or before an attribute.
func tagged(s string) bool {
	s = strings.TrimPrefix(s, "/")
	n := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != ':' && r != '-' && r != '_'
	})
	if n <= 0 {
		return false
	}
	rest := strings.TrimLeft(s[n:], " \t\r\n")
	return strings.HasPrefix(rest, ">") || strings.HasPrefix(rest, "/>") || len(rest) < len(s[n:]) && strings.Contains(s, "=")
}

// start returns the first characters of b in lower case, without what stands before the first visible one.
func start(b []byte, e charset.Encoding) string {
	var s strings.Builder
	n := 0
	e.Each(b, func(_ int, r rune) bool {
		if s.Len() == 0 && (r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\f' || r == '\uFEFF' || r == charset.Designated) {
			return true
		}
		s.WriteRune(r)
		n++
		return n < sniffed
	})
	return strings.ReplaceAll(strings.ToLower(s.String()), "\r\n", "\n")
}
