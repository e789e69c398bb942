// Package grammar knows the Office Open XML format: which parts a package has, which elements a part, and which
// attributes and children an element, and what of that this project keeps.
//
// The tables are data, written by the program in gen from the facts of the Open XML SDK and from a policy; they are
// static arrays, so that a process that links them pays nothing at its start. An element that stands for several types
// has the attributes and children of all of them.
package grammar

//go:generate go run ./gen -facts ${OOXML_FACTS} -o tables.go

import (
	"slices"

	"sekisho/sanitize/internal/vocab"
	"sekisho/sanitize/internal/xmltext"
)

// Space is the number of a namespace. 0 is none.
type Space = xmltext.Space

// Element is the number of an element. 0 is one that the grammar does not know.
type Element uint16

// Attr is the number of an attribute. 0 is one that the grammar does not know.
type Attr uint16

// Part is the number of a kind of part. 0 is none.
type Part uint8

// Action is what policy says about an element, as bits.
type Action uint8

// The actions.
const (
	Drop     Action = 1 << iota // gone with all that it holds
	Unwrap                      // gone, what it holds stays
	NeedsRel                    // gone when a relationship that it names is
	NotEmpty                    // gone when all that it held is
	Handle                      // has code of its own
	HasText                     // text may stand in it
)

type spaceRow struct {
	uri    string
	number uint8
	rule   uint8
	strict bool
}

// SpaceInfo is what the grammar knows of a namespace.
type SpaceInfo struct {
	Number Space
	Rule   string // why it is not kept, or ""
	Strict bool   // its name is the one of ISO/IEC 29500 Strict
}

// LookupSpace returns what is known of the namespace called uri.
func LookupSpace(uri []byte) (SpaceInfo, bool) {
	i, ok := slices.BinarySearchFunc(spaces[:], uri, func(r spaceRow, uri []byte) int { return vocab.Compare(r.uri, uri) })
	if !ok {
		return SpaceInfo{}, false
	}
	r := &spaces[i]
	return SpaceInfo{Space(r.number), rules[r.rule], r.strict}, true
}

// ElementNamed returns the element with the name of a start tag.
func ElementNamed(name *xmltext.Name) Element {
	return Element(elementTable.FindNamed(name, name.Space))
}

// AttrNamed returns the attribute with this name.
func AttrNamed(name *xmltext.Name) Attr {
	space := name.Space
	if space == xmltext.XML {
		space = NsXml
	}
	return Attr(attrTable.FindNamed(name, space))
}

// Local returns the name of e without a prefix.
func (e Element) Local() string {
	return elementTable.Local(uint16(e))
}

// Space returns the namespace of e.
func (e Element) Space() Space { return elementTable.Space(uint16(e)) }

// Action returns what policy says about e.
func (e Element) Action() Action { return Action(elementActions[e-1]) }

// Rule returns why e is dropped or unwrapped, or "".
func (e Element) Rule() string { return rules[elementRules[e-1]] }

// Allows reports whether e may have the attribute a.
func (e Element) Allows(a Attr) bool {
	return vocab.Contains(lists[:], elementAttrs[e-1], uint16(a)) || slices.Contains(globalAttrs[:], uint16(a))
}

// Holds reports whether child may stand in e.
func (e Element) Holds(child Element) bool {
	return vocab.Contains(lists[:], elementChildren[e-1], uint16(child))
}

// IsLeaf reports whether no element may stand in e but one that policy drops.
func (e Element) IsLeaf() bool {
	at := int(elementChildren[e-1])
	for _, child := range lists[at+1:][:lists[at]] {
		if Element(child).Action()&Drop == 0 {
			return false
		}
	}
	return true
}

// Rule returns why a is dropped wherever it stands, or "".
func (a Attr) Rule() string { return rules[attrRules[a-1]] }

// Checked reports whether the value of a is to be looked at.
func (a Attr) Checked() bool { return attrChecks[a-1] != 0 }

type partRow struct {
	name, relation, contentType, file string
	root                              Element
	children                          string // the numbers of parts
}

// Name returns the name of the kind, as the format's documentation has it.
func (p Part) Name() string { return parts[p-1].name }

// ContentType returns the content type of p, or "" when the kind has several.
func (p Part) ContentType() string { return parts[p-1].contentType }

// Relation returns the type of the relationships that lead to p.
func (p Part) Relation() string { return parts[p-1].relation }

// File returns the pattern of the name that p gets, or "" when p is not kept: "@" is the folder of the main part, "#" a number.
func (p Part) File() string { return parts[p-1].file }

// Root returns the element that p begins with, or 0 when p is no XML.
func (p Part) Root() Element { return parts[p-1].root }

// Child returns the kind of part that a relationship of this type leads to from p, or 0.
func (p Part) Child(relation string) Part {
	for _, c := range []byte(parts[p-1].children) {
		if parts[c-1].relation == relation {
			return Part(c)
		}
	}
	return 0
}

// Rules returns all rules that the tables name.
func Rules() []string { return rules[1:] }

// SpaceRule returns why the namespace with this number is not kept, or "".
func SpaceRule(space Space) string {
	if space <= 0 || int(space) > len(spaceRules) {
		return ""
	}
	return rules[spaceRules[space-1]]
}
