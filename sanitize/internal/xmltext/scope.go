package xmltext

import "bytes"

// binding is one namespace declaration in force: a prefix and a namespace, both in scope.text.
type binding struct {
	prefix, uri, end int // text[prefix:uri] and text[uri:end]
	space            Space
	outer            int // the state of the scope without it
}

// scope holds the declarations in force, inner ones last.
type scope struct {
	bindings []binding
	text     []byte
	state    int       // a number of the set of declarations in force, from 1: the same number is the same set
	states   int       // the last number that was given
	recent   [32]int32 // by a hash of the prefix: 1 + the binding it was last found at, if nothing changed since
}

func (s *scope) len() int { return len(s.bindings) }

// leave ends all declarations but the first n.
func (s *scope) leave(n int) {
	if n == len(s.bindings) {
		return
	}
	s.state = s.bindings[n].outer
	s.text = s.text[:s.bindings[n].prefix]
	s.bindings = s.bindings[:n]
	clear(s.recent[:])
}

// declare puts a declaration in force.
func (s *scope) declare(prefix, uri []byte, space Space) {
	b := binding{prefix: len(s.text), space: space, outer: s.state}
	s.states++
	s.state = s.states
	s.text = append(s.text, prefix...)
	b.uri = len(s.text)
	s.text = append(s.text, uri...)
	b.end = len(s.text)
	s.bindings = append(s.bindings, b)
	clear(s.recent[:])
}

// find returns the binding of prefix, or nil.
func (s *scope) find(prefix []byte) *binding {
	h := len(prefix)
	if h > 0 {
		h += int(prefix[0])*3 + int(prefix[h-1])*7
	}
	slot := &s.recent[h%len(s.recent)]
	if *slot > 0 {
		if b := &s.bindings[*slot-1]; bytes.Equal(s.text[b.prefix:b.uri], prefix) {
			return b
		}
	}
	for i := len(s.bindings) - 1; i >= 0; i-- {
		if b := &s.bindings[i]; bytes.Equal(s.text[b.prefix:b.uri], prefix) {
			*slot = int32(i + 1)
			return b
		}
	}
	return nil
}

// resolve gives the names of a start tag their namespaces, and refuses attributes that are there twice.
func (r *Reader) resolve() error {
	for i := range r.Attrs {
		if a := &r.Attrs[i]; a.Name.declares() {
			if err := r.declare(a); err != nil {
				return err
			}
		}
	}
	if err := r.resolveName(&r.Name, true); err != nil {
		return err
	}
	var bits uint64
	unique := true
	for i := range r.Attrs {
		name := &r.Attrs[i].Name
		if name.Space != XMLNS {
			if err := r.resolveName(name, false); err != nil {
				return err
			}
		}
		bit := name.bit()
		unique = unique && bits&bit == 0
		bits |= bit
	}
	if unique {
		return nil
	}
	return r.unique()
}

// declares reports whether n is the name of an attribute that declares a namespace.
func (n *Name) declares() bool {
	if n.known != nil {
		return n.known.declares
	}
	return string(n.Prefix) == "xmlns" || len(n.Prefix) == 0 && string(n.Local) == "xmlns"
}

// bit is localBit of n.
func (n *Name) bit() uint64 {
	if n.known != nil && n.Space != XMLNS { // of a declaration, the local name is another than it was written
		return n.known.bit
	}
	return localBit(n.Local)
}

// resolveName gives a name its namespace.
func (r *Reader) resolveName(n *Name, element bool) (err error) {
	known := n.known
	if known != nil && known.state == r.scope.state {
		n.Space = known.space
		return nil
	}
	if n.Space, err = r.spaceOf(n.Prefix, element); err != nil {
		return err
	}
	if known != nil {
		if known.space != n.Space {
			known.note = 0
		}
		known.space, known.state = n.Space, r.scope.state
	}
	return nil
}

// declare puts the namespace declaration a in force (Namespaces in XML, 2.2 and 3).
func (r *Reader) declare(a *Attr) error {
	prefix := a.Name.Local
	if len(a.Name.Prefix) == 0 {
		prefix = nil
	}
	a.Name = Name{Prefix: a.Name.Prefix, Local: prefix, Space: XMLNS, known: a.Name.known}
	uri := string(a.Value)
	switch {
	case string(prefix) == "xml" && uri == xmlURI:
		a.Bound = XML
		return nil
	case string(prefix) == "xml", string(prefix) == "xmlns", uri == xmlURI, uri == xmlnsURI:
		return syntax("a reserved prefix or namespace is declared")
	case uri == "" && len(prefix) > 0 && r.Dropped.Entities > 0: // its name stood in an entity: nobody knows it
		a.Bound = Unknown
		r.scope.declare(prefix, nil, Unknown)
		return nil
	case uri == "" && len(prefix) > 0:
		return syntax("a prefix is declared for no namespace")
	case uri == "":
		a.Bound = None
	default:
		a.Bound = Unknown
		if r.opt.Space != nil {
			if n := r.opt.Space(a.Value); n > 0 {
				a.Bound = n
			}
		}
	}
	if r.scope.len() >= 1<<14 {
		return limit("too many namespace declarations in force")
	}
	r.scope.declare(prefix, a.Value, a.Bound)
	return nil
}

// spaceOf returns the namespace of a name with this prefix.
func (r *Reader) spaceOf(prefix []byte, element bool) (Space, error) {
	if len(prefix) == 0 && !element {
		return None, nil
	}
	if b := r.scope.find(prefix); b != nil {
		return b.space, nil
	}
	switch string(prefix) {
	case "":
		return None, nil
	case "xml":
		return XML, nil
	}
	return None, syntax("a prefix that is not declared")
}

// SpaceOf returns the namespace that prefix stands for at the current token, and whether it is declared.
func (r *Reader) SpaceOf(prefix []byte) (Space, bool) {
	if b := r.scope.find(prefix); b != nil {
		return b.space, true
	}
	return None, false
}

// Bindings calls yield for the namespace declarations in force that were made inside the outermost depth elements,
// outer ones first. What yield gets is valid until it returns.
func (r *Reader) Bindings(depth int, yield func(prefix, uri []byte, space Space)) {
	from := r.scope.len()
	if depth < len(r.opened) {
		from = r.opened[depth].bindings
	}
	for _, b := range r.scope.bindings[from:] {
		yield(r.scope.text[b.prefix:b.uri], r.scope.text[b.uri:b.end], b.space)
	}
}

// fewAttrs is the number of attributes up to which each is compared with each.
const fewAttrs = 24

// unique refuses two attributes of the same name, by spelling or by namespace (Namespaces in XML, 6.3).
func (r *Reader) unique() error {
	if len(r.Attrs) > fewAttrs {
		return r.uniqueMany()
	}
	for i := 1; i < len(r.Attrs); i++ {
		a := &r.Attrs[i].Name
		for j := range i {
			b := &r.Attrs[j].Name
			if len(a.Local) == len(b.Local) && a.Space == b.Space && bytes.Equal(a.Local, b.Local) && r.sameSpace(a, b) {
				return syntax("an attribute is there twice")
			}
		}
	}
	return nil
}

// sameSpace reports whether two names with the same number of a namespace are in the same one.
func (r *Reader) sameSpace(a, b *Name) bool {
	if a.Space != Unknown || bytes.Equal(a.Prefix, b.Prefix) {
		return true
	}
	return bytes.Equal(r.uriOf(a.Prefix), r.uriOf(b.Prefix))
}

func (r *Reader) uriOf(prefix []byte) []byte {
	if b := r.scope.find(prefix); b != nil {
		return r.scope.text[b.uri:b.end]
	}
	return nil
}

// uniqueMany is unique for elements with many attributes.
func (r *Reader) uniqueMany() error {
	if r.seen == nil {
		r.seen = map[string]struct{}{}
	}
	clear(r.seen)
	var key []byte
	for i := range r.Attrs {
		a := &r.Attrs[i].Name
		key = append(key[:0], byte(a.Space), byte(a.Space>>8))
		if a.Space == Unknown {
			key = append(key, r.uriOf(a.Prefix)...)
		}
		key = append(append(key, 0), a.Local...)
		if _, ok := r.seen[string(key)]; ok {
			return syntax("an attribute is there twice")
		}
		r.seen[string(key)] = struct{}{}
	}
	return nil
}
