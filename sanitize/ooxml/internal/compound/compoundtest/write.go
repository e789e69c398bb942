// Package compoundtest writes small compound files for tests.
package compoundtest

import (
	"encoding/binary"
	"unicode/utf16"
)

const (
	sector = 512
	end    = 0xfffffffe
	free   = 0xffffffff
)

var le = binary.LittleEndian

// Write returns a compound file (MS-CFB, version 3) with two streams in its root: a short one, which stands in the mini
// stream, and a long one of 4,096 bytes or more, which has sectors of its own.
func Write(shortName string, short []byte, longName string, long []byte) []byte {
	pad := func(b []byte, n int) []byte { return append(b[:len(b):len(b)], make([]byte, (n-len(b)%n)%n)...) }
	minis := len(pad(short, 64)) / 64
	mini, body := pad(pad(short, 64), sector), pad(long, sector)

	fat := []uint32{0xfffffffd, end, end} // the table itself, directory, mini table
	chain := func(n int) uint32 {
		start := uint32(len(fat))
		for i := range n {
			next := start + uint32(i) + 1
			if i == n-1 {
				next = end
			}
			fat = append(fat, next)
		}
		return start
	}
	miniStart := chain(len(mini) / sector)
	bodyStart := chain(len(body) / sector)
	if len(fat) > sector/4 {
		panic("too long for one sector of the table")
	}

	h := make([]byte, sector)
	copy(h, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	le.PutUint16(h[24:], 0x3e)
	le.PutUint16(h[26:], 3)
	le.PutUint16(h[28:], 0xfffe)
	le.PutUint16(h[30:], 9)
	le.PutUint16(h[32:], 6)
	for off, v := range map[int]uint32{44: 1, 48: 1, 56: 4096, 60: 2, 64: 1, 68: end, 76: 0} {
		le.PutUint32(h[off:], v)
	}
	for off := 80; off < sector; off += 4 {
		le.PutUint32(h[off:], free)
	}
	out := append(h, table(fat)...)
	out = append(out, entry("Root Entry", 5, free, 1, miniStart, 64*minis)...)
	out = append(out, entry(shortName, 2, 2, free, 0, len(short))...)
	out = append(out, entry(longName, 2, free, free, bodyStart, len(long))...)
	out = append(out, make([]byte, 128)...)
	small := make([]uint32, minis)
	for i := range small {
		small[i] = uint32(i) + 1
	}
	small[minis-1] = end
	out = append(out, table(small)...)
	return append(append(out, mini...), body...)
}

// table returns one sector of a table.
func table(values []uint32) []byte {
	b := make([]byte, sector)
	for i := range sector / 4 {
		v := uint32(free)
		if i < len(values) {
			v = values[i]
		}
		le.PutUint32(b[4*i:], v)
	}
	return b
}

// entry returns one entry of the directory.
func entry(name string, kind byte, right, down, start uint32, size int) []byte {
	b := make([]byte, 128)
	units := utf16.Encode([]rune(name))
	for i, u := range units {
		le.PutUint16(b[2*i:], u)
	}
	le.PutUint16(b[64:], uint16(2*len(units)+2))
	b[66] = kind
	for off, v := range map[int]uint32{68: free, 72: right, 76: down, 116: start, 120: uint32(size)} {
		le.PutUint32(b[off:], v)
	}
	return b
}
