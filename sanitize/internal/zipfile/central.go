package zipfile

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"sekisho/sanitize"
)

// readDirectory reads exactly the central headers that the end record counts.
func (a *Archive) readDirectory(end end) error {
	r := bufio.NewReaderSize(io.NewSectionReader(a.in, end.directory, end.size), 32<<10)
	for range end.entries {
		if err := a.readCentral(r); err != nil {
			return err
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		return malformed("the directory is longer than its entries")
	}
	return nil
}

// readCentral reads one central header (APPNOTE 4.3.12) and appends its entry.
func (a *Archive) readCentral(r io.Reader) error {
	var h [centralLen]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return malformed("the directory ends early")
	}
	if string(h[:4]) != sigCentral {
		return malformed("no directory entry where one must be")
	}
	nameLen, extraLen, commentLen := int(le.Uint16(h[28:])), int(le.Uint16(h[30:])), int(le.Uint16(h[32:]))
	rest := make([]byte, nameLen+extraLen+commentLen)
	if _, err := io.ReadFull(r, rest); err != nil {
		return malformed("the directory ends early")
	}
	e := &Entry{
		RawName: rest[:nameLen:nameLen],
		Flags:   le.Uint16(h[8:]), Method: le.Uint16(h[10:]), dosMod: le.Uint32(h[12:]), CRC32: le.Uint32(h[16:]),
		Compressed: int64(le.Uint32(h[20:])), Size: int64(le.Uint32(h[24:])), offset: int64(le.Uint32(h[42:])),
		Mode: modeOf(le.Uint32(h[38:])), Modified: dosTime(le.Uint32(h[12:])),
	}
	e.Encrypted = e.Flags&flagEncrypted != 0
	if disk := le.Uint16(h[34:]); disk != 0 && disk != max16 {
		return unsupported("one part of a split archive")
	}
	if err := e.checkFlags(); err != nil {
		return err
	}
	if err := a.applyExtra(e, rest[nameLen:nameLen+extraLen], le.Uint16(h[34:])); err != nil {
		return err
	}
	if commentLen > 0 {
		a.odd(OddEntryComment, e.Name)
	}
	a.Entries = append(a.Entries, e)
	return e.checkSizes(a.in)
}

func (e *Entry) checkFlags() error {
	switch {
	case e.Flags&flagMasked != 0:
		return fmt.Errorf("cannot read zip: %w: the directory is encrypted", sanitize.ErrEncrypted)
	case e.Flags&flagPatch != 0:
		return unsupported("patch data")
	case len(e.RawName) == 0:
		return malformed("an entry without a name")
	}
	return nil
}

// maxRatio is the best that deflate can do: 258 bytes for two bits.
const maxRatio = 1032

// checkSizes refuses sizes that cannot be true, before anything is allocated by them.
func (e *Entry) checkSizes(in sanitize.Input) error {
	e.Dir = strings.HasSuffix(e.Name, "/")
	plain := e.Compressed
	if e.Encrypted {
		plain -= e.overhead()
	}
	method := e.Method
	if method == methodAES {
		method = e.aes.method
	}
	switch {
	case e.Size < 0 || e.Compressed < 0 || plain < 0 || e.Compressed > in.Size() || e.offset < 0 || e.offset > in.Size():
		return malformed("entry %q lies outside the archive", e.Name)
	case e.Dir && e.Size != 0:
		return malformed("folder %q has content", e.Name)
	case method == Stored && e.Size != plain:
		return malformed("entry %q is stored, with two sizes", e.Name)
	case method == Deflated && e.Size/maxRatio > plain:
		return malformed("entry %q cannot expand to %d bytes", e.Name, e.Size)
	}
	return nil
}

// modeOf reads the external attributes: the Unix mode in the high half and the DOS attributes in the low byte. The
// high half counts whatever system the header names, because extractors differ in whether they look at it.
func modeOf(attributes uint32) fs.FileMode {
	unix := attributes >> 16
	mode := fs.FileMode(unix & 0o777)
	switch unix & 0o170000 {
	case 0, 0o100000:
	case 0o040000:
		mode |= fs.ModeDir
	case 0o120000:
		mode |= fs.ModeSymlink
	case 0o060000:
		mode |= fs.ModeDevice
	case 0o020000:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case 0o010000:
		mode |= fs.ModeNamedPipe
	case 0o140000:
		mode |= fs.ModeSocket
	default:
		mode |= fs.ModeIrregular
	}
	if unix&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if unix&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if attributes&0x10 != 0 {
		mode |= fs.ModeDir
	}
	return mode
}

// dosTime reads a DOS time (low half) and date (high half), or returns the zero time when they are none.
func dosTime(v uint32) time.Time {
	year, month, day := 1980+int(v>>25), time.Month(v>>21&15), int(v>>16&31)
	hour, minute, second := int(v>>11&31), int(v>>5&63), int(v&31)*2
	t := time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	if t.Month() != month || t.Day() != day || t.Hour() != hour || t.Minute() != minute || t.Second() != second {
		return time.Time{}
	}
	return t
}
