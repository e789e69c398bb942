package source

import (
	"bytes"
	"context"
	"strconv"

	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/object"
)

// strict reads a file that holds to ISO 32000-2 7.5 to the letter: every cross-reference table or stream, every object and
// every end of a stream where it says, no encryption. Most files are such; pdfcpu takes several times as long to say the
// same. For any other file it returns nil, and says nothing about it.
//
// Everything is read at once, so that nothing can turn out later to be otherwise, and no byte twice: objects that overlap
// are not to the letter.
func strict(ctx context.Context, data []byte, limits Limits) *Document {
	if !bytes.HasPrefix(data, []byte("%PDF-")) {
		return nil
	}
	r := reader{ctx: ctx, data: data, limits: limits, left: strictBytes, where: map[object.Ref]place{}}
	if !r.sections() || !r.objects() {
		return nil
	}
	root, ok := r.trailer.Get("Root").(object.Ref)
	if _, isDict := r.cache[root].(object.Dict); !ok || !isDict {
		return nil
	}
	doc := &Document{Root: root, cache: r.cache, next: r.next}
	doc.load = func(object.Ref) (object.Object, error) { return nil, nil } // all that is there is in the cache
	if info, ok := r.trailer.Get("Info").(object.Ref); ok {
		doc.Info = info
	}
	return doc
}

// strictBytes is what the object and cross-reference streams of a file may unpack to for strict, in bytes, together.
const strictBytes = 64 << 20

// place is where an object is: at an offset, or as element index of an object stream, or nowhere.
type place struct {
	offset    int64
	container object.Ref
	index     int
	free      bool
}

// reader is the state of strict. Its methods report false for a file that is none for it.
type reader struct {
	ctx    context.Context
	data   []byte
	limits Limits
	dec    filter.Decoder
	left   int64 // bytes that may still be unpacked

	trailer object.Dict // the newest
	where   map[object.Ref]place
	cache   map[object.Ref]object.Object
	next    object.Ref
}

// maxSections bounds the revisions of a file.
const maxSections = 64

// sections reads the cross-reference sections, the newest first, and where they say that objects are.
func (r *reader) sections() bool {
	tail := max(0, len(r.data)-1024)
	i := bytes.LastIndex(r.data[tail:], []byte("startxref"))
	if i < 0 {
		return false
	}
	p := object.Parser{Buf: r.data, Pos: tail + i + len("startxref")}
	at, err := p.Next()
	if err != nil || !bytes.HasPrefix(bytes.TrimLeft(r.data[p.Pos:], " \r\n"), []byte("%%EOF")) {
		return false
	}
	for range maxSections {
		offset, ok := at.(int64)
		if !ok || offset <= 0 || offset >= int64(len(r.data)) {
			return false
		}
		d, ok := r.section(int(offset))
		if !ok || d.Has("Encrypt") || d.Has("XRefStm") {
			return false
		}
		if r.trailer == nil {
			r.trailer = d
		}
		if at = d.Get("Prev"); at == nil {
			return true
		}
	}
	return false
}

// section reads one section and returns its trailer.
func (r *reader) section(at int) (object.Dict, bool) {
	if rest, ok := bytes.CutPrefix(r.data[at:], []byte("xref")); ok {
		return r.table(len(r.data) - len(rest))
	}
	o, ref, _, ok := r.indirect(at)
	s, isStream := o.(*object.Stream)
	if !ok || !isStream || s.Dict.Get("Type") != object.Name("XRef") || !r.enter(ref, place{offset: int64(at)}) {
		return nil, false
	}
	return s.Dict, r.rows(s)
}

// enter notes where an object is, unless a newer section has said so, and reports false for a number that is too big.
func (r *reader) enter(ref object.Ref, p place) bool {
	if ref < 0 || int(ref) > r.limits.Objects {
		return false
	}
	if _, known := r.where[ref]; !known {
		r.where[ref] = p
		r.next = max(r.next, ref+1)
	}
	return true
}

// table reads a cross-reference table (ISO 32000-2 7.5.4) and the trailer behind it.
func (r *reader) table(at int) (object.Dict, bool) {
	const length = 20 // of an entry
	p := object.Parser{Buf: r.data, Pos: at, Depth: r.limits.Nesting}
	for {
		first, err := p.Next()
		if first == object.Keyword("trailer") {
			break
		}
		start, ok1 := first.(int64)
		second, err2 := p.Next()
		count, ok2 := second.(int64)
		if err != nil || err2 != nil || !ok1 || !ok2 || start < 0 || count < 0 || start+count > int64(r.limits.Objects)+1 {
			return nil, false
		}
		for p.Pos < len(r.data) && object.IsSpace(r.data[p.Pos]) {
			p.Pos++
		}
		if int64(len(r.data)-p.Pos) < count*length {
			return nil, false
		}
		for i := range count {
			if !r.entry(object.Ref(start+i), r.data[p.Pos:p.Pos+length]) {
				return nil, false
			}
			p.Pos += length
		}
	}
	o, err := p.Next()
	d, ok := o.(object.Dict)
	return d, ok && err == nil
}

// entry reads one entry of a table: "0000000016 00000 n" and two bytes of line end.
func (r *reader) entry(ref object.Ref, b []byte) bool {
	offset, err := strconv.ParseUint(string(b[:10]), 10, 63)
	end := string(b[18:])
	if err != nil || b[10] != ' ' || b[16] != ' ' || end != " \n" && end != " \r" && end != "\r\n" {
		return false
	}
	switch {
	case b[17] == 'f':
		return r.enter(ref, place{free: true})
	case b[17] == 'n' && string(b[11:16]) == "00000" && ref > 0:
		return r.enter(ref, place{offset: int64(offset)})
	}
	return false
}

// rows reads the entries of a cross-reference stream (ISO 32000-2 7.5.8).
func (r *reader) rows(s *object.Stream) bool {
	size, ok := s.Dict.Get("Size").(int64)
	w, isArray := s.Dict.Get("W").(object.Array)
	if !ok || !isArray || len(w) != 3 {
		return false
	}
	var width [3]int
	for i := range width {
		n, ok := w[i].(int64)
		if !ok || n < 0 || n > 7 {
			return false
		}
		width[i] = int(n)
	}
	index, ok := s.Dict.Get("Index").(object.Array)
	if !ok {
		index = object.Array{int64(0), size}
	}
	rows, ok := r.unpack(s)
	row := width[0] + width[1] + width[2]
	for ; ok && len(index) >= 2; index = index[2:] {
		start, ok1 := index[0].(int64)
		count, ok2 := index[1].(int64)
		if !ok1 || !ok2 || start < 0 || count < 0 || start+count > int64(r.limits.Objects)+1 || int64(len(rows)) < count*int64(row) {
			return false
		}
		for i := range count {
			if !r.row(object.Ref(start+i), rows[:row], width) {
				return false
			}
			rows = rows[row:]
		}
	}
	return ok && len(index) == 0 && len(rows) == 0
}

func (r *reader) row(ref object.Ref, b []byte, width [3]int) bool {
	kind := int64(1)
	if width[0] > 0 {
		kind = number(b[:width[0]])
	}
	second, third := number(b[width[0]:width[0]+width[1]]), number(b[width[0]+width[1]:])
	switch {
	case kind == 0:
		return r.enter(ref, place{free: true})
	case kind == 1 && third == 0 && ref > 0:
		return r.enter(ref, place{offset: second})
	case kind == 2 && ref > 0 && second > 0 && second <= int64(r.limits.Objects):
		return r.enter(ref, place{container: object.Ref(second), index: int(third)})
	}
	return false
}

func number(b []byte) (n int64) {
	for _, c := range b {
		n = n<<8 | int64(c)
	}
	return n
}

// objects reads every object.
func (r *reader) objects() bool {
	r.cache = make(map[object.Ref]object.Object, len(r.where))
	packed := map[object.Ref]bool{} // object streams
	left := len(r.data)
	for ref, p := range r.where {
		switch {
		case p.free:
			r.cache[ref] = nil
		case p.container > 0:
			packed[p.container] = true
		default:
			at := int(min(p.offset, int64(len(r.data))))
			o, found, end, ok := r.indirect(at)
			if left -= end - at; !ok || found != ref || left < 0 || r.ctx.Err() != nil {
				return false
			}
			r.cache[ref] = o
		}
	}
	for container := range packed {
		s, ok := r.cache[container].(*object.Stream)
		if !ok || s.Dict.Get("Type") != object.Name("ObjStm") || !r.contained(container, s) {
			return false
		}
	}
	for ref, p := range r.where {
		if _, there := r.cache[ref]; !there && p.container > 0 {
			return false
		}
		if s, ok := r.cache[ref].(*object.Stream); ok && (s.Dict.Get("Type") == object.Name("ObjStm") || s.Dict.Get("Type") == object.Name("XRef")) {
			r.cache[ref] = nil // no part of the document
		}
	}
	return true
}

// contained reads the objects of an object stream (ISO 32000-2 7.5.7) that are to be found there.
func (r *reader) contained(container object.Ref, s *object.Stream) bool {
	n, ok1 := s.Dict.Get("N").(int64)
	first, ok2 := s.Dict.Get("First").(int64)
	data, ok := r.unpack(s)
	if !ok || !ok1 || !ok2 || n < 0 || n > int64(r.limits.Objects) || first < 0 || first > int64(len(data)) || s.Dict.Has("Extends") {
		return false
	}
	head := object.Parser{Buf: data[:first]}
	for i := range int(n) {
		a, err1 := head.Next()
		b, err2 := head.Next()
		ref, ok1 := a.(int64)
		at, ok2 := b.(int64)
		if err1 != nil || err2 != nil || !ok1 || !ok2 || at < 0 || first+at > int64(len(data)) {
			return false
		}
		p := r.where[object.Ref(ref)]
		if p.container != container || p.index != i {
			continue // a newer section has it elsewhere
		}
		body := object.Parser{Buf: data, Pos: int(first + at), Depth: r.limits.Nesting}
		o, err := body.Next()
		if _, word := o.(object.Keyword); err != nil || word {
			return false
		}
		r.cache[object.Ref(ref)] = o
	}
	return true
}

// unpack undoes the filters of a stream of the file's frame.
func (r *reader) unpack(s *object.Stream) ([]byte, bool) {
	steps, err := filter.Chain(s.Dict.Get("Filter"), s.Dict.Get("DecodeParms"))
	if err != nil {
		return nil, false
	}
	r.dec.Charge = func(n int64) error {
		if r.left -= n; r.left < 0 {
			return ErrLimit
		}
		return nil
	}
	out, err := r.dec.Decode(s.Raw, steps, false)
	return out.Data, err == nil && !out.Damaged && out.Image == nil
}

// indirect reads the object at an offset: "12 0 obj", the object, "endobj". It returns its number and where it ends.
func (r *reader) indirect(at int) (o object.Object, ref object.Ref, end int, ok bool) {
	if at <= 0 || at >= len(r.data) || r.data[at] < '0' || r.data[at] > '9' {
		return nil, 0, 0, false
	}
	p := object.Parser{Buf: r.data[:min(len(r.data), at+window)], Pos: at, Depth: r.limits.Nesting}
	a, err1 := p.Next()
	b, err2 := p.Next()
	c, err3 := p.Next()
	n, isNumber := a.(int64)
	if err1 != nil || err2 != nil || err3 != nil || !isNumber || b != int64(0) || c != object.Keyword("obj") {
		return nil, 0, 0, false
	}
	o, err := p.Next()
	if _, word := o.(object.Keyword); err != nil || word {
		return nil, 0, 0, false
	}
	word, err := p.Next()
	if word == object.Keyword("stream") {
		d, isDict := o.(object.Dict)
		raw, after, ok := r.raw(d, p.Pos)
		if !isDict || !ok {
			return nil, 0, 0, false
		}
		o = &object.Stream{Dict: d, Raw: raw}
		p = object.Parser{Buf: r.data[:min(len(r.data), after+64)], Pos: after}
		word, err = p.Next()
	}
	return o, object.Ref(n), p.Pos, err == nil && word == object.Keyword("endobj")
}

// raw returns the data of a stream, from behind the word stream on: so long as Length says, with the word endstream behind
// it (ISO 32000-2 7.3.8.1), and where that ends.
func (r *reader) raw(d object.Dict, at int) (data []byte, after int, ok bool) {
	length, isNumber := d.Get("Length").(int64)
	if ref, isRef := d.Get("Length").(object.Ref); isRef {
		length, isNumber = r.length(ref)
	}
	rest := r.data[at:]
	switch {
	case bytes.HasPrefix(rest, []byte("\r\n")):
		rest = rest[2:]
	case bytes.HasPrefix(rest, []byte("\n")):
		rest = rest[1:]
	default:
		return nil, 0, false
	}
	if !isNumber || length < 0 || length > int64(len(rest)) || d.Has("F") {
		return nil, 0, false
	}
	for _, end := range []string{"\nendstream", "\r\nendstream", "\rendstream", "endstream"} {
		if bytes.HasPrefix(rest[length:], []byte(end)) {
			return rest[:length:length], len(r.data) - len(rest) + int(length) + len(end), true
		}
	}
	return nil, 0, false
}

// length reads a length that is an object of its own.
func (r *reader) length(ref object.Ref) (int64, bool) {
	p, known := r.where[ref]
	if !known || p.free || p.container > 0 || p.offset <= 0 || p.offset >= int64(len(r.data)) {
		return 0, false
	}
	parser := object.Parser{Buf: r.data[:min(int64(len(r.data)), p.offset+64)], Pos: int(p.offset)}
	var got [4]object.Object
	for i := range got {
		var err error
		if got[i], err = parser.Next(); err != nil {
			return 0, false
		}
	}
	n, ok := got[3].(int64)
	return n, ok && got[0] == int64(ref) && got[1] == int64(0) && got[2] == object.Keyword("obj")
}
