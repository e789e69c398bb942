// Package grammar is the table of PDF object types that Sekisho knows: for each type its keys, for each key the types
// of value it may have and the object types that value may be (ISO 32000-2, by way of the Arlington PDF model), with
// our policy laid over it: which types and keys are never copied, and the finding that tells so.
//
// The table holds only what can be reached from the trailer without passing something that policy drops. What is not
// in the table does not get into an output.
package grammar

import "strings"

//go:generate go run ../gen -arlington ${ARLINGTON} -policy policy.tsv -extra extra -out table.go

// Type is the number of an object type: a dictionary, stream or array of a known role.
type Type uint16

// Kind is a type of value, as the Arlington model names them (ISO 32000-2 7.3, 7.9).
type Kind uint8

// The kinds of value.
const (
	Null Kind = iota
	Boolean
	Integer // bit masks too
	Number
	Name
	String // of any flavour: text, ASCII, bytes, date
	Rectangle
	Matrix
	Array
	Dictionary
	Stream
	NameTree
	NumberTree
)

// Object is one object type.
type Object struct {
	Name string // as in the Arlington model: "PageObject"
	Drop string // rule under which an object of this type is dropped, or "" when it is copied
	Keys []Key  // sorted by name, but for arrays: there in order of index
}

// Key is one key of a dictionary or stream, or one index of an array.
type Key struct {
	Name   string   // "*" matches any; in an array "0", "1", or "2*" for those that repeat from there on
	Drop   string   // rule under which it is dropped; "-" drops it without a word: it only described the old file
	Alts   []Alt    // what the value may be; empty when Drop is set
	Values []string // for keys that tell object types apart: the values that make an object this type
	Must   bool     // the key must be there for an object to be this type
}

// Alt is one kind of value that a key may have.
type Alt struct {
	Kind  Kind
	Links []Type // object types, for Array, Dictionary, Stream, NameTree and NumberTree
}

// Of returns the description of t.
func Of(t Type) *Object { return &table[t] }

// Key returns the description of the dictionary key called name, or nil when the type has no such key.
func (o *Object) Key(name string) *Key {
	lo, hi := 0, len(o.Keys)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if o.Keys[m].Name < name {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(o.Keys) && o.Keys[lo].Name == name {
		return &o.Keys[lo]
	}
	if len(o.Keys) > 0 && o.Keys[0].Name == "*" {
		return &o.Keys[0]
	}
	return nil
}

// Index returns the description of element i of an array of this type, or nil when it has none.
func (o *Object) Index(i int) *Key {
	repeat := -1
	for k := range o.Keys {
		if repeat < 0 && strings.HasSuffix(o.Keys[k].Name, "*") {
			repeat = k
		}
	}
	if repeat < 0 {
		if i < len(o.Keys) {
			return &o.Keys[i]
		}
		return nil
	}
	if i < repeat {
		return &o.Keys[i]
	}
	return &o.Keys[repeat+(i-repeat)%(len(o.Keys)-repeat)]
}

// Alt returns the alternative of kind k, or nil when the value may not be of that kind.
func (k *Key) Alt(kind Kind) *Alt {
	for i := range k.Alts {
		if k.Alts[i].Kind == kind {
			return &k.Alts[i]
		}
	}
	return nil
}

// Each calls f for every object type.
func Each(f func(*Object)) {
	for i := range table {
		f(&table[i])
	}
}
