package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/object"
)

// Repair reads data without its cross-reference tables: every "n g obj" that is not inside a stream is an object, the
// last with its number counts, and object streams are unpacked. What they unpack to is charged.
//
// Where no catalog is left, one is made for the pages that are.
func Repair(ctx context.Context, data []byte, limits Limits, charge func(int64) error) (*Document, error) {
	s := newScanner(ctx, data, limits)
	s.dec.Charge = charge
	if err := s.objects(); err != nil {
		return nil, err
	}
	s.trailers()
	if s.encrypted {
		return nil, fmt.Errorf("%w: or the file is damaged, which cannot be told from outside", ErrPassword)
	}
	if err := s.unpack(); err != nil {
		return nil, err
	}
	return s.document()
}

// located is an object and where in the file it was found.
type located struct {
	object object.Object
	at     int
}

// scanner looks for objects in bytes.
type scanner struct {
	ctx    context.Context
	data   []byte
	limits Limits
	dec    filter.Decoder

	found     map[object.Ref]located
	packed    []object.Ref    // object streams, in the order of the file
	roots     []object.Object // that trailers named, in the order of the file
	info      object.Object   // of the last trailer that has one
	encrypted bool
	patience  int64 // bytes that may still be read in vain
}

func newScanner(ctx context.Context, data []byte, limits Limits) *scanner {
	return &scanner{
		ctx: ctx, data: data, limits: limits,
		found: map[object.Ref]located{}, patience: 64<<20 + 8*int64(len(data)),
	}
}

// window bounds how far an object that has no end is read.
const window = 4 << 20

// objects finds the objects of the file proper.
func (s *scanner) objects() error {
	for pos, n := 0, 0; ; n++ {
		if n%1024 == 0 {
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		i := bytes.Index(s.data[pos:], []byte("obj"))
		if i < 0 {
			return nil
		}
		at := pos + i
		pos = at + len("obj")
		ref, ok := s.header(at)
		if !ok {
			continue
		}
		end, err := s.object(ref, at, pos)
		if err != nil {
			return err
		}
		pos = max(pos, end)
	}
}

// header reads the numbers before the word obj backwards: "12 0 obj".
func (s *scanner) header(at int) (object.Ref, bool) {
	_, i, ok := s.numberBefore(at)
	if !ok {
		return 0, false
	}
	n, _, ok := s.numberBefore(i)
	return object.Ref(n), ok && n > 0 && n <= 8_388_607 // ISO 32000-1 Annex C.2
}

// numberBefore reads a number that ends before at, with white space between.
func (s *scanner) numberBefore(at int) (n, start int, ok bool) {
	i := at
	for i > 0 && object.IsSpace(s.data[i-1]) {
		i--
	}
	end := i
	for i > 0 && s.data[i-1] >= '0' && s.data[i-1] <= '9' && end-i < 9 {
		i--
	}
	for _, c := range s.data[i:end] {
		n = n*10 + int(c-'0')
	}
	return n, i, i < end
}

// object reads the object at pos and returns where it ends, or 0 when it is none.
func (s *scanner) object(ref object.Ref, at, pos int) (int, error) {
	p := object.Parser{Buf: s.data[:min(len(s.data), pos+window)], Pos: pos, Depth: s.limits.Nesting}
	o, err := p.Next()
	if err != nil {
		if s.patience -= int64(len(p.Buf) - pos); s.patience < 0 {
			return 0, fmt.Errorf("%w: too many broken objects", ErrLimit)
		}
		p.Pos, p.Lenient = pos, true
		if o, err = p.Next(); err != nil {
			return 0, nil
		}
	}
	if _, word := o.(object.Keyword); word {
		return 0, nil
	}
	end := p.Pos
	if d, ok := o.(object.Dict); ok {
		if data, after, ok := s.stream(d, p.Pos); ok {
			o, end = &object.Stream{Dict: d, Raw: data}, after
			s.note(ref, d)
		}
	}
	s.found[ref] = located{o, at}
	if len(s.found) > s.limits.Objects {
		return 0, fmt.Errorf("%w: more than %d objects", ErrLimit, s.limits.Objects)
	}
	return end, nil
}

// stream returns the data after the word stream, as long as Length says if that is so, or else up to endstream.
func (s *scanner) stream(d object.Dict, pos int) (data []byte, after int, ok bool) {
	pos = object.SkipSpace(s.data, pos)
	if !bytes.HasPrefix(s.data[pos:], []byte("stream")) {
		return nil, 0, false
	}
	pos += len("stream")
	if pos < len(s.data) && s.data[pos] == '\r' {
		pos++
	}
	if pos < len(s.data) && s.data[pos] == '\n' {
		pos++
	}
	rest := s.data[pos:]
	if n, isInt := d.Get("Length").(int64); isInt && n >= 0 && n <= int64(len(rest)) {
		tail := bytes.TrimLeft(rest[n:min(int64(len(rest)), n+32)], "\r\n\t \x00\f")
		if bytes.HasPrefix(tail, []byte("endstream")) {
			return rest[:n], pos + int(n), true
		}
	}
	n := bytes.Index(rest, []byte("endstream"))
	if n < 0 {
		return rest, len(s.data), true
	}
	data = bytes.TrimSuffix(rest[:n], []byte("\n"))
	return bytes.TrimSuffix(data, []byte("\r")), pos + n, true
}

// note remembers the streams that are part of the file's frame.
func (s *scanner) note(ref object.Ref, d object.Dict) {
	switch d.Get("Type") {
	case object.Name("ObjStm"):
		s.packed = append(s.packed, ref)
	case object.Name("XRef"):
		s.trailer(d)
	}
}

// trailers reads every trailer dictionary.
func (s *scanner) trailers() {
	word := []byte("trailer")
	for pos := 0; ; {
		i := bytes.Index(s.data[pos:], word)
		if i < 0 || s.patience < 0 {
			return
		}
		pos += i + len(word)
		p := object.Parser{Buf: s.data[:min(len(s.data), pos+window)], Pos: pos, Depth: s.limits.Nesting}
		o, err := p.Next()
		if err != nil {
			s.patience -= int64(len(p.Buf) - pos)
			continue
		}
		if d, ok := o.(object.Dict); ok {
			s.trailer(d)
		}
	}
}

func (s *scanner) trailer(d object.Dict) {
	if root := d.Get("Root"); root != nil {
		s.roots = append(s.roots, root)
	}
	if info := d.Get("Info"); info != nil {
		s.info = info
	}
	s.encrypted = s.encrypted || d.Has("Encrypt")
}

// unpack reads the objects in object streams (ISO 32000-2 7.5.7). Of two objects with a number that counts which stands
// later in the file.
func (s *scanner) unpack() error {
	for _, ref := range s.packed {
		l := s.found[ref]
		stream, ok := l.object.(*object.Stream)
		if !ok {
			continue
		}
		steps, err := filter.Chain(stream.Dict.Get("Filter"), stream.Dict.Get("DecodeParms"))
		if err != nil {
			continue
		}
		r, err := s.dec.Decode(stream.Raw, steps, false)
		if err != nil {
			return err
		}
		if err := s.unpackOne(r.Data, stream.Dict, l.at); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) unpackOne(data []byte, d object.Dict, at int) error {
	first, _ := d.Get("First").(int64)
	if first < 0 || first > int64(len(data)) {
		return nil
	}
	head := object.Parser{Buf: data[:first]}
	for {
		n, err := head.Next()
		if err != nil {
			return s.ctx.Err()
		}
		offset, err := head.Next()
		number, ok1 := n.(int64)
		start, ok2 := offset.(int64)
		if err != nil || !ok1 || !ok2 || number < 1 || start < 0 || start > int64(len(data))-first {
			return s.ctx.Err()
		}
		p := object.Parser{Buf: data, Pos: int(first + start), Depth: s.limits.Nesting}
		o, err := p.Next()
		if _, word := o.(object.Keyword); err != nil || word {
			continue
		}
		ref := object.Ref(number)
		if old, ok := s.found[ref]; ok && old.at > at {
			continue
		}
		if s.found[ref] = (located{o, at}); len(s.found) > s.limits.Objects {
			return fmt.Errorf("%w: more than %d objects", ErrLimit, s.limits.Objects)
		}
	}
}

// document puts together what was found.
func (s *scanner) document() (*Document, error) {
	doc := &Document{
		Info: s.info, Repaired: true, cache: make(map[object.Ref]object.Object, len(s.found)),
		load: func(object.Ref) (object.Object, error) { return nil, nil },
	}
	refs := slices.Sorted(maps.Keys(s.found))
	for _, ref := range refs {
		o := s.found[ref].object
		doc.cache[ref] = o
		doc.next = ref + 1
		if d, ok := o.(object.Dict); ok && d.Get("Type") == object.Name("Page") {
			doc.pages = append(doc.pages, ref)
		}
	}
	for _, root := range slices.Backward(s.roots) {
		ref, ok := root.(object.Ref)
		if !ok {
			ref = doc.Adopt(root)
		}
		if isCatalog(doc, ref) {
			doc.Root = ref
			return doc, nil
		}
	}
	for _, ref := range slices.Backward(refs) {
		if d, ok := doc.cache[ref].(object.Dict); ok && d.Get("Type") == object.Name("Catalog") && isCatalog(doc, ref) {
			doc.Root = ref
			return doc, nil
		}
	}
	if len(doc.pages) == 0 {
		return nil, errors.New("cannot repair PDF: no pages")
	}
	doc.Salvage()
	return doc, nil
}

// isCatalog reports whether an object leads to a page tree.
func isCatalog(doc *Document, ref object.Ref) bool {
	root, _, _ := doc.Load(ref) // a scanned document has no object that cannot be read
	d, _ := root.(object.Dict)
	pages, _, _ := doc.Load(d.Get("Pages"))
	_, ok := pages.(object.Dict)
	return ok
}
