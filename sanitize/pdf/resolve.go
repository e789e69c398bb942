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
		s, err := w.speaksFor(grammar.Of(t), get)
		if err != nil {
			return 0, false, err
		}
		if s > score {
			best, score = t, s
		}
	}
	return best, score >= 0, nil
}

// speaksFor counts the keys whose value is one that type o has, or returns -1 when one says that it is another type.
// A wrong /Type alone decides nothing: readers do not look at it. Nor does a value that is none of the plain ones where
// the key may have such too.
func (w *walk) speaksFor(o *grammar.Object, get func(object.Name) object.Object) (int, error) {
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
		switch text := plain(v); {
		case len(k.Values) == 0 && v == nil:
			return -1, nil
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
