package metafile

import "bytes"

// maxPixels bounds a bitmap in a record: what it has in bytes, the record must have, so that this is a second fence.
const maxPixels = 100 << 20

// dib is a device-independent bitmap (MS-WMF 2.2.2.9) whose parts have the length that its header asks for.
type dib struct{ info, bits []byte }

// readDIB checks a bitmap. paletteIndex says that its colours are numbers of the palette, two bytes each; rows is how
// many rows of it are there at most, from the first.
func readDIB(info, bits []byte, paletteIndex bool, rows int64) (dib, bool) {
	size, ok := infoLen(info, paletteIndex)
	if !ok {
		return dib{}, false
	}
	var width, height, depth int64
	var compression uint32
	if le.Uint32(info) == coreHeader {
		width, height, depth = int64(le.Uint16(info[4:])), int64(le.Uint16(info[6:])), int64(le.Uint16(info[10:]))
	} else {
		width, height, depth = int64(int32(le.Uint32(info[4:]))), int64(int32(le.Uint32(info[8:]))), int64(le.Uint16(info[14:]))
		compression = le.Uint32(info[16:])
	}
	height = max(height, -height)
	if width <= 0 || height == 0 || height > maxPixels || width > maxPixels/height {
		return dib{}, false
	}
	need := uint64((width*depth + 31) / 32 * 4 * min(height, rows))
	switch compression {
	case 0, 3:
	case 1, 2: // run lengths: as long as it says
		need = uint64(le.Uint32(info[20:]))
	default: // JPEG and PNG, which only printers take
		return dib{}, false
	}
	d := dib{part(info, 0, size), part(bits, 0, need)}
	if d.info == nil || d.bits == nil {
		return dib{}, false
	}
	return d.withoutMasks(), true
}

// Lengths of headers that are spoken of here (MS-WMF 2.2.2.2 and 2.2.2.3).
const (
	coreHeader = 12
	infoHeader = 40
)

// infoLen returns the length of the header at the start of b with its masks and colours.
func infoLen(b []byte, paletteIndex bool) (uint64, bool) {
	if len(b) < coreHeader {
		return 0, false
	}
	head := uint64(le.Uint32(b))
	if head == coreHeader {
		colours, ok := colourTable(le.Uint16(b[10:]), 0)
		if paletteIndex {
			return head + 2*colours, ok
		}
		return head + 3*colours, ok
	}
	if head < infoHeader || head > 124 || len(b) < infoHeader {
		return 0, false
	}
	colours, ok := colourTable(le.Uint16(b[14:]), uint64(le.Uint32(b[32:])))
	size := head + colours*colourLen(paletteIndex)
	if le.Uint32(b[16:]) == 3 && head == infoHeader { // bit fields: three masks after the short header
		size += 12
	}
	return size, ok
}

// plainMasks are the masks that pixels of 32 bits have when a header names none: red, green and blue, from the top.
var plainMasks = []byte{0, 0, 0xff, 0, 0, 0xff, 0, 0, 0xff, 0, 0, 0}

// withoutMasks returns a bitmap without masks that say what holds anyway (MS-WMF 2.1.1.7: BI_BITFIELDS and BI_RGB). Not
// every reader looks for transparency where masks leave no room for it, and the picture turns black.
func (d dib) withoutMasks() dib {
	if le.Uint32(d.info) != infoHeader || le.Uint16(d.info[14:]) != 32 || le.Uint32(d.info[16:]) != 3 || !bytes.Equal(d.info[40:52], plainMasks) {
		return d
	}
	info := append(bytes.Clone(d.info[:40]), d.info[52:]...)
	le.PutUint32(info[16:], 0)
	return dib{info, d.bits}
}

// colourTable returns how many colours follow the header of a bitmap of this depth.
func colourTable(depth uint16, used uint64) (uint64, bool) {
	switch depth {
	case 1, 4, 8:
		most := uint64(1) << depth
		if used == 0 || used > most {
			used = most
		}
		return used, true
	case 16, 24, 32:
		if used > 256 {
			return 0, false
		}
		return used, true
	}
	return 0, false
}

// colourLen returns the length of a colour in a header that is not the shortest.
func colourLen(paletteIndex bool) uint64 {
	if paletteIndex {
		return 2
	}
	return 4
}

// packedDIB checks a bitmap whose bits follow its colours, as WMF has it.
func packedDIB(b []byte, paletteIndex bool) ([]byte, bool) {
	split, ok := infoLen(b, paletteIndex)
	if !ok || split > uint64(len(b)) {
		return nil, false
	}
	d, ok := readDIB(b[:split], b[split:], paletteIndex, maxPixels)
	return append(d.info[:len(d.info):len(d.info)], d.bits...), ok
}
