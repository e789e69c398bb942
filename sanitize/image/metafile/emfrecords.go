package metafile

// counted returns the builder of a record with a count at offset at and as many elements of width bytes from offset
// from on.
func counted(at, from, width int) func([]byte) []byte {
	return func(r []byte) []byte {
		if len(r) < from {
			return nil
		}
		n := uint64(from) + uint64(le.Uint32(r[at:]))*uint64(width)
		if n > uint64(len(r)) {
			return nil
		}
		return emfAgain(r, int(n))
	}
}

// polyPoly returns the builder of several polygons (2.3.5.24): their counts, then all points of width bytes.
func polyPoly(width uint64) func([]byte) []byte {
	return func(r []byte) []byte {
		if len(r) < 32 {
			return nil
		}
		polygons, points := uint64(le.Uint32(r[24:])), uint64(le.Uint32(r[28:]))
		n := 32 + 4*polygons + width*points
		if polygons > uint64(len(r)) || points > uint64(len(r)) || n > uint64(len(r)) {
			return nil
		}
		sum := uint64(0)
		for i := range polygons {
			sum += uint64(le.Uint32(r[32+4*i:]))
		}
		if sum != points {
			return nil
		}
		return emfAgain(r, int(n))
	}
}

// palette rebuilds a logical palette (2.2.17).
func palette(r []byte) []byte {
	if len(r) < 16 {
		return nil
	}
	n := 16 + 4*int(le.Uint16(r[14:]))
	if n > len(r) {
		return nil
	}
	return emfAgain(r, n)
}

// region returns the builder of a record with the length of a region at offset at and the region from offset from on
// (2.2.24): a header and rectangles.
func region(at, from int) func([]byte) []byte {
	return func(r []byte) []byte {
		if len(r) < from {
			return nil
		}
		if le.Uint32(r[at:]) == 0 {
			return emfAgain(r, from)
		}
		if len(r) < from+32 || le.Uint32(r[from:]) != 32 || le.Uint32(r[from+4:]) != 1 {
			return nil
		}
		n := uint64(32) + 16*uint64(le.Uint32(r[from+8:]))
		if n > uint64(len(r)-from) {
			return nil
		}
		out := emfAgain(r, from+int(n))
		le.PutUint32(out[at:], uint32(n))
		le.PutUint32(out[from+12:], uint32(n-32))
		return out
	}
}

// bitmaps returns the builder of a record of fixed length with bitmaps behind it. For each, in turn: where its usage
// stands, and where four numbers do: offset and length of its header, offset and length of its bits.
func bitmaps(fixed int, places ...int) func([]byte) []byte {
	return func(r []byte) []byte { return rebuildBitmaps(r, fixed, maxPixels, places) }
}

// scans rebuilds a record that may hold a part of a bitmap's rows only, and says how many (2.3.1.5: cScans).
func scans(r []byte) []byte {
	if len(r) < 76 {
		return nil
	}
	return rebuildBitmaps(r, 76, int64(le.Uint32(r[72:])), []int{64, 48})
}

// rebuildBitmaps is bitmaps for bitmaps of which so many rows are there at most.
func rebuildBitmaps(r []byte, fixed int, rows int64, places []int) []byte {
	if len(r) < fixed {
		return nil
	}
	out := append([]byte(nil), r[:fixed]...)
	for i := 0; i < len(places); i += 2 {
		at := places[i+1]
		if le.Uint32(r[at+4:]) == 0 && le.Uint32(r[at+12:]) == 0 {
			clear(out[at : at+16])
			continue
		}
		info := part(r, uint64(le.Uint32(r[at:])), uint64(le.Uint32(r[at+4:])))
		bits := part(r, uint64(le.Uint32(r[at+8:])), uint64(le.Uint32(r[at+12:])))
		d, ok := readDIB(info, bits, le.Uint32(r[places[i]:]) == 1, rows)
		if !ok {
			return nil
		}
		out = place(out, at, d.info)
		out = place(out, at+8, d.bits)
	}
	le.PutUint32(out[4:], uint32(len(out)))
	return out
}

// place appends b, and writes its offset and length at offset at.
func place(out []byte, at int, b []byte) []byte {
	le.PutUint32(out[at:], uint32(len(out)))
	le.PutUint32(out[at+4:], uint32(len(b)))
	return pad(append(out, b...), 4)
}

// font rebuilds a logical font (2.3.7.8): the 92 bytes that describe it, the rest zero.
func font(r []byte) []byte {
	const logFont, name, all = 12, 12 + 28, 332
	if len(r) < logFont+92 {
		return nil
	}
	out := make([]byte, all)
	copy(out, r[:name])
	copy(out[name:], untilZero(r[name:name+64], 2))
	le.PutUint32(out[4:], all)
	return out
}

// text returns the builder of text (2.3.5.7) of characters of width bytes, with their distances.
func text(width uint64) func([]byte) []byte {
	return func(r []byte) []byte {
		if len(r) < 76 {
			return nil
		}
		n, options := uint64(le.Uint32(r[44:])), le.Uint32(r[52:])
		chars := part(r, uint64(le.Uint32(r[48:])), n*width)
		each := uint64(4)
		if options&0x2000 != 0 { // distances in both directions
			each = 8
		}
		if n > uint64(len(r)) || chars == nil {
			return nil
		}
		out := append([]byte(nil), r[:76]...)
		le.PutUint32(out[48:], uint32(len(out)))
		out = pad(append(out, chars...), 4)
		le.PutUint32(out[72:], 0)
		if off := uint64(le.Uint32(r[72:])); off > 0 {
			distances := part(r, off, n*each)
			if distances == nil {
				return nil
			}
			le.PutUint32(out[72:], uint32(len(out)))
			out = append(out, distances...)
		}
		le.PutUint32(out[4:], uint32(len(out)))
		return out
	}
}

// smallText rebuilds text in the short form (2.3.5.37).
func smallText(r []byte) []byte {
	if len(r) < 36 {
		return nil
	}
	n, options := uint64(le.Uint32(r[16:])), le.Uint32(r[20:])
	size := uint64(36)
	if options&0x100 == 0 {
		size += 16
	}
	if options&0x200 == 0 {
		n *= 2
	}
	if n > uint64(len(r)) || size+n > uint64(len(r)) {
		return nil
	}
	return emfAgain(r, int(size+n))
}

// pen rebuilds an extended pen (2.3.7.9) that has no bitmap.
func pen(r []byte) []byte {
	if len(r) < 52 || le.Uint32(r[36:]) >= 3 {
		return nil
	}
	n := 52 + 4*uint64(le.Uint32(r[48:]))
	if n > uint64(len(r)) {
		return nil
	}
	out := emfAgain(r, int(n))
	clear(out[12:28])
	return out
}

// gradient rebuilds a gradient (2.3.5.12): corners, then rectangles or triangles of them.
func gradient(r []byte) []byte {
	if len(r) < 36 {
		return nil
	}
	corners, shapes, mode := uint64(le.Uint32(r[24:])), uint64(le.Uint32(r[28:])), le.Uint32(r[32:])
	each := uint64(8)
	if mode == 2 {
		each = 12
	}
	n := 36 + 16*corners + each*shapes
	if mode > 2 || corners > uint64(len(r)) || shapes > uint64(len(r)) || n > uint64(len(r)) {
		return nil
	}
	return emfAgain(r, int(n))
}
