package jpeg

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// entropyLength returns the length of the entropy-coded data at the start of b: up to the first marker that is no
// restart (T.81 B.1.1.5).
func entropyLength(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], 0xff)
		if i < 0 {
			return len(b)
		}
		at += i
		next := at + 1
		for next < len(b) && b[next] == 0xff {
			next++
		}
		switch {
		case next == len(b):
			return len(b)
		case b[next] != 0 && (b[next] < markerRST0 || b[next] > markerRST7):
			return at
		}
		at = next + 1
	}
}

// guard is the number of bytes that must lie behind the data of a bitReader: more than one block can ask for, so
// that running over the end is looked for once a block.
const guard = 512

// unstuff appends the data of a scan to dst without stuffing and fill bytes (T.81 B.1.1.2, B.1.1.5). It returns the
// ends in dst of the intervals between restart markers. ok is false when the markers are out of order, or more than
// intervals of them.
func unstuff(dst, b []byte, intervals int) (data []byte, ends []int, ok bool) {
	dst = slices.Grow(dst, len(b)+guard)
	for len(b) > 0 {
		i := bytes.IndexByte(b, 0xff)
		if i < 0 {
			dst = append(dst, b...)
			break
		}
		dst = append(dst, b[:i]...)
		for b = b[i:]; len(b) > 0 && b[0] == 0xff; {
			b = b[1:]
		}
		if len(b) == 0 {
			break
		}
		if b[0] == 0 {
			dst = append(dst, 0xff)
		} else {
			if int(b[0]-markerRST0) != len(ends)%8 || len(ends) == intervals {
				return dst, nil, false
			}
			ends = append(ends, len(dst))
		}
		b = b[1:]
	}
	ends = append(ends, len(dst))
	return append(dst, make([]byte, guard)...), ends, true
}

// bitReader reads bits from data without stuffing, of which at least guard bytes lie behind end.
type bitReader struct {
	acc  uint64 // bits not yet taken, from the top
	have uint   // valid bits in acc
	at   int    // next byte of data
	data []byte
	end  int
}

// seek moves to the interval from start to end.
func (r *bitReader) seek(start, end int) {
	r.acc, r.have, r.at, r.end = 0, 0, start, end
}

// fill makes at least 56 bits valid.
func (r *bitReader) fill() {
	r.acc |= load(r.data, r.at) >> r.have
	r.at += int((63 - r.have) >> 3)
	r.have |= 56
}

// take returns the next n bits, at most 16 and no more than are valid.
func (r *bitReader) take(n uint) uint32 {
	v := uint32(r.acc >> 1 >> (63 - n))
	r.acc <<= n
	r.have -= n
	return v
}

// overrun reports whether more bits were taken than there are.
func (r *bitReader) overrun() bool { return 8*r.at-int(r.have) > 8*r.end }

// surplus reports whether whole bytes are left that nothing asked for.
func (r *bitReader) surplus() bool { return 8*r.end-(8*r.at-int(r.have)) >= 8 }

// symbol decodes one symbol. At least 16 bits must be valid. ok is false when no symbol has the code.
func (r *bitReader) symbol(d *decoder) (s byte, ok bool) {
	e := d.look[r.acc>>(64-lookBits)]
	length := uint(e >> 8)
	if s = byte(e); length == 0 {
		if s, length = d.slow(r.acc); length == 0 {
			return 0, false
		}
	}
	r.acc <<= length
	r.have -= length
	return s, true
}

// load returns the eight bytes at an offset.
func load(b []byte, at int) uint64 { return binary.BigEndian.Uint64(b[at:]) }
