package metafile

import (
	"context"

	"sekisho/sanitize"
)

const placeableKey = 0x9ac6cdd7

// rebuildWMF walks the records (MS-WMF 2.3) from the header to the end record. An object's number is the order in
// which it is made, so that one that is not kept leaves an empty brush in its place.
func rebuildWMF(ctx context.Context, b []byte, _ sanitize.Pass, report *sanitize.Report) ([]byte, error) {
	var out []byte
	if len(b) >= 4 && le.Uint32(b) == placeableKey {
		if len(b) < 22+18 {
			return nil, malformed("no header")
		}
		out, b = placeable(b), b[22:]
	}
	if len(b) < 18 || le.Uint16(b) != 1 && le.Uint16(b) != 2 || le.Uint16(b[2:]) != 9 {
		return nil, malformed("no header")
	}
	start := len(out)
	out = append(out, b[:18]...)
	read, dropped, draws, longest := records{ctx: ctx}, false, false, 3
	rest := b[18:]
	for {
		if len(rest) < 6 {
			return nil, malformed("no end record")
		}
		size, function := uint64(le.Uint32(rest))*2, le.Uint16(rest[4:])
		if function == 0 {
			rest = rest[min(max(size, 6), uint64(len(rest))):]
			break
		}
		if size < 6 || size > uint64(len(rest)) {
			return nil, malformed("a record of %d bytes", size)
		}
		if err := read.next(); err != nil {
			return nil, err
		}
		body, drawn := wmfBody(function, rest[6:size])
		rest = rest[size:]
		if body == nil {
			report.Add(ruleRecord, sanitize.Removed, "")
			dropped = true
			if !makesObject(function) {
				continue
			}
			function, body = 0x02fc, []byte{1, 0, 0, 0, 0, 0, 0, 0}
		}
		draws = draws || drawn
		body = pad(body[:len(body):len(body)], 2)
		words := 3 + len(body)/2
		longest = max(longest, words)
		out = le.AppendUint32(out, uint32(words))
		out = append(le.AppendUint16(out, function), body...)
	}
	if len(rest) > 0 {
		report.Add(ruleTrailing, sanitize.Removed, "")
	}
	if !draws && dropped {
		return nil, nothing()
	}
	out = append(out, 3, 0, 0, 0, 0, 0)
	h := out[start:]
	le.PutUint32(h[6:], uint32(len(h)/2))
	le.PutUint32(h[12:], uint32(longest))
	le.PutUint16(h[16:], 0)
	return out, nil
}

// placeable returns the header that says how large the picture is (2.3.2.3), with its checksum.
func placeable(b []byte) []byte {
	h := append([]byte(nil), b[:22]...)
	clear(h[4:6])
	clear(h[16:20])
	sum := uint16(0)
	for i := 0; i < 20; i += 2 {
		sum ^= le.Uint16(h[i:])
	}
	le.PutUint16(h[20:], sum)
	return h
}

// makesObject reports whether a record makes an object.
func makesObject(function uint16) bool {
	switch function {
	case 0x00f7, 0x0142, 0x01f9, 0x02fa, 0x02fb, 0x02fc, 0x06ff, 0x00f8, 0x02fd, 0x06fe:
		return true
	}
	return false
}

// wmfBody returns what follows the head of a record anew, or nil when it is not kept, and whether the record draws.
// Numbers are two bytes each; the high byte of most function numbers is how many there are at least.
func wmfBody(function uint16, b []byte) (body []byte, draws bool) {
	switch function {
	case 0x001e, 0x0035:
		return []byte{}, false
	case 0x0102, 0x0103, 0x0104, 0x0105, 0x0106, 0x0107, 0x0108, 0x0127, 0x012c, 0x012d, 0x012e, 0x0139, 0x0149, 0x01f0,
		0x0201, 0x0209, 0x020a, 0x020b, 0x020c, 0x020d, 0x020e, 0x020f, 0x0211, 0x0214, 0x0220, 0x0231, 0x0234, 0x0410,
		0x0412, 0x0415, 0x0416:
		return part(b, 0, 2*wmfWords(function)), false
	case 0x012a, 0x012b, 0x0213, 0x0228, 0x0418, 0x0419, 0x041b, 0x041f, 0x0429, 0x0548, 0x061c, 0x061d, 0x0817, 0x081a, 0x0830:
		return part(b, 0, 2*wmfWords(function)), true
	case 0x02fa:
		return part(b, 0, 10), false
	case 0x02fc:
		return part(b, 0, 8), false
	case 0x02fb:
		return wmfFont(b), false
	case 0x00f7, 0x0037:
		return wmfCounted(b, 2, 4, 4), false
	case 0x0324, 0x0325:
		return wmfCounted(b, 0, 2, 4), true
	case 0x0538:
		return wmfPolygons(b), true
	case 0x0521:
		return wmfText(b), true
	case 0x0a32:
		return wmfExtText(b), true
	}
	return wmfBitmap(function, b)
}

// wmfWords returns how many numbers a record of fixed length has.
func wmfWords(function uint16) uint64 {
	switch function {
	case 0x0201, 0x0209, 0x0231:
		return 2
	case 0x0234, 0x0149, 0x0139:
		return 1
	}
	return uint64(function >> 8)
}

// wmfCounted returns a record with a count at offset at and as many elements of width bytes from offset from on.
func wmfCounted(b []byte, at, from, width int) []byte {
	if len(b) < from {
		return nil
	}
	return part(b, 0, uint64(from+int(le.Uint16(b[at:]))*width))
}

func wmfPolygons(b []byte) []byte {
	if len(b) < 2 {
		return nil
	}
	n := uint64(2 + 2*int(le.Uint16(b)))
	counts := part(b, 2, n-2)
	if counts == nil {
		return nil
	}
	for ; len(counts) > 0; counts = counts[2:] {
		n += 4 * uint64(le.Uint16(counts))
	}
	return part(b, 0, n)
}

// wmfFont returns a font (2.2.1.2): nine numbers and a name of 32 bytes at most.
func wmfFont(b []byte) []byte {
	if len(b) < 18 {
		return nil
	}
	name := make([]byte, 32)
	copy(name, b[18:min(len(b), 18+32)])
	return append(b[:18:18], untilZero(name, 1)...)
}

// wmfText returns text and its place (2.3.3.20).
func wmfText(b []byte) []byte {
	if len(b) < 2 {
		return nil
	}
	n := (uint64(le.Uint16(b)) + 1) / 2 * 2
	return part(b, 0, 2+n+4)
}

// wmfExtText returns text with a rectangle and distances, when it has them (2.3.3.5).
func wmfExtText(b []byte) []byte {
	if len(b) < 8 {
		return nil
	}
	count, n := uint64(le.Uint16(b[4:])), uint64(8)
	if le.Uint16(b[6:])&6 != 0 {
		n += 8
	}
	n += (count + 1) / 2 * 2
	if with := n + 2*count; with <= uint64(len(b)) {
		n = with
	}
	return part(b, 0, n)
}

// wmfBitmap returns a record with a bitmap behind its numbers (2.3.1). Those with a bitmap of the device have no
// grammar and are not kept.
func wmfBitmap(function uint16, b []byte) ([]byte, bool) {
	fixed, usage := 0, false
	switch function {
	case 0x0940:
		if len(b) == 18 { // no bitmap
			return b, true
		}
		fixed = 16
	case 0x0b41:
		if len(b) == 22 {
			return b, true
		}
		fixed = 20
	case 0x0f43:
		fixed = 22
		usage = len(b) > 6 && le.Uint16(b[4:]) == 1
	case 0x0d33:
		fixed = 18
		usage = len(b) > 2 && le.Uint16(b) == 1
	case 0x0142:
		fixed = 4
		usage = len(b) > 4 && le.Uint16(b[2:]) == 1
	default:
		return nil, false
	}
	if len(b) < fixed {
		return nil, false
	}
	d, ok := packedDIB(b[fixed:], usage)
	if !ok {
		return nil, false
	}
	return append(b[:fixed:fixed], d...), function != 0x0142
}
