package identify

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"sekisho/sanitize"
)

// compound returns an OLE2 file with a root and the streams, the first of which hangs below the root and each other
// as the right sibling of the one before.
func compound(class string, streams ...string) string {
	le := binary.LittleEndian
	header := make([]byte, 512)
	copy(header, ole2Magic)
	le.PutUint16(header[30:], 9)
	le.PutUint32(header[48:], 1) // the directory is sector 1, the FAT sector 0
	fat := make([]byte, 512)
	var dir []byte
	for i, name := range append([]string{"Root Entry"}, streams...) {
		e := make([]byte, dirEntry)
		units := utf16.Encode([]rune(name))
		for k, u := range units {
			le.PutUint16(e[2*k:], u)
		}
		le.PutUint16(e[64:], uint16(2*len(units)+2))
		le.PutUint32(e[68:], 0xffffffff)
		le.PutUint32(e[72:], 0xffffffff)
		if i > 0 && i < len(streams) {
			le.PutUint32(e[72:], uint32(i+1))
		}
		if i == 0 {
			le.PutUint32(e[76:], 1)
			copy(e[80:], class)
		}
		dir = append(dir, e...)
	}
	dir = append(dir, make([]byte, 512-len(dir)%512)...)
	for s := 1; s < len(dir)/512; s++ {
		le.PutUint32(fat[4*s:], uint32(s+1))
	}
	le.PutUint32(fat[4*(len(dir)/512):], 0xfffffffe)
	return string(header) + string(fat) + string(dir)
}

func TestKind(t *testing.T) {
	image := strings.Repeat("\x00", 0x8001) + "CD001" + strings.Repeat("\x00", 100)
	disk := strings.Repeat("\x00", 1024) + "conectix" + strings.Repeat("\x00", 504)
	for _, c := range []struct{ in, want string }{
		{"", "empty file"},
		{"MZ\x90\x00%PDF-1.7", "Windows executable (PE)"},
		{"L\x00\x00\x00\x01\x14\x02\x00\x00\x00", "Windows shortcut (LNK)"},
		{image, "disk image (ISO 9660)"},
		{disk, "disk image (VHD)"},
		{"\x1a\x00-lh5-", "LZH archive"},
		{"\x60\x0e\x82\x39", "DocuWorks document"},
		{"\xca\xfe\xba\xbe\x00\x00\x00\x34", "Java class"},
		{compound("", "\x05SummaryInformation", "WordDocument"), "Word 97-2003 document"},
		{compound("", "a", "b", "c", "d", "e", "workbook"), "Excel 97-2003 workbook"},
		{compound("", "PowerPoint Document"), "PowerPoint 97-2003 presentation"},
		{compound("", "__properties_version1.0", "WordDocument"), "Outlook message (MSG)"},
		{compound("", "EncryptedPackage"), "encrypted Office document"},
		{compound(msiClass, "x"), "Windows installer (MSI)"},
		{compound("", "x"), "OLE2 file of an unknown kind"},
		{compound("", "WordDocument")[:600], "OLE2 file of an unknown kind"},
		{ole2Magic, "OLE2 file of an unknown kind"},
		{" <!DOCTYPE html><title>", "HTML page"},
		{"\xff\xfe<\x00s\x00v\x00g\x00>\x00", "SVG picture"},
		{"<?xml version='1.0'?><pkg:package>", "Word document in one XML file (Flat OPC)"},
		{"<?xml version='1.0'?><office:document>", "OpenDocument in one XML file"},
		{"<?xml version='1.0'?><a/>", "XML document"},
		{"#!/bin/sh\n", "script"},
		{"[InternetShortcut]\r\nURL=x", "internet shortcut (URL)"},
		{"From: a\nMIME-Version: 1.0\n\n<html>", "mail message"},
		{"\x01\x02 %PDF-1.4", "PDF document behind other data"},
		{"<foo bar>", "markup of an unknown kind"},
		{"only words", "text of an unknown kind"},
		{"\x00\x01\x02\x03\x04\x05\x06\x07\x08", "unknown binary data"},
	} {
		if got := Kind(sanitize.BytesInput([]byte(c.in))); got != c.want {
			t.Errorf("%.40q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// TestLoops: a directory whose sectors or siblings form a ring ends.
func TestLoops(t *testing.T) {
	b := []byte(compound("", "a", "b"))
	binary.LittleEndian.PutUint32(b[512+4:], 1)              // sector 1 follows itself
	binary.LittleEndian.PutUint32(b[1024+2*dirEntry+68:], 1) // a sibling is its own parent
	if got := Kind(sanitize.BytesInput(b)); got != "OLE2 file of an unknown kind" {
		t.Errorf("got %q", got)
	}
}

// TestTable: every mark can be found, none is hidden by a shorter one before it.
func TestTable(t *testing.T) {
	for _, m := range marks {
		at := max(m.at, 0)
		if m.at < 0 {
			at = 2048 + m.at
		}
		b := []byte(strings.Repeat("\x07", max(2048, at+len(m.bytes))))
		copy(b[at:], m.bytes)
		if got := byMark(sanitize.BytesInput(b), b); got != m.name {
			t.Errorf("%q at %d: got %q, want %q", m.bytes, m.at, got, m.name)
		}
	}
}

func FuzzKind(f *testing.F) {
	for _, s := range []string{"MZ", compound("", "WordDocument"), "<html>", "\x1a\x00-lh5-", "PK\x03\x04"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := sanitize.BytesInput(b)
		kind := Kind(in)
		if kind == "" || len(kind) > 80 || kind != Kind(in) {
			t.Fatalf("got %q, then %q", kind, Kind(in))
		}
	})
}
