package xmltext

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"sekisho/sanitize/internal/benchtest"
)

// spaceX knows one namespace.
func spaceX(uri []byte) Space {
	if string(uri) == "urn:x" {
		return 7
	}
	return 0
}

// dump returns the tokens of a document as lines, with adjacent text joined.
func dump(src io.Reader, opt Options) (string, error) {
	r := NewReader(src, opt)
	var b strings.Builder
	text := ""
	flush := func() {
		if text != "" {
			fmt.Fprintf(&b, "T %q\n", text)
			text = ""
		}
	}
	for {
		k, err := r.Next()
		if err != nil {
			flush()
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return b.String(), err
		}
		switch k {
		case Text:
			text += string(r.Text)
		case Start:
			flush()
			fmt.Fprintf(&b, "S %s:%s", r.Name.Prefix, r.Name.Local)
			for _, a := range r.Attrs {
				fmt.Fprintf(&b, " %s:%s=%q", a.Name.Prefix, a.Name.Local, a.Value)
			}
			b.WriteByte('\n')
		case End:
			flush()
			fmt.Fprintf(&b, "E %s:%s\n", r.Name.Prefix, r.Name.Local)
		}
	}
}

// rewrite copies a document through a Reader and a Writer.
func rewrite(src io.Reader, opt Options) ([]byte, error) {
	var out bytes.Buffer
	if err := copyTokens(NewWriter(&out), NewReader(src, opt)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// copyTokens writes all that r reads.
func copyTokens(w *Writer, r *Reader) error {
	for {
		k, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return w.Flush()
		case err != nil:
			return err
		case k == Start:
			w.Start(r.Name)
			for i := range r.Attrs {
				w.Attr(r.Attrs[i].Name, r.Attrs[i].Value)
			}
		case k == End:
			w.End(r.Name)
		default:
			w.Text(r.Text)
		}
	}
}

var good = []struct{ in, want string }{
	{`<a/>`, "S :a\nE :a\n"},
	{"\ufeff<?xml version='1.0' encoding=\"utf-8\" standalone='no' ?>\r\n<a></a >\n", "S :a\nE :a\n"},
	{`<a b="1" c='"'>x&amp;&#x3042;&#12356;y</a>`, "S :a :b=\"1\" :c=\"\\\"\"\nT \"x&あいy\"\nE :a\n"},
	{`<x:a xmlns:x="urn:x" x:b="1" b="2"/>`, "S x:a xmlns:x=\"urn:x\" x:b=\"1\" :b=\"2\"\nE x:a\n"},
	{"<a b='1\t2\n3\r\n4&#10;&#9;5'/>", "S :a :b=\"1 2 3 4\\n\\t5\"\nE :a\n"},
	{"<a>1\r\n2\r3&#13;4</a>", "S :a\nT \"1\\n2\\n3\\r4\"\nE :a\n"},
	{"<a><![CDATA[<&]]]><b/>]] ></a>", "S :a\nT \"<&]\"\nS :b\nE :b\nT \"]] >\"\nE :a\n"},
	{"<a><!-- c - d --><?go on?>漢字𠮷</a><!---->", "S :a\nT \"漢字𠮷\"\nE :a\n"},
	{`<a>></a>`, "S :a\nT \">\"\nE :a\n"},
	{`<日本 語="1"/>`, "S :日本 :語=\"1\"\nE :日本\n"},
	{`<a xml:space="preserve" xmlns:xml="http://www.w3.org/XML/1998/namespace"/>`,
		"S :a xml:space=\"preserve\" xmlns:xml=\"http://www.w3.org/XML/1998/namespace\"\nE :a\n"},
}

func TestReaderAccepts(t *testing.T) {
	for _, c := range good {
		for _, src := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := dump(src, Options{})
			if err != nil || got != c.want {
				t.Errorf("%q:\n%s%v\nwant\n%s", c.in, got, err, c.want)
			}
		}
	}
}

var bad = []string{
	``, ` `, `x`, `<a>`, `<a></b>`, `</a>`, `<a/><b/>`, `<a/>x`, `<a b/>`, `<a b=1/>`, `<a b="1"c="2"/>`, `<a b="<"/>`,
	`<a b="1" b="2"/>`, `<a xmlns:x="urn:x" xmlns:y="urn:x" x:b="1" y:b="2"/>`, `<a xmlns:x="q" xmlns:y="q" x:b="" y:b=""/>`,
	`<x:a/>`, `<a x:b="1"/>`, `<a xmlns:x=""/>`, `<a xmlns:xml="urn:x"/>`, `<a xmlns:xmlns="urn:x"/>`, `<a:b:c xmlns:a="q"/>`,
	`<:a/>`, `<a:/>`, `<1a/>`, `<a>&b;</a>`, `<a>&#0;</a>`, `<a>&#xD800;</a>`, `<a>&#x110000;</a>`, `<a>&#;</a>`, `<a>&amp</a>`,
	`<a>]]></a>`, "<a>\x01</a>", "<a>\xff</a>", "<a>\xed\xa0\x80</a>", "<a>\xef\xbf\xbf</a>", "<a b='\x02'/>", "<a>\xe3\x81", `<!-- a`,
	`<a><!-- -- --></a>`, `<a><!-- x ---></a>`, `<a><?xml version="1.0"?></a>`, ` <?xml version="1.0"?><a/>`, `<?xml?><a/>`,
	`<?xml version="1.1"?><a/>`, `<?xml encoding="utf-8"?><a/>`, `<?xml version="1.0" encoding="shift_jis"?><a/>`,
	`<?xml version="1.0" encoding="utf-16"?><a/>`, `<!DOCTYPE a><a/>`, `<a><!ELEMENT a ANY></a>`, `<![CDATA[x]]><a/>`, `<a><![CDATA[x</a>`,
	`<a b="&#10"/>`, `<a b="&x;"/>`, `<a/`, `<a b="`, `<`, `<a><?1?></a>`, `<a b='1' b = '1' />`, "<a \xff='1'/>", `<a / >`,
}

func TestReaderRefuses(t *testing.T) {
	for _, in := range bad {
		for _, src := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
			if got, err := dump(src, Options{}); !errors.Is(err, ErrSyntax) {
				t.Errorf("%q: error %v after\n%s", in, err, got)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	attrs := ""
	for i := range 40 {
		attrs += fmt.Sprintf(` a%d=""`, i)
	}
	for name, in := range map[string]string{
		"depth":      strings.Repeat("<a>", 1<<20),
		"attributes": "<a" + attrs + "/>",
		"tag":        `<a b="` + strings.Repeat("x", 5000) + `"/>`,
		"comment":    `<!--` + strings.Repeat("x", 5000) + `--><a/>`,
		"reference":  `<a>&` + strings.Repeat("x", 5000) + `;</a>`,
	} {
		_, err := dump(strings.NewReader(in), Options{MaxDepth: 100, MaxAttrs: 30, MaxToken: 4096})
		if !errors.Is(err, ErrLimit) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	long := "<a>" + strings.Repeat("<b>text</b>", 10000) + "</a>"
	if _, err := dump(strings.NewReader(long), Options{MaxToken: 300}); err != nil {
		t.Errorf("a long document of short tokens: %v", err)
	}
}

func TestManyAttributes(t *testing.T) {
	attrs := ""
	for i := range 60 {
		attrs += fmt.Sprintf(` a%d=""`, i)
	}
	if _, err := dump(strings.NewReader("<a"+attrs+"/>"), Options{}); err != nil {
		t.Error(err)
	}
	if _, err := dump(strings.NewReader("<a"+attrs+` a0=""/>`), Options{}); !errors.Is(err, ErrSyntax) {
		t.Errorf("error %v", err)
	}
}

func TestUTF16(t *testing.T) {
	const doc = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a b=\"あ\">漢字𠮷</a>"
	want := "S :a :b=\"あ\"\nT \"漢字𠮷\"\nE :a\n"
	for _, big := range []bool{true, false} {
		for _, mark := range []string{"\ufeff", ""} {
			in := encode16(mark+doc, big)
			got, err := dump(iotest.HalfReader(bytes.NewReader(in)), Options{})
			if err != nil || got != want {
				t.Errorf("big %v, mark %q: %v\n%s", big, mark, err, got)
			}
			if _, err := dump(bytes.NewReader(append(in, 0)), Options{}); err == nil {
				t.Error("half a unit passes")
			}
		}
	}
	lone := append(encode16("<a>", false), 0x00, 0xd8)
	if _, err := dump(bytes.NewReader(append(lone, encode16("x</a>", false)...)), Options{}); !errors.Is(err, ErrSyntax) {
		t.Errorf("lone surrogate: %v", err)
	}
}

func encode16(s string, big bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

func TestDoctypeDropped(t *testing.T) {
	const doc = `<!DOCTYPE a [ <!ENTITY e SYSTEM "file:///etc/passwd]>"> <!-- ]> ' --> ]><a b="1&e;2">x&e;y</a>`
	for _, src := range []io.Reader{strings.NewReader(doc), iotest.OneByteReader(strings.NewReader(doc))} {
		got, err := dump(src, Options{Doctype: true})
		if want := "S :a :b=\"12\"\nT \"xy\"\nE :a\n"; err != nil || got != want {
			t.Errorf("%v\n%s", err, got)
		}
	}
	if _, err := dump(strings.NewReader(`<a>&e;</a>`), Options{Doctype: true}); !errors.Is(err, ErrSyntax) {
		t.Errorf("an entity without a declaration: %v", err)
	}
}

func TestVML(t *testing.T) {
	got, err := dump(strings.NewReader(`<a>1<br>2<br/>3<br></br><![if gte mso 9]><![endif]></a>`), Options{VML: true})
	want := "S :a\nT \"1\"\nS :br\nE :br\nT \"2\"\nS :br\nE :br\nT \"3\"\nS :br\nE :br\nE :a\n"
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestSpaces(t *testing.T) {
	r := NewReader(strings.NewReader(`<a xmlns="urn:x" b=""><x:c xmlns:x="urn:x" x:d=""/><e xmlns="urn:y"/></a>`), Options{Space: spaceX})
	want := []Space{7, 7, 7, Unknown, Unknown, 7}
	for i := 0; ; i++ {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Name.Space != want[i] {
			t.Errorf("token %d is in %d, want %d", i, r.Name.Space, want[i])
		}
		for _, a := range r.Attrs {
			if string(a.Name.Local) == "d" && a.Name.Space != 7 || string(a.Name.Local) == "b" && a.Name.Space != None {
				t.Errorf("attribute %s is in %d", a.Name.Local, a.Name.Space)
			}
		}
	}
}

// TestNotes: what is kept with a name is never that of another one, whatever its prefix stands for when it comes again.
func TestNotes(t *testing.T) {
	var doc strings.Builder
	doc.WriteString(`<a xmlns:p="urn:x">`)
	for range 3 {
		doc.WriteString(`<p:n/><p:m xmlns:p="urn:y" p:n="" n=""><p:n/></p:m><n p:n="" n="" xmlns="urn:x"/><p:n xmlns:p="urn:x"/>`)
		for i := range 3000 { // more than are kept
			fmt.Fprintf(&doc, `<n%d n%d=""/>`, i, 2*i)
		}
	}
	doc.WriteString(`<` + strings.Repeat("n", 2*knownLen) + `/></a>`)
	notes := map[string]uint16{}
	check := func(kind string, n *Name) {
		id := fmt.Sprintf("%s %d %s", kind, n.Space, n.Local)
		if note := n.Note(); note != 0 && note != notes[id] {
			t.Fatalf("%s has the note %d, and was given %d", id, note, notes[id])
		}
		if notes[id] == 0 {
			notes[id] = uint16(len(notes) + 1)
		}
		n.Remember(notes[id])
	}
	kept := 0
	for r := NewReader(strings.NewReader(doc.String()), Options{Space: spaceX}); ; {
		k, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if k != Start {
			continue
		}
		if r.Name.Note() != 0 {
			kept++
		}
		check("element", &r.Name)
		for i := range r.Attrs {
			check("attribute", &r.Attrs[i].Name)
		}
	}
	if kept < 100 {
		t.Errorf("only %d notes were kept", kept)
	}
}

func TestEach(t *testing.T) {
	stopped := errors.New("stopped")
	var starts, texts int
	r := NewReader(strings.NewReader(`<a>x<skip><b/>y<c><d/></c></skip>z</a>`), Options{})
	h := Handlers{End: func() error { return nil }, Text: func() error { texts++; return nil }}
	h.Start = func() error {
		starts++
		if string(r.Name.Local) != "skip" {
			return nil
		}
		if n, err := r.Skip(); n != 3 || err != nil {
			t.Errorf("%d elements, %v", n, err)
		}
		return nil
	}
	if err := r.Each(h); err != nil || starts != 2 || texts != 2 {
		t.Errorf("%d starts, %d texts, %v", starts, texts, err)
	}
	r = NewReader(strings.NewReader("<a><b>"), Options{})
	r.Next()
	if _, err := r.Skip(); !errors.Is(err, ErrSyntax) {
		t.Errorf("a document that ends in what is skipped: %v", err)
	}
	h.Start = func() error { return stopped }
	if err := NewReader(strings.NewReader("<a/>"), Options{}).Each(h); !errors.Is(err, stopped) {
		t.Errorf("the error of a handler: %v", err)
	}
	h.Start = func() error { return nil }
	r = NewReader(strings.NewReader("<a>"+strings.Repeat("<b/>", 5000)+"</a>"), Options{Stop: func() error { return stopped }})
	if err := r.Each(h); !errors.Is(err, stopped) {
		t.Errorf("a document that is stopped: %v", err)
	}
	if _, err := r.Next(); !errors.Is(err, stopped) {
		t.Errorf("after it was stopped: %v", err)
	}
}

func TestSourceErrorIsKept(t *testing.T) {
	boom := errors.New("boom")
	_, err := dump(io.MultiReader(strings.NewReader("<a>x"), iotest.ErrReader(boom)), Options{})
	if !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	_, err = dump(io.MultiReader(strings.NewReader("<a/>"), iotest.ErrReader(boom)), Options{})
	if !errors.Is(err, boom) {
		t.Errorf("after the document: error %v", err)
	}
}

func TestWriterIsStable(t *testing.T) {
	for _, c := range good {
		once, err := rewrite(strings.NewReader(c.in), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := dump(bytes.NewReader(once), Options{}); err != nil || got != c.want {
			t.Errorf("%q became %q: %v\n%s", c.in, once, err, got)
		}
		twice, err := rewrite(bytes.NewReader(once), Options{})
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%q then %q, error %v", once, twice, err)
		}
	}
}

func TestWriterTakesBack(t *testing.T) {
	name := func(s string) Name { return Name{Local: []byte(s)} }
	var out bytes.Buffer
	w := NewWriter(&out)
	w.Start(name("a"))
	m := w.Mark()
	w.Start(name("b"))
	w.End(name("b"))
	w.Back(m)
	w.Release()
	w.End(name("a"))
	if w.Flush(); out.String() != "<a/>" {
		t.Errorf("Back left %q", out.String())
	}
	for _, after := range []string{"", "x"} {
		out.Reset()
		w.Reset(&out)
		w.Start(name("a"))
		w.Mark()
		w.Start(name("b"))
		from := w.Place()
		w.Start(name("c"))
		w.End(name("c"))
		to := w.Place()
		w.Text([]byte(after))
		w.End(name("b"))
		w.Cut(from, to)
		w.Release()
		w.End(name("a"))
		w.Flush()
		if want := map[string]string{"": "<a><b/></a>", "x": "<a><b>x</b></a>"}[after]; out.String() != want {
			t.Errorf("Cut left %q, want %q", out.String(), want)
		}
	}
}

// TestWriterHandsOn: marks that are given back do not make a writer keep all that it wrote.
func TestWriterHandsOn(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	name := Name{Local: []byte("row")}
	w.Start(Name{Local: []byte("a")})
	for range 100_000 {
		m := w.Mark()
		w.Start(name)
		w.End(name)
		w.Back(m)
		w.Start(name)
		w.End(name)
		w.Release()
	}
	if held := len(w.buf); held > 2*flushAt {
		t.Errorf("%d bytes held", held)
	}
	w.End(Name{Local: []byte("a")})
	w.Flush()
	if want := "<a>" + strings.Repeat("<row/>", 100_000) + "</a>"; out.String() != want {
		t.Error("what was written is not what came out")
	}
}

func FuzzReader(f *testing.F) {
	for _, c := range good {
		f.Add([]byte(c.in))
	}
	for _, s := range bad {
		f.Add([]byte(s))
	}
	f.Add(encode16("\ufeff<a>漢字</a>", false))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := dump(bytes.NewReader(in), Options{})
		slow, slowErr := dump(iotest.OneByteReader(bytes.NewReader(in)), Options{})
		if (err == nil) != (slowErr == nil) || err == nil && got != slow {
			t.Fatalf("reading in pieces differs: %v %v\n%s%s", err, slowErr, got, slow)
		}
		if err != nil {
			return
		}
		once, err := rewrite(bytes.NewReader(in), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := dump(bytes.NewReader(once), Options{}); err != nil || again != got {
			t.Fatalf("%q reads as other tokens: %v\n%s%s", once, err, got, again)
		}
		if ascii(once) {
			if other, err := stdDump(once); err != nil || other != got {
				t.Fatalf("encoding/xml reads %q as (%v)\n%s, not\n%s", once, err, other, got)
			}
		}
	})
}

// ascii reports whether b has no other bytes: encoding/xml has an older idea of which other characters names may have.
func ascii(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x80 })
}

// stdDump is dump by the standard library.
func stdDump(b []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	var out strings.Builder
	text := ""
	for {
		tok, err := d.RawToken()
		if _, ok := tok.(xml.CharData); !ok && text != "" {
			fmt.Fprintf(&out, "T %q\n", text)
			text = ""
		}
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch tok := tok.(type) {
		case xml.CharData:
			text += string(tok)
		case xml.StartElement:
			fmt.Fprintf(&out, "S %s:%s", tok.Name.Space, tok.Name.Local)
			for _, a := range tok.Attr {
				if a.Name.Space == "" && a.Name.Local == "xmlns" {
					a.Name.Local = ""
				}
				fmt.Fprintf(&out, " %s:%s=%q", a.Name.Space, a.Name.Local, a.Value)
			}
			out.WriteByte('\n')
		case xml.EndElement:
			fmt.Fprintf(&out, "E %s:%s\n", tok.Name.Space, tok.Name.Local)
		}
	}
}

// BenchmarkReader and BenchmarkRewrite are to be read beside BenchmarkStandard.
func BenchmarkReader(b *testing.B) {
	benchtest.Reading(b, func(doc []byte) error {
		for r := NewReader(bytes.NewReader(doc), Options{Space: spaceX}); ; {
			if _, err := r.Next(); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
		}
	})
}

func BenchmarkRewrite(b *testing.B) {
	benchtest.Reading(b, func(doc []byte) error {
		return copyTokens(NewWriter(io.Discard), NewReader(bytes.NewReader(doc), Options{Space: spaceX}))
	})
}

func BenchmarkStandard(b *testing.B) { benchtest.Standard(b) }
