package pdf

import (
	"context"
	"fmt"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/content"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
	"sekisho/sanitize/pdf/internal/source"
	"sekisho/sanitize/pdf/internal/writer"
)

// walk copies the objects of a document, each as the type that it was reached as. An object that is reached as two
// types is two objects in the output.
type walk struct {
	ctx   context.Context
	doc   *source.Document
	out   *writer.File
	pass  sanitize.Pass
	found findings

	engine Engine // or nil
	ahead  *ahead // or nil
	rooms  rooms
	dec    filter.Decoder
	clean  content.Cleaner
	lost   [content.LostKinds]int // what clean left out, not yet told

	next     object.Ref // the next free number of the output
	seen     map[role]object.Ref
	queue    []job
	begun    mark // where the walk was when it began with the stream at hand
	ready    map[role]*prepared
	stamps   map[object.Ref]object.Ref // what stands for the widget of a signature
	claimed  map[object.Ref]bool       // the outline items that have their place
	traced   map[object.Ref]progress   // the forms of which it is known what they draw
	loops    map[object.Ref]loop       // what a form may not draw
	pages    map[object.Ref]object.Ref // the pages of the page tree
	root     object.Ref                // the new page tree
	named    int                       // embedded files that were told by name
	attached map[attached]object.Ref   // the specifications of embedded files that went back in; 0 for those that did not
	unnamed  int                       // fields whose name was nothing but markup
	inked    int                       // pages that have content
	gap      bool                      // a node of the page tree is missing
	where    string                    // the place that is being copied, for findings
	without  func(object.Name) bool    // keys that are left out of every dictionary, or nil
}

// role is an object of the input as one type.
type role struct {
	ref object.Ref
	typ grammar.Type
}

// job is an object that was referred to and is to be copied.
type job struct {
	role
	to    object.Ref
	where string
}

func newWalk(ctx context.Context, doc *source.Document, out *writer.File, pass sanitize.Pass, found findings) *walk {
	w := &walk{
		ctx: ctx, doc: doc, out: out, pass: pass, found: found, next: 1,
		seen: map[role]object.Ref{}, ready: map[role]*prepared{}, stamps: map[object.Ref]object.Ref{}, claimed: map[object.Ref]bool{},
		traced: map[object.Ref]progress{}, loops: map[object.Ref]loop{},
		pages: map[object.Ref]object.Ref{}, attached: map[attached]object.Ref{}, where: "document",
	}
	w.dec.Charge = pass.Expand
	w.clean = content.Cleaner{Lose: w.lose, Image: w.inlineImage, Measure: inlineLength, Nesting: pass.Policy.Limits.Nesting}
	return w
}

func (w *walk) drop(rule string)    { w.found.add(rule, sanitize.Removed, w.where) }
func (w *walk) replace(rule string) { w.found.add(rule, sanitize.Replaced, w.where) }
func (w *walk) repair(rule string)  { w.found.add(rule, sanitize.Repaired, w.where) }

// number takes the next free object number.
func (w *walk) number() (object.Ref, error) {
	if int(w.next) > w.pass.Policy.Limits.Objects {
		return 0, fmt.Errorf("%w: more than %d objects", sanitize.ErrLimit, w.pass.Policy.Limits.Objects)
	}
	w.next++
	return w.next - 1, nil
}

// refer returns the number that the object has in the output as typ, and puts it in the queue when it is new.
func (w *walk) refer(ref object.Ref, typ grammar.Type) (object.Object, error) {
	r := role{ref, typ}
	if to, ok := w.seen[r]; ok {
		return to, nil
	}
	to, err := w.number()
	if err != nil {
		return nil, err
	}
	w.seen[r] = to
	w.queue = append(w.queue, job{r, to, w.where})
	return to, nil
}

// mark is how far the walk was when it began with an object.
type mark struct {
	queued int
	next   object.Ref
}

// forget takes back what was first referred to since m: nobody refers to it any more. What was written already stays.
func (w *walk) forget(m mark) {
	if int(w.next-m.next) != len(w.queue)-m.queued {
		return
	}
	for _, j := range w.queue[m.queued:] {
		delete(w.seen, j.role)
	}
	w.queue, w.next = w.queue[:m.queued], m.next
}

// drain copies what was referred to, and what that refers to, until nothing is left.
func (w *walk) drain() error {
	for i := 0; i < len(w.queue); i++ {
		if i%256 == 0 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
		}
		j := w.queue[i]
		w.where = j.where
		if err := w.copy(j); err != nil {
			return err
		}
	}
	w.queue = w.queue[:0]
	return nil
}

// copy writes one object.
func (w *walk) copy(j job) error {
	src, _, err := w.doc.Load(j.ref)
	if err != nil {
		return err
	}
	switch v := src.(type) {
	case object.Dict:
		d, err := w.dict(v, j.typ)
		if err != nil {
			return err
		}
		return w.out.Object(j.to, d)
	case object.Array:
		a, err := w.array(v, j.typ)
		if err != nil {
			return err
		}
		return w.out.Object(j.to, a)
	case *object.Stream:
		return w.stream(v, j.typ, j.ref, j.to)
	}
	return w.out.Object(j.to, nil)
}

// dict copies the keys that typ knows.
func (w *walk) dict(src object.Dict, typ grammar.Type) (object.Dict, error) {
	if typ == grammar.FontDescriptor {
		var err error
		if src, err = w.placeFonts(src); err != nil {
			return nil, err
		}
	}
	known := grammar.Of(typ)
	out := make(object.Dict, 0, len(src))
	for _, e := range src {
		k := known.Key(string(e.Key))
		switch {
		case w.without != nil && w.without(e.Key):
			continue
		case k == nil:
			w.drop(rulePrivateKey)
			continue
		case k.Drop == "-":
			continue
		case k.Drop == ruleEmbeddedFile:
			v, err := w.files(k, e.Value)
			if err != nil {
				return nil, err
			}
			if v != nil {
				out = append(out, object.Entry{Key: e.Key, Value: v})
			}
			continue
		case k.Drop != "":
			if err := w.dropKey(k, e.Value); err != nil {
				return nil, err
			}
			continue
		}
		v, err := w.value(e.Value, k, typ)
		if err != nil {
			return nil, err
		}
		if _, device := v.(object.Name); device && k.Alt(grammar.Name) == nil {
			continue // a profile was replaced where the device's own colours are what counts without one (8.6.5.6)
		}
		if v != nil {
			out = append(out, object.Entry{Key: e.Key, Value: v})
		}
	}
	if typ == grammar.OutlineItem && !out.Has("Title") { // it holds the items after it together
		w.repair(ruleRepaired)
		out = object.NewDict(append(out, object.Entry{Key: "Title", Value: object.String("")}))
	}
	return out, nil
}

// dropKey tells of a key that is not copied, unless it has no value.
func (w *walk) dropKey(k *grammar.Key, value object.Object) error {
	v, _, err := w.doc.Load(value)
	if err == nil && v != nil {
		w.drop(k.Drop)
	}
	return err
}

// array copies the elements of an array. Where position means nothing, what cannot be copied leaves no gap.
func (w *walk) array(src object.Array, typ grammar.Type) (object.Array, error) {
	known := grammar.Of(typ)
	list := len(known.Keys) == 1 && known.Keys[0].Name == "*"
	out := make(object.Array, 0, len(src))
	for i, o := range src {
		k := known.Index(i)
		if k == nil {
			w.drop(ruleWrongType)
			break
		}
		v, err := w.value(o, k, typ)
		if err != nil {
			return nil, err
		}
		if v == nil && list {
			if k.Alt(grammar.Number) == nil && k.Alt(grammar.Integer) == nil {
				continue
			}
			v = int64(0) // in a list of numbers each counts for its place
		}
		out = append(out, v)
	}
	return out, nil
}
