package jpeg

import (
	"bytes"
	"encoding/binary"
)

const tagOrientation = 0x0112 // TIFF 6.0, Exif 2.32 4.6.4

// exif returns the body of the only Exif segment that is written: one tag.
func exif(orientation int) []byte {
	b := []byte(exifID + "MM\x00\x2a\x00\x00\x00\x08" + "\x00\x01" + "\x01\x12\x00\x03\x00\x00\x00\x01\x00")
	return append(b, byte(orientation), 0, 0, 0, 0, 0, 0)
}

// readExif takes in an Exif segment, and reports whether it says no more than what is kept.
func (m *metadata) readExif(b []byte) bool {
	if m.orientation != 0 || len(b) < len(exifID) {
		return false
	}
	m.orientation = Orientation(b[len(exifID):])
	return m.orientation > 1 && bytes.Equal(b, exif(m.orientation))
}

// Orientation returns the orientation in the first directory of a TIFF structure, 1 to 8, or 0.
func Orientation(b []byte) int {
	if len(b) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(b[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := order.Uint32(b[4:])
	if string(b[:2]) != "MM" && string(b[:2]) != "II" || order.Uint16(b[2:]) != 42 || uint64(at)+2 > uint64(len(b)) {
		return 0
	}
	n := int(order.Uint16(b[at:]))
	for entry := b[at+2:]; n > 0 && len(entry) >= 12; n, entry = n-1, entry[12:] {
		const short = 3
		if order.Uint16(entry) != tagOrientation || order.Uint16(entry[2:]) != short || order.Uint32(entry[4:]) != 1 {
			continue
		}
		if v := order.Uint16(entry[8:]); v >= 1 && v <= 8 {
			return int(v)
		}
		return 0
	}
	return 0
}
