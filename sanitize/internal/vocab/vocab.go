// Package vocab finds the names of a grammar of XML: elements and attributes with their namespaces, and the lists of which
// an element may have. Its data are static arrays that package tables writes as Go source, so that a process that links a
// grammar pays nothing at its start.
package vocab

import (
	"slices"

	"sekisho/sanitize/internal/xmltext"
)

// Table finds the number of a name, from 1: open addressing over static arrays.
type Table struct {
	Text    string   // all local names, one after the other
	Offsets []uint16 // where each begins, and where the last one ends
	Spaces  []uint8  // namespaces
	Index   []uint16 // numbers of names by hash; 0 is none
}

// Hash returns the hash by which a name stands in the index of a table.
func Hash(space xmltext.Space, local []byte) uint32 {
	h := uint32(2166136261) ^ uint32(space)*0x9e3779b1
	for _, c := range local {
		h = (h ^ uint32(c)) * 16777619
	}
	return h ^ h>>15
}

// Find returns the number of a name, or 0.
func (t *Table) Find(space xmltext.Space, local []byte) uint16 {
	mask := uint32(len(t.Index) - 1)
	for slot := Hash(space, local) & mask; ; slot = (slot + 1) & mask {
		i := t.Index[slot]
		if i == 0 {
			return 0
		}
		if xmltext.Space(t.Spaces[i-1]) == space && t.Local(i) == string(local) {
			return i
		}
	}
}

// FindNamed is Find for the name of a tag or an attribute, which is in this space: 0 for one that has no number. What it
// found is kept with the name.
func (t *Table) FindNamed(name *xmltext.Name, space xmltext.Space) uint16 {
	if space < 0 {
		return 0
	}
	note := name.Note()
	if note == 0 {
		note = 1 + t.Find(space, name.Local)
		name.Remember(note)
	}
	return note - 1
}

// Local returns the name with this number, without its namespace.
func (t *Table) Local(i uint16) string { return t.Text[t.Offsets[i-1]:t.Offsets[i]] }

// Space returns the namespace of the name with this number.
func (t *Table) Space(i uint16) xmltext.Space { return xmltext.Space(t.Spaces[i-1]) }

// Contains looks for v in the sorted list whose length stands at lists[at]; the list follows.
func Contains(lists []uint16, at, v uint16) bool {
	list := lists[int(at)+1:][:lists[at]]
	if len(list) > 8 {
		_, ok := slices.BinarySearch(list, v)
		return ok
	}
	return slices.Contains(list, v)
}

// Compare is strings.Compare of a string with bytes.
func Compare(a string, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return len(a) - len(b)
}
