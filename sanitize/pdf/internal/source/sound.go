package source

import (
	"bytes"
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"sekisho/sanitize/pdf/internal/object"
)

// sound reports whether every object that the cross-reference table names stands where the table says, under its own
// number, and every stream ends where its Length says (ISO 32000-2 7.3.8.1, 7.5.4). pdfcpu takes what it finds at an
// offset, or nothing, without a word; a part of the document would be lost, and nobody told.
func sound(data []byte, read *model.Context) bool {
	base := int64(max(0, bytes.Index(data, []byte("%PDF-"))))
	for n, entry := range read.XRefTable.Table {
		if n == 0 || entry == nil || entry.Free || entry.Compressed || entry.Offset == nil || *entry.Offset <= 0 {
			continue
		}
		if !standsAt(data, *entry.Offset, n) && !standsAt(data, base+*entry.Offset, n) {
			return false
		}
		if entry.Object == nil && !isNull(data, base, *entry.Offset) {
			return false
		}
		if s := streamOf(entry.Object); s != nil && read.E == nil && !endsAt(data, s.StreamOffset+int64(len(s.Raw))) {
			return false
		}
	}
	return true
}

// legible reports whether every object that the cross-reference table names can be read to its end: pdfcpu passes over words
// in a dictionary that have no business there, and over keys and values with them, and says nothing.
func legible(data []byte, read *model.Context, limits Limits) bool {
	base := int64(max(0, bytes.Index(data, []byte("%PDF-"))))
	for n, entry := range read.XRefTable.Table {
		if n == 0 || entry == nil || entry.Free || entry.Compressed || entry.Offset == nil || *entry.Offset <= 0 {
			continue
		}
		at := *entry.Offset
		if !standsAt(data, at, n) {
			at += base
		}
		if at < int64(len(data)) && !readsAt(data, at, limits) {
			return false
		}
	}
	return true
}

// readsAt reports whether an object stands at an offset, behind its number and the word obj, and nothing is wrong with it.
func readsAt(data []byte, at int64, limits Limits) bool {
	p := object.Parser{Buf: data[:min(int64(len(data)), at+window)], Pos: int(at), Depth: limits.Nesting}
	for range 3 {
		if _, err := p.Next(); err != nil {
			return false
		}
	}
	_, err := p.Next()
	return err == nil
}

func streamOf(o types.Object) *types.StreamDict {
	switch v := o.(type) {
	case types.StreamDict:
		return &v
	case *types.StreamDict:
		return v
	}
	return nil
}

// standsAt reports whether the object with a number begins at an offset: "12 0 obj".
func standsAt(data []byte, at int64, number int) bool {
	if at <= 0 || at >= int64(len(data)) {
		return false
	}
	rest := data[object.SkipSpace(data, int(at)):]
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	n, err := strconv.Atoi(string(rest[:min(digits, 20)]))
	return err == nil && n == number
}

// isNull reports whether the object at an offset says that it is nothing (7.3.9), rather than that it could not be read.
func isNull(data []byte, base, at int64) bool {
	for _, from := range []int64{at, base + at} {
		head := bytes.Fields(data[min(from, int64(len(data))):min(int64(len(data)), from+64)])
		if len(head) > 3 && string(head[2]) == "obj" && (string(head[3]) == "null" || string(head[3]) == "endobj") {
			return true
		}
	}
	return false
}

// endsAt reports whether the word endstream stands at an offset, or behind an end of line there.
func endsAt(data []byte, at int64) bool {
	if at <= 0 || at >= int64(len(data)) {
		return false
	}
	return bytes.HasPrefix(bytes.TrimLeft(data[at:min(int64(len(data)), at+32)], "\r\n\t \x00\f"), []byte("endstream"))
}
