// Package zipread reads ZIP files for the judges, as our writers write them and in no other way.
//
// Every byte of the file is accounted for: local entries follow each other from offset 0 without a gap, the central
// directory follows them, and the end record, without a comment, is the end of the file. The two headers of an entry
// agree in every field. There are no extra fields, no comments, no data descriptors, no ZIP64 and no encryption; an
// entry is stored or deflated, and its deflated data end where its header says (APPNOTE.TXT 6.3.10, section 4).
package zipread

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf8"

	"sekisho/sanitize"
)

// Sizes of the fixed parts of the records, in bytes (sections 4.3.7, 4.3.12 and 4.3.16).
const (
	localSize   = 30
	centralSize = 46
	endSize     = 22
)

// Entry is one entry. Names are UTF-8.
type Entry struct {
	Name string // distrusted
	Dir  bool
	Size int64 // inflated

	method     uint16
	compressed int64
	crc        uint32
	data       int64 // offset
}

// Archive is a ZIP file whose headers were found good.
type Archive struct {
	in      sanitize.Input
	Entries []Entry
}

// Looks reports whether in begins as a ZIP file of ours begins: with an entry, or with the end of an empty archive.
func Looks(in sanitize.Input) bool {
	head := in.Head(4)
	return bytes.Equal(head, []byte("PK\x03\x04")) || bytes.Equal(head, []byte("PK\x05\x06"))
}

// Open reads the headers of in. It fails when there are more than maxEntries.
func Open(in sanitize.Input, maxEntries int) (*Archive, error) {
	end := in.Tail(endSize)
	if len(end) < endSize || string(end[:4]) != "PK\x05\x06" {
		return nil, errors.New("no end record at the end")
	}
	le := binary.LittleEndian
	count, size, off := int(le.Uint16(end[10:])), int64(le.Uint32(end[12:])), int64(le.Uint32(end[16:]))
	switch {
	case le.Uint32(end[4:]) != 0 || int(le.Uint16(end[8:])) != count || le.Uint16(end[20:]) != 0:
		return nil, errors.New("an end record with disks or a comment")
	case off+size != in.Size()-endSize:
		return nil, errors.New("the directory is not where the end record says")
	case count > maxEntries:
		return nil, fmt.Errorf("%w: %d entries, at most %d", sanitize.ErrLimit, count, maxEntries)
	case size > int64(count)*(centralSize+1<<16):
		return nil, errors.New("a directory too long for its entries")
	}
	directory := make([]byte, size)
	if _, err := in.ReadAt(directory, off); err != nil && !(err == io.EOF && size == 0) {
		return nil, fmt.Errorf("cannot read directory: %w", err)
	}
	a := &Archive{in: in, Entries: make([]Entry, 0, count)}
	return a, a.read(directory, count, off)
}

// read reads the directory, and each local header where the one before it says that it must be.
func (a *Archive) read(directory []byte, count int, start int64) error {
	at := int64(0)
	for i := range count {
		n, err := a.entry(directory, at)
		if err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		e := a.Entries[len(a.Entries)-1]
		directory, at = directory[n:], e.data+e.compressed
	}
	if len(directory) > 0 || at != start {
		return errors.New("data between the entries and the end")
	}
	return nil
}

// entry reads one central header and its local header at offset at. It returns the length of the central one.
func (a *Archive) entry(directory []byte, at int64) (int, error) {
	le := binary.LittleEndian
	if len(directory) < centralSize || string(directory[:4]) != "PK\x01\x02" {
		return 0, errors.New("no header in the directory")
	}
	c := directory[:centralSize]
	nameLen := int(le.Uint16(c[28:]))
	if len(directory) < centralSize+nameLen {
		return 0, errors.New("a name beyond the directory")
	}
	name := directory[centralSize : centralSize+nameLen]
	if le.Uint32(c[30:]) != 0 || le.Uint16(c[34:]) != 0 || int64(le.Uint32(c[42:])) != at {
		return 0, errors.New("extra data, a comment, a disk, or another offset")
	}
	local := make([]byte, localSize+nameLen)
	if _, err := a.in.ReadAt(local, at); err != nil {
		return 0, fmt.Errorf("cannot read header: %w", err)
	}
	// Version to names' length stand in both headers, but for the extra length that follows.
	if string(local[:4]) != "PK\x03\x04" || !bytes.Equal(local[4:28], c[6:30]) || le.Uint16(local[28:]) != 0 || !bytes.Equal(local[localSize:], name) {
		return 0, errors.New("the two headers disagree")
	}
	e := Entry{
		Name: string(name), method: le.Uint16(c[10:]), crc: le.Uint32(c[16:]),
		compressed: int64(le.Uint32(c[20:])), Size: int64(le.Uint32(c[24:])), data: at + localSize + int64(nameLen),
	}
	e.Dir = nameLen > 0 && name[nameLen-1] == '/'
	a.Entries = append(a.Entries, e)
	return centralSize + nameLen, e.valid(le.Uint16(c[8:]), le.Uint16(c[6:]), le.Uint32(c[38:]), a.in.Size())
}

// valid holds the fields of an entry against what our writers write.
func (e Entry) valid(flags, version uint16, attributes uint32, fileSize int64) error {
	const utf8Names = 1 << 11
	kind := attributes >> 16 & 0o170000
	switch {
	case e.Name == "" || !utf8.ValidString(e.Name):
		return errors.New("a name that is not UTF-8")
	case flags&^utf8Names != 0 || version > 20:
		return fmt.Errorf("flags %#x, version %d", flags, version)
	case flags&utf8Names == 0 && !isASCII(e.Name):
		return errors.New("a name that does not say its encoding")
	case e.method != 0 && e.method != 8 || e.method == 0 && e.compressed != e.Size:
		return fmt.Errorf("method %d with %d bytes for %d", e.method, e.compressed, e.Size)
	case e.data+e.compressed > fileSize:
		return errors.New("data beyond the file")
	case e.Dir && (e.Size != 0 || e.compressed != 0):
		return errors.New("a folder with data")
	case kind != 0 && !(kind == 0o100000 && !e.Dir) && !(kind == 0o040000 && e.Dir):
		return fmt.Errorf("attributes %#x of no file and no folder", attributes)
	case attributes>>16&0o7000 != 0:
		return fmt.Errorf("attributes %#x with special rights", attributes)
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// blockSize is how many bytes are inflated between two charges.
const blockSize = 64 << 10

// firstRoom is how much room is made at once for the data of an entry: most parts of a document fit.
const firstRoom = 1 << 20

// Read returns the data of an entry: all that Open reads.
func (a *Archive) Read(e Entry, expand func(int64) error) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(int(max(0, min(e.Size, firstRoom))) + bytes.MinRead) // not for a size that only a header claims
	_, err := out.ReadFrom(a.Open(e, expand))
	return out.Bytes(), err
}

// Open returns a reader of the data of an entry. It calls expand before it inflates each block, and fails unless the
// data end exactly where the headers say, with the checksum that they say; io.EOF means that they did.
func (a *Archive) Open(e Entry, expand func(int64) error) io.Reader {
	r := &entryReader{e: e, expand: expand, src: &counted{r: io.NewSectionReader(a.in, e.data, e.compressed)}}
	if r.r = r.src; e.method == 8 {
		r.r = flate.NewReader(r.src)
	}
	return r
}

// entryReader reads the data of one entry.
type entryReader struct {
	e      Entry
	expand func(int64) error
	src    *counted
	r      io.Reader
	crc    uint32
	done   int64 // bytes given
	paid   int64 // bytes that expand was called for
	err    error
}

// Read implements io.Reader.
func (r *entryReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.done == r.paid {
		block := min(blockSize, max(0, r.e.Size-r.done))
		if r.err = r.expand(block); r.err != nil {
			return 0, r.err
		}
		r.paid += max(block, 1) // one byte more shows that there is one too many
	}
	n, err := r.r.Read(p[:min(int64(len(p)), r.paid-r.done)])
	r.crc = crc32.Update(r.crc, crc32.IEEETable, p[:n])
	if r.done += int64(n); r.done > r.e.Size {
		r.err = errors.New("more data than the header says")
		return 0, r.err
	}
	switch {
	case err == io.EOF:
		r.err = r.ended()
	case err != nil:
		r.err = fmt.Errorf("cannot inflate after %d bytes: %w", r.done, err)
	}
	return n, r.err
}

// ended returns io.EOF when the data are what the headers say.
func (r *entryReader) ended() error {
	switch {
	case r.done != r.e.Size:
		return fmt.Errorf("%d bytes, the header says %d", r.done, r.e.Size)
	case r.src.taken != r.e.compressed:
		return fmt.Errorf("compressed data end after %d bytes of %d", r.src.taken, r.e.compressed)
	case r.crc != r.e.crc:
		return errors.New("wrong checksum")
	}
	return io.EOF
}

// counted reads with a buffer and counts what was taken out of it: flate reads byte by byte and so never too far.
type counted struct {
	r     io.Reader
	buf   [4096]byte
	have  []byte
	taken int64
}

func (c *counted) fill() error {
	for len(c.have) == 0 {
		n, err := c.r.Read(c.buf[:])
		c.have = c.buf[:n]
		if n == 0 && err != nil {
			return err
		}
	}
	return nil
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	if err := c.fill(); err != nil {
		return 0, err
	}
	n := copy(p, c.have)
	c.have, c.taken = c.have[n:], c.taken+int64(n)
	return n, nil
}

// ReadByte implements io.ByteReader.
func (c *counted) ReadByte() (byte, error) {
	if err := c.fill(); err != nil {
		return 0, err
	}
	b := c.have[0]
	c.have, c.taken = c.have[1:], c.taken+1
	return b, nil
}
