package sanitizetest

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"io"
)

const (
	maxParts = 5000
	maxPart  = 32 << 20
)

// Explode returns b and everything that can be decompressed in it: the bodies behind zip local headers, wherever
// they stand, and every zlib stream of a PDF or PNG, and so on inside of those. It is cruder and more eager than any reader.
func Explode(b []byte) [][]byte {
	parts := [][]byte{b}
	for i := 0; i < len(parts) && len(parts) < maxParts; i++ {
		parts = append(parts, zipBodies(parts[i])...)
		parts = append(parts, zlibBodies(parts[i])...)
	}
	return parts
}

func zipBodies(b []byte) (found [][]byte) {
	for rest := b; ; {
		i := bytes.Index(rest, []byte("PK\x03\x04"))
		if i < 0 || len(rest)-i < 30 {
			return found
		}
		h := rest[i:]
		rest = rest[i+4:]
		start := 30 + int(binary.LittleEndian.Uint16(h[26:])) + int(binary.LittleEndian.Uint16(h[28:]))
		if binary.LittleEndian.Uint16(h[8:]) != 8 || start >= len(h) {
			continue
		}
		if body := inflate(flate.NewReader(bytes.NewReader(h[start:]))); len(body) > 0 {
			found = append(found, body)
		}
	}
}

func zlibBodies(b []byte) (found [][]byte) {
	for i := 0; i+2 < len(b); i++ {
		if b[i]&0x0f != 8 || b[i] > 0x78 || (uint16(b[i])<<8|uint16(b[i+1]))%31 != 0 || b[i+1]&0x20 != 0 {
			continue
		}
		r, err := zlib.NewReader(bytes.NewReader(b[i:]))
		if err != nil {
			continue
		}
		if body := inflate(r); len(body) > 16 {
			found = append(found, body)
		}
		if len(found) > maxParts {
			return found
		}
	}
	return found
}

// inflate returns what came out before the end or the first error.
func inflate(r io.Reader) []byte {
	var out bytes.Buffer
	io.Copy(&out, io.LimitReader(r, maxPart)) // an error only ends it earlier
	return out.Bytes()
}
