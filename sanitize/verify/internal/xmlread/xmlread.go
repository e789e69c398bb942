// Package xmlread reads XML for the judges, as our writer writes it and in no other way: UTF-8, one declaration at
// most, one root, elements, attributes and text with their namespaces resolved. There are no comments, no processing
// instructions, no document type, no CDATA sections, and no references but the five of XML and characters (XML 1.0
// fifth edition; Namespaces in XML 1.0 third edition).
package xmlread

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Kind is the kind of a token.
type Kind byte

// The kinds of tokens. An empty element is a Start and an End.
const (
	Start Kind = iota
	End
	Text
)

// Name is an expanded name.
type Name struct{ Space, Local string }

// Attr is an attribute that declares no namespace.
type Attr struct {
	Name   Name
	Number int // of Name, as in Token
	Value  string
}

// Token is one token. It is valid until the next one is read; names and values of attributes stay.
type Token struct {
	Kind   Kind
	Name   Name   // of Start and End
	Number int    // of Start: of Name among the names of the document, in the order in which they come, from 1; 0 of one too many
	Attrs  []Attr // of Start
	Text   []byte // of Text, references resolved
	Empty  bool   // of Start: written as an empty element
}

// xmlSpace is bound to the prefix xml by definition.
const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// maxAttrs bounds the attributes of one element: finding duplicates takes the square of their number.
const maxAttrs = 256

// Reader reads one document. It holds one token of it at a time.
type Reader struct {
	b        []byte // a window on the document
	pos      int
	src      io.Reader // the rest of the document; nil when the window reaches its end
	base     int64     // offset of the window in the document
	begun    bool
	maxDepth int
	tok      Token
	open     []element
	bound    []binding
	declared int // bindings before the element that is being read
	era      int // a number of the declarations in force: it changes when they do
	written  []written
	attrs    []Attr
	text     []byte
	words    map[string]*word
	recent   [recentWords]*word
	numbers  map[Name]int
	uris     map[string]string // one string for each name of a namespace
	pending  bool              // the End of an empty element
	rooted   bool
}

// element is an open element.
type element struct {
	raw   string // as written, prefix included
	name  Name
	bound int // bindings before it
}

type binding struct{ prefix, uri string }

// New returns a reader of b, in which elements are at most maxDepth deep.
func New(b []byte, maxDepth int) *Reader {
	return &Reader{
		b: b, maxDepth: maxDepth, era: 1, bound: []binding{{"xml", xmlSpace}},
		words: map[string]*word{}, numbers: map[Name]int{}, uris: map[string]string{},
	}
}

// NewStream is New for a document that src holds. Memory is bounded by the longest token.
func NewStream(src io.Reader, maxDepth int) *Reader {
	r := New(nil, maxDepth)
	r.src = src
	return r
}

// firstWindow is how many bytes of a document are held at first.
const firstWindow = 64 << 10

// more moves the window on to hold more of the document, and reports whether there was more.
func (r *Reader) more() (bool, error) {
	if r.src == nil {
		return false, nil
	}
	if r.pos > 0 {
		n := copy(r.b, r.b[r.pos:])
		r.b, r.base, r.pos = r.b[:n], r.base+int64(r.pos), 0
	}
	if len(r.b) == cap(r.b) {
		grown := make([]byte, len(r.b), max(2*cap(r.b), firstWindow))
		copy(grown, r.b)
		r.b = grown
	}
	n, err := r.src.Read(r.b[len(r.b):cap(r.b)])
	r.b = r.b[:len(r.b)+n]
	if err == io.EOF {
		r.src, err = nil, nil
	}
	return n > 0 || r.src != nil, err
}

// refill reads on until the window holds twice as much from the position on, or the document's end.
func (r *Reader) refill() error {
	for want := 2 * (len(r.b) - r.pos); ; {
		if more, err := r.more(); !more || err != nil || len(r.b)-r.pos > want {
			return err
		}
	}
}

// Depth returns how many elements are open.
func (r *Reader) Depth() int { return len(r.open) }

// Bound reports whether prefix stands for a namespace where the reader is.
func (r *Reader) Bound(prefix string) bool {
	_, ok := r.lookup(prefix)
	return ok
}

var errEnd = errors.New("it ends in an element")

// Next returns the next token. It returns false after the end of the root, when nothing but white space follows.
func (r *Reader) Next() (t Token, ok bool, err error) {
	ok, err = r.next()
	if ok && err == nil {
		t = r.tok
	}
	return t, ok, err
}

// next reads the next token into r.tok.
func (r *Reader) next() (ok bool, err error) {
	if r.pending {
		r.pending = false
		r.close()
		return true, nil
	}
	for {
		start, bound, begun := r.pos, len(r.bound), r.begun
		ok, err = r.token()
		if err != errEnd || r.src == nil {
			return ok, err
		}
		r.pos, r.begun = start, begun // the window ends inside of the token: once more with a longer one
		r.unbind(bound)
		if err := r.refill(); err != nil {
			return false, err
		}
	}
}

// token reads the token at the position. It fails with errEnd when the window ends before the token does.
func (r *Reader) token() (ok bool, err error) {
	if !r.begun {
		if err := r.declaration(); err != nil {
			return false, err
		}
		r.begun = true
	}
	if len(r.open) == 0 {
		if r.blanks(); r.pos == len(r.b) {
			switch {
			case r.src != nil:
				return false, errEnd
			case !r.rooted:
				return false, errors.New("no root")
			}
			return false, nil
		}
	}
	if r.pos >= len(r.b) {
		return false, errEnd
	}
	if r.b[r.pos] != '<' {
		return true, r.characters()
	}
	if r.pos+1 >= len(r.b) {
		return false, errEnd
	}
	switch r.b[r.pos+1] {
	case '/':
		return true, r.endTag()
	case '!', '?':
		return false, fmt.Errorf("%q at offset %d", r.b[r.pos:min(len(r.b), r.pos+9)], r.at(r.pos))
	}
	return true, r.startTag()
}

// at returns the offset in the document of a place in the window.
func (r *Reader) at(pos int) int64 { return r.base + int64(pos) }

// declaration reads the XML declaration (2.8), which need not be there.
func (r *Reader) declaration() error {
	if len(r.b) < len("<?xml ") && r.src != nil {
		return errEnd
	}
	if !bytes.HasPrefix(r.b, []byte("<?xml ")) {
		return nil
	}
	end := bytes.Index(r.b, []byte("?>"))
	if end < 0 {
		return errEnd
	}
	switch d := string(bytes.ReplaceAll(r.b[6:end], []byte("'"), []byte(`"`))); d {
	case `version="1.0"`, `version="1.0" encoding="UTF-8"`, `version="1.0" encoding="UTF-8" standalone="yes"`,
		`version="1.0" encoding="utf-8"`, `version="1.0" encoding="utf-8" standalone="yes"`, `version="1.0" encoding="UTF-8" standalone="no"`:
	default:
		return fmt.Errorf("the declaration %q", d)
	}
	r.pos = end + 2
	return nil
}

func (r *Reader) blanks() {
	for r.pos < len(r.b) && marks[r.b[r.pos]]&white != 0 {
		r.pos++
	}
}

// intern returns b as a string that is made once.
func (r *Reader) intern(b []byte) string {
	if s, ok := r.uris[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(r.uris) < maxBound {
		r.uris[s] = s
	}
	return s
}

func (r *Reader) lookup(prefix string) (string, bool) {
	for i := len(r.bound) - 1; i >= 0; i-- {
		if r.bound[i].prefix == prefix {
			return r.bound[i].uri, true
		}
	}
	return "", prefix == ""
}

func (r *Reader) endTag() error {
	r.pos += 2
	if len(r.open) == 0 {
		return fmt.Errorf("an end without a start at offset %d", r.at(r.pos))
	}
	raw := r.open[len(r.open)-1].raw
	if rest := r.b[r.pos:]; len(rest) > len(raw) && rest[len(raw)] == '>' && string(rest[:len(raw)]) == raw {
		r.pos += len(raw) + 1
		r.close()
		return nil
	}
	w, err := r.word()
	if err != nil {
		return err
	}
	r.blanks()
	if r.pos >= len(r.b) {
		return errEnd
	}
	if r.b[r.pos] != '>' || raw != w.raw {
		return fmt.Errorf("the end of %q at offset %d", w.raw, r.at(r.pos))
	}
	r.pos++
	r.close()
	return nil
}

func (r *Reader) close() {
	e := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	r.unbind(e.bound)
	r.tok = Token{Kind: End, Name: e.name}
}

// unbind ends all declarations but the first n.
func (r *Reader) unbind(n int) {
	if n < len(r.bound) {
		r.bound = r.bound[:n]
		r.era++
	}
}
