package source

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"sekisho/sanitize/pdf/internal/object"
)

// sealed reports whether a trailer says that the file is encrypted (ISO 32000-2 7.5.5), in whichever way it does:
// pdfcpu sees an encryption dictionary only where it is an indirect object, and takes cipher text for text where it
// stands in the trailer itself. Where the chain of trailers is broken, every trailer in the file counts.
func sealed(ctx context.Context, data []byte, limits Limits) (bool, error) {
	if !mentions(data, "Encrypt") {
		return false, nil
	}
	trailers, whole := chained(data, limits)
	if whole {
		return slices.ContainsFunc(trailers, func(d object.Dict) bool { return d.Has("Encrypt") }), nil
	}
	s := newScanner(ctx, data, limits)
	if err := s.objects(); err != nil {
		return false, err
	}
	s.trailers()
	return s.encrypted, nil
}

// mentions reports whether a name stands anywhere in data, be it spelled with escapes (ISO 32000-2 7.3.5).
func mentions(data []byte, name string) bool {
	longest := 1 + 3*len(name) // "#45" for a letter
	for pos := 0; ; {
		i := bytes.IndexByte(data[pos:], '/')
		if i < 0 {
			return false
		}
		pos += i + 1
		word := data[pos:min(len(data), pos+longest)]
		for n := range word {
			if !object.IsRegular(word[n]) {
				word = word[:n]
				break
			}
		}
		if len(word) >= len(name) && object.UnescapeName(word) == name {
			return true
		}
	}
}

// withEncryptionObject returns data with an update (ISO 32000-2 7.5.6) that has the encryption dictionary of the trailer
// as an object. It reports false when the trailers are not as they should be.
func withEncryptionObject(data []byte, limits Limits) ([]byte, bool) {
	trailers, whole := chained(data, limits)
	if !whole || len(trailers) == 0 {
		return nil, false
	}
	last := trailers[0]
	number, ok := last.Get("Size").(int64)
	dict, isDict := last.Get("Encrypt").(object.Dict)
	if !ok || !isDict || number < 1 || number > int64(limits.Objects) {
		return nil, false
	}
	entries := []object.Entry{
		{Key: "Encrypt", Value: object.Ref(number)}, {Key: "Prev", Value: lastStart(data)}, {Key: "Size", Value: number + 1},
	}
	for _, key := range []object.Name{"ID", "Info", "Root"} {
		if v := last.Get(key); v != nil {
			entries = append(entries, object.Entry{Key: key, Value: v})
		}
	}
	out := append(bytes.Clone(data), '\n')
	at := len(out)
	out = fmt.Appendf(out, "%d 0 obj\n", number)
	out = append(object.AppendDict(out, dict), "\nendobj\n"...)
	table := len(out)
	out = fmt.Appendf(out, "xref\n%d 1\n%010d 00000 n \ntrailer\n", number, at)
	out = object.AppendDict(out, object.NewDict(entries))
	return fmt.Appendf(out, "\nstartxref\n%d\n%%%%EOF\n", table), true
}

// lastStart returns what the last startxref says, or nil.
func lastStart(data []byte) object.Object {
	word := []byte("startxref")
	i := bytes.LastIndex(data, word)
	if i < 0 {
		return nil
	}
	p := object.Parser{Buf: data, Pos: i + len(word)}
	start, _ := p.Next()
	return start
}

// chained follows the trailers from the last startxref on (ISO 32000-2 7.5.5, 7.5.8.4), the last first, and reports
// whether each of them was where the one before says.
func chained(data []byte, limits Limits) (trailers []object.Dict, whole bool) {
	base := int64(max(0, bytes.Index(data, []byte("%PDF-"))))
	seen := map[int64]bool{}
	for todo := []object.Object{lastStart(data)}; len(todo) > 0; {
		at, ok := todo[len(todo)-1].(int64)
		todo = todo[:len(todo)-1]
		if seen[at] {
			continue
		}
		if len(seen) > limits.Nesting {
			return trailers, false
		}
		seen[at] = true
		d := trailerAt(data, at, limits)
		if d == nil && base > 0 {
			d = trailerAt(data, base+at, limits)
		}
		if !ok || d == nil {
			return trailers, false
		}
		trailers = append(trailers, d)
		for _, key := range []object.Name{"Prev", "XRefStm"} {
			if v := d.Get(key); v != nil {
				todo = append(todo, v)
			}
		}
	}
	return trailers, true
}

// trailerAt returns the trailer of the cross-reference table or stream at an offset, or nil where there is none.
func trailerAt(data []byte, at int64, limits Limits) object.Dict {
	if at <= 0 || at >= int64(len(data)) {
		return nil
	}
	p := object.Parser{Buf: data[:min(int64(len(data)), at+window)], Pos: int(at), Depth: limits.Nesting}
	first, err := p.Next()
	if err != nil {
		return nil
	}
	switch first.(type) {
	case object.Keyword:
		word := []byte("trailer")
		i := bytes.Index(data[at:], word)
		if first != object.Keyword("xref") || i < 0 {
			return nil
		}
		from := int(at) + i + len(word)
		p = object.Parser{Buf: data[:min(len(data), from+window)], Pos: from, Depth: limits.Nesting}
	case int64: // the number of a stream; its generation and the word obj come next
		generation, _ := p.Next()
		if _, ok := generation.(int64); !ok {
			return nil
		}
		if obj, _ := p.Next(); obj != object.Keyword("obj") {
			return nil
		}
	}
	o, err := p.Next()
	d, ok := o.(object.Dict)
	if err != nil || !ok {
		return nil
	}
	return d
}
