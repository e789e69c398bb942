package pdf

import (
	"slices"

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
	case grammar.ActionGoTo:
		place, _, err := w.doc.Load(v.(object.Dict).Get("D"))
		if list, ok := place.(object.Array); ok {
			if ok, err = w.placed(list); !ok || err != nil {
				return ruleUnknownObject, err
			}
			to, ok, err := w.resolveArray(grammar.Of(typ).Key("D").Alt(grammar.Array).Links, list, 0)
			return unless(ok && grammar.Of(to).Drop == "", ruleUnknownObject), err
		}
		return unless(isText(place), ruleUnknownObject), err
	case grammar.DestXYZArray, grammar.Dest0Array, grammar.Dest1Array, grammar.Dest4Array:
		ok, err := w.placed(v.(object.Array))
		return unless(ok, ruleUnknownObject), err
	case grammar.ActionNamed:
		target, _, err := w.doc.Load(v.(object.Dict).Get("N"))
		if !pageMove(target) {
			return ruleNamedAction, err
		}
	case grammar.XObjectImage, grammar.XObjectImageMask, grammar.XObjectImageSoftMask:
		// Samples that are in another file, 7.3.8.2. Most readers take those that are here, if there are any.
		if s := v.(*object.Stream); len(s.Raw) == 0 && s.Dict.Has("F") {
			return ruleExternalStream, nil
		}
	case grammar.XObjectFormType1:
		d := v.(*object.Stream).Dict
		if d.Has("PS") || d.Has("Subtype2") { // ISO 32000-2 8.8.1, the older spelling of a PostScript XObject
			return rulePostScript, nil
		}
	case grammar.AnnotFileAttachment:
		if !w.attaches() {
			return ruleEmbeddedFile, nil
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

func unless(ok bool, rule string) string {
	if ok {
		return ""
	}
	return rule
}

// isText reports whether o can be the name of a place (ISO 32000-2 12.3.2.4).
func isText(o object.Object) bool {
	switch o.(type) {
	case object.Name, object.String:
		return true
	}
	return false
}

// placed reports whether an explicit destination is on a page of this document, or has the number of one, as some
// writers put it (ISO 32000-2 12.3.2.2).
func (w *walk) placed(a object.Array) (bool, error) {
	if len(a) < 2 {
		return false, nil
	}
	target, ref, err := w.doc.Load(a[0])
	if n, ok := target.(int64); ok {
		return n >= 0 && n < int64(len(w.pages)), err
	}
	_, ok := w.pages[ref]
	return ok, err
}

// pageMove reports whether a named action is one of the four that every reader has (ISO 32000-2 12.6.4.12).
func pageMove(name object.Object) bool {
	switch name {
	case object.Name("NextPage"), object.Name("PrevPage"), object.Name("FirstPage"), object.Name("LastPage"):
		return true
	}
	return false
}

// name copies a name. A Type that is none of those that the object may have says nothing, and readers do not look at it. A signature field stops being one: its signature cannot outlive a rebuild, and an empty one
// would ask to be signed. Its picture stays.
func (w *walk) name(v object.Name, k *grammar.Key, in grammar.Type) object.Object {
	if in == grammar.FieldOrWidget && k.Name == "FT" && v == "Sig" {
		w.drop(ruleSignature)
		return nil
	}
	if k.Name == "Type" && len(k.Values) > 0 && !slices.Contains(k.Values, string(v)) {
		w.drop(ruleWrongType)
		return nil
	}
	return v
}
