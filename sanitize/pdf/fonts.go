package pdf

import (
	"bytes"
	"slices"

	"sekisho/sanitize/pdf/internal/font"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// fontKeys are the keys of a font descriptor under which a font program may stand.
var fontKeys = [...]object.Name{"FontFile", "FontFile2", "FontFile3"}

// fontType returns the type of the stream under a key.
func fontType(key object.Name) grammar.Type {
	switch key {
	case "FontFile2":
		return grammar.FontFile2
	case "FontFile3":
		return grammar.FontProgram3
	}
	return grammar.FontProgram
}

// fontProgram rebuilds a font by what it is, whichever key it stands under: readers go by the content.
func (w *walk) fontProgram(data []byte) prepared {
	switch {
	case bytes.HasPrefix(data, []byte{1, 0}) && !bytes.HasPrefix(data, []byte{1, 0, 0, 0}):
		out, err := font.CFF(data)
		if err != nil {
			return prepared{rule: ruleFont}
		}
		return prepared{data: out, key: "FontFile3"}
	case bytes.HasPrefix(data, []byte("%!")), bytes.HasPrefix(data, []byte{0x80, 1}):
		t, err := font.Type1(data)
		if err != nil {
			return prepared{rule: ruleFont}
		}
		return prepared{data: t.Data, key: "FontFile", more: object.Dict{
			{Key: "Length1", Value: int64(t.Clear)}, {Key: "Length2", Value: int64(t.Private)}, {Key: "Length3", Value: int64(0)},
		}}
	}
	out, dropped, err := font.SFNT(data)
	if err != nil {
		return prepared{rule: ruleFont}
	}
	for range dropped {
		w.drop(ruleFontTable)
	}
	if bytes.HasPrefix(out, []byte("OTTO")) {
		return prepared{data: out, key: "FontFile3", more: object.Dict{{Key: "Subtype", Value: object.Name("OpenType")}}}
	}
	return prepared{data: out, key: "FontFile2", more: object.Dict{{Key: "Length1", Value: int64(len(out))}}}
}

// placeFonts returns a font descriptor with each font program under the key where it belongs (ISO 32000-2 Table 124).
func (w *walk) placeFonts(src object.Dict) (object.Dict, error) {
	for _, key := range fontKeys {
		v, ref, err := w.doc.Load(src.Get(key))
		if err != nil {
			return nil, err
		}
		s, ok := v.(*object.Stream)
		if !ok || ref == 0 {
			continue
		}
		p, err := w.prepare(fontType(key), s, ref)
		if err != nil {
			return nil, err
		}
		if p.key == key || p.rule != "" {
			continue
		}
		w.ready[role{ref, fontType(p.key)}] = p
		if p.key == "FontFile3" && len(p.more) == 0 {
			p.more = object.Dict{{Key: "Subtype", Value: object.Name("Type1C")}}
		}
		src = slices.DeleteFunc(slices.Clone(src), func(e object.Entry) bool { return e.Key == key || e.Key == p.key })
		src = object.NewDict(append(src, object.Entry{Key: p.key, Value: ref}))
	}
	return src, nil
}
