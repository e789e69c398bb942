package pdf

import (
	"sekisho/sanitize/internal/weblink"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// forbidden returns the rule under which an object of a type that is kept is dropped all the same, for what it holds
// or because the policy at hand does not keep it.
func (w *walk) forbidden(typ grammar.Type, v object.Object) (string, error) {
	switch typ {
	case grammar.ActionURI:
		target, _, err := w.doc.Load(v.(object.Dict).Get("URI"))
		if uri, ok := target.(object.String); err != nil || !ok || !w.pass.Policy.Links || !weblink.Allowed(string(uri)) {
			return ruleURI, err
		}
	case grammar.ActionNamed:
		target, _, err := w.doc.Load(v.(object.Dict).Get("N"))
		if !pageMove(target) {
			return ruleNamedAction, err
		}
	case grammar.XObjectFormType1:
		d := v.(*object.Stream).Dict
		if d.Has("PS") || d.Has("Subtype2") { // ISO 32000-2 8.8.1, the older spelling of a PostScript XObject
			return rulePostScript, nil
		}
	case grammar.AnnotText, grammar.AnnotFreeText, grammar.AnnotLine, grammar.AnnotSquare, grammar.AnnotCircle,
		grammar.AnnotPolygon, grammar.AnnotPolyLine, grammar.AnnotHighlight, grammar.AnnotUnderline,
		grammar.AnnotSquiggly, grammar.AnnotStrikeOut, grammar.AnnotCaret, grammar.AnnotInk, grammar.AnnotPopup,
		grammar.AnnotRedact:
		if !w.pass.Policy.Comments {
			return ruleComment, nil
		}
	}
	return "", nil
}

// pageMove reports whether a named action is one of the four that every reader has (ISO 32000-2 12.6.4.12).
func pageMove(name object.Object) bool {
	switch name {
	case object.Name("NextPage"), object.Name("PrevPage"), object.Name("FirstPage"), object.Name("LastPage"):
		return true
	}
	return false
}

// name copies a name. A signature field stops being one: its signature cannot outlive a rebuild, and an empty one
// would ask to be signed. Its picture stays.
func (w *walk) name(v object.Name, k *grammar.Key, in grammar.Type) object.Object {
	if in == grammar.FieldOrWidget && k.Name == "FT" && v == "Sig" {
		w.drop(ruleSignature)
		return nil
	}
	return v
}
