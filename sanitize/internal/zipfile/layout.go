package zipfile

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
)

// checkLayout walks the entries in the order of their data. Each local header must stand where the entry before it
// ended, the first at offset start, and the directory after the last: so nothing overlaps and nothing hides.
func (a *Archive) checkLayout(end end, start int64) error {
	order := slices.Clone(a.Entries)
	slices.SortStableFunc(order, func(x, y *Entry) int { return cmp.Compare(x.offset, y.offset) })
	at := start
	for i, e := range order {
		if e.offset != at {
			return malformed("entry %q starts at %d, where the archive is at %d", e.Name, e.offset, at)
		}
		next := end.directory
		if i+1 < len(order) {
			next = order[i+1].offset
		}
		if err := a.checkLocal(e, next); err != nil {
			return err
		}
		at = next
	}
	if at != end.directory {
		return malformed("the directory starts at %d, where the archive is at %d", end.directory, at)
	}
	return nil
}

// checkLocal compares the local header of e (APPNOTE 4.3.7) with its central one, and finds its data, which must end
// at next but for a data descriptor.
func (a *Archive) checkLocal(e *Entry, next int64) error {
	var h [localLen]byte
	if e.offset > next-localLen {
		return malformed("entry %q overlaps the next", e.Name)
	}
	if _, err := a.in.ReadAt(h[:], e.offset); err != nil {
		return fmt.Errorf("cannot read zip: %w", err)
	}
	if string(h[:4]) != sigLocal {
		return malformed("no local header for entry %q", e.Name)
	}
	nameLen, extraLen := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	e.data = e.offset + localLen + int64(nameLen+extraLen)
	stop := e.data + e.Compressed
	if stop > next {
		return malformed("entry %q overlaps the next", e.Name)
	}
	rest := make([]byte, nameLen+extraLen)
	if _, err := a.in.ReadAt(rest, e.offset+localLen); err != nil && err != io.EOF {
		return fmt.Errorf("cannot read zip: %w", err)
	}
	if !bytes.Equal(rest[:nameLen], e.RawName) || le.Uint16(h[8:]) != e.Method {
		return malformed("the headers of entry %q disagree", e.Name)
	}
	local := Entry{
		Flags: le.Uint16(h[6:]), CRC32: le.Uint32(h[14:]),
		Compressed: int64(le.Uint32(h[18:])), Size: int64(le.Uint32(h[22:])),
	}
	if err := a.compareFlags(e, local.Flags); err != nil {
		return err
	}
	if err := compareExtra(e, &local, rest[nameLen:]); err != nil {
		return err
	}
	return a.compareSizes(e, &local, next-stop)
}

// compareFlags refuses headers that differ in a flag with a meaning. The name is ASCII in most entries, and then the
// UTF-8 flag says nothing; the two bits of the compression level never do.
func (a *Archive) compareFlags(e *Entry, local uint16) error {
	const level = 1<<1 | 1<<2
	different := (e.Flags ^ local) &^ level
	if isASCII(e.RawName) {
		different &^= flagUTF8
	}
	if different&^flagDescriptor != 0 {
		return malformed("the headers of entry %q disagree in flags %#x", e.Name, different)
	}
	if e.Flags != local {
		a.odd(OddFlags, e.Name)
	}
	return nil
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

// compareExtra reads the extra block of a local header: a Unicode name and the AES parameters must be those of the
// central header, and zip64 sizes go to local.
func compareExtra(e, local *Entry, block []byte) error {
	return extras(block, func(tag uint16, body []byte) error {
		switch tag {
		case extraZip64:
			return local.localZip64(e, body)
		case extraUnicode:
			name, err := unicodePath(body, e.RawName)
			if err != nil || name == e.Name {
				return err
			}
		case extraAES:
			if a, err := parseAES(body); err != nil || a == e.aes {
				return err
			}
		default:
			return nil
		}
		return malformed("the headers of entry %q disagree in extra field %#x", e.Name, tag)
	})
}

// localZip64 reads the zip64 field of a local header, which holds both sizes or neither matters (APPNOTE 4.5.3). A
// writer that streams leaves room for it before it knows the sizes: then it is zero.
func (local *Entry) localZip64(e *Entry, body []byte) error {
	if len(body) != 16 {
		return zip64(body, false, &local.Size, &local.Compressed)
	}
	size, compressed := int64(le.Uint64(body)), int64(le.Uint64(body[8:]))
	if (size != 0 || compressed != 0) && (size != e.Size || compressed != e.Compressed) {
		return malformed("the headers of entry %q disagree in their zip64 sizes", e.Name)
	}
	if local.Size == max32 {
		local.Size = size
	}
	if local.Compressed == max32 {
		local.Compressed = compressed
	}
	return nil
}

// compareSizes compares the sizes and the checksum of the local header, and what stands in the gap after the data. A
// streamed entry may leave the header empty and has a descriptor in the gap; no other entry has a gap.
func (a *Archive) compareSizes(e, local *Entry, gap int64) error {
	same := local.CRC32 == e.CRC32 && local.Size == e.Size && local.Compressed == e.Compressed
	if local.Flags&flagDescriptor == 0 {
		if !same {
			return malformed("the headers of entry %q disagree in size or checksum", e.Name)
		}
		if gap != 0 {
			return malformed("%d bytes after entry %q", gap, e.Name)
		}
		return nil
	}
	empty := func(short, long int64) bool { return short == 0 || short == max32 || short == long }
	if !empty(local.Size, e.Size) || !empty(local.Compressed, e.Compressed) || (local.CRC32 != 0 && local.CRC32 != e.CRC32) {
		return malformed("the headers of entry %q disagree in size or checksum", e.Name)
	}
	if gap == 0 {
		if !same {
			return malformed("the data descriptor of entry %q is missing", e.Name)
		}
		a.odd(OddDescriptor, e.Name)
		return nil
	}
	return a.checkDescriptor(e, gap)
}

// checkDescriptor reads the data descriptor of e (APPNOTE 4.3.9): an optional signature, the checksum, and two sizes
// of four or eight bytes.
func (a *Archive) checkDescriptor(e *Entry, gap int64) error {
	if gap != 12 && gap != 16 && gap != 20 && gap != 24 {
		return malformed("%d bytes after entry %q", gap, e.Name)
	}
	b := make([]byte, gap)
	if _, err := a.in.ReadAt(b, e.data+e.Compressed); err != nil {
		return fmt.Errorf("cannot read zip: %w", err)
	}
	if gap == 16 || gap == 24 {
		if string(b[:4]) != sigDescriptor {
			return malformed("no data descriptor after entry %q", e.Name)
		}
		b = b[4:]
	}
	crc, b := le.Uint32(b), b[4:]
	var compressed, size int64
	if len(b) == 8 {
		compressed, size = int64(le.Uint32(b)), int64(le.Uint32(b[4:]))
	} else {
		compressed, size = int64(le.Uint64(b)), int64(le.Uint64(b[8:]))
	}
	if crc != e.CRC32 || compressed != e.Compressed || size != e.Size {
		return malformed("the data descriptor of entry %q disagrees", e.Name)
	}
	return nil
}
