package grammar

import (
	"slices"
	"testing"

	"sekisho/sanitize/internal/xmltext"
)

func space(t *testing.T, uri string) Space {
	t.Helper()
	info, ok := LookupSpace([]byte(uri))
	if !ok {
		t.Fatalf("no namespace %s", uri)
	}
	return info.Number
}

func TestLookups(t *testing.T) {
	w := space(t, "http://schemas.openxmlformats.org/wordprocessingml/2006/main")
	if w != NsW || space(t, "http://purl.oclc.org/ooxml/wordprocessingml/main") != NsW {
		t.Error("the namespace of documents has two numbers")
	}
	if _, ok := LookupSpace([]byte("urn:none")); ok {
		t.Error("an unknown namespace is known")
	}
	r, p, body := element(NsW, "r"), element(NsW, "p"), element(NsW, "body")
	if r == 0 || p == 0 || body == 0 || r != WR {
		t.Fatal("elements are missing")
	}
	if !p.Holds(r) || !body.Holds(p) || r.Holds(body) || body.Holds(r) {
		t.Error("wrong children")
	}
	if p.Local() != "p" || p.Space() != NsW {
		t.Errorf("w:p is %d %s", p.Space(), p.Local())
	}
	rsid, id := attribute(NsW, "rsidR"), attribute(NsR, "id")
	if rsid == 0 || id == 0 || !p.Allows(rsid) || p.Allows(id) {
		t.Error("wrong attributes")
	}
	if element(NsW, "nothing") != 0 || element(-1, "p") != 0 || attribute(0, "nothing") != 0 {
		t.Error("what is not there is found")
	}
}

func TestPolicy(t *testing.T) {
	chunk := element(NsW, "altChunk")
	if chunk.Action()&Drop == 0 || chunk.Rule() != "alt-chunk" {
		t.Errorf("w:altChunk: %b %q", chunk.Action(), chunk.Rule())
	}
	if src := attribute(0, "src"); src.Rule() != "external-link" {
		t.Errorf("src: %q", src.Rule())
	}
	if text := element(NsX, "t"); text.Action()&HasText == 0 {
		t.Error("text of cells has no text")
	}
	if SpaceRule(space(t, "http://schemas.microsoft.com/office/2006/01/customui")) != "custom-ui" || SpaceRule(NsW) != "" || SpaceRule(-1) != "" {
		t.Error("wrong rules of namespaces")
	}
	if !slices.IsSorted(Rules()) || len(Rules()) < 20 {
		t.Errorf("rules %v", Rules())
	}
}

func TestParts(t *testing.T) {
	styles := MainDocumentPart.Child("http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles")
	if styles != StyleDefinitionsPart || WorkbookPart.Child("http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles") != WorkbookStylesPart {
		t.Error("styles of documents and workbooks are not told apart")
	}
	if styles.Root() != element(NsW, "styles") || styles.File() == "" || styles.ContentType() == "" || styles.Relation() == "" {
		t.Errorf("%s is not complete", styles.Name())
	}
	if VbaProjectPart.File() != "" || MainDocumentPart.Child("urn:none") != 0 {
		t.Error("a part is kept that must not be")
	}
}

// TestEveryKeptPartHasARoot: a part that is copied as XML must begin with what the grammar knows.
func TestEveryKeptPartHasARoot(t *testing.T) {
	binary := []Part{ImagePart, EmbeddedPackagePart, CustomXmlPart}
	for i := range parts {
		p := Part(i + 1)
		if p.File() != "" && p.Root() == 0 && !slices.Contains(binary, p) {
			t.Errorf("%s has no root element", p.Name())
		}
	}
}

func BenchmarkElementNamed(b *testing.B) {
	for b.Loop() {
		if element(NsX, "row") == 0 {
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
