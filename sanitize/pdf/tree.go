package pdf

import (
	"fmt"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// leaf is one pair of a name tree or number tree.
type leaf struct {
	key   object.Object // object.String or int64
	value object.Object
}

// tree copies a name tree or number tree (ISO 32000-2 7.9.6, 7.9.7) as one node with all pairs in order. It is referred
// to, since it can be long.
func (w *walk) tree(src object.Dict, ref object.Ref, kind grammar.Kind, alt *grammar.Alt) (object.Object, error) {
	leaves, err := w.leaves(src, ref, kind)
	if err != nil {
		return nil, err
	}
	// In a tree any value may be what the links say, or a plain one where the links are empty.
	k := &grammar.Key{Name: "*", Alts: []grammar.Alt{
		{Kind: grammar.Dictionary, Links: alt.Links}, {Kind: grammar.Array, Links: alt.Links}, {Kind: grammar.Stream, Links: alt.Links},
	}}
	pairs := make(object.Array, 0, 2*len(leaves))
	for _, l := range leaves {
		v, err := w.value(l.value, k, grammar.FileTrailer)
		if err != nil {
			return nil, err
		}
		if v != nil {
			pairs = append(pairs, l.key, v)
		}
	}
	if len(pairs) == 0 {
		return nil, nil
	}
	to, err := w.number()
	if err != nil {
		return nil, err
	}
	key := object.Name("Nums")
	if kind == grammar.NameTree {
		key = "Names"
	}
	return to, w.out.Object(to, object.Dict{{Key: key, Value: pairs}})
}

// leaves collects the pairs of a tree, sorted, the first of those with the same key.
func (w *walk) leaves(src object.Dict, ref object.Ref, kind grammar.Kind) ([]leaf, error) {
	var found []leaf
	seen := map[object.Ref]bool{ref: true}
	for nodes := []object.Dict{src}; len(nodes) > 0; {
		node := nodes[len(nodes)-1]
		nodes = nodes[:len(nodes)-1]
		pairs, err := w.pairs(node, kind)
		if err != nil {
			return nil, err
		}
		found = append(found, pairs...)
		if len(found) > w.pass.Policy.Limits.Objects {
			return nil, fmt.Errorf("%w: a tree with more than %d entries", sanitize.ErrLimit, w.pass.Policy.Limits.Objects)
		}
		kids, _, err := w.doc.Load(node.Get("Kids"))
		if err != nil {
			return nil, err
		}
		list, _ := kids.(object.Array)
		for _, kid := range slices.Backward(list) {
			target, r, err := w.doc.Load(kid)
			if err != nil {
				return nil, err
			}
			if d, ok := target.(object.Dict); ok && r != 0 && !seen[r] {
				seen[r] = true
				nodes = append(nodes, d)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b leaf) int { return compareKeys(a.key, b.key) })
	return slices.CompactFunc(found, func(a, b leaf) bool { return a.key == b.key }), nil
}

// pairs reads the pairs of one node.
func (w *walk) pairs(node object.Dict, kind grammar.Kind) ([]leaf, error) {
	key := object.Name("Nums")
	if kind == grammar.NameTree {
		key = "Names"
	}
	target, _, err := w.doc.Load(node.Get(key))
	if err != nil {
		return nil, err
	}
	list, _ := target.(object.Array)
	var out []leaf
	for i := 0; i+1 < len(list); i += 2 {
		k, _, err := w.doc.Load(list[i])
		if err != nil {
			return nil, err
		}
		switch k.(type) {
		case object.String:
			if kind == grammar.NameTree {
				out = append(out, leaf{k, list[i+1]})
			}
		case int64:
			if kind == grammar.NumberTree {
				out = append(out, leaf{k, list[i+1]})
			}
		}
	}
	return out, nil
}

func compareKeys(a, b object.Object) int {
	switch a := a.(type) {
	case object.String:
		b := b.(object.String)
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	case int64:
		return int(min(1, max(-1, a-b.(int64))))
	}
	return 0
}
