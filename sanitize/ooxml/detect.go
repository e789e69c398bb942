package ooxml

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
)

// typesName is the name of the part that names the types of all others (ECMA-376 Part 2, 10.1.2.2).
const typesName = "[Content_Types].xml"

// maxTypes bounds how much of that part is looked at to tell what a package is.
const maxTypes = 1 << 20

// mainType returns the content type of the main part of a package, or "" when in is no package of this family. It
// reads as little as it can: one entry of the zip archive, found by its local header or in the central directory.
func mainType(in sanitize.Input) string {
	in, start, stub := withoutStub(in)
	if !stub && !bytes.HasPrefix(in.Head(4), []byte("PK\x03\x04")) {
		return ""
	}
	types := entryAt(in, start)
	if types == nil {
		if at, ok := findTypes(in); ok {
			types = entryAt(in, at)
		}
	}
	if bytes.IndexByte(types, 0) >= 0 { // UTF-16: content types are ASCII
		types = bytes.ReplaceAll(types, []byte{0}, nil)
	}
	found := ""
	for i := range variants {
		if !mentions(types, variants[i].main) {
			continue
		}
		if found != "" {
			return exactMainType(in, start)
		}
		found = variants[i].main
	}
	return found
}

// withoutStub returns the archive that stands behind a program that unpacks it, where its first entry stands in what is
// returned, and whether there is one. Its directory says where the archive begins, counted from there or from the start of
// the file, and no reader sees another archive in the file.
func withoutStub(in sanitize.Input) (archive sanitize.Input, start int64, stub bool) {
	const endLen = 22
	if string(in.Head(2)) != "MZ" {
		return in, 0, false
	}
	end := in.Tail(endLen)
	if len(end) < endLen || !bytes.HasPrefix(end, []byte("PK\x05\x06")) {
		return in, 0, false
	}
	size, offset := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	archive = in
	switch at := in.Size() - endLen - size - offset; {
	case at < 0:
		return in, 0, false
	case at > 0: // counted from there
		archive = sanitize.NewInput(io.NewSectionReader(in, at, in.Size()-at), in.Size()-at)
	default: // the first header of the directory says where the first entry is
		first := make([]byte, 46)
		if n, _ := in.ReadAt(first, offset); n < len(first) || !bytes.HasPrefix(first, []byte("PK\x01\x02")) {
			return in, 0, false
		}
		start = int64(binary.LittleEndian.Uint32(first[42:]))
	}
	sign := make([]byte, 4)
	if n, _ := archive.ReadAt(sign, start); n < len(sign) || string(sign) != "PK\x03\x04" {
		return in, 0, false
	}
	return archive, start, true
}

// mentions reports whether name stands in types as a whole attribute value.
func mentions(types []byte, name string) bool {
	for {
		i := bytes.Index(types, []byte(name))
		if i < 0 {
			return false
		}
		types = types[i+len(name):]
		if len(types) > 0 && (types[0] == '"' || types[0] == '\'') {
			return true
		}
	}
}

// entryAt returns the start of the content of the entry whose local header is at off, if it is the content types.
func entryAt(in sanitize.Input, off int64) []byte {
	h := make([]byte, 30+len(typesName))
	if n, err := in.ReadAt(h, off); n < len(h) && err != nil || !bytes.HasPrefix(h, []byte("PK\x03\x04")) {
		return nil
	}
	if int(binary.LittleEndian.Uint16(h[26:])) != len(typesName) || string(h[30:]) != typesName {
		return nil
	}
	off += int64(len(h)) + int64(binary.LittleEndian.Uint16(h[28:]))
	var r io.Reader = io.NewSectionReader(in, off, max(in.Size()-off, 0))
	if binary.LittleEndian.Uint16(h[8:]) != 0 {
		r = flate.NewReader(r)
	} else {
		r = io.LimitReader(r, int64(binary.LittleEndian.Uint32(h[22:])))
	}
	var b bytes.Buffer
	io.Copy(&b, io.LimitReader(r, maxTypes)) // what came before an error is good enough to tell what it is
	return b.Bytes()
}

// findTypes looks for the content types in the central directory, in the last 256 KiB of the archive.
func findTypes(in sanitize.Input) (int64, bool) {
	tail := in.Tail(256 << 10)
	for {
		i := bytes.Index(tail, []byte("PK\x01\x02"))
		if i < 0 || len(tail)-i < 46+len(typesName) {
			return 0, false
		}
		h := tail[i:]
		if int(binary.LittleEndian.Uint16(h[28:])) == len(typesName) && string(h[46:46+len(typesName)]) == typesName {
			return int64(binary.LittleEndian.Uint32(h[42:])), true
		}
		tail = tail[i+4:]
	}
}

// exactMainType reads a package that names several main types as a rebuild would.
func exactMainType(in sanitize.Input, start int64) string {
	free := func(int64) error { return nil }
	p, err := openPackage(in, start, sanitize.DefaultLimits(), free)
	if err != nil {
		return ""
	}
	_, contentType, err := p.mainPart()
	if err != nil {
		return ""
	}
	return contentType
}
