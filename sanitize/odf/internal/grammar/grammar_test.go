package grammar

import (
	"slices"
	"testing"

	"sekisho/sanitize/internal/xmltext"
)

func TestLookups(t *testing.T) {
	text := LookupSpace([]byte("urn:oasis:names:tc:opendocument:xmlns:text:1.0"))
	if text != NsText || Prefix(text) != "text" || URI(text) != "urn:oasis:names:tc:opendocument:xmlns:text:1.0" {
		t.Fatalf("text is namespace %d", text)
	}
	if LookupSpace([]byte("urn:none")) != 0 {
		t.Error("an unknown namespace is known")
	}
	p, span, body := LookupElement(NsText, []byte("p")), LookupElement(NsText, []byte("span")), LookupElement(NsOffice, []byte("body"))
	if p != TextP || span != TextSpan || body == 0 {
		t.Fatal("elements are missing")
	}
	if !p.Holds(span) || span.Holds(p) || body.Holds(p) || p.Local() != "p" || p.Space() != NsText {
		t.Error("wrong children")
	}
	style, id := LookupAttr(NsText, []byte("style-name")), LookupAttr(xmltext.XML, []byte("id"))
	if style == 0 || id == 0 || !p.Allows(style) || !body.Allows(id) || body.Allows(style) {
		t.Error("wrong attributes")
	}
	if LookupElement(NsText, []byte("nothing")) != 0 || LookupElement(xmltext.Unknown, []byte("p")) != 0 || LookupAttr(xmltext.Unknown, []byte("style-name")) != 0 {
		t.Error("what is not there is found")
	}
}

func TestPolicy(t *testing.T) {
	for name, rule := range map[string]string{"plugin": "plugin", "applet": "applet", "floating-frame": "floating-frame"} {
		e := LookupElement(NsDraw, []byte(name))
		if e == 0 || e.Action()&Drop == 0 || e.Rule() != rule {
			t.Errorf("draw:%s: %b %q", name, e.Action(), e.Rule())
		}
	}
	if a := LookupAttr(NsXlink, []byte("href")); a.Check() != Reference || a.Rule() != "" {
		t.Errorf("xlink:href is checked as %d", a.Check())
	}
	if a := LookupAttr(NsTable, []byte("formula")); a.Check() != Formula {
		t.Errorf("table:formula is checked as %d", a.Check())
	}
	if TextP.Action()&HasText == 0 || DrawFrame.Action()&HasText != 0 {
		t.Error("text stands where none may, or the other way round")
	}
	if SpaceRule(NsDb) != "database" || SpaceRule(NsText) != "" || SpaceRule(xmltext.Unknown) != "" || slices.Contains(Spaces(), NsDb) {
		t.Error("wrong rules of namespaces")
	}
	if !slices.IsSorted(Rules()) || len(Rules()) < 15 {
		t.Errorf("rules %v", Rules())
	}
}

// TestExtensions: what LibreOffice writes about looks is known where it writes it.
func TestExtensions(t *testing.T) {
	style := LookupElement(NsStyle, []byte("style"))
	graphic := LookupElement(NsLoext, []byte("graphic-properties"))
	if graphic == 0 || !style.Holds(graphic) || !graphic.Allows(LookupAttr(NsDraw, []byte("fill-color"))) {
		t.Error("fills of paragraphs are not known")
	}
	math := LookupElement(NsMath, []byte("mrow"))
	if math == 0 || !MathMath.Holds(math) || LookupElement(NsMath, []byte("maction")) != 0 || math.Allows(LookupAttr(0, []byte("href"))) {
		t.Error("wrong elements of MathML")
	}
}

func BenchmarkLookupElement(b *testing.B) {
	name := []byte("table-cell")
	for b.Loop() {
		if LookupElement(NsTable, name) == 0 {
			b.Fatal("not there")
		}
	}
}
