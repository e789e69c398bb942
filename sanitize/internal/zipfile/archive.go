package zipfile

import (
	"fmt"
	"io/fs"
	"sync"
	"time"

	"sekisho/sanitize"
)

// Compression methods (APPNOTE 4.4.5).
const (
	Stored   = 0
	Deflated = 8
)

// General purpose bits (APPNOTE 4.4.4).
const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
	flagPatch      = 1 << 5
	flagStrong     = 1 << 6
	flagUTF8       = 1 << 11
	flagMasked     = 1 << 13
)

// Archive is an open zip archive. It may be used by several goroutines.
type Archive struct {
	Entries  []*Entry // in the order of the central directory
	Comment  []byte   // of the whole archive
	Oddities []Oddity

	in        sanitize.Input
	inflaters sync.Pool
}

// Entry is one file or folder of an archive.
type Entry struct {
	RawName    []byte
	Name       string // RawName as text; slashes and dots are as they were
	Size       int64  // bytes
	Compressed int64  // bytes in the archive
	CRC32      uint32
	Method     uint16 // Stored, Deflated, or one that Open refuses
	Flags      uint16
	Dir        bool        // the name ends in a slash
	Mode       fs.FileMode // type and permissions as the archive states them; a link or device shows here
	Modified   time.Time   // to two seconds, in the writer's time zone but marked UTC; zero when the field is no date
	Encrypted  bool

	offset int64 // of the local header
	data   int64 // of the first compressed byte
	aes    aesHeader
	dosMod uint32 // date and time fields, checked against the password of an old-style encrypted entry
}

// OddityKind names a thing that is allowed, or at least harmless to a strict reader, and is not copied by a writer.
type OddityKind string

// The kinds of oddity.
const (
	OddComment      OddityKind = "comment"       // of the archive
	OddEntryComment OddityKind = "entry-comment" // of one entry
	OddExtra        OddityKind = "extra"         // an extra field that is no bookkeeping of a zip program
	OddDescriptor   OddityKind = "descriptor"    // announced, and not there
	OddLineEnd      OddityKind = "line-end"      // after the archive
	OddFlags        OddityKind = "flags"         // the two headers differ in a flag that changes nothing
)

// Oddity is one such thing. Entry is the name of the entry that has it, or "".
type Oddity struct {
	Kind  OddityKind
	Entry string
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("cannot read zip: %w: %s", sanitize.ErrMalformed, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("cannot read zip: %w: %s", sanitize.ErrUnsupported, fmt.Sprintf(format, args...))
}

// Open reads the directory of the archive and checks it against the local headers and the layout. It refuses with
// ErrLimit when there are more than maxEntries entries, with ErrUnsupported when the archive is one part of several,
// with ErrEncrypted when the directory itself is encrypted, and with ErrMalformed when anything disagrees.
func Open(in sanitize.Input, maxEntries int) (*Archive, error) { return OpenFrom(in, maxEntries, 0) }

// OpenFrom is Open for an archive whose first entry stands at offset start, behind something that is no part of it. Offsets in
// the archive count from the start of the input.
func OpenFrom(in sanitize.Input, maxEntries int, start int64) (*Archive, error) {
	end, err := findEnd(in)
	if err != nil {
		return nil, err
	}
	if end.entries > int64(maxEntries) {
		return nil, fmt.Errorf("cannot read zip: %w: %d entries, at most %d", sanitize.ErrLimit, end.entries, maxEntries)
	}
	a := &Archive{in: in, Comment: end.comment}
	if len(a.Comment) > 0 {
		a.odd(OddComment, "")
	}
	if end.newline {
		a.odd(OddLineEnd, "")
	}
	if err := a.readDirectory(end); err != nil {
		return nil, err
	}
	if err := a.checkLayout(end, start); err != nil {
		return nil, err
	}
	return a, a.checkNames()
}

func (a *Archive) odd(kind OddityKind, entry string) {
	a.Oddities = append(a.Oddities, Oddity{kind, entry})
}

// Find returns the entry called name, or nil. Names are compared byte for byte.
func (a *Archive) Find(name string) *Entry {
	for _, e := range a.Entries {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// checkNames refuses two entries of one name, read as bytes or as text.
func (a *Archive) checkNames() error {
	seen := make(map[string]bool, len(a.Entries))
	for _, e := range a.Entries {
		if seen[e.Name] {
			return malformed("two entries are called %q", e.Name)
		}
		seen[e.Name] = true
	}
	return nil
}
