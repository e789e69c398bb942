// Package tiff judges TIFF pictures (TIFF 6.0 and its supplements).
//
// A released picture is a chain of pages, each a directory of tags of a list. Every byte of the file belongs to the
// header, a directory, the value of a tag, or a strip or tile, and to one of them only. Strips and tiles are not
// compressed, deflated, or JPEG pictures of their own; they have exactly the bytes that the tags promise.
package tiff

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// The rules of TIFF, a closed set.
const (
	RuleStructure = "verify/tiff/structure" // no header, directory or value, or a byte that belongs to none
	RuleTag       = "verify/tiff/tag"       // a tag that is not on the list, or out of order, or of another type
	RulePixels    = "verify/tiff/pixels"    // strips or tiles too long, too short, or compressed otherwise
	RuleProfile   = "verify/tiff/profile"   // a colour profile that is none
)

// Judge judges the format "tiff".
type Judge struct{}

var _ verify.Judge = Judge{}

// ID implements verify.Judge.
func (Judge) ID() string { return "tiff" }

// Claims implements verify.Judge.
func (Judge) Claims(in sanitize.Input) bool {
	h := in.Head(4)
	return bytes.Equal(h, []byte("II*\x00")) || bytes.Equal(h, []byte("MM\x00*"))
}

// Check implements verify.Judge.
func (j Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return err
	}
	if len(b) < 8 || !j.Claims(in) {
		return verify.Fail(RuleStructure, "header", "no header")
	}
	f := &file{ctx: ctx, pass: pass, b: b, order: binary.LittleEndian, spans: []span{{0, 8}}}
	if b[0] == 'M' {
		f.order = binary.BigEndian
	}
	next, pages := int64(f.order.Uint32(b[4:])), 0
	for next != 0 {
		if pages++; pages > pass.Policy.Limits.Pages {
			return verify.Fail(verify.RuleLimit, "", "more than %d pages", pass.Policy.Limits.Pages)
		}
		p, err := f.directory(next)
		if err != nil {
			return err
		}
		if err := f.page(p); err != nil {
			return err
		}
		next = p.next
	}
	if pages == 0 {
		return verify.Fail(RuleStructure, "header", "no page")
	}
	return f.covered()
}

// file is what was read so far.
type file struct {
	ctx   context.Context
	pass  verify.Pass
	b     []byte
	order binary.ByteOrder
	spans []span
	owned int64 // bytes of spans
}

// span is a run of bytes that has an owner.
type span struct{ from, to int64 }

// take gives n bytes at off an owner and returns them, or nil when the file does not have them. What is given away
// twice, covered finds; here it only must not be read more often than the file is long.
func (f *file) take(off, n int64) []byte {
	if f.owned += n; off < 8 || n < 0 || off > int64(len(f.b))-n || f.owned > int64(len(f.b)) {
		return nil
	}
	f.spans = append(f.spans, span{off, off + n})
	return f.b[off : off+n]
}

// covered fails when a byte has no owner or two. One zero may stand before an even offset.
func (f *file) covered() error {
	slices.SortFunc(f.spans, func(a, b span) int { return int(a.from - b.from) })
	end := int64(0)
	for _, s := range append(f.spans, span{int64(len(f.b)), int64(len(f.b))}) {
		gap := s.from - end
		if gap < 0 || gap > 1 || gap == 1 && f.b[end] != 0 {
			return verify.Fail(RuleStructure, "", "bytes %d to %d belong to nothing, or to two things", end, s.from)
		}
		end = s.to
	}
	return nil
}

// page is one directory.
type page struct {
	values map[uint16][]uint32 // of tags of numbers; a rational is two
	next   int64
}

// one returns the only value of a tag, or otherwise when it is not there.
func (p page) one(tag uint16, otherwise uint32) uint32 {
	if v := p.values[tag]; len(v) > 0 {
		return v[0]
	}
	return otherwise
}

// directory reads a directory (section 2): its tags in order, each once.
func (f *file) directory(off int64) (p page, err error) {
	head := f.take(off, 2)
	if head == nil {
		return p, verify.Fail(RuleStructure, "directory", "it is not in the file")
	}
	count := int64(f.order.Uint16(head))
	body := f.take(off+2, count*12+4)
	if body == nil || count == 0 {
		return p, verify.Fail(RuleStructure, "directory", "%d tags", count)
	}
	p = page{values: map[uint16][]uint32{}, next: int64(f.order.Uint32(body[count*12:]))}
	last := uint16(0)
	for e := body[:count*12]; len(e) > 0; e = e[12:] {
		tag := f.order.Uint16(e)
		if tag <= last {
			return p, verify.Fail(RuleTag, "directory", "tag %d after %d", tag, last)
		}
		last = tag
		if err := f.value(p, tag, e); err != nil {
			return p, err
		}
	}
	return p, nil
}

// value reads the value of one tag.
func (f *file) value(p page, tag uint16, e []byte) error {
	kind, count := f.order.Uint16(e[2:]), int64(f.order.Uint32(e[4:]))
	size := map[uint16]int64{1: 1, 3: 2, 4: 4, 5: 8, 7: 1}[kind]
	if !allowed(tag) || size == 0 || count == 0 || (kind == 7) != (tag == tagProfile) {
		return verify.Fail(RuleTag, "directory", "tag %d with %d values of the type %d", tag, count, kind)
	}
	data := e[8:12]
	if n := size * count; n > 4 {
		if data = f.take(int64(f.order.Uint32(e[8:])), n); data == nil {
			return verify.Fail(RuleStructure, "directory", "the value of tag %d is not in the file", tag)
		}
	} else if len(bytes.Trim(data[n:], "\x00")) > 0 {
		return verify.Fail(RuleStructure, "directory", "data behind the value of tag %d", tag)
	}
	if tag == tagProfile {
		return f.profile(data)
	}
	p.values[tag] = f.numbers(kind, data[:size*count])
	return nil
}

func (f *file) numbers(kind uint16, data []byte) []uint32 {
	var out []uint32
	for len(data) > 0 {
		switch kind {
		case 1:
			out, data = append(out, uint32(data[0])), data[1:]
		case 3:
			out, data = append(out, uint32(f.order.Uint16(data))), data[2:]
		default:
			out, data = append(out, f.order.Uint32(data)), data[4:]
		}
	}
	return out
}
