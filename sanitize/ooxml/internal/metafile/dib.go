package metafile

// maxPixels bounds a bitmap in a record: what it has in bytes, the record must have, so that this is a second fence.
const maxPixels = 100 << 20

// dib is a device-independent bitmap (MS-WMF 2.2.2.9) whose parts have the length that its header asks for.
type dib struct{ info, bits []byte }

// readDIB checks a bitmap. paletteIndex says that its colours are numbers of the palette, two bytes each.
func readDIB(info, bits []byte, paletteIndex bool) (dib, bool) {
	if len(info) < 12 {
		return dib{}, false
	}
	if le.Uint32(info) == 12 {
		return coreDIB(info, bits, paletteIndex)
	}
	if len(info) < 40 || le.Uint32(info) < 40 || le.Uint32(info) > 124 {
		return dib{}, false
	}
	width, height := int64(int32(le.Uint32(info[4:]))), int64(int32(le.Uint32(info[8:])))
	depth, compression := le.Uint16(info[14:]), le.Uint32(info[16:])
	colours, ok := colourTable(depth, int64(le.Uint32(info[32:])))
	height = max(height, -height)
	if !ok || width <= 0 || height == 0 || height > maxPixels || width > maxPixels/height {
		return dib{}, false
	}
	head := uint64(le.Uint32(info))
	size := head + uint64(colours)*colourLen(paletteIndex)
	need := uint64((width*int64(depth)+31)/32*4) * uint64(height)
	switch compression {
	case 0:
	case 3: // bit fields: three masks after the short header
		if head == 40 {
			size += 12
		}
	case 1, 2: // run lengths: as long as it says
		need = uint64(le.Uint32(info[20:]))
	default: // JPEG and PNG, which only printers take
		return dib{}, false
	}
	d := dib{part(info, 0, size), part(bits, 0, need)}
	return d, d.info != nil && d.bits != nil
}

func coreDIB(info, bits []byte, paletteIndex bool) (dib, bool) {
	width, height, depth := uint64(le.Uint16(info[4:])), uint64(le.Uint16(info[6:])), le.Uint16(info[10:])
	colours, ok := colourTable(depth, 0)
	if !ok || width == 0 || height == 0 {
		return dib{}, false
	}
	entry := uint64(3)
	if paletteIndex {
		entry = 2
	}
	d := dib{part(info, 0, 12+uint64(colours)*entry), part(bits, 0, (width*uint64(depth)+31)/32*4*height)}
	return d, d.info != nil && d.bits != nil
}

// colourTable returns how many colours follow the header of a bitmap of this depth.
func colourTable(depth uint16, used int64) (int64, bool) {
	switch depth {
	case 1, 4, 8:
		most := int64(1) << depth
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

func colourLen(paletteIndex bool) uint64 {
	if paletteIndex {
		return 2
	}
	return 4
}

// packedDIB checks a bitmap whose bits follow its colours, as WMF has it.
func packedDIB(b []byte, paletteIndex bool) ([]byte, bool) {
	if len(b) < 12 {
		return nil, false
	}
	for split := range splits(b, paletteIndex) {
		if d, ok := readDIB(b[:split], b[split:], paletteIndex); ok && len(d.info) == split {
			return append(d.info[:len(d.info):len(d.info)], d.bits...), true
		}
	}
	return nil, false
}

// splits yields where the bits of a packed bitmap may begin.
func splits(b []byte, paletteIndex bool) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		head := uint64(le.Uint32(b))
		if head == 12 {
			if colours, ok := colourTable(le.Uint16(b[10:]), 0); ok {
				entry := int64(3)
				if paletteIndex {
					entry = 2
				}
				if n := 12 + colours*entry; n <= int64(len(b)) {
					yield(int(n))
				}
			}
			return
		}
		if head < 40 || head > 124 || len(b) < 40 {
			return
		}
		colours, ok := colourTable(le.Uint16(b[14:]), int64(le.Uint32(b[32:])))
		n := head + uint64(colours)*colourLen(paletteIndex)
		if le.Uint32(b[16:]) == 3 && head == 40 {
			n += 12
		}
		if ok && n <= uint64(len(b)) {
			yield(int(n))
		}
	}
}
