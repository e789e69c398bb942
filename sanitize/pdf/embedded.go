package pdf

import (
	"strings"
	"unicode/utf16"

	"sekisho/sanitize"
	"sekisho/sanitize/name"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

const (
	maxNamed  = 200 // embedded files that are told by name; that there are more is told without
	filesDeep = 3   // from a key to the file specifications: a list, a specification in it
)

// dropFiles tells of embedded files (ISO 32000-2 7.11.4), each by the name that a reader shows for it: whoever gets the
// document must know what to ask the sender for. What has no name is told all the same.
func (w *walk) dropFiles(o object.Object) error {
	before := w.named
	if err := w.nameFiles(o, 0); err != nil {
		return err
	}
	if w.named == before || w.named >= maxNamed {
		w.drop(ruleEmbeddedFile)
	}
	return nil
}

// nameFiles looks for file specifications in o: itself, in a list, in a name tree, or under the key FS of an annotation.
func (w *walk) nameFiles(o object.Object, depth int) error {
	v, ref, err := w.doc.Load(o)
	if err != nil || depth > filesDeep || w.named >= maxNamed {
		return err
	}
	switch v := v.(type) {
	case object.Array:
		for _, e := range v {
			if err := w.nameFiles(e, depth+1); err != nil {
				return err
			}
		}
	case object.Dict:
		switch {
		case v.Has("Names") || v.Has("Kids"):
			leaves, err := w.leaves(v, ref, grammar.NameTree)
			if err != nil {
				return err
			}
			for _, l := range leaves {
				if err := w.nameFiles(l.value, depth+1); err != nil {
					return err
				}
			}
		case v.Has("FS"):
			return w.nameFiles(v.Get("FS"), depth+1)
		default:
			return w.nameFile(v)
		}
	}
	return nil
}

// nameFile tells of one file specification (ISO 32000-2 7.11.3).
func (w *walk) nameFile(spec object.Dict) error {
	untrusted, err := w.specName(spec)
	if err != nil || untrusted == "" {
		return err
	}
	clean, _ := name.Clean([]byte(untrusted))
	w.found.add(ruleEmbeddedFile, sanitize.Removed, w.where+": "+clean)
	w.named++
	return nil
}

// specKeys are the keys under which a file specification has the name of its file, and EF its stream (ISO 32000-2 Table
// 43), those that readers prefer first.
var specKeys = [...]object.Name{"UF", "F", "Unix", "Mac", "DOS"}

// specName returns the name that readers show for a file specification, or "".
func (w *walk) specName(spec object.Dict) (string, error) {
	for _, key := range specKeys {
		v, _, err := w.doc.Load(spec.Get(key))
		if err != nil {
			return "", err
		}
		if untrusted, ok := v.(object.String); ok && untrusted != "" {
			return string(textBytes(string(untrusted))), nil
		}
	}
	return "", nil
}

// textBytes returns a text string (ISO 32000-2 7.9.2.2) as UTF-8, or as it is when it does not say what it is.
func textBytes(s string) []byte {
	if rest, ok := strings.CutPrefix(s, "\xef\xbb\xbf"); ok {
		return []byte(rest)
	}
	first, second := 0, 1
	rest, ok := strings.CutPrefix(s, "\xfe\xff")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "\xff\xfe"); !ok { // the other way round, which the standard does not have and readers take
			return []byte(s)
		}
		first, second = 1, 0
	}
	var units []uint16
	for ; len(rest) > 1; rest = rest[2:] {
		units = append(units, uint16(rest[first])<<8|uint16(rest[second]))
	}
	return []byte(string(utf16.Decode(units)))
}
