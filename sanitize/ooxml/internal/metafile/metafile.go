// Package metafile rebuilds Windows metafiles, the vector pictures of Office: EMF (MS-EMF) and WMF (MS-WMF).
//
// A metafile is a list of drawing calls. Each record whose kind is on the list is read to its fields, checked against
// its length, and written anew with nothing between or behind the fields; bitmaps in it have the length that their
// header says. Escapes, comments (EMF+ among them), printer, OpenGL and colour management records fall away. What
// nothing is drawn by in the end is no picture: ErrNothing.
package metafile

import (
	"encoding/binary"
	"errors"
	"fmt"

	"sekisho/sanitize"
)

// ErrNothing says that no record that draws is left: the picture was made of records that are not kept.
var ErrNothing = errors.New("no drawing record that is kept")

// MaxRecords bounds the records of one metafile.
const MaxRecords = 1_000_000

var le = binary.LittleEndian

// Rebuild returns the metafile in b anew, its kind, "emf" or "wmf", and how many records fell away. It fails with
// ErrUnsupported when b is no metafile, with ErrMalformed when its records do not fill it, and with ErrNothing.
// The result is at most four times as long as b.
func Rebuild(b []byte) (out []byte, kind string, dropped int, err error) {
	switch {
	case len(b) >= 88 && le.Uint32(b) == 1 && string(b[40:44]) == " EMF":
		out, dropped, err = rebuildEMF(b)
		return out, "emf", dropped, err
	case len(b) >= 18 && (le.Uint32(b) == placeableKey || le.Uint32(b) == 0x00090001):
		out, dropped, err = rebuildWMF(b)
		return out, "wmf", dropped, err
	}
	return nil, "", 0, fmt.Errorf("%w: no metafile", sanitize.ErrUnsupported)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: metafile: %s", sanitize.ErrMalformed, fmt.Sprintf(format, args...))
}

// part returns the n bytes of b from off, or nil when b does not have them.
func part(b []byte, off, n uint64) []byte {
	if off > uint64(len(b)) || n > uint64(len(b))-off {
		return nil
	}
	return b[off : off+n]
}

// pad fills b with zero bytes to a multiple of n.
func pad(b []byte, n int) []byte {
	for len(b)%n != 0 {
		b = append(b, 0)
	}
	return b
}

// untilZero returns a field of text of width bytes a unit, with zeros from its first zero unit on.
func untilZero(text []byte, width int) []byte {
	out := make([]byte, len(text))
	for i := 0; i+width <= len(text); i += width {
		zero := true
		for _, c := range text[i : i+width] {
			zero = zero && c == 0
		}
		if zero {
			break
		}
		copy(out[i:], text[i:i+width])
	}
	return out
}
