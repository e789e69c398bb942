package pdf

import (
	"slices"
	"strconv"

	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// elements returns a look-up by index, "0", "1" and so on, as the grammar names the elements of an array.
func elements(a object.Array) func(object.Name) object.Object {
	return func(key object.Name) object.Object {
		i, err := strconv.Atoi(string(key))
		if err != nil || i >= len(a) {
			return nil
		}
		return a[i]
	}
}

// resolve finds out which of the types an object is, by the values of the keys that tell types apart: Type, Subtype,
// S, FunctionType and their like. The type that most of them speak for is taken, the first of equals.
func (w *walk) resolve(types []grammar.Type, get func(object.Name) object.Object) (grammar.Type, bool, error) {
	best, score := grammar.Type(0), -1
	for _, t := range types {
		s, err := w.speaksFor(grammar.Of(t), get, 0)
		if err != nil {
			return 0, false, err
		}
		if s > score {
			best, score = t, s
		}
	}
	return best, score >= 0, nil
}

// looked is how many elements of an array are looked at to find out its type.
const looked = 16

// nestedTypes is how far the types of arrays in arrays are found out: colour spaces stand in colour spaces (ISO 32000-2
// 8.6.6), at most a pattern on a palette on inks on a profile.
const nestedTypes = 4

// resolveArray finds out which of the types an array is. Where no element tells, it is the type that the kinds of the
// elements fit best: a list of numbers, or of arrays of them. depth is the number of arrays that a is in.
func (w *walk) resolveArray(types []grammar.Type, a object.Array, depth int) (grammar.Type, bool, error) {
	if depth > nestedTypes {
		return 0, false, nil
	}
	get := elements(a)
	best, score := grammar.Type(0), -1
	for _, t := range types {
		s, err := w.speaksFor(grammar.Of(t), get, depth)
		if err != nil {
			return 0, false, err
		}
		if s < 0 {
			continue
		}
		s *= looked + 1 // what tells outweighs all that fits
		for i, o := range a[:min(len(a), looked)] {
			v, _, err := w.doc.Load(o)
			if err != nil {
				return 0, false, err
			}
			if k := grammar.Of(t).Index(i); k != nil && fits(k, v) {
				s++
			}
		}
		if s > score {
			best, score = t, s
		}
	}
	return best, score >= 0, nil
}

// fits reports whether the key may have a value of the kind of v.
func fits(k *grammar.Key, v object.Object) bool {
	switch v.(type) {
	case object.Name:
		return k.Alt(grammar.Name) != nil
	case object.Array:
		return k.Alt(grammar.Array) != nil || k.Alt(grammar.Rectangle) != nil || k.Alt(grammar.Matrix) != nil
	case object.Dict:
		return k.Alt(grammar.Dictionary) != nil
	case *object.Stream:
		return k.Alt(grammar.Stream) != nil
	}
	return v == nil || scalar(v, k) != nil
}

// speaksFor counts the keys whose value is one that type o has, or returns -1 when one says that it is another type.
// A wrong /Type alone decides nothing: readers do not look at it. Nor does a value that is none of the plain ones where
// the key may have such too, unless it is one that cannot be copied and o is nothing without it.
func (w *walk) speaksFor(o *grammar.Object, get func(object.Name) object.Object, depth int) (int, error) {
	score := 2
	for i := range o.Keys {
		k := &o.Keys[i]
		if len(k.Values) == 0 && !k.Must {
			continue
		}
		v, _, err := w.doc.Load(get(object.Name(k.Name)))
		if err != nil {
			return -1, err
		}
		if k.Must && k.Name != "Type" {
			if ok, err := w.copyable(v, k, depth); !ok || err != nil {
				return -1, err
			}
		}
		switch text := plain(v); {
		case len(k.Values) == 0:
		case text == "" && (k.Name == "Type" || v != nil && len(k.Alts) > 1):
		case text == "" && k.Must:
			return -1, nil
		case text == "":
		case slices.Contains(k.Values, text):
			score += 2
		case k.Name == "Type":
			score--
		default:
			return -1, nil
		}
	}
	return max(score, 0), nil
}

// copyable reports whether the key may have the value: its kind is one of the key's, and an array is one of the key's types.
func (w *walk) copyable(v object.Object, k *grammar.Key, depth int) (bool, error) {
	if len(k.Alts) == 0 { // a key that tells types apart and is not copied
		return plain(v) != "" || len(k.Values) == 0 && v != nil, nil
	}
	if v == nil || !fits(k, v) {
		return false, nil
	}
	alt := k.Alt(grammar.Array)
	array, ok := v.(object.Array)
	if !ok || alt == nil || len(alt.Links) == 0 {
		return true, nil
	}
	_, ok, err := w.resolveArray(alt.Links, array, depth+1)
	return ok, err
}

// plain returns a name, an integer or a truth value as the grammar spells it.
func plain(v object.Object) string {
	switch v := v.(type) {
	case object.Name:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
