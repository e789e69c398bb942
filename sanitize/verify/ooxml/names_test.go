package ooxml

import (
	"strings"
	"testing"
)

// TestSorted looks every name of the vocabulary up, and for each one that is not there.
func TestSorted(t *testing.T) {
	count := 0
	for _, spaces := range [][]space{vocabulary[:], attributes[:]} {
		for _, s := range spaces {
			for name := range strings.FieldsSeq(s.names) {
				count++
				if !sorted(s.names, " "+name+" ") {
					t.Errorf("%q of %q is not found", name, s.uri)
				}
				for _, other := range []string{name + "-", "-" + name, name[:len(name)-1]} {
					if want := strings.Contains(s.names, " "+other+" "); sorted(s.names, " "+other+" ") != want {
						t.Errorf("%q of %q: found is not %v", other, s.uri, want)
					}
				}
			}
		}
	}
	if count < 3000 {
		t.Errorf("only %d names", count)
	}
}

func TestRelation(t *testing.T) {
	for typ, want := range map[string]string{
		relOffice + "image": "R/image", relStrict + "image": "R/image", relStrict + "extendedProperties": "R/extended-properties",
		relPackage + "core-properties": "P/core-properties", relStrict + "metadata/core-properties": "P/core-properties",
		"http://schemas.openxmlformats.org/officedocument/2006/relationships/metadata/core-properties": "P/core-properties",
		"http://schemas.openxmlformats.org/officedocument/2006/relationships/image":                    "", "urn:x": "", "": "",
	} {
		if got := relation(typ); got != want {
			t.Errorf("%s: %q, want %q", typ, got, want)
		}
	}
}
