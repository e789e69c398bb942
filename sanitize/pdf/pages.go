package pdf

import (
	"fmt"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// page is a leaf of the page tree with what it inherits (ISO 32000-2 7.7.3.4).
type page struct {
	ref       object.Ref
	dict      object.Dict
	inherited object.Dict
}

// inheritable are the page attributes that a node of the page tree may hold for its pages.
var inheritable = [...]object.Name{"CropBox", "MediaBox", "Resources", "Rotate"}

// allPages copies the pages, under one node, and what they lead to.
func (w *walk) allPages(catalog object.Dict) error {
	pages, err := w.collect(catalog)
	if err != nil {
		return err
	}
	if len(pages) == 0 {
		return fmt.Errorf("%w: no pages", sanitize.ErrMalformed)
	}
	if w.root, err = w.number(); err != nil {
		return err
	}
	kids := make(object.Array, len(pages))
	for i, p := range pages {
		to, ok := w.pages[p.ref]
		if !ok {
			if to, err = w.number(); err != nil {
				return err
			}
			w.pages[p.ref] = to
		}
		kids[i] = to
	}
	node := object.Dict{{Key: "Count", Value: int64(len(kids))}, {Key: "Kids", Value: kids}, {Key: "Type", Value: object.Name("Pages")}}
	if err := w.out.Object(w.root, node); err != nil {
		return err
	}
	w.ahead = newAhead(w)
	defer func() { w.ahead.close(); w.ahead = nil }()
	done := map[object.Ref]bool{}
	for i, p := range pages {
		if done[p.ref] {
			continue
		}
		done[p.ref] = true
		w.ahead.look(pages, i)
		w.where = fmt.Sprintf("page %d", i+1)
		if err := w.page(p); err != nil {
			return err
		}
		if err := w.drain(); err != nil {
			return err
		}
	}
	return nil
}

// collect walks the page tree from left to right and returns its leaves. A node that comes twice is taken once.
func (w *walk) collect(catalog object.Dict) ([]page, error) {
	var pages []page
	seen := map[object.Ref]bool{}
	limit := w.pass.Policy.Limits.Pages
	target, ref, err := w.doc.Load(catalog.Get("Pages"))
	if err != nil {
		return nil, err
	}
	root, _ := target.(object.Dict)
	for stack := []page{{ref: ref, dict: root}}; len(stack) > 0; {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		kids, _, err := w.doc.Load(p.dict.Get("Kids"))
		if err != nil {
			return nil, err
		}
		list, isNode := kids.(object.Array)
		if len(p.dict) == 0 {
			continue
		}
		if !isNode || p.dict.Get("Type") == object.Name("Page") {
			if pages = append(pages, p); len(pages) > limit {
				return nil, fmt.Errorf("%w: more than %d pages", sanitize.ErrLimit, limit)
			}
			continue
		}
		if seen[p.ref] {
			w.drop(ruleUnknownObject)
			continue
		}
		seen[p.ref] = true
		if len(stack)+len(list) > 8*limit+1024 { // nodes without pages count too, but nobody has so many
			return nil, fmt.Errorf("%w: page tree too big", sanitize.ErrLimit)
		}
		if stack, err = w.push(stack, p, list); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// push puts the kids of a node on the stack, the first on top.
func (w *walk) push(stack []page, node page, kids object.Array) ([]page, error) {
	below := w.inherit(node)
	for _, kid := range slices.Backward(kids) {
		target, ref, err := w.doc.Load(kid)
		if err != nil {
			return nil, err
		}
		d, ok := target.(object.Dict)
		if !ok {
			w.gap = true
			continue
		}
		if ref == 0 {
			ref = w.doc.Adopt(d)
		}
		stack = append(stack, page{ref, d, below})
	}
	return stack, nil
}

// inherit returns what the kids of a node inherit. A dictionary that stands in the node itself gets a number, so that
// the pages share it still.
func (w *walk) inherit(p page) object.Dict {
	var out []object.Entry
	for _, key := range inheritable {
		v := p.dict.Get(key)
		if v == nil {
			v = p.inherited.Get(key)
		} else if d, ok := v.(object.Dict); ok {
			v = w.doc.Adopt(d)
		}
		if v != nil {
			out = append(out, object.Entry{Key: key, Value: v})
		}
	}
	return out
}

// defaultBox is the page size that readers take when a page has none: US Letter.
var defaultBox = object.Array{int64(0), int64(0), int64(612), int64(792)}

// page copies one page with what it inherits.
func (w *walk) page(p page) error {
	src := append(slices.Clone(p.inherited), p.dict...) // of two the last counts: the page's own
	src = slices.DeleteFunc(src, func(e object.Entry) bool { return e.Key == "Parent" || e.Key == "Type" || e.Key == "Contents" })
	d, err := w.dict(object.NewDict(src), grammar.PageObject)
	if err != nil {
		return err
	}
	if !d.Has("MediaBox") {
		w.repair(ruleRepaired)
		d = append(d, object.Entry{Key: "MediaBox", Value: defaultBox})
	}
	contents, err := w.contents(p.dict.Get("Contents"))
	if err != nil {
		return err
	}
	if contents != nil {
		w.inked++
		d = append(d, object.Entry{Key: "Contents", Value: contents})
	}
	d = append(d, object.Entry{Key: "Parent", Value: w.root}, object.Entry{Key: "Type", Value: object.Name("Page")})
	return w.out.Object(w.pages[p.ref], object.NewDict(d))
}
