// Package source gives the objects of a PDF by number, from whichever reader could make sense of the file.
//
// Open is the ordinary way: a reader that takes nothing but files which are as they should be, and for all others pdfcpu,
// which also decrypts. Repair is for
// files whose table is missing or wrong: it looks at every byte for objects, as readers do for a damaged file.
package source

import (
	"errors"
	"fmt"
	"time"

	"sekisho/sanitize/pdf/internal/object"
)

// Limits bounds what reading may use.
type Limits struct {
	Objects int           // objects in the file
	Nesting int           // arrays and dictionaries in one another
	Bytes   int64         // what an object stream may unpack to
	Time    time.Duration // that the ordinary reader may take
}

// ErrPassword says that the file needs a password that was not given.
var ErrPassword = errors.New("password needed")

// ErrLimit says that a limit was reached.
var ErrLimit = errors.New("limit reached")

// Document is an open PDF.
type Document struct {
	Root      object.Ref
	Info      object.Object // the information dictionary or a reference to it, or nil
	Encrypted bool          // it was; what Load gives is not
	Repaired  bool          // the cross-reference table was of no use
	Damaged   bool          // an object is not where the cross-reference table says, or a stream not as long as it says
	Lost      bool          // an object could not be read, or not all of it

	pages []object.Ref // all that call themselves pages, when the file was scanned for objects
	load  func(object.Ref) (object.Object, error)
	cache map[object.Ref]object.Object
	next  object.Ref // a number that the file does not use
}

// maxChain bounds references to references, which ISO 32000-2 7.3.10 does not allow and some files have.
const maxChain = 8

// Load returns the object that o is or refers to, through any references; what is not there is nil, null.
// ref is the last reference that was followed, or 0 when o was none.
func (d *Document) Load(o object.Object) (target object.Object, ref object.Ref, err error) {
	for range maxChain {
		r, ok := o.(object.Ref)
		if !ok {
			return o, ref, nil
		}
		ref = r
		if o, err = d.get(r); err != nil {
			return nil, ref, err
		}
	}
	return nil, ref, nil
}

func (d *Document) get(r object.Ref) (object.Object, error) {
	if o, ok := d.cache[r]; ok {
		return o, nil
	}
	o, err := d.load(r)
	if errors.Is(err, ErrLimit) {
		return nil, fmt.Errorf("cannot read object %d: %w", r, err)
	}
	if err != nil { // a broken object is null to a reader
		o, d.Lost = nil, true
	}
	d.cache[r] = o
	return o, nil
}

// Adopt gives o a number, so that it can be referred to like an object of the file.
func (d *Document) Adopt(o object.Object) object.Ref {
	r := d.next
	d.next++
	d.cache[r] = o
	return r
}

// Replace puts o in the place of the object with a number.
func (d *Document) Replace(r object.Ref, o object.Object) { d.cache[r] = o }

// Salvage makes a catalog for all pages that a scan found, in the order of their numbers, whatever the file's own
// catalog leads to.
func (d *Document) Salvage() {
	if len(d.pages) == 0 {
		return
	}
	kids := make(object.Array, len(d.pages))
	for i, ref := range d.pages {
		kids[i] = ref
	}
	tree := d.Adopt(object.Dict{{Key: "Kids", Value: kids}, {Key: "Type", Value: object.Name("Pages")}})
	d.Root = d.Adopt(object.Dict{{Key: "Pages", Value: tree}, {Key: "Type", Value: object.Name("Catalog")}})
}
