package identify

import (
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
)

// beginnings tells texts apart by how they begin, in lower case.
var beginnings = [...]struct{ start, name string }{
	{"#!", "script"},
	{"<?php", "PHP script"},
	{"<%", "server script"},
	{"<!doctype html", "HTML page"},
	{"<html", "HTML page"},
	{"<script", "HTML page"},
	{"<hta:", "HTML application (HTA)"},
	{"<svg", "SVG picture"},
	{"%!ps", "PostScript document"},
	{"{\\rt", "RTF document"},
	{"begin:vcard", "address card (vCard)"},
	{"begin:vcalendar", "calendar (iCalendar)"},
	{"[internetshortcut]", "internet shortcut (URL)"},
	{"[autorun]", "Windows autorun file"},
	{"[.shellclassinfo]", "Windows folder settings"},
	{"[desktop entry]", "Linux desktop entry"},
	{"[oledb]", "data link (UDL)"},
	{"windows registry editor", "Windows registry script"},
	{"regedit4", "Windows registry script"},
	{"@echo off", "Windows batch file"},
	{"iso-10303-21", "CAD exchange file (STEP, SXF)"},
	{"d8:announce", "torrent"},
	{"x5o!p%@ap", "antivirus test file (EICAR)"},
	{"id;p", "SYLK sheet"},
	{"xlodbc", "database query (DQY)"},
	{"web\n1", "web query (IQY)"},
	{"push graphic-context", "ImageMagick drawing (MVG)"},
	{"-----begin", "key or certificate (PEM)"},
}

// insides tells XML texts, and those without a clear beginning, apart by what stands in their first part.
var insides = [...]struct{ part, name string }{
	{"<pkg:package", "Word document in one XML file (Flat OPC)"},
	{"<w:worddocument", "Word 2003 XML document"},
	{"urn:schemas-microsoft-com:office:spreadsheet", "Excel 2003 XML workbook"},
	{"<office:document", "OpenDocument in one XML file"},
	{"progid=\"word.document\"", "Word 2003 XML document"},
	{"<xsl:stylesheet", "XSLT program"},
	{"<svg", "SVG picture"},
	{"<html", "HTML page"},
	{"<job", "Windows script (WSF)"},
	{"<scriptlet", "Windows script (SCT)"},
	{"<?xml", "XML document"},
	{"%pdf-1", "PDF document behind other data"},
}

// textKind names a text, or returns "" when in is none.
func textKind(in sanitize.Input) string {
	head, ok := textenc.Beginning(in)
	if !ok {
		return ""
	}
	for _, b := range beginnings {
		if strings.HasPrefix(head, b.start) {
			return b.name
		}
	}
	if strings.Contains("\n"+head, "\nmime-version:") || strings.HasPrefix(head, "received:") {
		return "mail message"
	}
	for _, i := range insides {
		if strings.Contains(head, i.part) {
			return i.name
		}
	}
	if strings.HasPrefix(head, "<") {
		return "markup of an unknown kind"
	}
	return "text of an unknown kind"
}
