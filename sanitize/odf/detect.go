package odf

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/odf/internal/grammar"
)

// typeName is the name of the entry that holds the type of a package (OpenDocument 1.3 Part 2, 3.3).
const typeName = "mimetype"

// manifestName is the name of the entry that lists all others (Part 2, 3.2).
const manifestName = "META-INF/manifest.xml"

// maxType is longer than any type of the family.
const maxType = 128

// packageType returns the type that a package states in its first entry, or wherever that entry stands; "" when in is
// no package of this family.
func packageType(in sanitize.Input) string {
	if !bytes.HasPrefix(in.Head(4), []byte("PK\x03\x04")) {
		return ""
	}
	content := entryAt(in, 0, -1)
	if content == nil {
		if at, size, ok := findType(in); ok {
			content = entryAt(in, at, size)
		}
	}
	kind := strings.TrimSpace(string(content))
	if !strings.HasPrefix(kind, opendocument) {
		return ""
	}
	return kind
}

// entryAt returns the content of the entry whose local header is at off, if it is the type. A size below 0 is taken from
// that header, where it may be missing.
func entryAt(in sanitize.Input, off, size int64) []byte {
	h := make([]byte, 30+len(typeName))
	if n, err := in.ReadAt(h, off); n < len(h) && err != nil || !bytes.HasPrefix(h, []byte("PK\x03\x04")) {
		return nil
	}
	if int(binary.LittleEndian.Uint16(h[26:])) != len(typeName) || string(h[30:]) != typeName {
		return nil
	}
	if size < 0 {
		if size = int64(binary.LittleEndian.Uint32(h[22:])); size == 0 {
			return nil // it follows the data
		}
	}
	off += int64(len(h)) + int64(binary.LittleEndian.Uint16(h[28:]))
	var r io.Reader = io.NewSectionReader(in, off, max(in.Size()-off, 0))
	if binary.LittleEndian.Uint16(h[8:]) != 0 {
		r = flate.NewReader(r)
	} else {
		r = io.LimitReader(r, size)
	}
	var b bytes.Buffer
	io.Copy(&b, io.LimitReader(r, maxType)) // what came before an error is good enough to tell what it is
	return b.Bytes()
}

// findType looks for the type in the central directory, in the last 256 KiB of the archive, and returns where its local
// header stands and how long it is.
func findType(in sanitize.Input) (at, size int64, ok bool) {
	tail := in.Tail(256 << 10)
	for {
		i := bytes.Index(tail, []byte("PK\x01\x02"))
		if i < 0 || len(tail)-i < 46+len(typeName) {
			return 0, 0, false
		}
		h := tail[i:]
		if int(binary.LittleEndian.Uint16(h[28:])) == len(typeName) && string(h[46:46+len(typeName)]) == typeName {
			return int64(binary.LittleEndian.Uint32(h[42:])), int64(binary.LittleEndian.Uint32(h[24:])), true
		}
		tail = tail[i+4:]
	}
}

// maxFlatHead bounds how much of a file is looked at to find the start tag of its root element.
const maxFlatHead = 256 << 10

// flatKind returns which flat document in is. One that does not say is taken for text, so that it is no plain XML:
// its rebuild refuses it.
func flatKind(in sanitize.Input) (Variant, bool) {
	if head := bytes.TrimLeft(in.Head(4096), "\x00\xef\xbb\xbf\xfe\xff \t\r\n"); len(head) == 0 || head[0] != '<' {
		return 0, false
	}
	r := xmltext.NewReader(io.LimitReader(in.Reader(), maxFlatHead), xmltext.Options{MaxToken: maxFlatHead, Doctype: true, Space: grammar.LookupSpace})
	if k, err := r.Next(); err != nil || k != xmltext.Start || r.Name.Space != grammar.NsOffice || string(r.Name.Local) != "document" {
		return 0, false
	}
	return flatVariant(attr(r, grammar.NsOffice, "mimetype")), true
}

// flatVariant returns the flat form of a document of this type.
func flatVariant(mime string) Variant {
	mime = strings.TrimSuffix(mime, template)
	for _, v := range []Variant{Fodg, Fodp, Fods, Fodt} {
		if variants[v].mime == mime {
			return v
		}
	}
	return Fodt
}

// attr returns the value of an attribute of the start tag that r read last, or "".
func attr(r *xmltext.Reader, space xmltext.Space, local string) string {
	for i := range r.Attrs {
		a := &r.Attrs[i]
		if a.Name.Space == space && string(a.Name.Local) == local {
			return string(a.Value)
		}
	}
	return ""
}
