// Package grammar knows the OpenDocument format: which elements there are, which attributes and children each may have,
// and what of that this project keeps.
//
// The tables are data, written by the program in gen from the facts of the OASIS OpenDocument 1.3 schema, a supplement
// and a policy; they are static arrays, so that a process that links them pays nothing at its start.
package grammar

//go:generate go run ./gen -facts ${ODF_FACTS} -o tables.go

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

// Action is what policy says about an element, as bits.
type Action uint8

// The actions.
const (
	Drop     Action = 1 << iota // gone with all that it holds
	Unwrap                      // gone, what it holds stays
	NotEmpty                    // gone when all that it held is
	Handle                      // has code of its own
	HasText                     // text may stand in it
)

// Check is what the value of an attribute must be, for the attribute to stay.
type Check uint8

// The checks.
const (
	Any       Check = iota
	Address         // cells of the same document
	Class           // a word in a namespace: chart:bar
	Condition       // a condition on a value or a cell
	Formula         // an OpenFormula expression
	Reference       // a URI or a path in the package: code decides
	Web             // a URI for the reader
	Fields          // an expression of a text document
)

type spaceRow struct {
	uri    string
	number uint8
}

// LookupSpace returns the number of the namespace called uri, or 0.
func LookupSpace(uri []byte) Space {
	i, ok := slices.BinarySearchFunc(spaces[:], uri, func(r spaceRow, uri []byte) int { return vocab.Compare(r.uri, uri) })
	if !ok {
		return 0
	}
	return Space(spaces[i].number)
}

// Prefix returns the usual prefix of a namespace that the grammar knows, which every output uses.
func Prefix(s Space) string { return prefixes[s-1].name }

// URI returns the name of a namespace that the grammar knows.
func URI(s Space) string { return prefixes[s-1].uri }

// SpaceRule returns why the namespace with this number is not kept, or "".
func SpaceRule(s Space) string {
	if s <= 0 || int(s) > len(prefixes) {
		return ""
	}
	return rules[prefixes[s-1].rule]
}

type prefixRow struct {
	name, uri string
	rule      uint8
}

// Spaces returns the numbers of all namespaces that an output may use.
func Spaces() []Space {
	var all []Space
	for i := range prefixes {
		if prefixes[i].rule == 0 {
			all = append(all, Space(i+1))
		}
	}
	return all
}

// ElementNamed returns the element with the name of a start tag.
func ElementNamed(name *xmltext.Name) Element {
	return Element(elementTable.FindNamed(name, name.Space))
}

// AttrNamed returns the attribute with this name. Attributes of the xml namespace are known under xmltext.XML.
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

// Rule returns why a is dropped wherever it stands, or "".
func (a Attr) Rule() string { return rules[attrRules[a-1]] }

// Check returns what the value of a must be.
func (a Attr) Check() Check { return Check(attrChecks[a-1]) }

// Rules returns all rules that the tables name.
func Rules() []string { return rules[1:] }
