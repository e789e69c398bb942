package xmlread

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/sanitize/internal/benchtest"
)

// dump returns the tokens of b in one line.
func dump(b []byte) (string, error) { return dumpFrom(New(b, 20)) }

func dumpFrom(r *Reader) (string, error) {
	var s strings.Builder
	for {
		t, ok, err := r.Next()
		if err != nil || !ok {
			return s.String(), err
		}
		switch t.Kind {
		case Start:
			fmt.Fprintf(&s, "<{%s}%s", t.Name.Space, t.Name.Local)
			for _, a := range t.Attrs {
				fmt.Fprintf(&s, " {%s}%s=%q", a.Name.Space, a.Name.Local, a.Value)
			}
			s.WriteString(">")
		case End:
			fmt.Fprintf(&s, "</{%s}%s>", t.Name.Space, t.Name.Local)
		case Text:
			fmt.Fprintf(&s, "%q", t.Text)
		}
	}
}

const good = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<a xmlns="u" xmlns:p='v' b="1 &lt; 2" p:b="&#x65e5;"><p:c/>日&amp;本<c xmlns="">x</c></a>
`

// TestStream: a document that comes byte by byte gives the tokens that it gives as a whole, and the errors.
func TestStream(t *testing.T) {
	long := "<a b=\"" + strings.Repeat("x>", 100_000) + "\">" + strings.Repeat("日本", 50_000) + "<c/> </a>\n"
	for _, doc := range []string{good, long, "<a>", "<a", "<a></b>", "<a/>x", "<a>&x;</a>", "", "<a>]]></a>", " \n<a/>", "<a/> "} {
		want, wantErr := dump([]byte(doc))
		r := NewStream(iotest.OneByteReader(strings.NewReader(doc)), 20)
		got, err := dumpFrom(r)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Errorf("%.40q: %.80s, %v; want %.80s, %v", doc, got, err, want, wantErr)
		}
	}
	broken := io.MultiReader(strings.NewReader("<a>x"), iotest.ErrReader(io.ErrNoProgress))
	if _, err := dumpFrom(NewStream(broken, 20)); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("the error of the source: %v", err)
	}
}

func TestGood(t *testing.T) {
	got, err := dump([]byte(good))
	want := `<{u}a {}b="1 < 2" {v}b="日"><{v}c></{v}c>"日&本"<{}c>"x"</{}c></{u}a>`
	if err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestBad(t *testing.T) {
	for name, s := range map[string]string{
		"empty": "", "text": "x", "no end": "<a>", "wrong end": "<a></b>", "crossed": "<a><b></a></b>", "two roots": "<a/><b/>",
		"text after": "<a/>x", "doctype": "<!DOCTYPE a><a/>", "doctype inside": "<a><!DOCTYPE b></a>", "comment": "<a><!--x--></a>",
		"cdata": "<a><![CDATA[x]]></a>", "instruction": "<a><?x y?></a>", "second declaration": "<a/><?xml version=\"1.0\"?>",
		"encoding": "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", "entity": "<a>&x;</a>", "bare ampersand": "<a>& </a>",
		"null reference": "<a>&#0;</a>", "surrogate": "<a>&#xD800;</a>", "control": "<a>\x01</a>", "not UTF-8": "<a>\xff</a>",
		"attribute twice": `<a b="" b=""/>`, "expanded twice": `<a xmlns:p="u" xmlns:q="u" p:b="" q:b=""/>`, "prefix twice": `<a xmlns:p="u" xmlns:p="v"/>`,
		"no prefix": "<p:a/>", "no prefix of an attribute": `<a p:b=""/>`, "no quotes": "<a b=1/>", "less than": `<a b="<"/>`,
		"no blank": `<a b=""c=""/>`, "colon": "<a:b:c xmlns:a=\"u\"/>", "empty binding": `<a xmlns:p=""/>`, "xmlns bound": `<a xmlns:xmlns="u"/>`,
		"xml bound": `<a xmlns:xml="u"/>`, "brackets": "<a>]]></a>", "digit": "<1/>", "slash": "<a / >", "mark": "\xef\xbb\xbf<a/>",
		"deep": strings.Repeat("<a>", 21) + strings.Repeat("</a>", 21), "UTF-16": "<\x00a\x00/\x00>\x00",
	} {
		if got, err := dump([]byte(s)); err == nil {
			t.Errorf("%s: read as %s", name, got)
		}
	}
}

// TestMeanings: a name means what its prefix stands for where it is, and numbers go with names, not with spellings.
func TestMeanings(t *testing.T) {
	const doc = `<p:a xmlns:p="u" p:x="1" x="2"><p:a xmlns:p="v" p:x="3"><a xmlns="v" p:x="4"/></p:a><p:a p:x="5"/></p:a>`
	for range 2 {
		got, err := dump([]byte(doc))
		want := `<{u}a {u}x="1" {}x="2"><{v}a {v}x="3"><{v}a {v}x="4"></{v}a></{v}a><{u}a {u}x="5"></{u}a></{u}a>`
		if err != nil || got != want {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	}
	numbers := map[int]Name{}
	see := func(number int, n Name) {
		if was, ok := numbers[number]; ok && was != n || number == 0 {
			t.Errorf("%v has the number %d, which %v has", n, number, was)
		}
		numbers[number] = n
	}
	for r := New([]byte(doc), 20); ; {
		tok, ok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if tok.Kind != Start {
			continue
		}
		see(tok.Number, tok.Name)
		for _, a := range tok.Attrs {
			see(a.Number, a.Name)
		}
	}
	if len(numbers) != 5 {
		t.Errorf("%d numbers for 5 names", len(numbers))
	}
}

// BenchmarkReader is to be read beside BenchmarkStandard.
func BenchmarkReader(b *testing.B) {
	benchtest.Reading(b, func(doc []byte) error {
		for r := NewStream(bytes.NewReader(doc), 20); ; {
			if _, ok, err := r.Next(); err != nil || !ok {
				return err
			}
		}
	})
}

func BenchmarkStandard(b *testing.B) { benchtest.Standard(b) }

// FuzzReader holds every document that is accepted against the standard library.
func FuzzReader(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := dump(b); err != nil {
			return
		}
		d := xml.NewDecoder(bytes.NewReader(b))
		for {
			tok, err := d.Token()
			if err == io.EOF {
				return
			}
			if err != nil {
				return // its names are narrower
			}
			switch tok := tok.(type) {
			case xml.Comment, xml.Directive:
				t.Fatalf("%T in %q", tok, b)
			}
		}
	})
}
