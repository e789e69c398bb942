package pdf

import (
	"fmt"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// document copies the whole document: pages first, so that findings are told where a reader meets them, then what
// the catalog leads to besides.
func (w *walk) document() error {
	catalog, err := w.catalog()
	if err != nil {
		return err
	}
	root, err := w.number()
	if err != nil {
		return err
	}
	if err := w.allPages(catalog); err != nil {
		return err
	}
	w.where = "document"
	d, err := w.dict(catalog, grammar.Catalog)
	if err != nil {
		return err
	}
	d = append(d, object.Entry{Key: "Pages", Value: w.root})
	if err := w.out.Object(root, object.NewDict(d)); err != nil {
		return err
	}
	info, err := w.info()
	if err != nil {
		return err
	}
	if err := w.drain(); err != nil {
		return err
	}
	if w.doc.Encrypted {
		w.found.add(ruleEncryptionRemoved, sanitize.Removed, "")
	}
	if w.doc.Repaired || w.doc.Damaged || w.doc.Lost {
		w.found.add(ruleRepaired, sanitize.Repaired, "")
	}
	return w.out.Finish(w.next, root, info)
}

// catalog returns the catalog with those entries put right that the grammar alone cannot judge.
func (w *walk) catalog() (object.Dict, error) {
	target, _, err := w.doc.Load(w.doc.Root)
	if err != nil {
		return nil, err
	}
	src, ok := target.(object.Dict)
	if !ok {
		return nil, fmt.Errorf("%w: no catalog", sanitize.ErrMalformed)
	}
	var out []object.Entry
	for _, e := range src {
		switch e.Key {
		case "OpenAction":
			if e.Value, err = w.openAction(e.Value); err != nil {
				return nil, err
			}
		case "AcroForm":
			if err := w.checkForm(src, e.Value); err != nil {
				return nil, err
			}
		}
		if e.Value != nil {
			out = append(out, e)
		}
	}
	return object.NewDict(out), nil
}

// openAction returns the place in this document at which it opens, or nil when opening does anything else.
func (w *walk) openAction(src object.Object) (object.Object, error) {
	target, _, err := w.doc.Load(src)
	if err != nil || target == nil {
		return nil, err
	}
	switch v := target.(type) {
	case object.Array:
		return v, nil
	case object.Dict:
		alt := grammar.Of(grammar.Catalog).Key("OpenAction").Alt(grammar.Dictionary)
		typ, ok, err := w.resolve(alt.Links, v.Get)
		if err != nil {
			return nil, err
		}
		if ok && typ == grammar.ActionGoTo {
			place, _, err := w.doc.Load(v.Get("D"))
			if next, _, _ := w.doc.Load(v.Get("Next")); next != nil {
				w.drop(ruleActionChain)
			}
			if list, isList := place.(object.Array); err != nil || isList {
				return list, err
			}
		}
		if ok && grammar.Of(typ).Drop != "" {
			w.drop(grammar.Of(typ).Drop)
		}
	}
	w.drop(ruleOpenAction)
	return nil, nil
}

// checkForm refuses a form that is XFA alone and draws itself: of what its reader sees nothing would be left but the
// notice that the viewer is too old (ISO 32000-1 12.7.8, NeedsRendering in Table 28).
func (w *walk) checkForm(catalog object.Dict, src object.Object) error {
	target, _, err := w.doc.Load(src)
	if err != nil {
		return err
	}
	form, _ := target.(object.Dict)
	if needs, _, err := w.doc.Load(catalog.Get("NeedsRendering")); err != nil || needs != true || !form.Has("XFA") {
		return err
	}
	fields, _, err := w.doc.Load(form.Get("Fields"))
	if err != nil {
		return err
	}
	if list, _ := fields.(object.Array); len(list) == 0 {
		return fmt.Errorf("%w: a dynamic XFA form, which has no fields of its own; open it in Adobe Reader and print it to PDF", sanitize.ErrUnsupported)
	}
	return nil
}

// info copies the information dictionary (ISO 32000-2 14.3.3) when the policy keeps what it says.
func (w *walk) info() (object.Object, error) {
	target, _, err := w.doc.Load(w.doc.Info)
	if err != nil {
		return nil, err
	}
	src, ok := target.(object.Dict)
	if !ok || len(src) == 0 {
		return nil, nil
	}
	if !w.pass.Policy.Metadata {
		w.drop(ruleMetadata)
		return nil, nil
	}
	d, err := w.dict(src, grammar.DocInfo)
	if err != nil || len(d) == 0 {
		return nil, err
	}
	to, err := w.number()
	if err != nil {
		return nil, err
	}
	return to, w.out.Object(to, d)
}
