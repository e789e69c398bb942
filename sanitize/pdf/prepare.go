package pdf

import (
	"sekisho/sanitize/internal/icc"
	"sekisho/sanitize/pdf/internal/cmap"
	"sekisho/sanitize/pdf/internal/font"
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
}

// prepare rebuilds the data of a font, CMap, function or colour profile. For other types it returns nil.
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
	if err != nil {
		return nil, err
	}
	p := rebuild(data)
	w.ready[r] = &p
	return &p, nil
}

// rebuilder returns what rebuilds the data of streams of a type.
func (w *walk) rebuilder(typ grammar.Type) func([]byte) prepared {
	switch typ {
	case grammar.FontFile2:
		return w.sfnt
	case grammar.FontFile, grammar.FontFileType1:
		return w.type1
	case grammar.FontFile3Type1, grammar.FontFile3CIDType0, grammar.FontFile3OpenType:
		return w.compactFont
	case grammar.CMapStream, grammar.ToUnicodeCMapStream:
		return rebuildCMap
	case grammar.FunctionType4:
		return w.calculator
	case grammar.ICCProfileStream:
		return rebuildProfile
	}
	return nil
}

func (w *walk) sfnt(data []byte) prepared {
	out, dropped, err := font.SFNT(data)
	if err != nil {
		return prepared{rule: ruleFont}
	}
	for range dropped {
		w.drop(ruleFontTable)
	}
	return prepared{data: out, more: object.Dict{{Key: "Length1", Value: int64(len(out))}}}
}

// type1 rebuilds the font of a FontFile. Some writers put other kinds there, and readers go by the content.
func (w *walk) type1(data []byte) prepared {
	p, err := font.Type1(data)
	if err != nil {
		return prepared{rule: ruleFont}
	}
	return prepared{data: p.Data, more: object.Dict{
		{Key: "Length1", Value: int64(p.Clear)}, {Key: "Length2", Value: int64(p.Private)}, {Key: "Length3", Value: int64(0)},
	}}
}

// compactFont rebuilds the font of a FontFile3: bare CFF, or CFF or TrueType in an OpenType font.
func (w *walk) compactFont(data []byte) prepared {
	if len(data) > 0 && data[0] == 1 {
		out, err := font.CFF(data)
		if err == nil {
			return prepared{data: out}
		}
	}
	p := w.sfnt(data)
	p.more = nil
	return p
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
