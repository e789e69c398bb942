package xmltext

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// errShort says that a tag goes on past the window.
var errShort = errors.New("short")

// startTag reads a start tag or an empty element tag (3.1).
func (r *Reader) startTag() (Kind, error) {
	n, err := r.parseTag(r.src.buf[r.src.pos:])
	if err == errShort {
		if err = r.wholeTag(); err != nil {
			return 0, err
		}
		if n, err = r.parseTag(r.src.buf[r.src.pos:]); err == errShort {
			err = syntax("a tag without an end")
		}
	}
	if err != nil {
		return 0, err
	}
	r.src.pos += n
	if len(r.opened) == 0 && r.rooted {
		return 0, syntax("a second document element")
	}
	r.rooted = true
	for i := range r.Attrs {
		if !r.Attrs[i].look {
			continue
		}
		if err := r.value(&r.Attrs[i]); err != nil {
			return 0, err
		}
	}
	bindings := r.scope.len()
	if err := r.resolve(); err != nil {
		return 0, err
	}
	return Start, r.push(bindings)
}

// wholeTag reads on until the window holds the whole tag at the position.
func (r *Reader) wholeTag() error {
	var quote byte
	for i := 1; ; i++ {
		for r.src.pos+i >= len(r.src.buf) {
			if !r.src.more() {
				return r.src.ended("a tag")
			}
		}
		switch c := r.src.buf[r.src.pos+i]; {
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

// parseTag reads the tag at the start of b into r.Name, r.Attrs and r.empty, values as they are written, and returns
// its length. It fails with errShort when b ends inside of the tag.
func (r *Reader) parseTag(b []byte) (int, error) {
	r.Attrs = r.Attrs[:0]
	i := 1
	n, err := r.qName(b[i:], &r.Name, false)
	if err != nil {
		return 0, err
	}
	for i += n; ; {
		start := i
		i = skipBlank(b, i)
		if i+1 >= len(b) {
			if i < len(b) && b[i] == '>' {
				return r.closeTag(i+1, false)
			}
			return 0, errShort
		}
		switch {
		case b[i] == '>':
			return r.closeTag(i+1, false)
		case b[i] == '/' && b[i+1] == '>':
			return r.closeTag(i+2, true)
		case i == start:
			return 0, syntax("no white space before an attribute")
		case len(r.Attrs) >= r.opt.MaxAttrs:
			return 0, limit("more than %d attributes", r.opt.MaxAttrs)
		}
		if i, err = r.attribute(b, i); err != nil {
			return 0, err
		}
	}
}

func (r *Reader) closeTag(n int, empty bool) (int, error) {
	if r.opt.VML && len(r.Name.Prefix) == 0 && string(r.Name.Local) == "br" {
		empty = true
	}
	r.empty = empty
	return n, nil
}

// attribute reads the attribute at b[i:] and returns where it ends.
func (r *Reader) attribute(b []byte, i int) (int, error) {
	r.Attrs = append(r.Attrs, Attr{})
	a := &r.Attrs[len(r.Attrs)-1]
	n, err := r.qName(b[i:], &a.Name, true)
	if err != nil {
		return 0, err
	}
	i = skipBlank(b, i+n)
	if i < len(b) && b[i] != '=' {
		return 0, syntax("an attribute without a value")
	}
	i = skipBlank(b, i+1)
	if i >= len(b) {
		return 0, errShort
	}
	quote := b[i]
	if quote != '"' && quote != '\'' {
		return 0, syntax("an attribute value without quotes")
	}
	end := i + 1
	for end < len(b) && classes[b[end]]&plainValue != 0 {
		end++
	}
	if end < len(b) && b[end] != quote {
		a.look = true
		n := bytes.IndexByte(b[end:], quote)
		if n < 0 {
			return 0, errShort
		}
		end += n
	}
	if end == len(b) {
		return 0, errShort
	}
	a.Value = b[i+1 : end]
	return end + 1, nil
}

// qName reads the qualified name of an element or attribute at the start of b (Namespaces in XML, 4) and returns its
// length.
func (r *Reader) qName(b []byte, name *Name, attribute bool) (int, error) {
	hash, n := hashName(b, attribute)
	if n < len(b) && b[n] < utf8.RuneSelf {
		if known := r.known.find(hash, b[:n], attribute); known != nil {
			name.set(b[:n], known)
			return n, nil
		}
	}
	n, prefix, err := newQName(b)
	if err != nil {
		return 0, err
	}
	if name.known = r.known.remember(hash, b[:n], prefix, attribute); name.known != nil {
		name.set(b[:n], name.known)
		return n, nil
	}
	name.Prefix, name.Local = nil, b[:n]
	if prefix > 0 {
		name.Prefix, name.Local = b[:prefix], b[prefix+1:n]
	}
	return n, nil
}

// set makes n the name raw that is known.
func (n *Name) set(raw []byte, known *knownName) {
	n.known = known
	if known.prefix == 0 {
		n.Prefix, n.Local = nil, raw
		return
	}
	n.Prefix, n.Local = raw[:known.prefix], raw[known.prefix+1:]
}

// newQName checks the qualified name at the start of b and returns its length and that of its prefix.
func newQName(b []byte) (n, prefix int, err error) {
	n = ncName(b)
	local := n
	if n > 0 && n < len(b) && b[n] == ':' {
		prefix = n
		local = ncName(b[n+1:])
		n += 1 + local
	}
	switch {
	case n == len(b) || !utf8.FullRune(b[n:]):
		return 0, 0, errShort
	case local == 0:
		return 0, 0, syntax("a name is missing")
	}
	return n, prefix, nil
}

func skipBlank(b []byte, i int) int {
	for i < len(b) && classes[b[i]]&blank != 0 {
		i++
	}
	return i
}

// value checks the value of a and puts what it means in its place: references replaced, white space made spaces
// (3.3.3). What a value means is never longer than how it is written.
func (r *Reader) value(a *Attr) error {
	v := a.Value
	out := 0
	for i := 0; i < len(v); {
		n, err := plain(v[i:], plainValue)
		if err != nil {
			return err
		}
		if out != i {
			copy(v[out:], v[i:i+n])
		}
		i, out = i+n, out+n
		if i == len(v) {
			break
		}
		k, w, err := r.special(v[i:], v[out:])
		if err != nil {
			return err
		}
		i, out = i+k, out+w
	}
	a.Value = v[:out]
	return nil
}

// special reads what stands for something else at the start of v, writes that to out, and returns both lengths.
func (r *Reader) special(v, out []byte) (read, wrote int, err error) {
	switch v[0] {
	case '"', '\'':
		out[0] = v[0]
		return 1, 1, nil
	case '\t', '\n':
		out[0] = ' '
		return 1, 1, nil
	case '\r':
		out[0] = ' '
		if len(v) > 1 && v[1] == '\n' {
			return 2, 1, nil
		}
		return 1, 1, nil
	case '&':
		return r.inValue(v, out)
	}
	return 0, 0, syntax("a character that an attribute may not hold")
}

// inValue reads the reference at the start of v, as special does.
func (r *Reader) inValue(v, out []byte) (read, wrote int, err error) {
	end := bytes.IndexByte(v, ';')
	if end < 0 {
		return 0, 0, syntax("a reference without an end")
	}
	c, ok := decodeReference(v[1:end])
	switch {
	case ok:
		return end + 1, utf8.EncodeRune(out, c), nil
	case r.undefined(v[1:end]):
		r.Dropped.Entities++
		return end + 1, 0, nil
	}
	return 0, 0, syntax("a reference to an unknown entity or character")
}
