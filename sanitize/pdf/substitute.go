package pdf

import (
	"fmt"
	"slices"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/object"
)

// tellSubstitutes tells of pages with fonts that are not in the file, so that others are drawn in their place.
func (w *walk) tellSubstitutes(pages []page, told findings) error {
	for i, p := range pages {
		resources, err := w.pageEntry(p, "Resources")
		if err != nil {
			return err
		}
		missing, err := w.missesFont(resources)
		if err != nil {
			return err
		}
		if missing {
			told.add(ruleSubstituted, sanitize.Replaced, fmt.Sprintf("page %d", i+1))
		}
	}
	return nil
}

// missesFont reports whether resources, or those of the forms among them, have a font that must be substituted.
func (w *walk) missesFont(resources object.Object) (bool, error) {
	seen := map[object.Ref]bool{}
	for todo := []object.Object{resources}; len(todo) > 0; {
		d, err := w.loadDict(todo[len(todo)-1])
		if err != nil {
			return false, err
		}
		todo = todo[:len(todo)-1]
		fonts, err := w.loadDict(d.Get("Font"))
		if err != nil {
			return false, err
		}
		for _, f := range fonts {
			if missing, err := w.substituted(f.Value); err != nil || missing {
				return missing, err
			}
		}
		objects, err := w.loadDict(d.Get("XObject"))
		if err != nil {
			return false, err
		}
		for _, e := range objects {
			v, ref, err := w.doc.Load(e.Value)
			if err != nil {
				return false, err
			}
			if form, ok := v.(*object.Stream); ok && !seen[ref] {
				seen[ref] = true
				todo = append(todo, form.Dict.Get("Resources"))
			}
		}
	}
	return false, nil
}

// substituted reports whether a font has no program in the file and is none that every reader has.
func (w *walk) substituted(o object.Object) (bool, error) {
	font, err := w.loadDict(o)
	if err != nil || font.Get("Subtype") == object.Name("Type3") {
		return false, err
	}
	name, _ := font.Get("BaseFont").(object.Name)
	if below, _, err := w.doc.Load(font.Get("DescendantFonts")); err != nil {
		return false, err
	} else if list, ok := below.(object.Array); ok && len(list) > 0 {
		if font, err = w.loadDict(list[0]); err != nil {
			return false, err
		}
	}
	descriptor, err := w.loadDict(font.Get("FontDescriptor"))
	embedded := descriptor.Has("FontFile") || descriptor.Has("FontFile2") || descriptor.Has("FontFile3")
	return !embedded && !everywhere(string(name)), err
}

// everywhere reports whether a font is one of the fourteen that every reader has (ISO 32000-1 9.6.2.2), or by another
// name for one of those.
func everywhere(name string) bool {
	families := []string{"Helvetica", "Times", "Courier", "Symbol", "ZapfDingbats", "Arial", "CourierNew", "TimesNewRoman"}
	family, _, _ := strings.Cut(name, "-")
	family, _, _ = strings.Cut(family, ",")
	family = strings.TrimSuffix(strings.TrimSuffix(family, "MT"), "PS")
	return slices.Contains(families, family)
}

// loadDict returns the dictionary that o is or refers to, or none.
func (w *walk) loadDict(o object.Object) (object.Dict, error) {
	v, _, err := w.doc.Load(o)
	d, _ := v.(object.Dict)
	return d, err
}
