package grammar

import (
	"slices"
	"testing"
)

func TestKey(t *testing.T) {
	page := Of(PageObject)
	if k := page.Key("MediaBox"); k == nil || k.Alt(Rectangle) == nil {
		t.Errorf("MediaBox is %v, want a rectangle", k)
	}
	if k := page.Key("AA"); k == nil || k.Drop != "pdf/additional-actions" {
		t.Errorf("AA is %v, want it dropped", k)
	}
	if k := page.Key("Nonsense"); k != nil {
		t.Errorf("Nonsense is %v", k)
	}
	if k := Of(FontMap).Key("F1"); k == nil || k.Alt(Dictionary) == nil {
		t.Errorf("a font resource is %v, want a dictionary", k)
	}
}

func TestIndex(t *testing.T) {
	place := Of(DestXYZArray)
	if k := place.Index(1); k == nil || !slices.Contains(k.Values, "XYZ") {
		t.Errorf("element 1 is %v, want XYZ", k)
	}
	if k := place.Index(5); k != nil {
		t.Errorf("element 5 is %v, want none", k)
	}
	if k := Of(ArrayOfNumbersGeneral).Index(1000); k == nil || k.Alt(Number) == nil {
		t.Errorf("element 1000 is %v, want a number", k)
	}
	pairs := Of(ArrayOfAttributeRevisions)
	if k := pairs.Index(7); k == nil || k.Alt(Integer) == nil {
		t.Errorf("every second element is %v, want an integer", k)
	}
}

// TestKeysAreSorted holds the table to what Key relies on.
func TestKeysAreSorted(t *testing.T) {
	n := 0
	Each(func(o *Object) {
		n++
		if o.Drop != "" || len(o.Keys) > 0 && o.Keys[0].Name[0] >= '0' && o.Keys[0].Name[0] <= '9' {
			return
		}
		if !slices.IsSortedFunc(o.Keys, func(a, b Key) int { return cmp(a.Name, b.Name) }) {
			t.Errorf("keys of %s are not sorted", o.Name)
		}
	})
	if n < 150 {
		t.Errorf("only %d types", n)
	}
}

func cmp(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// TestNothingActiveIsKept names the types that no policy may keep.
func TestNothingActiveIsKept(t *testing.T) {
	for _, typ := range []Type{
		ActionECMAScript, ActionLaunch, ActionGoToR, ActionGoToE, ActionSubmitForm, ActionImportData, ActionRendition,
		ActionMovie, ActionSound, ActionHide, AnnotMovie, AnnotScreen, AnnotRichMedia, Annot3D,
		Signature, XObjectFormPS,
	} {
		if o := Of(typ); o.Drop == "" {
			t.Errorf("%s is kept", o.Name)
		}
	}
}
