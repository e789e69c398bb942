package ooxml

import (
	"slices"
	"strings"

	"sekisho/sanitize/verify/internal/xmlread"
)

// space is the names of one namespace, in one string.
type space struct{ uri, names string }

// Namespaces that rules speak of.
const (
	nsW    = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	nsX    = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	nsP    = "http://schemas.openxmlformats.org/presentationml/2006/main"
	nsA    = "http://schemas.openxmlformats.org/drawingml/2006/main"
	nsC    = "http://schemas.openxmlformats.org/drawingml/2006/chart"
	nsR    = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	nsO    = "urn:schemas-microsoft-com:office:office"
	nsV    = "urn:schemas-microsoft-com:vml"
	nsXvml = "urn:schemas-microsoft-com:office:excel"
	nsMC   = "http://schemas.openxmlformats.org/markup-compatibility/2006"
	nsXML  = "http://www.w3.org/XML/1998/namespace"
	nsXSI  = "http://www.w3.org/2001/XMLSchema-instance"
	nsCP   = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
	nsDC   = "http://purl.org/dc/elements/1.1/"
	nsDCT  = "http://purl.org/dc/terms/"
)

// more are the names that the tables of the SDK leave to other standards: core properties (ECMA-376 Part 2 clause 11),
// markup compatibility (Part 3), and the root of VML with the marks of text that stand in its boxes.
var more = [...]space{
	{"", " xml b br div font i p s span sub sup u "},
	{nsCP, " coreProperties category contentStatus contentType keywords value lastModifiedBy lastPrinted revision version "},
	{nsDC, " creator description identifier language subject title "},
	{nsDCT, " created modified "},
	{nsMC, " AlternateContent Choice Fallback "},
}

// moreAttributes are those that stand on any element, those of the names above, and those that came after the tables
// ([MS-XLSX] 2.2.2, [MS-DOCX] 2.2).
var moreAttributes = [...]space{
	{"", " Requires align color dir face lang size style "},
	{"http://schemas.microsoft.com/office/spreadsheetml/2014/revision", " uid "},
	{"http://schemas.microsoft.com/office/spreadsheetml/2015/revision2", " uid "},
	{"http://schemas.microsoft.com/office/spreadsheetml/2016/revision3", " uid "},
	{"http://schemas.microsoft.com/office/spreadsheetml/2017/revision16", " uid "},
	{"http://schemas.microsoft.com/office/spreadsheetml/2016/revision6", " coauthVersionLast coauthVersionMax documentId "},
	{"http://schemas.microsoft.com/office/spreadsheetml/2016/revision10", " uidLastSave "},
	{"http://schemas.microsoft.com/office/word/2012/wordml", " restartNumberingAfterBreak "},
	{nsMC, " Ignorable MustUnderstand ProcessContent PreserveElements PreserveAttributes "},
	{nsXML, " space lang "},
	{nsXSI, " type nil "},
	{nsR, " id embed link pict dm lo qs cs href blip topLeft topRight bottomLeft bottomRight "},
}

// strictSpaces are the namespaces of the strict form (ECMA-376 Part 1) whose names are those of the transitional one.
var strictSpaces = [...]struct{ strict, transitional string }{
	{"http://purl.oclc.org/ooxml/wordprocessingml/main", nsW},
	{"http://purl.oclc.org/ooxml/spreadsheetml/main", nsX},
	{"http://purl.oclc.org/ooxml/presentationml/main", nsP},
	{"http://purl.oclc.org/ooxml/officeDocument/relationships", nsR},
	{"http://purl.oclc.org/ooxml/drawingml/", "http://schemas.openxmlformats.org/drawingml/2006/"},
	{"http://purl.oclc.org/ooxml/officeDocument/", "http://schemas.openxmlformats.org/officeDocument/2006/"},
	{"http://purl.oclc.org/ooxml/schemaLibrary/main", "http://schemas.openxmlformats.org/schemaLibrary/2006/main"},
}

// transitional returns the namespace under which the tables know uri.
func transitional(uri string) string {
	if !strings.HasPrefix(uri, "http://purl.oclc.org/") {
		return uri
	}
	for _, s := range strictSpaces {
		if rest, ok := strings.CutPrefix(uri, s.strict); ok {
			switch rest {
			case "extendedProperties":
				rest = "extended-properties"
			case "customProperties":
				rest = "custom-properties"
			}
			return s.transitional + rest
		}
	}
	return uri
}

// lexicon remembers the names that were looked up in one package: a document has few of them, many times.
type lexicon struct {
	elements, attributes map[xmlread.Name]bool
}

func newLexicon() *lexicon {
	return &lexicon{map[xmlread.Name]bool{}, map[xmlread.Name]bool{}}
}

func (l *lexicon) element(n xmlread.Name) bool {
	known, done := l.elements[n]
	if !done {
		known = has(vocabulary[:], n, sorted) || has(more[:], n, strings.Contains)
		l.elements[n] = known
	}
	return known
}

func (l *lexicon) attribute(n xmlread.Name) bool {
	known, done := l.attributes[n]
	if !done {
		known = has(attributes[:], n, sorted) || has(moreAttributes[:], n, strings.Contains)
		l.attributes[n] = known
	}
	return known
}

// numbers are the numbers of names in one part that a lexicon has.
type numbers []bool

func (s numbers) has(number int) bool { return number < len(s) && s[number] }

// add notes a number; 0 is none.
func (s *numbers) add(number int) {
	if number == 0 {
		return
	}
	for len(*s) <= number {
		*s = append(*s, false)
	}
	(*s)[number] = true
}

// has reports whether a name is in the spaces. in looks for a name between blanks.
func has(spaces []space, n xmlread.Name, in func(names, name string) bool) bool {
	i := slices.IndexFunc(spaces, func(s space) bool { return s.uri == n.Space })
	return i >= 0 && in(spaces[i].names, " "+n.Local+" ")
}

// sorted is strings.Contains where names are in order: it halves what is left of them.
func sorted(names, name string) bool {
	name = name[1:]
	for lo, hi := 1, len(names); lo < hi; {
		start := strings.LastIndexByte(names[:(lo+hi)/2], ' ') + 1
		end := start + strings.IndexByte(names[start:], ' ') + 1
		switch found := names[start:end]; {
		case found == name:
			return true
		case found[:len(found)-1] < name[:len(name)-1]:
			lo = end
		default:
			hi = start
		}
	}
	return false
}
