package xmlread

import (
	"bytes"
	"errors"
	"fmt"
)

// maxBound bounds the declarations that hold at one place: each name is looked up among them.
const maxBound = 1024

// written is an attribute before its prefix is resolved.
type written struct{ prefix, local, value string }

// startTag reads a start tag or an empty element (3.1).
func (r *Reader) startTag() (Token, bool, error) {
	if len(r.open) == 0 && r.rooted {
		return Token{}, false, fmt.Errorf("a second root at offset %d", r.at(r.pos))
	}
	if len(r.open) >= r.maxDepth {
		return Token{}, false, fmt.Errorf("elements deeper than %d", r.maxDepth)
	}
	r.rooted = true
	r.pos++
	raw, err := r.name()
	if err != nil {
		return Token{}, false, err
	}
	before := len(r.bound)
	r.declared = before
	attrs, empty, err := r.attributes()
	if err != nil {
		return Token{}, false, err
	}
	name, err := r.expand(raw)
	if err != nil {
		return Token{}, false, err
	}
	if r.attrs, err = r.resolveAll(attrs); err != nil {
		return Token{}, false, err
	}
	r.open = append(r.open, element{raw: raw, name: name, bound: before})
	r.pending = empty
	return Token{Kind: Start, Name: name, Attrs: r.attrs, Empty: empty}, true, nil
}

func (r *Reader) expand(raw string) (Name, error) {
	prefix, local, err := split(raw)
	if err != nil {
		return Name{}, err
	}
	uri, ok := r.lookup(prefix)
	if !ok {
		return Name{}, fmt.Errorf("the prefix %q stands for nothing", prefix)
	}
	return Name{uri, local}, nil
}

// attributes reads up to the end of the tag. Declarations of namespaces are bound at once.
func (r *Reader) attributes() (attrs []written, empty bool, err error) {
	for {
		start := r.pos
		r.blanks()
		if r.pos >= len(r.b) {
			return nil, false, errEnd
		}
		switch r.b[r.pos] {
		case '>':
			r.pos++
			return attrs, false, nil
		case '/':
			if r.pos+1 >= len(r.b) || r.b[r.pos+1] != '>' {
				return nil, false, fmt.Errorf("a tag at offset %d", r.at(r.pos))
			}
			r.pos += 2
			return attrs, true, nil
		}
		if r.pos == start || len(attrs) >= maxAttrs {
			return nil, false, fmt.Errorf("attributes at offset %d", r.at(r.pos))
		}
		a, err := r.attribute()
		if err != nil {
			return nil, false, err
		}
		if a.prefix == "xmlns" || a.prefix == "" && a.local == "xmlns" {
			if err := r.bind(a); err != nil {
				return nil, false, err
			}
			continue
		}
		attrs = append(attrs, a)
	}
}

func (r *Reader) attribute() (a written, err error) {
	raw, err := r.name()
	if err != nil {
		return a, err
	}
	if a.prefix, a.local, err = split(raw); err != nil {
		return a, err
	}
	r.blanks()
	if r.pos >= len(r.b) || r.b[r.pos] != '=' {
		return a, fmt.Errorf("the attribute %q without a value", raw)
	}
	r.pos++
	r.blanks()
	if r.pos >= len(r.b) || r.b[r.pos] != '"' && r.b[r.pos] != '\'' {
		return a, fmt.Errorf("the attribute %q without quotes", raw)
	}
	quote := r.b[r.pos]
	r.pos++
	end := bytes.IndexByte(r.b[r.pos:], quote)
	if end < 0 {
		return a, errEnd
	}
	value := r.b[r.pos : r.pos+end]
	if bytes.IndexByte(value, '<') >= 0 {
		return a, fmt.Errorf("%q in the attribute %q", "<", raw)
	}
	r.pos += end + 1
	text, err := r.resolve(value)
	a.value = string(text)
	return a, err
}

// bind declares a namespace for the element that is being read.
func (r *Reader) bind(a written) error {
	prefix := ""
	if a.prefix == "xmlns" {
		prefix = a.local
	}
	if prefix == "xml" && a.value != xmlSpace || prefix == "xmlns" || prefix != "" && a.value == "" {
		return fmt.Errorf("the prefix %q for %q", prefix, a.value)
	}
	for _, b := range r.bound[r.declared:] {
		if b.prefix == prefix {
			return fmt.Errorf("the prefix %q twice", prefix)
		}
	}
	if len(r.bound) > maxBound {
		return errors.New("too many declarations")
	}
	r.bound = append(r.bound, binding{prefix, r.intern([]byte(a.value))})
	return nil
}

// resolveAll expands the names of attributes, of which no two may be the same (Namespaces, section 6.3).
func (r *Reader) resolveAll(attrs []written) ([]Attr, error) {
	out := r.attrs[:0]
	for _, a := range attrs {
		n := Name{"", a.local}
		if a.prefix != "" {
			uri, ok := r.lookup(a.prefix)
			if !ok {
				return nil, fmt.Errorf("the prefix %q stands for nothing", a.prefix)
			}
			n.Space = uri
		}
		for _, other := range out {
			if other.Name == n {
				return nil, fmt.Errorf("the attribute %q twice", a.local)
			}
		}
		out = append(out, Attr{n, a.value})
	}
	return out, nil
}
