package textenc

import (
	"bytes"
	"regexp"
	"strings"

	"sekisho/sanitize"
)

// What isLanguage looks for.
var (
	tagStart    = regexp.MustCompile(`^</?[a-z][a-z0-9:._-]*[\s/>]`)
	fieldName   = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	serverField = regexp.MustCompile(`(?m)^(mime-version|received|return-path|delivered-to|content-type|content-transfer-encoding):`)
	sylkStart   = regexp.MustCompile(`^id;p[a-z0-9;]*\n[a-z]{1,2};`)
	dxfStart    = regexp.MustCompile(`^(999\n[^\n]*\n\s*)*0\n\s*section\b`)
)

// sniffLen is how much of a file decides whether it is text, in bytes.
const sniffLen = 64 << 10

// headLen is how much of a text decides whether it is something that is written as text, in characters.
const headLen = 4096

// Sniff reports whether in is plain text: text in a known encoding that is not a document, a program or a message
// which only happens to be written in characters. The encoding is that of its beginning.
func Sniff(in sanitize.Input) (Encoding, bool) {
	beginning, e := begin(in)
	if e == None || isLanguage(beginning) {
		return None, false
	}
	return e, true
}

// head returns the first characters of b in lower case, without controls and leading white space, each line ended by
// a line feed.
func head(e Encoding, b []byte) string {
	var s strings.Builder
	d := NewDecoder(e, b[len(e.BOM(b)):])
	for n := 0; n < headLen; n++ {
		c, ok := d.Next()
		if !ok {
			break
		}
		if !isControl(c.Rune) && !isHidden(c.Rune) && !isBidi(c.Rune) {
			s.WriteRune(c.Rune)
		}
	}
	return strings.ToLower(strings.TrimSpace(strings.ReplaceAll(s.String(), "\r\n", "\n")))
}

// isLanguage reports whether a text begins like one that a program gives a meaning to. Such a text is of another
// format, or of none; under no name is it just text.
func isLanguage(head string) bool {
	for _, prefix := range []string{
		"%pdf-", "%!ps", "%!fontt", "{\\rt", // documents
		"#!", "#@~^", "<?", "<!", "<%", "@echo off", "windows registry editor", "regedit4", "[scriptfile]", // programs
		"[internetshortcut]", "[autorun]", "[desktop entry]", "[.shellclassinfo]", "[shellclassinfo]", "[oledb]", "[version]\nsignature=",
		"begin:vcard", "begin:vcalendar", "push graphic-context", "d8:announce", "x5o!p%@ap", // others
		"iso-10303-21", "web\n1\n", "xlodbc", "table\n0,1", "bplist0",
	} {
		if strings.HasPrefix(head, prefix) {
			return true
		}
	}
	for _, tag := range []string{"%pdf-1", "<html", "<svg", "<?xml", "<!doctype", "<script", "<iframe", "<?php", "<job", "<scriptlet"} {
		if strings.Contains(head, tag) {
			return true
		}
	}
	return startsWithTag(head) || isMail(head) || isSYLK(head) || isDXF(head)
}

// isKnown reports whether a file begins with the mark of a common type that is no text. It only saves looking: such
// a file would be told by its content, too.
func isKnown(b []byte) bool {
	for _, magic := range []string{
		"%PDF-", "PK\x03\x04", "\xff\xd8\xff", "\x89PNG", "GIF8", "\xd0\xcf\x11\xe0", "{\\rt", "II*\x00", "MM\x00*",
	} {
		if bytes.HasPrefix(b, []byte(magic)) {
			return true
		}
	}
	return false
}

func startsWithTag(head string) bool {
	return tagStart.MatchString(head)
}

// isMail reports whether the text begins with the header of a message as it was sent: one that a person typed or
// copied has no trace of a mail server.
func isMail(head string) bool {
	header, _, _ := strings.Cut(head, "\n\n")
	first, _, ok := strings.Cut(header, ":")
	if !ok || !fieldName.MatchString(first) {
		return false
	}
	return serverField.MatchString(header)
}

// isSYLK reports whether a spreadsheet would take the text for a SYLK file, whatever its name.
func isSYLK(head string) bool {
	return sylkStart.MatchString(head)
}

// isDXF reports whether the text begins with the group codes of a drawing: comments, then a section.
func isDXF(head string) bool {
	return dxfStart.MatchString(head)
}

// Beginning returns the first characters of a text in lower case, without controls and leading white space, each line
// ended by a line feed; and false when in is no text.
func Beginning(in sanitize.Input) (string, bool) {
	beginning, e := begin(in)
	return beginning, e != None
}

func begin(in sanitize.Input) (string, Encoding) {
	if isKnown(in.Head(8)) {
		return "", None
	}
	b := in.Head(sniffLen)
	e := Detect(b, int64(len(b)) == in.Size())
	if e == None {
		return "", None
	}
	return head(e, b), e
}
