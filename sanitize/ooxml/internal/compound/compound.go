// Package compound reads streams of a compound file (MS-CFB) by name: as much of the format as an encrypted Office
// document needs. It promises that no chain of sectors is followed in a circle or past the end of the file, and that
// no memory is taken but in proportion to the file and to what a stream really has.
package compound

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"

	"sekisho/sanitize"
)

// Magic is how a compound file begins (2.2).
const Magic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

const (
	headerLen = 512
	entryLen  = 128
	miniLen   = 64
	maxSector = 0xfffffffa // numbers from here mean something else (2.1)
	endChain  = 0xfffffffe
	noStream  = 0xffffffff
)

var le = binary.LittleEndian

var errBroken = errors.New("broken compound file")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %v: %s", sanitize.ErrMalformed, errBroken, fmt.Sprintf(format, args...))
}

// File is an open compound file.
type File struct {
	in      sanitize.Input
	sector  int64 // bytes of a sector
	fat     []uint32
	minifat []uint32
	cutoff  uint32 // streams shorter than this stand in the mini stream
	mini    []uint32
	entries []entry
}

// entry is one entry of the directory (2.6.1).
type entry struct {
	name              string
	kind              byte // 1 storage, 2 stream, 5 root
	left, right, down uint32
	start             uint32
	size              uint64
}

// Open reads the header, the allocation tables and the directory.
func Open(in sanitize.Input) (*File, error) {
	h := in.Head(headerLen)
	if len(h) < headerLen || string(h[:8]) != Magic {
		return nil, broken("no header")
	}
	shift := le.Uint16(h[30:])
	if major := le.Uint16(h[26:]); !(major == 3 && shift == 9 || major == 4 && shift == 12) || le.Uint16(h[32:]) != 6 {
		return nil, broken("version %d with sectors of 2^%d bytes", major, shift)
	}
	f := &File{in: in, sector: 1 << shift, cutoff: le.Uint32(h[56:])}
	if err := f.readFAT(h); err != nil {
		return nil, err
	}
	directory, err := f.chain(f.fat, le.Uint32(h[48:]), f.sectors())
	if err != nil {
		return nil, err
	}
	if err := f.readDirectory(directory); err != nil {
		return nil, err
	}
	minifat, err := f.chain(f.fat, le.Uint32(h[60:]), f.sectors())
	if err != nil {
		return nil, err
	}
	for _, s := range minifat {
		f.minifat, err = f.appendTable(f.minifat, s)
		if err != nil {
			return nil, err
		}
	}
	f.mini, err = f.chain(f.fat, f.entries[0].start, f.sectors())
	return f, err
}

// sectors returns how many sectors the file has room for.
func (f *File) sectors() int { return int((f.in.Size() - 1) / f.sector) }

// readFAT reads the file allocation table (2.3): its sectors are named in the header and in the chain of the DIFAT.
func (f *File) readFAT(h []byte) error {
	var where []uint32
	take := func(b []byte) {
		for ; len(b) >= 4; b = b[4:] {
			if s := le.Uint32(b); s < maxSector {
				where = append(where, s)
			}
		}
	}
	take(h[76:])
	next := le.Uint32(h[68:])
	for n := 0; next < maxSector; n++ {
		if n > f.sectors() {
			return broken("the DIFAT goes in a circle")
		}
		b, err := f.read(next)
		if err != nil {
			return err
		}
		take(b[:len(b)-4])
		next = le.Uint32(b[len(b)-4:])
	}
	if len(where) > f.sectors() {
		return broken("more sectors of the FAT than sectors")
	}
	for _, s := range where {
		var err error
		if f.fat, err = f.appendTable(f.fat, s); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) appendTable(table []uint32, sector uint32) ([]uint32, error) {
	b, err := f.read(sector)
	if err != nil {
		return nil, err
	}
	for ; len(b) >= 4; b = b[4:] {
		table = append(table, le.Uint32(b))
	}
	return table, nil
}

// read returns one sector. The last one may be cut short by the end of the file.
func (f *File) read(sector uint32) ([]byte, error) {
	b := make([]byte, f.sector)
	off := (int64(sector) + 1) * f.sector
	if off >= f.in.Size() {
		return nil, broken("sector %d is past the end", sector)
	}
	if n, err := f.in.ReadAt(b, off); err != nil && off+int64(n) != f.in.Size() {
		return nil, fmt.Errorf("cannot read compound file: %w", err)
	}
	return b, nil
}

// chain returns the numbers of a chain of sectors, of which there are at most most.
func (f *File) chain(table []uint32, start uint32, most int) ([]uint32, error) {
	var list []uint32
	for s := start; s != endChain && s != noStream; s = table[s] {
		if int64(s) >= int64(len(table)) {
			return nil, broken("a chain leads to sector %d of %d", s, len(table))
		}
		if len(list) >= most {
			return nil, broken("a chain goes in a circle")
		}
		list = append(list, s)
	}
	return list, nil
}

func (f *File) readDirectory(sectors []uint32) error {
	for _, s := range sectors {
		b, err := f.read(s)
		if err != nil {
			return err
		}
		for ; len(b) >= entryLen; b = b[entryLen:] {
			f.entries = append(f.entries, f.parse(b))
		}
	}
	if len(f.entries) == 0 || f.entries[0].kind != 5 {
		return broken("no root entry")
	}
	return nil
}

func (f *File) parse(b []byte) entry {
	n := min(int(le.Uint16(b[64:])), 64) / 2
	units := make([]uint16, 0, 32)
	for i := range max(n-1, 0) {
		units = append(units, le.Uint16(b[2*i:]))
	}
	e := entry{
		name: string(utf16.Decode(units)), kind: b[66], left: le.Uint32(b[68:]), right: le.Uint32(b[72:]), down: le.Uint32(b[76:]),
		start: le.Uint32(b[116:]), size: le.Uint64(b[120:]),
	}
	if f.sector == 512 { // version 3: the upper half may be anything (2.6.3)
		e.size &= 0xffffffff
	}
	return e
}

// find returns the stream in the root storage that is called name.
func (f *File) find(name string) *entry {
	seen := make([]bool, len(f.entries))
	todo := []uint32{f.entries[0].down}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if int64(i) >= int64(len(f.entries)) || seen[i] {
			continue
		}
		seen[i] = true
		if e := &f.entries[i]; e.kind == 2 && e.name == name {
			return e
		}
		todo = append(todo, f.entries[i].left, f.entries[i].right)
	}
	return nil
}

// Has reports whether the root storage has a stream called name.
func (f *File) Has(name string) bool { return f.find(name) != nil }

// Stream returns the content of the stream in the root storage that is called name. What it takes is charged to expand
// before it is allocated. It fails with ErrMalformed when there is none. A stream that has fewer sectors than its length
// needs is as long as they are: some programs declare more, and what stands in the stream tells its own length.
func (f *File) Stream(name string, expand func(int64) error) ([]byte, error) {
	e := f.find(name)
	if e == nil {
		return nil, broken("no stream %q", name)
	}
	if e.size > uint64(f.in.Size()) {
		return nil, broken("stream %q is longer than the file", name)
	}
	if err := expand(int64(e.size)); err != nil {
		return nil, err
	}
	if e.size < uint64(f.cutoff) {
		return f.miniStream(e)
	}
	sectors, err := f.chain(f.fat, e.start, f.sectors())
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, e.size)
	for _, s := range sectors {
		b, err := f.read(s)
		if err != nil {
			return nil, err
		}
		out = append(out, b[:min(uint64(len(b)), e.size-uint64(len(out)))]...)
	}
	return out, nil
}

// miniStream reads a short stream (2.4): its sectors stand in the stream of the root entry.
func (f *File) miniStream(e *entry) ([]byte, error) {
	sectors, err := f.chain(f.minifat, e.start, len(f.minifat))
	if err != nil {
		return nil, err
	}
	per := int(f.sector / miniLen)
	var out []byte
	for _, s := range sectors {
		if int(s)/per >= len(f.mini) || len(out) > int(e.size) {
			return nil, broken("stream %q leaves the mini stream", e.name)
		}
		b, err := f.read(f.mini[int(s)/per])
		if err != nil {
			return nil, err
		}
		at := int(s) % per * miniLen
		out = append(out, b[at:at+miniLen]...)
	}
	return out[:min(uint64(len(out)), e.size)], nil
}
