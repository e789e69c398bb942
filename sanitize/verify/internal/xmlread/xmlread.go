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
	"unicode/utf8"
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
	Name  Name
	Value string
}

// Token is one token. It is valid until the next one is read.
type Token struct {
	Kind  Kind
	Name  Name   // of Start and End
	Attrs []Attr // of Start
	Text  []byte // of Text, references resolved
	Empty bool   // of Start: written as an empty element
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
	open     []element
	bound    []binding
	declared int // bindings before the element that is being read
	attrs    []Attr
	text     []byte
	names    map[string]string // one string for each name, however often it stands
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
	return &Reader{b: b, maxDepth: maxDepth, names: map[string]string{}, bound: []binding{{"xml", xmlSpace}}}
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

// whole moves the window on until it holds all of the token at the position, or the document's end: a tag up to the
// '>' that stands in no value, or text up to the next tag.
func (r *Reader) whole() error {
	if r.src == nil {
		return nil
	}
	var quote byte
	for i := 0; ; i++ {
		for r.pos+i >= len(r.b) {
			if more, err := r.more(); !more || err != nil {
				return err
			}
		}
		if r.b[r.pos] != '<' {
			n := bytes.IndexByte(r.b[r.pos+i:], '<')
			if n >= 0 {
				return nil
			}
			i = len(r.b) - r.pos - 1
			continue
		}
		switch c := r.b[r.pos+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return nil
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
	if r.pending {
		r.pending = false
		return r.close(), true, nil
	}
	if err := r.whole(); err != nil {
		return t, false, err
	}
	if !r.begun {
		r.begun = true
		if err := r.declaration(); err != nil {
			return t, false, err
		}
		if err := r.whole(); err != nil {
			return t, false, err
		}
	}
	if len(r.open) == 0 {
		if r.blanks(); r.pos < len(r.b) {
			if err := r.whole(); err != nil {
				return t, false, err
			}
		}
		if r.pos == len(r.b) {
			if !r.rooted {
				return t, false, errors.New("no root")
			}
			return t, false, nil
		}
	}
	if r.pos >= len(r.b) {
		return t, false, errEnd
	}
	if r.b[r.pos] != '<' {
		return r.characters()
	}
	if r.pos+1 >= len(r.b) {
		return t, false, errEnd
	}
	switch r.b[r.pos+1] {
	case '/':
		return r.endTag()
	case '!', '?':
		return t, false, fmt.Errorf("%q at offset %d", r.b[r.pos:min(len(r.b), r.pos+9)], r.at(r.pos))
	}
	return r.startTag()
}

// at returns the offset in the document of a place in the window.
func (r *Reader) at(pos int) int64 { return r.base + int64(pos) }

// declaration reads the XML declaration (2.8), which need not be there.
func (r *Reader) declaration() error {
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
	for r.pos < len(r.b) && blank(r.b[r.pos]) {
		r.pos++
	}
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// intern returns b as a string that is made once.
func (r *Reader) intern(b []byte) string {
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(r.names) < 1<<16 {
		r.names[s] = s
	}
	return s
}

// name reads a qualified name and returns it as written.
func (r *Reader) name() (string, error) {
	start := r.pos
	for r.pos < len(r.b) && nameByte(r.b[r.pos]) {
		r.pos++
	}
	raw := r.b[start:r.pos]
	if len(raw) == 0 || raw[0] >= '0' && raw[0] <= '9' || raw[0] == '-' || raw[0] == '.' || raw[0] == ':' || !utf8.Valid(raw) {
		return "", fmt.Errorf("no name at offset %d", r.at(start))
	}
	return r.intern(raw), nil
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == ':' || c == '-' || c == '.' || c >= 0x80
}

// split divides a qualified name at its colon (Namespaces, section 4).
func split(raw string) (prefix, local string, err error) {
	for i := range len(raw) {
		if raw[i] != ':' {
			continue
		}
		prefix, local = raw[:i], raw[i+1:]
		for k := range len(local) {
			if local[k] == ':' {
				return "", "", fmt.Errorf("the name %q", raw)
			}
		}
		if prefix == "" || local == "" {
			return "", "", fmt.Errorf("the name %q", raw)
		}
		return prefix, local, nil
	}
	return "", raw, nil
}

func (r *Reader) lookup(prefix string) (string, bool) {
	for i := len(r.bound) - 1; i >= 0; i-- {
		if r.bound[i].prefix == prefix {
			return r.bound[i].uri, true
		}
	}
	return "", prefix == ""
}

func (r *Reader) endTag() (Token, bool, error) {
	r.pos += 2
	raw, err := r.name()
	if err != nil {
		return Token{}, false, err
	}
	r.blanks()
	if r.pos >= len(r.b) || r.b[r.pos] != '>' || len(r.open) == 0 || r.open[len(r.open)-1].raw != raw {
		return Token{}, false, fmt.Errorf("the end of %q at offset %d", raw, r.at(r.pos))
	}
	r.pos++
	return r.close(), true, nil
}

func (r *Reader) close() Token {
	e := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	r.bound = r.bound[:e.bound]
	return Token{Kind: End, Name: e.name}
}
