package zipfile

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"sekisho/sanitize"
)

// Signatures and fixed lengths of the records (APPNOTE 4.3.7 to 4.3.16).
const (
	sigLocal      = "PK\x03\x04"
	sigCentral    = "PK\x01\x02"
	sigEnd        = "PK\x05\x06"
	sigEnd64      = "PK\x06\x06"
	sigLocator64  = "PK\x06\x07"
	sigDescriptor = "PK\x07\x08"

	localLen     = 30
	centralLen   = 46
	endLen       = 22
	end64Len     = 56
	locator64Len = 20

	max16 = 1<<16 - 1
	max32 = 1<<32 - 1
)

var le = binary.LittleEndian

// end is what the end records say, zip64 resolved.
type end struct {
	newline   bool // a line end follows the archive, as some mail and version control programs leave
	entries   int64
	directory int64 // offset of the first central header
	size      int64 // of the directory
	stop      int64 // where the directory must end: at the zip64 end record, or at the end record
	comment   []byte
}

// findEnd finds the one end record: the one whose comment ends where the input ends, but for a line end.
func findEnd(in sanitize.Input) (end, error) {
	const lineEnd = 2
	tail := in.Tail(endLen + max16 + lineEnd)
	whole := len(tail)
	tail = bytes.TrimSuffix(bytes.TrimSuffix(tail, []byte("\n")), []byte("\r"))
	var found []int // where a record starts, and where it stops
	for at := 0; ; at++ {
		i := bytes.Index(tail[at:], []byte(sigEnd))
		if i < 0 {
			break
		}
		at += i
		if len(tail)-at < endLen {
			continue
		}
		stop := at + endLen + int(le.Uint16(tail[at+20:]))
		if len(tail) <= stop && stop <= whole {
			found = append(found, at, stop)
		}
	}
	if len(found) != 2 {
		return end{}, malformed("%d end records at the end, or data after it", len(found)/2)
	}
	record := in.Tail(whole)[found[0]:found[1]]
	if containsSignature(record[endLen:]) {
		return end{}, malformed("a zip record in the comment")
	}
	e, err := parseEnd(in, record, in.Size()-int64(whole-found[0]))
	e.newline = found[1] < whole
	return e, err
}

func containsSignature(b []byte) bool {
	for _, sig := range []string{sigLocal, sigCentral, sigEnd, sigEnd64, sigLocator64} {
		if bytes.Contains(b, []byte(sig)) {
			return true
		}
	}
	return false
}

// parseEnd reads the end record, which stands at offset at, and the zip64 records before it if there are any.
func parseEnd(in sanitize.Input, record []byte, at int64) (end, error) {
	disk, dirDisk := le.Uint16(record[4:]), le.Uint16(record[6:])
	here, total := le.Uint16(record[8:]), le.Uint16(record[10:])
	e := end{
		entries: int64(total), size: int64(le.Uint32(record[12:])), directory: int64(le.Uint32(record[16:])),
		stop: at, comment: bytes.Clone(record[endLen:]),
	}
	locator := make([]byte, locator64Len)
	if n, _ := in.ReadAt(locator, at-locator64Len); at >= locator64Len && n == locator64Len && string(locator[:4]) == sigLocator64 {
		if err := e.resolve64(in, locator, at-locator64Len); err != nil {
			return end{}, err
		}
		if (disk != 0 && disk != max16) || (dirDisk != 0 && dirDisk != max16) {
			return end{}, unsupported("one part of a split archive")
		}
	} else if disk != 0 || dirDisk != 0 || here != total {
		return end{}, splitOrBroken(disk, dirDisk)
	}
	if e.directory < 0 || e.size < 0 || e.directory > e.stop || e.size != e.stop-e.directory {
		return end{}, malformed("the directory is %d bytes at %d, which do not end at %d", e.size, e.directory, e.stop)
	}
	if e.entries > e.size/centralLen {
		return end{}, malformed("%d entries in a directory of %d bytes", e.entries, e.size)
	}
	return e, nil
}

func splitOrBroken(disk, dirDisk uint16) error {
	if disk != 0 || dirDisk != 0 {
		return unsupported("one part of a split archive")
	}
	return malformed("the end record counts its entries in two ways")
}

// resolve64 reads the zip64 end record, which must end at the locator, and takes its values. A field of the old
// record is either at its maximum or says the same.
func (e *end) resolve64(in sanitize.Input, locator []byte, at int64) error {
	if le.Uint32(locator[4:]) != 0 || le.Uint32(locator[16:]) > 1 {
		return unsupported("one part of a split archive")
	}
	offset := le.Uint64(locator[8:])
	if offset > uint64(at) || at-int64(offset) < end64Len || at-int64(offset) > 1<<16 {
		return malformed("the zip64 end record is not where its locator says")
	}
	record := make([]byte, at-int64(offset))
	if _, err := in.ReadAt(record, int64(offset)); err != nil {
		return fmt.Errorf("cannot read zip: %w", err)
	}
	if string(record[:4]) != sigEnd64 || le.Uint64(record[4:]) != uint64(len(record)-12) || len(record) != end64Len {
		return malformed("no zip64 end record of the usual length before its locator")
	}
	if le.Uint32(record[16:]) != 0 || le.Uint32(record[20:]) != 0 {
		return unsupported("one part of a split archive")
	}
	here, total, size, directory := le.Uint64(record[24:]), le.Uint64(record[32:]), le.Uint64(record[40:]), le.Uint64(record[48:])
	if here != total || total > uint64(in.Size()) || size > uint64(in.Size()) || directory > uint64(in.Size()) {
		return malformed("the zip64 end record counts more than the archive holds")
	}
	same := func(short, max int64, long uint64) bool { return short == max || short == int64(long) }
	if !same(e.entries, max16, total) || !same(e.size, max32, size) || !same(e.directory, max32, directory) {
		return malformed("the end record and its zip64 form disagree")
	}
	e.entries, e.size, e.directory, e.stop = int64(total), int64(size), int64(directory), int64(offset)
	return nil
}
