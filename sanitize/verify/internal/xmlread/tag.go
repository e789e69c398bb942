package xmlread

import (
	"bytes"
	"errors"
	"fmt"
)

// maxBound bounds the declarations that hold at one place: each name is looked up among them.
const maxBound = 1024

// written is an attribute of the tag that is being read. Its value is raw[from:to] of the tag's attributes, unless it was
// made.
type written struct {
	word     *word
	from, to int
	made     bool
	value    string
}

// startTag reads a start tag or an empty element (3.1).
func (r *Reader) startTag() error {
	if len(r.open) == 0 && r.rooted {
		return fmt.Errorf("a second root at offset %d", r.at(r.pos))
	}
	if len(r.open) >= r.maxDepth {
		return fmt.Errorf("elements deeper than %d", r.maxDepth)
	}
	r.pos++
	w, err := r.word()
	if err != nil {
		return err
	}
	before := len(r.bound)
	r.declared = before
	start := r.pos
	empty, err := r.attributes(start)
	if err != nil {
		return err
	}
	if err := r.expand(w, &w.element); err != nil {
		return err
	}
	if err := r.resolveAll(r.b[start:r.pos]); err != nil {
		return err
	}
	r.rooted = true
	r.open = append(r.open, element{raw: w.raw, name: w.element.name, bound: before})
	r.pending = empty
	r.tok = Token{Kind: Start, Name: w.element.name, Number: w.element.number, Attrs: r.attrs, Empty: empty}
	return nil
}

// attributes reads up to the end of the tag; start is where its name ended. Declarations of namespaces are bound at once.
func (r *Reader) attributes(start int) (empty bool, err error) {
	r.written = r.written[:0]
	for {
		from := r.pos
		r.blanks()
		if r.pos >= len(r.b) {
			return false, errEnd
		}
		switch r.b[r.pos] {
		case '>':
			r.pos++
			return false, nil
		case '/':
			if r.pos+1 >= len(r.b) {
				return false, errEnd
			}
			if r.b[r.pos+1] != '>' {
				return false, fmt.Errorf("a tag at offset %d", r.at(r.pos))
			}
			r.pos += 2
			return true, nil
		}
		if r.pos == from || len(r.written) >= maxAttrs {
			return false, fmt.Errorf("attributes at offset %d", r.at(r.pos))
		}
		if err := r.attribute(start); err != nil {
			return false, err
		}
	}
}

func (r *Reader) attribute(start int) error {
	w, err := r.word()
	if err != nil {
		return err
	}
	r.blanks()
	if r.pos >= len(r.b) {
		return errEnd
	}
	if r.b[r.pos] != '=' {
		return fmt.Errorf("the attribute %q without a value", w.raw)
	}
	r.pos++
	r.blanks()
	if r.pos >= len(r.b) {
		return errEnd
	}
	quote := r.b[r.pos]
	if quote != '"' && quote != '\'' {
		return fmt.Errorf("the attribute %q without quotes", w.raw)
	}
	r.pos++
	end := bytes.IndexByte(r.b[r.pos:], quote)
	if end < 0 {
		return errEnd
	}
	from := r.pos
	r.pos += end + 1
	value := r.b[from : from+end]
	text, same, err := r.resolve(value, less)
	if err != nil {
		return fmt.Errorf("the attribute %q: %w", w.raw, err)
	}
	if w.prefix == "xmlns" || w.raw == "xmlns" {
		return r.bind(w, text)
	}
	a := written{word: w, from: from - start, to: from - start + end, made: !same}
	if a.made {
		a.value = string(text)
	}
	r.written = append(r.written, a)
	return nil
}

// bind declares a namespace for the element that is being read.
func (r *Reader) bind(w *word, value []byte) error {
	prefix := ""
	if w.prefix == "xmlns" {
		prefix = w.local
	}
	uri := r.intern(value)
	if prefix == "xml" && uri != xmlSpace || prefix == "xmlns" || prefix != "" && uri == "" {
		return fmt.Errorf("the prefix %q for %q", prefix, uri)
	}
	for _, b := range r.bound[r.declared:] {
		if b.prefix == prefix {
			return fmt.Errorf("the prefix %q twice", prefix)
		}
	}
	if len(r.bound) > maxBound {
		return errors.New("too many declarations")
	}
	r.bound = append(r.bound, binding{prefix, uri})
	r.era++
	return nil
}

// resolveAll makes the attributes of the token from those that were read, whose text is raw. No two of them may have the
// same expanded name (Namespaces, section 6.3).
func (r *Reader) resolveAll(raw []byte) error {
	r.attrs = r.attrs[:0]
	if len(r.written) == 0 {
		return nil
	}
	all := string(raw) // one string for all values
	for i := range r.written {
		a := &r.written[i]
		m := &a.word.attribute
		if err := r.expand(a.word, m); err != nil {
			return err
		}
		for k := range r.attrs {
			if other := &r.attrs[k]; other.Number == m.number && other.Name == m.name {
				return fmt.Errorf("the attribute %q twice", a.word.local)
			}
		}
		if !a.made {
			a.value = all[a.from:a.to]
		}
		r.attrs = append(r.attrs, Attr{Name: m.name, Number: m.number, Value: a.value})
	}
	return nil
}
