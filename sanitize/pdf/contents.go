package pdf

import (
	"bytes"

	"sekisho/sanitize/pdf/internal/content"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// lose counts what the cleaner of content streams left out.
func (w *walk) lose(what content.Lost) { w.lost[what]++ }

// tell makes findings of what was counted.
func (w *walk) tell() {
	rules := [...]string{content.LostOperator: ruleOperator, content.LostProperty: rulePrivateKey, content.LostImage: ruleInlineImage, content.LostDraw: ruleRecursion}
	for what, rule := range rules {
		for range w.lost[what] {
			w.drop(rule)
		}
	}
	clear(w.lost[:])
}

// part is one of the streams of a page's content.
type part struct {
	role   role
	src    *object.Stream
	clean  []byte // nil when it has been written before
	packed []byte // the same under FlateDecode, or nil
}

// contents copies the content of a page, one stream or several that are read as one (ISO 32000-2 7.8.2). Several stay
// several, since pages share them, unless one ends in the middle of an operation.
func (w *walk) contents(src object.Object) (object.Object, error) {
	parts, err := w.parts(src)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	whole := true
	for i := range parts {
		p := &parts[i]
		if _, done := w.seen[p.role]; done {
			continue
		}
		complete, err := w.cleanPart(p)
		if err != nil {
			return nil, err
		}
		whole = whole && complete
	}
	if !whole && len(parts) > 1 {
		clear(w.lost[:]) // it will be counted again
		return w.joined(parts)
	}
	if !whole {
		w.lose(content.LostOperator)
	}
	w.tell()
	refs := make(object.Array, len(parts))
	for i, p := range parts {
		if refs[i], err = w.writePart(p); err != nil {
			return nil, err
		}
	}
	if len(refs) == 1 {
		return refs[0], nil
	}
	return refs, nil
}

// cleanPart fills in the content of a part, and reports whether it does not end in the middle of an operation.
func (w *walk) cleanPart(p *part) (whole bool, err error) {
	if t := w.ahead.take(p.src); t != nil {
		for what, n := range t.lost {
			w.lost[what] += n
		}
		p.clean, p.packed = t.clean, t.packed
		return t.whole, w.pass.Expand(t.charged)
	}
	data, err := w.decode(p.src)
	if err != nil {
		return false, err
	}
	clean, whole, err := w.clean.Clean(data)
	p.clean = bytes.Clone(clean)
	return whole, err
}

// parts lists the streams of a page's content.
func (w *walk) parts(src object.Object) ([]part, error) {
	v, _, err := w.doc.Load(src)
	if err != nil {
		return nil, err
	}
	list, ok := v.(object.Array)
	if !ok {
		list = object.Array{src}
	}
	var parts []part
	for _, o := range list {
		v, ref, err := w.doc.Load(o)
		if err != nil {
			return nil, err
		}
		s, ok := v.(*object.Stream)
		if !ok {
			if v != nil {
				w.drop(ruleWrongType)
			}
			continue
		}
		if ref == 0 {
			ref = w.doc.Adopt(s)
		}
		parts = append(parts, part{role: role{ref, grammar.ContentStream}, src: s})
	}
	return parts, nil
}

// writePart writes one stream of a page, unless an earlier page has it too.
func (w *walk) writePart(p part) (object.Object, error) {
	if to, done := w.seen[p.role]; done {
		return to, nil
	}
	to, err := w.number()
	if err != nil {
		return nil, err
	}
	w.seen[p.role] = to
	d, err := w.dict(p.src.Dict, grammar.ContentStream)
	if err != nil {
		return nil, err
	}
	if p.packed != nil {
		return to, w.storePacked(to, d, p.clean, p.packed)
	}
	return to, w.store(to, d, p.clean)
}

// joined writes the streams of a page as one.
func (w *walk) joined(parts []part) (object.Object, error) {
	var all []byte
	for _, p := range parts {
		data, err := w.decode(p.src)
		if err != nil {
			return nil, err
		}
		if err := w.pass.Expand(int64(len(data))); err != nil {
			return nil, err
		}
		all = append(append(all, data...), '\n')
	}
	clean, err := w.cleaned(all)
	if err != nil {
		return nil, err
	}
	to, err := w.number()
	if err != nil {
		return nil, err
	}
	return to, w.store(to, nil, clean)
}

// cleaned cleans content that has no continuation.
func (w *walk) cleaned(data []byte) ([]byte, error) {
	clean, whole, err := w.clean.Clean(data)
	if !whole {
		w.lose(content.LostOperator)
	}
	w.tell()
	return clean, err
}
