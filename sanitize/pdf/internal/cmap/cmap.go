// Package cmap parses CMaps, those that turn codes into glyphs and those that turn them into text (ISO 32000-2 9.7.5,
// 9.10.3), and writes them anew from what they map. A CMap is PostScript; of that only the mappings are understood, and
// nothing else is written.
package cmap

import (
	"errors"
	"fmt"
	"strconv"

	"sekisho/sanitize/pdf/internal/object"
)

// ErrCMap says that a stream is no CMap.
var ErrCMap = errors.New("malformed CMap")

// section is one kind of mapping with the number of values in each of its entries.
type section struct {
	name   string
	values int
}

var sections = [...]section{
	{"codespacerange", 2}, {"bfchar", 2}, {"bfrange", 3}, {"cidchar", 2}, {"cidrange", 3}, {"notdefchar", 2}, {"notdefrange", 3},
}

// perSection is the most entries that one section may have (Adobe Technical Note 5014).
const perSection = 100

// Rebuild parses data and returns it in one spelling.
func Rebuild(data []byte) ([]byte, error) {
	r := rebuilder{p: object.Parser{Buf: data, Depth: 4}}
	if err := r.read(); err != nil {
		return nil, err
	}
	return r.write(), nil
}

// rebuilder holds what was read of a CMap.
type rebuilder struct {
	p        object.Parser
	entries  [len(sections)][]object.Object
	narrowed int   // entries that were made of ranges that were too wide
	order    []int // sections in the order of their first entries: ranges may overlap, and the later counts
	name     object.Name
	mode     int64
	kind     int64
	system   systemInfo
	use      object.Name
}

type systemInfo struct {
	registry, ordering object.Object
	supplement         object.Object
}

// read goes through the words of the CMap.
func (r *rebuilder) read() error {
	r.kind = -1
	seen := false
	var before [2]object.Object // the last two values
	for {
		o, err := r.p.Next()
		if errors.Is(err, object.ErrEnd) {
			break
		}
		if err != nil {
			if seen { // readers keep what came before
				break
			}
			return fmt.Errorf("%w: %w", ErrCMap, err)
		}
		word, ok := o.(object.Keyword)
		if !ok {
			before[0], before[1] = before[1], o
			r.system.note(before[0], o)
			continue
		}
		if i := begins(string(word)); i >= 0 {
			seen = true
			if err := r.section(i); err != nil {
				return err
			}
			continue
		}
		switch word {
		case "begincmap":
			seen = true
		case "usecmap":
			r.use, _ = before[1].(object.Name)
		case "def":
			r.define(before[0], before[1])
		}
	}
	if !seen {
		return fmt.Errorf("%w: nothing in it", ErrCMap)
	}
	return nil
}

// begins returns the section that a word begins, or -1.
func begins(word string) int {
	if len(word) < 6 || word[:5] != "begin" {
		return -1
	}
	for i, s := range sections {
		if word[5:] == s.name {
			return i
		}
	}
	return -1
}

// section reads entries up to the word that ends the section.
func (r *rebuilder) section(i int) error {
	if len(r.entries[i]) == 0 {
		r.order = append(r.order, i)
	}
	n := sections[i].values
	var entry []object.Object
	for {
		o, err := r.p.Next()
		if err != nil {
			return nil // cut short: what came before counts
		}
		if _, word := o.(object.Keyword); word {
			return nil
		}
		if entry = append(entry, o); len(entry) < n {
			continue
		}
		if valid(entry) {
			if sections[i].name == "bfrange" {
				entry = r.narrow(i, entry)
			}
			r.entries[i] = append(r.entries[i], entry...)
		}
		entry = entry[:0]
	}
}

// maxNarrowed bounds the entries that are made of wide ranges: more than there are codes of two bytes nobody needs.
const maxNarrowed = 1 << 16

// narrow parts a range of codes of two bytes where their first byte changes, which a range may not span (ISO 32000-2 9.10.3):
// some readers give up over one, and with it over the text of the page. It keeps all parts but the last, which it returns.
func (r *rebuilder) narrow(i int, entry []object.Object) []object.Object {
	low, ok1 := code(entry[0])
	high, ok2 := code(entry[1])
	to, ok3 := code(entry[2])
	list, isList := entry[2].(object.Array)
	if !ok1 || !ok2 || !ok3 && !isList || high < low || ok3 && to+high-low > 0xffff {
		return entry
	}
	for low>>8 != high>>8 && r.narrowed < maxNarrowed {
		r.narrowed++
		last := low | 0xff
		n := last - low + 1
		part := object.Object(text(to))
		if isList {
			part, list = list[:min(n, len(list))], list[min(n, len(list)):]
		}
		r.entries[i] = append(r.entries[i], text(low), text(last), part)
		low, to = last+1, to+n
	}
	if isList {
		return []object.Object{text(low), text(high), list}
	}
	return []object.Object{text(low), text(high), text(to)}
}

// code returns the number that a code of two bytes is.
func code(o object.Object) (int, bool) {
	s, ok := o.(object.String)
	if !ok || len(s) != 2 {
		return 0, false
	}
	return int(s[0])<<8 | int(s[1]), true
}

func text(code int) object.String { return object.String([]byte{byte(code >> 8), byte(code)}) }

// valid reports whether the values of an entry are codes, and then a code, a number, a glyph name or a list of codes.
func valid(entry []object.Object) bool {
	for _, o := range entry[:len(entry)-1] {
		if _, ok := o.(object.String); !ok {
			return false
		}
	}
	switch v := entry[len(entry)-1].(type) {
	case object.String, int64, object.Name:
		return true
	case object.Array:
		for _, e := range v {
			switch e.(type) {
			case object.String, object.Name:
			default:
				return false
			}
		}
		return true
	}
	return false
}

// define notes the entries of the CMap itself.
func (r *rebuilder) define(key, value object.Object) {
	switch key {
	case object.Name("CMapName"):
		if n, ok := value.(object.Name); ok {
			r.name = n
		}
	case object.Name("WMode"):
		r.mode, _ = value.(int64)
	case object.Name("CMapType"):
		if n, ok := value.(int64); ok {
			r.kind = n
		}
	case object.Name("CIDSystemInfo"):
		if d, ok := value.(object.Dict); ok {
			r.system = systemInfo{d.Get("Registry"), d.Get("Ordering"), d.Get("Supplement")}
		}
	}
}

// note takes up the entries of a CIDSystemInfo that is put together word by word.
func (s *systemInfo) note(key, value object.Object) {
	switch key {
	case object.Name("Registry"):
		s.registry = value
	case object.Name("Ordering"):
		s.ordering = value
	case object.Name("Supplement"):
		s.supplement = value
	}
}

func (r *rebuilder) write() []byte {
	b := []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n")
	if r.use != "" {
		b = append(object.AppendName(b, string(r.use)), " usecmap\n"...)
	}
	registry, ok1 := r.system.registry.(object.String)
	ordering, ok2 := r.system.ordering.(object.String)
	if ok1 && ok2 {
		supplement, _ := r.system.supplement.(int64)
		b = append(b, "/CIDSystemInfo <<"...)
		b = object.Append(append(b, "/Registry "...), registry)
		b = object.Append(append(b, "/Ordering "...), ordering)
		b = strconv.AppendInt(append(b, "/Supplement "...), supplement, 10)
		b = append(b, ">> def\n"...)
	}
	if r.name != "" {
		b = append(object.AppendName(append(b, "/CMapName "...), string(r.name)), " def\n"...)
	}
	if r.kind >= 0 {
		b = append(strconv.AppendInt(append(b, "/CMapType "...), r.kind, 10), " def\n"...)
	}
	if r.mode != 0 {
		b = append(b, "/WMode 1 def\n"...)
	}
	for _, i := range r.order {
		b = r.writeSection(b, i)
	}
	return append(b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"...)
}

func (r *rebuilder) writeSection(b []byte, i int) []byte {
	s := sections[i]
	all := r.entries[i]
	for len(all) > 0 {
		n := min(perSection, len(all)/s.values)
		b = append(strconv.AppendInt(b, int64(n), 10), " begin"...)
		b = append(append(b, s.name...), '\n')
		for k, o := range all[:n*s.values] {
			b = appendValue(b, o)
			if (k+1)%s.values == 0 {
				b = append(b, '\n')
			}
		}
		b = append(append(append(b, "end"...), s.name...), '\n')
		all = all[n*s.values:]
	}
	return b
}

// appendValue writes codes in hexadecimal, as every CMap does.
func appendValue(b []byte, o object.Object) []byte {
	switch v := o.(type) {
	case object.String:
		return appendHex(b, string(v))
	case object.Array:
		b = append(b, '[')
		for _, e := range v {
			b = appendValue(b, e)
		}
		return append(b, ']')
	case int64:
		return strconv.AppendInt(b, v, 10)
	case object.Name:
		return object.AppendName(b, string(v))
	}
	return b
}

func appendHex(b []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	b = append(b, '<')
	for i := range len(s) {
		b = append(b, digits[s[i]>>4], digits[s[i]&15])
	}
	return append(b, '>')
}
