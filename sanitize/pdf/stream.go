package pdf

import (
	"bytes"
	"fmt"

	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// stream copies a stream: its dictionary by the grammar, its data by what it is.
func (w *walk) stream(src *object.Stream, typ grammar.Type, from, to object.Ref) error {
	w.begun = mark{len(w.queue), w.next}
	d, err := w.dict(src.Dict, typ)
	if err != nil {
		return err
	}
	switch typ {
	case grammar.XObjectImage, grammar.XObjectImageMask, grammar.XObjectImageSoftMask:
		return w.image(src, d, to)
	}
	if p := w.ready[role{from, typ}]; p != nil {
		data := p.data
		p.data = nil // written once
		return w.store(to, object.NewDict(append(d, p.more...)), data)
	}
	data, err := w.decode(src)
	if err != nil {
		return err
	}
	switch typ {
	case grammar.XObjectFormType1:
		if err := w.trace(from); err != nil {
			return err
		}
		loops := w.loops[from]
		w.clean.Draw = func(n object.Name) bool { return !loops[n] }
		defer func() { w.clean.Draw = nil }()
		d = object.NewDict(append(d, object.Entry{Key: "Subtype", Value: object.Name("Form")}))
		fallthrough
	case grammar.ContentStream, grammar.PatternType1:
		if data, err = w.cleaned(data); err != nil {
			return err
		}
	}
	return w.store(to, d, data)
}

// decode undoes all filters of a stream that is no picture.
func (w *walk) decode(src *object.Stream) ([]byte, error) {
	r, err := w.unfilter(src, false)
	if err != nil {
		return nil, err
	}
	if r.Image != nil {
		return nil, fmt.Errorf("%w: %s on a stream that is no picture", filter.ErrUnknown, r.Image.Name)
	}
	return r.Data, nil
}

// unfilter undoes the filters of a stream, down to that of a picture if there is one.
func (w *walk) unfilter(src *object.Stream, keepPNG bool) (filter.Result, error) {
	r, err := w.unpack(src, keepPNG)
	if err == nil && r.Damaged {
		w.repair(ruleDamagedStream)
	}
	return r, err
}

// unpack is unfilter without a finding.
func (w *walk) unpack(src *object.Stream, keepPNG bool) (filter.Result, error) {
	steps, err := w.steps(src)
	if err != nil {
		return filter.Result{}, err
	}
	return w.dec.Decode(src.Raw, steps, keepPNG)
}

// steps returns the filters of a stream.
func (w *walk) steps(src *object.Stream) ([]filter.Step, error) {
	filters, err := w.plainCopy(src.Dict.Get("Filter"), 0)
	if err != nil {
		return nil, err
	}
	parms, err := w.plainCopy(src.Dict.Get("DecodeParms"), 0)
	if err != nil {
		return nil, err
	}
	return filter.Chain(filters, parms)
}

// maxParms bounds how deep the parameters of a filter are looked into: an array of dictionaries of values.
const maxParms = 3

// plainCopy returns o with all references in it replaced by what they refer to, three levels deep; a stream in it stays
// a reference.
func (w *walk) plainCopy(o object.Object, depth int) (object.Object, error) {
	v, ref, err := w.doc.Load(o)
	if err != nil || depth >= maxParms {
		return nil, err
	}
	switch v := v.(type) {
	case *object.Stream:
		return ref, nil
	case object.Array:
		out := make(object.Array, len(v))
		for i := range v {
			if out[i], err = w.plainCopy(v[i], depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case object.Dict:
		out := make(object.Dict, len(v))
		for i := range v {
			out[i].Key = v[i].Key
			if out[i].Value, err = w.plainCopy(v[i].Value, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// store writes data under FlateDecode, or as it is when that is no shorter.
func (w *walk) store(to object.Ref, d object.Dict, data []byte) error {
	packed, err := w.out.Deflate(data)
	if err != nil {
		return err
	}
	return w.storePacked(to, d, data, packed)
}

// storePacked is store with data that is packed already.
func (w *walk) storePacked(to object.Ref, d object.Dict, data, packed []byte) error {
	if len(packed) >= len(data) && !framing(data) {
		return w.out.Stream(to, d, data)
	}
	d = append(d, object.Entry{Key: "Filter", Value: object.Name("FlateDecode")})
	return w.out.Stream(to, d, packed)
}

// framing reports whether data has words in it that mark the frame of a file, and could be taken for it when they are
// not compressed.
func framing(data []byte) bool {
	for _, word := range []string{"startxref", "%%EOF", "endstream", "obj"} {
		if bytes.Contains(data, []byte(word)) {
			return true
		}
	}
	return false
}
