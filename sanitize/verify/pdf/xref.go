package pdf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"sekisho/sanitize/verify"
)

// table reads a cross-reference table in one section and the trailer (7.5.4, 7.5.5).
func (f *file) table() error {
	var out bytes.Buffer
	size := 1 + slices.Max(slices.Collect(maps.Keys(f.offsets)))
	if size-1 != len(f.offsets) {
		return verify.Fail(RuleStructure, "xref", "%d objects with numbers up to %d", len(f.offsets), size-1)
	}
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", size)
	for n := 1; n < size; n++ {
		fmt.Fprintf(&out, "%010d 00000 n \n", f.offsets[n])
	}
	out.WriteString("trailer\n")
	if !bytes.HasPrefix(f.b[f.pos:], out.Bytes()) {
		return verify.Fail(RuleStructure, "xref", "the table is not that of the objects")
	}
	l := f.lexer(f.b)
	l.pos = f.pos + out.Len()
	v, err := l.object(0)
	d, ok := v.(dict)
	if err != nil || !ok {
		return verify.Fail(RuleStructure, "trailer", "no dictionary (%v)", err)
	}
	l.skip()
	f.pos, f.trailer, f.budget = l.pos, d, l.objects
	return f.closeTrailer(size, "Size", "Root", "Info", "ID")
}

// section reads the cross-reference stream (7.5.8), which is the last object, and the object streams before it.
func (f *file) section(last int) error {
	s, ok := f.objects[last].(*stream)
	if !ok || s.dict["Type"] != name("XRef") {
		return verify.Fail(RuleStructure, "", "the last object is no cross-reference section")
	}
	if err := f.unpack(); err != nil {
		return err
	}
	data, err := f.decode(s)
	if err != nil {
		return verify.Fail(RuleStructure, "XRef", "%v", err)
	}
	size := len(f.objects) + 1
	if err := f.entries(s.dict, data, size); err != nil {
		return verify.Fail(RuleStructure, "XRef", "%v", err)
	}
	f.trailer = s.dict
	delete(f.objects, last)
	return f.closeTrailer(size, "Size", "Root", "Info", "ID", "Type", "W", "Index", "Length", "Filter", "DecodeParms")
}

// entries holds the entries of a cross-reference stream against where the objects are.
func (f *file) entries(d dict, data []byte, size int) error {
	w, err := widths(d["W"])
	if err != nil {
		return err
	}
	if index, ok := d["Index"]; ok && !slices.Equal(asList(index), list{int64(0), int64(size)}) {
		return fmt.Errorf("an index of %v", index)
	}
	row := w[0] + w[1] + w[2]
	if len(data) != row*size {
		return fmt.Errorf("%d bytes for %d objects", len(data), size)
	}
	for n := range size {
		e := data[n*row : (n+1)*row]
		kind, a, b := number(e[:w[0]]), number(e[w[0]:w[0]+w[1]]), number(e[w[0]+w[1]:])
		if w[0] == 0 {
			kind = 1
		}
		off, here := f.offsets[n]
		place, in := f.packed[n]
		switch {
		case n == 0 && kind == 0 && a == 0:
		case n > 0 && here && kind == 1 && a == off && b == 0:
		case n > 0 && in && kind == 2 && a == place[0] && b == place[1]:
		default:
			return fmt.Errorf("entry %d is not where object %d is", n, n)
		}
	}
	return nil
}

func widths(v any) (w [3]int, err error) {
	l := asList(v)
	if len(l) != 3 {
		return w, fmt.Errorf("widths %v", v)
	}
	for i := range w {
		n, ok := integer(l[i], 4)
		if !ok {
			return w, fmt.Errorf("widths %v", v)
		}
		w[i] = int(n)
	}
	return w, nil
}

func asList(v any) list {
	l, _ := v.(list)
	return l
}

func number(b []byte) int {
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n
}

// closeTrailer holds the keys of the trailer against a list: an earlier section, a second one or encryption have
// keys of their own.
func (f *file) closeTrailer(size int, allowed ...name) error {
	for k := range f.trailer {
		if !slices.Contains(allowed, k) {
			return verify.Fail(RuleStructure, "trailer", "the key %q", string(k))
		}
	}
	if f.trailer["Size"] != int64(size) {
		return verify.Fail(RuleStructure, "trailer", "the size %v with %d objects", f.trailer["Size"], size)
	}
	if _, ok := f.trailer["Root"].(ref); !ok {
		return verify.Fail(RuleStructure, "trailer", "no catalog")
	}
	return nil
}

// unpack reads the objects of every object stream (7.5.7).
func (f *file) unpack() error {
	for _, num := range slices.Sorted(maps.Keys(f.offsets)) {
		s, ok := f.objects[num].(*stream)
		if !ok || s.dict["Type"] != name("ObjStm") {
			continue
		}
		if err := f.unpackOne(num, s); err != nil {
			return verify.Fail(RuleStructure, fmt.Sprintf("%d 0 obj", num), "object stream: %v", err)
		}
		f.objects[num] = nil
	}
	return nil
}

func (f *file) unpackOne(num int, s *stream) error {
	data, err := f.decode(s)
	if err != nil {
		return err
	}
	count, ok1 := integer(s.dict["N"], int64(len(data)))
	first, ok2 := integer(s.dict["First"], int64(len(data)))
	if _, chained := s.dict["Extends"]; !ok1 || !ok2 || chained {
		return fmt.Errorf("entries N %v and First %v", s.dict["N"], s.dict["First"])
	}
	head, l := f.lexer(data[:first]), f.lexer(data[first:])
	head.noRefs = true
	for i := range int(count) {
		n, err1 := head.object(0)
		off, err2 := head.object(0)
		id, ok := integer(n, maxObject)
		if err1 != nil || err2 != nil || !ok || id == 0 {
			return fmt.Errorf("no number for object %d", i)
		}
		if l.skip(); off != int64(l.pos) {
			return fmt.Errorf("object %d at %v, want %d", i, off, l.pos)
		}
		if _, twice := f.objects[int(id)]; twice {
			return fmt.Errorf("object %d stands twice", id)
		}
		v, err := l.object(0)
		if _, isWord := v.(word); err != nil || isWord {
			return fmt.Errorf("object %d: %v", id, err)
		}
		f.objects[int(id)], f.packed[int(id)] = v, [2]int{num, i}
	}
	head.skip()
	l.skip()
	if head.pos != len(head.b) || l.pos != len(l.b) {
		return fmt.Errorf("more data than objects")
	}
	f.budget = l.objects
	return nil
}
