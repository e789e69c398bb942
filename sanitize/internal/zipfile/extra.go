package zipfile

import "hash/crc32"

// Extra field tags (APPNOTE 4.5.2 and 4.6).
const (
	extraZip64   = 0x0001
	extraUnicode = 0x7075
	extraAES     = 0x9901
)

// isBookkeeping reports whether a field is one that ordinary zip programs write about an entry (times, owners,
// alignment), and that says nothing which a reader of the content could miss.
func isBookkeeping(tag uint16) bool {
	switch tag {
	case 0x0009, // OS/2
		0x000a, // NTFS times
		0x000d, // Unix times and owner
		0x0014, // PKWARE certificate store
		0x2605, // ZipIt Macintosh
		0x334d, // Macintosh
		0x4341, // Acorn
		0x5455, // extended timestamp
		0x5855, // Info-ZIP Unix, old
		0x6375, // Unicode comment
		0x756e, // ASi Unix
		0x7855, // Info-ZIP Unix, second
		0x7875, // Info-ZIP Unix, third
		0xa11e, // alignment
		0xa220, // growth hint of Office
		0xcafe, // Java
		0xd935: // alignment of Android
		return true
	}
	return false
}

// extras splits an extra block into its fields. It fails unless they fill the block but for up to three bytes, too
// few to be a field: aligning writers pad with zeros, and old 7-Zip cuts a field of the local header short.
func extras(b []byte, yield func(tag uint16, body []byte) error) error {
	for len(b) >= 4 {
		tag, n := le.Uint16(b), int(le.Uint16(b[2:]))
		if n > len(b)-4 {
			return malformed("an extra field is longer than its block")
		}
		if err := yield(tag, b[4:4+n]); err != nil {
			return err
		}
		b = b[4+n:]
	}
	return nil
}

// applyExtra takes what the extra block of a central header says about e, and decodes the name.
func (a *Archive) applyExtra(e *Entry, block []byte, disk uint16) error {
	seen := map[uint16]bool{}
	var unicodeName string
	var unknown bool
	err := extras(block, func(tag uint16, body []byte) (err error) {
		if seen[tag] && (tag == extraZip64 || tag == extraUnicode || tag == extraAES) {
			return malformed("extra field %#x twice", tag)
		}
		seen[tag] = true
		switch {
		case tag == extraZip64:
			err = zip64(body, disk == max16, &e.Size, &e.Compressed, &e.offset)
		case tag == extraUnicode:
			unicodeName, err = unicodePath(body, e.RawName)
		case tag == extraAES:
			e.aes, err = parseAES(body)
		case !isBookkeeping(tag):
			unknown = true
		}
		return err
	})
	if err != nil {
		return err
	}
	if e.Method == methodAES && !seen[extraAES] {
		return malformed("AES encryption without its extra field")
	}
	if e.Name, err = decodeName(e.RawName, e.Flags&flagUTF8 != 0, unicodeName); err != nil {
		return err
	}
	if unknown {
		a.odd(OddExtra, e.Name)
	}
	return nil
}

// zip64 replaces each value that is at its 32-bit maximum by the next 64-bit one of body (APPNOTE 4.5.3). The body
// holds exactly those, and the disk number when the header asks for it. Some writers always add the field: then it
// must repeat the values.
func zip64(body []byte, wantsDisk bool, values ...*int64) error {
	asked := false
	for _, v := range values {
		asked = asked || *v == max32
	}
	for _, v := range values {
		if asked && *v != max32 || !asked && len(body) < 8 {
			continue
		}
		if len(body) < 8 || body[7] > 0x7f {
			return malformed("a zip64 field is missing or too large")
		}
		if got := int64(le.Uint64(body)); asked {
			*v = got
		} else if got != *v {
			return malformed("a zip64 field says another size than its header")
		}
		body = body[8:]
	}
	if len(body) == 4 && le.Uint32(body) == 0 {
		body = nil // the first disk, which is where all of it is
	} else if wantsDisk {
		return unsupported("one part of a split archive")
	}
	if len(body) != 0 {
		return malformed("a zip64 field that the header does not ask for")
	}
	return nil
}

// unicodePath reads the Unicode name of an entry, which holds the checksum of the plain name (APPNOTE 4.6.9).
func unicodePath(body, rawName []byte) (string, error) {
	if len(body) < 6 || body[0] != 1 {
		return "", malformed("a Unicode name of an unknown form")
	}
	if le.Uint32(body[1:]) != crc32.ChecksumIEEE(rawName) {
		return "", malformed("the Unicode name belongs to another name")
	}
	return string(body[5:]), nil
}
