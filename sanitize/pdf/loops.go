package pdf

import (
	"sekisho/sanitize/pdf/internal/content"
	"sekisho/sanitize/pdf/internal/object"
)

// progress says how far a form has been looked into.
type progress int

const (
	untraced progress = iota
	tracing           // what it draws is being looked at
	traced
)

// loop is the names by which a form would draw itself, at once or by way of others.
type loop map[object.Name]bool

// drawn is one form that a form draws.
type drawn struct {
	name object.Name
	ref  object.Ref
}

// branch is a form with those that it draws and that have not been looked at.
type branch struct {
	ref  object.Ref
	todo []drawn
}

// trace finds out where a form, or one that it leads to, draws itself (ISO 32000-2 8.10.1 forbids it): readers would
// not come to an end. Forms may have themselves among resources that they share; only what is drawn counts.
func (w *walk) trace(form object.Ref) error {
	if w.traced[form] != untraced {
		return nil
	}
	below, err := w.draws(form)
	if err != nil {
		return err
	}
	w.traced[form] = tracing
	for stack := []branch{{form, below}}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		if len(top.todo) == 0 {
			w.traced[top.ref] = traced
			stack = stack[:len(stack)-1]
			continue
		}
		next := top.todo[0]
		top.todo = top.todo[1:]
		switch w.traced[next.ref] {
		case tracing:
			if w.loops[top.ref] == nil {
				w.loops[top.ref] = loop{}
			}
			w.loops[top.ref][next.name] = true
		case untraced:
			if below, err = w.draws(next.ref); err != nil {
				return err
			}
			w.traced[next.ref] = tracing
			stack = append(stack, branch{next.ref, below})
		}
	}
	return nil
}

// draws lists the forms that the content of a form draws, each name once, in order. A form that cannot be read draws
// nothing: what that means is found out when it is copied.
func (w *walk) draws(form object.Ref) ([]drawn, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	v, _, err := w.doc.Load(form)
	s, ok := v.(*object.Stream)
	if err != nil || !ok {
		return nil, err
	}
	forms, err := w.formsOf(s)
	if err != nil || len(forms) == 0 {
		return nil, err
	}
	r, err := w.unpack(s, false)
	if fatal(err) {
		return nil, err
	}
	if err != nil || r.Image != nil {
		return nil, nil
	}
	var list []drawn
	look := content.Cleaner{
		Lose: func(content.Lost) {}, Measure: inlineLength, Nesting: w.pass.Policy.Limits.Nesting,
		Image: func(object.Dict, []byte) (object.Dict, []byte, error) { return nil, nil, nil },
		Draw: func(n object.Name) bool {
			if ref, ok := forms[n]; ok {
				list = append(list, drawn{n, ref})
				delete(forms, n)
			}
			return true
		},
	}
	_, _, err = look.Clean(r.Data)
	return list, err
}

// formsOf returns the forms among the resources of a form, by name.
func (w *walk) formsOf(s *object.Stream) (map[object.Name]object.Ref, error) {
	v, _, err := w.doc.Load(s.Dict.Get("Resources"))
	resources, _ := v.(object.Dict)
	if err != nil {
		return nil, err
	}
	v, _, err = w.doc.Load(resources.Get("XObject"))
	if err != nil {
		return nil, err
	}
	objects, _ := v.(object.Dict)
	forms := map[object.Name]object.Ref{}
	for _, e := range objects {
		v, ref, err := w.doc.Load(e.Value)
		if err != nil {
			return nil, err
		}
		if x, ok := v.(*object.Stream); ok && x.Dict.Get("Subtype") != object.Name("Image") {
			forms[e.Key] = ref
		}
	}
	return forms, nil
}
