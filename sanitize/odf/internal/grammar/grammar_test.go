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
	p, span, body := element(NsText, "p"), element(NsText, "span"), element(NsOffice, "body")
	if p != TextP || span != TextSpan || body == 0 {
		t.Fatal("elements are missing")
	}
	if !p.Holds(span) || span.Holds(p) || body.Holds(p) || p.Local() != "p" || p.Space() != NsText {
		t.Error("wrong children")
	}
	style, id := attribute(NsText, "style-name"), attribute(xmltext.XML, "id")
	if style == 0 || id == 0 || !p.Allows(style) || !body.Allows(id) || body.Allows(style) {
		t.Error("wrong attributes")
	}
	if element(NsText, "nothing") != 0 || element(xmltext.Unknown, "p") != 0 || attribute(xmltext.Unknown, "style-name") != 0 {
		t.Error("what is not there is found")
	}
}

func TestPolicy(t *testing.T) {
	for name, rule := range map[string]string{"plugin": "plugin", "applet": "applet", "floating-frame": "floating-frame"} {
		e := element(NsDraw, name)
		if e == 0 || e.Action()&Drop == 0 || e.Rule() != rule {
			t.Errorf("draw:%s: %b %q", name, e.Action(), e.Rule())
		}
	}
	if a := attribute(NsXlink, "href"); a.Check() != Reference || a.Rule() != "" {
		t.Errorf("xlink:href is checked as %d", a.Check())
	}
	if a := attribute(NsTable, "formula"); a.Check() != Formula {
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
	style := element(NsStyle, "style")
	graphic := element(NsLoext, "graphic-properties")
	if graphic == 0 || !style.Holds(graphic) || !graphic.Allows(attribute(NsDraw, "fill-color")) {
		t.Error("fills of paragraphs are not known")
	}
	math := element(NsMath, "mrow")
	if math == 0 || !MathMath.Holds(math) || element(NsMath, "maction") != 0 || math.Allows(attribute(0, "href")) {
		t.Error("wrong elements of MathML")
	}
}

func BenchmarkElementNamed(b *testing.B) {
	for b.Loop() {
		if element(NsTable, "table-cell") == 0 {
			b.Fatal("not there")
		}
	}
}

func element(space Space, local string) Element {
	return ElementNamed(&xmltext.Name{Space: space, Local: []byte(local)})
}

func attribute(space Space, local string) Attr {
	return AttrNamed(&xmltext.Name{Space: space, Local: []byte(local)})
}
