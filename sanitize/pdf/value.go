package pdf

import (
	"bytes"
	"math"
	"slices"

	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// value copies one value of a key of an object of type in, or returns nil when it is not one that the key may have.
func (w *walk) value(src object.Object, k *grammar.Key, in grammar.Type) (object.Object, error) {
	v, ref, err := w.doc.Load(src)
	if err != nil {
		return nil, err
	}
	if v == nil {
		if ref != 0 { // what readers take for null may be what was left of an object
			w.drop(ruleMissing)
		}
		return nil, nil
	}
	if (in == grammar.Outline || in == grammar.OutlineItem) && (k.Name == "First" || k.Name == "Next") && !w.claim(ref) {
		w.drop(ruleUnknownObject)
		return nil, nil
	}
	switch v := v.(type) {
	case object.Array:
		return w.arrayValue(v, ref, k)
	case object.Dict:
		return w.dictValue(v, ref, k)
	case *object.Stream:
		return w.streamValue(v, ref, k)
	case object.Name:
		if k.Alt(grammar.Name) != nil {
			return w.name(v, k, in), nil
		}
	default:
		s := scalar(v, k)
		text, isText := s.(object.String)
		switch {
		case s == nil:
		case k.Name == "DA":
			return w.appearanceText(s)
		case isText && isLabel(k.Name):
			return w.label(text, in), nil
		default:
			return s, nil
		}
	}
	w.drop(ruleWrongType)
	return nil, nil
}

// claim reports whether an outline item is reached for the first time: an item has one place in the outline (ISO 32000-2
// 12.3.3), and a second would make a circle.
func (w *walk) claim(ref object.Ref) bool {
	if w.claimed[ref] {
		return false
	}
	w.claimed[ref] = true
	return true
}

// appearanceText copies a default appearance, which is content in a string (ISO 32000-2 12.7.4.3).
func (w *walk) appearanceText(v object.Object) (object.Object, error) {
	text, _ := v.(object.String)
	clean, err := w.cleaned([]byte(text))
	return object.String(bytes.TrimSuffix(clean, []byte("\n"))), err
}

// scalar returns v, or the number that it stands for, when the key may have it.
func scalar(v object.Object, k *grammar.Key) object.Object {
	switch n := v.(type) {
	case bool:
		if k.Alt(grammar.Boolean) != nil {
			return n
		}
	case object.String:
		if k.Alt(grammar.String) != nil {
			return n
		}
	case int64:
		if k.Alt(grammar.Integer) != nil || k.Alt(grammar.Number) != nil {
			return n
		}
	case float64:
		if k.Alt(grammar.Number) != nil {
			return n
		}
		if k.Alt(grammar.Integer) != nil && math.Abs(n) < 1<<53 {
			return int64(math.Round(n))
		}
	}
	return nil
}

// arrayValue copies an array: a rectangle, a matrix, or one of the types that the key links to.
func (w *walk) arrayValue(v object.Array, ref object.Ref, k *grammar.Key) (object.Object, error) {
	if alt := k.Alt(grammar.Array); alt != nil {
		typ, ok, err := w.resolveArray(alt.Links, v, 0)
		if err != nil {
			return nil, err
		}
		if ok {
			return w.accept(typ, v, ref)
		}
	}
	if k.Alt(grammar.Rectangle) != nil {
		return w.numbers(v, 4)
	}
	if k.Alt(grammar.Matrix) != nil {
		return w.numbers(v, 6)
	}
	w.drop(ruleWrongType)
	return nil, nil
}

// numbers copies an array of exactly n numbers.
func (w *walk) numbers(v object.Array, n int) (object.Object, error) {
	out := make(object.Array, 0, n)
	for _, o := range v {
		target, _, err := w.doc.Load(o)
		if err != nil {
			return nil, err
		}
		if _, ok := object.Number(target); ok && len(out) < n {
			out = append(out, target)
		}
	}
	if len(out) != n {
		w.drop(ruleWrongType)
		return nil, nil
	}
	return out, nil
}

func (w *walk) dictValue(v object.Dict, ref object.Ref, k *grammar.Key) (object.Object, error) {
	for _, kind := range []grammar.Kind{grammar.NameTree, grammar.NumberTree} {
		if alt := k.Alt(kind); alt != nil {
			return w.tree(v, ref, kind, alt)
		}
	}
	alt := k.Alt(grammar.Dictionary)
	if alt == nil {
		w.drop(ruleWrongType)
		return nil, nil
	}
	typ, ok, err := w.resolve(alt.Links, v.Get)
	if err != nil {
		return nil, err
	}
	if !ok {
		w.drop(ruleUnknownObject)
		return nil, nil
	}
	if typ == grammar.FieldOrWidget {
		signed, err := w.isSignature(v)
		if err != nil {
			return nil, err
		}
		if signed {
			return w.signature(v, ref, alt.Links)
		}
	}
	return w.accept(typ, v, ref)
}

func (w *walk) streamValue(v *object.Stream, ref object.Ref, k *grammar.Key) (object.Object, error) {
	alt := k.Alt(grammar.Stream)
	if alt == nil {
		w.drop(ruleWrongType)
		return nil, nil
	}
	typ, ok, err := w.resolve(alt.Links, v.Dict.Get)
	if err != nil {
		return nil, err
	}
	if !ok && !v.Dict.Has("Subtype") && slices.Contains(alt.Links, grammar.XObjectFormType1) {
		typ, ok = grammar.XObjectFormType1, true // appearances often do not say that they are forms
	}
	if !ok {
		w.drop(ruleUnknownObject)
		return nil, nil
	}
	return w.accept(typ, v, ref)
}

// accept copies an object whose type has been found out, or drops it when policy says so. One that has a number is
// referred to; one that has none is copied on the spot.
func (w *walk) accept(typ grammar.Type, v object.Object, ref object.Ref) (object.Object, error) {
	rule := grammar.Of(typ).Drop
	if rule == "" {
		var err error
		if rule, err = w.forbidden(typ, v); err != nil {
			return nil, err
		}
	}
	if rule == ruleEmbeddedFile {
		return nil, w.dropFiles(v)
	}
	if rule != "" {
		w.drop(rule)
		return nil, nil
	}
	switch typ {
	case grammar.PageObject:
		if to, ok := w.pages[ref]; ok && ref != 0 {
			return to, nil
		}
		w.drop(ruleUnknownObject) // a page that is on no page tree
		return nil, nil
	case grammar.PageTreeNode, grammar.PageTreeNodeRoot:
		return w.root, nil
	case grammar.AnnotFileAttachment: // without its file it is a button for nothing
		if file, err := w.attachment(v.(object.Dict).Get("FS")); err != nil || file == nil {
			return nil, err
		}
	case grammar.Outline:
		w.claimed[ref] = true
	case grammar.OutlineItem: // what the items of the first level have above them is the outline itself
		if to, ok := w.seen[role{ref, grammar.Outline}]; ok {
			return to, nil
		}
	case grammar.ICCBasedColorSpace:
		device, ok, err := w.profiled(v.(object.Array))
		if err != nil || !ok || device != nil {
			return device, err
		}
	}
	if s, ok := v.(*object.Stream); ok {
		return w.acceptStream(typ, s, ref)
	}
	if ref != 0 {
		return w.refer(ref, typ)
	}
	switch v := v.(type) {
	case object.Dict:
		return w.dict(v, typ)
	case object.Array:
		return w.array(v, typ)
	}
	return nil, nil
}

// acceptStream refers to a stream, unless it has a grammar of its own and does not hold to it. A stream always has a
// number.
func (w *walk) acceptStream(typ grammar.Type, s *object.Stream, ref object.Ref) (object.Object, error) {
	if ref == 0 {
		ref = w.doc.Adopt(s)
	}
	p, err := w.prepare(typ, s, ref)
	if err != nil {
		return nil, err
	}
	if p != nil && p.rule != "" {
		w.drop(p.rule)
		return nil, nil
	}
	return w.refer(ref, typ)
}
