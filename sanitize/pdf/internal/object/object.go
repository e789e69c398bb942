// Package object holds PDF objects in memory (ISO 32000-2 7.3), reads them from bytes and writes them in one canonical
// spelling: the same object always gives the same bytes, and reading those bytes gives the object back.
//
// Reading is strict about ends: it never looks past the slice that it was given, and never nests deeper than it was told.
package object

import (
	"cmp"
	"slices"
)

// Object is nil (null), bool, int64, float64, Name, String, Array, Dict, *Stream, Ref or, from Parser only, Keyword.
type Object any

// Name is a name without its slash, escapes undone.
type Name string

// String holds the bytes of a string, escapes undone.
type String string

// Array is an array object.
type Array []Object

// Entry is one key with its value.
type Entry struct {
	Key   Name
	Value Object
}

// Dict is a dictionary, sorted by key, each key once.
type Dict []Entry

// Ref refers to an indirect object by its number. Generations play no part: one number is one object.
type Ref int

// Stream is a dictionary with its bytes, still under the filters that the dictionary names, already decrypted.
type Stream struct {
	Dict Dict
	Raw  []byte
}

// Keyword is a word that is no object: obj, endobj, stream, R, true and so on have been dealt with before.
type Keyword string

// Get returns the value of key, or nil.
func (d Dict) Get(key Name) Object {
	i, ok := slices.BinarySearchFunc(d, key, func(e Entry, k Name) int { return cmp.Compare(e.Key, k) })
	if !ok {
		return nil
	}
	return d[i].Value
}

// Has reports whether key is there.
func (d Dict) Has(key Name) bool { return d.Get(key) != nil }

// NewDict sorts entries in place and drops all but the last of those with the same key, as most readers do.
func NewDict(entries []Entry) Dict {
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })
	out := entries[:0]
	for i, e := range entries {
		if i+1 < len(entries) && entries[i+1].Key == e.Key {
			continue
		}
		out = append(out, e)
	}
	return Dict(out)
}

// Number returns the value of o when it is a number.
func Number(o Object) (float64, bool) {
	switch n := o.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
