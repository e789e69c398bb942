package pdf

import (
	"errors"

	"sekisho/sanitize/internal/icc"
	"sekisho/sanitize/pdf/internal/cmap"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/function"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// prepared is the data of a stream that has a grammar of its own, rebuilt when the stream was first met, so that what
// refers to it knows whether it stays.
type prepared struct {
	data []byte
	more object.Dict // entries for the dictionary: the lengths of the parts of a font
	rule string      // under which it is dropped, or ""
	n    int         // components of a colour profile
	key  object.Name // of a font: under which it belongs in its descriptor
}

// prepare rebuilds the data of a stream that does not draw: a font, a CMap, a function, a colour profile, a table. For
// what draws it returns nil: content that cannot be read is a page that may miss something, and holds the file.
func (w *walk) prepare(typ grammar.Type, s *object.Stream, ref object.Ref) (*prepared, error) {
	rebuild := w.rebuilder(typ)
	if rebuild == nil {
		return nil, nil
	}
	r := role{ref, typ}
	if p, ok := w.ready[r]; ok {
		return p, nil
	}
	data, err := w.decode(s)
	var p prepared
	switch {
	case errors.Is(err, filter.ErrUnknown):
		p.rule = undecodableRule(typ)
	case err != nil:
		return nil, err
	default:
		p = rebuild(data)
	}
	w.ready[r] = &p
	return &p, nil
}

// undecodableRule returns the rule under which a stream is dropped whose filters nobody can undo.
func undecodableRule(typ grammar.Type) string {
	switch typ {
	case grammar.FontProgram, grammar.FontFile2, grammar.FontProgram3:
		return ruleFont
	case grammar.CMapStream, grammar.ToUnicodeCMapStream:
		return ruleCMap
	case grammar.FunctionType0, grammar.FunctionType4:
		return ruleFunction
	case grammar.ICCProfileStream:
		return ruleColorProfile
	}
	return ruleFilter
}

// rebuilder returns what rebuilds the data of streams of a type.
func (w *walk) rebuilder(typ grammar.Type) func([]byte) prepared {
	switch typ {
	case grammar.FontProgram, grammar.FontFile2, grammar.FontProgram3:
		return w.fontProgram
	case grammar.CMapStream, grammar.ToUnicodeCMapStream:
		return rebuildCMap
	case grammar.FunctionType4:
		return w.calculator
	case grammar.ICCProfileStream:
		return rebuildProfile
	case grammar.XObjectImage, grammar.XObjectImageMask, grammar.XObjectImageSoftMask,
		grammar.XObjectFormType1, grammar.ContentStream, grammar.PatternType1:
		return nil
	}
	return func(data []byte) prepared { return prepared{data: data} }
}

func rebuildCMap(data []byte) prepared {
	out, err := cmap.Rebuild(data)
	if err != nil {
		return prepared{rule: ruleCMap}
	}
	return prepared{data: out}
}

func (w *walk) calculator(data []byte) prepared {
	out, err := function.Rebuild(data, w.pass.Policy.Limits.Nesting)
	if err != nil {
		return prepared{rule: ruleFunction}
	}
	return prepared{data: out}
}

func rebuildProfile(data []byte) prepared {
	out, n, err := icc.Rebuild(data)
	if err != nil {
		return prepared{rule: ruleColorProfile}
	}
	return prepared{data: out, n: n}
}

// profiled copies an ICC based colour space (ISO 32000-2 8.6.5.5), or puts the device space with as many components
// in its place when its profile is not one or is for another number of them.
func (w *walk) profiled(a object.Array) (object.Object, bool, error) {
	if len(a) < 2 {
		return nil, false, nil
	}
	v, ref, err := w.doc.Load(a[1])
	if err != nil {
		return nil, false, err
	}
	s, ok := v.(*object.Stream)
	if !ok || ref == 0 {
		return nil, false, nil
	}
	n, _, err := w.doc.Load(s.Dict.Get("N"))
	if err != nil {
		return nil, false, err
	}
	p, err := w.prepare(grammar.ICCProfileStream, s, ref)
	if err != nil {
		return nil, false, err
	}
	if p.rule == "" && n == int64(p.n) {
		return nil, true, nil
	}
	w.replace(ruleColorProfile)
	switch n {
	case int64(1):
		return object.Name("DeviceGray"), true, nil
	case int64(3):
		return object.Name("DeviceRGB"), true, nil
	case int64(4):
		return object.Name("DeviceCMYK"), true, nil
	}
	return nil, false, nil
}
