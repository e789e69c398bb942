package pdf

import (
	"slices"

	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// maxParents bounds how far up the field type of a field is looked for.
const maxParents = 32

// isSignature reports whether a field or widget is one for a signature. The type may stand in a field above it
// (ISO 32000-2 12.7.4.1).
func (w *walk) isSignature(d object.Dict) (bool, error) {
	for range maxParents {
		v, _, err := w.doc.Load(d.Get("FT"))
		if err != nil || v != nil {
			return v == object.Name("Sig"), err
		}
		above, _, err := w.doc.Load(d.Get("Parent"))
		if err != nil {
			return false, err
		}
		if d, _ = above.(object.Dict); d == nil {
			return false, nil
		}
	}
	return false, nil
}

// signature deals with a field for a signature. A signature cannot outlive a rebuild, and an empty field would ask for
// one, so no field stays; but where an annotation shows what was signed, a stamp shows it still: not every reader draws
// a widget that is no field.
func (w *walk) signature(d object.Dict, ref object.Ref, links []grammar.Type) (object.Object, error) {
	if !slices.Contains(links, grammar.AnnotStamp) || !d.Has("AP") {
		w.drop(ruleSignature)
		return nil, nil
	}
	stamp, ok := w.stamps[ref]
	if !ok || ref == 0 {
		stamp = w.doc.Adopt(asStamp(d))
		w.stamps[ref] = stamp
	}
	w.replace(ruleSignature)
	target, _, err := w.doc.Load(stamp)
	if err != nil {
		return nil, err
	}
	return w.accept(grammar.AnnotStamp, target, stamp)
}

// asStamp returns what of a widget makes a stamp: where it is and what it looks like.
func asStamp(d object.Dict) object.Dict {
	out := object.Dict{{Key: "Subtype", Value: object.Name("Stamp")}}
	for _, e := range d {
		switch e.Key {
		case "AP", "AS", "F", "M", "NM", "OC", "P", "Rect", "StructParent", "Type":
			out = append(out, e)
		}
	}
	return object.NewDict(out)
}
