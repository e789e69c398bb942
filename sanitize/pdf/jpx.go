package pdf

import (
	"encoding/binary"
	"fmt"

	"sekisho/sanitize"
)

// jpxHead is what the head of a JPEG 2000 codestream says (ISO/IEC 15444-1 A.5.1, the SIZ marker).
type jpxHead struct {
	width, height int64 // in pixels
	components    int64
	depth         int64 // bits of a sample of the first component
}

// maxBoxes bounds the boxes of a JP2 file that are looked at.
const maxBoxes = 1000

// readJPX returns the head of the codestream in data, which is a bare one or in the boxes of a JP2 file (ISO/IEC
// 15444-1 Annex I).
func readJPX(data []byte) (jpxHead, error) {
	for range maxBoxes {
		if len(data) >= 4 && binary.BigEndian.Uint32(data) == 0xff4fff51 { // SOC, SIZ
			return readSIZ(data[4:])
		}
		head, length, ok := box(data)
		if !ok {
			break
		}
		if string(data[4:8]) == "jp2c" {
			data = data[head:]
			continue
		}
		data = data[length:]
	}
	return jpxHead{}, fmt.Errorf("%w: a picture in JPXDecode without a codestream", sanitize.ErrMalformed)
}

// box returns the length of the head of the box that data begins with, and of the whole of it.
func box(data []byte) (head, length uint64, ok bool) {
	if len(data) < 8 {
		return 0, 0, false
	}
	head, length = 8, uint64(binary.BigEndian.Uint32(data))
	switch length {
	case 0: // to the end of the file
		length = uint64(len(data))
	case 1:
		if len(data) < 16 {
			return 0, 0, false
		}
		head, length = 16, binary.BigEndian.Uint64(data[8:])
	}
	return head, length, length >= head && length <= uint64(len(data))
}

// readSIZ reads the marker segment from its length on.
func readSIZ(b []byte) (jpxHead, error) {
	const fixed = 38 // bytes up to the first component
	if len(b) < fixed+3 {
		return jpxHead{}, fmt.Errorf("%w: a picture in JPXDecode that breaks off", sanitize.ErrMalformed)
	}
	word := func(at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }
	h := jpxHead{
		width: word(4) - word(12), height: word(8) - word(16),
		components: int64(binary.BigEndian.Uint16(b[36:])), depth: int64(b[fixed]&0x7f) + 1,
	}
	if h.width < 1 || h.height < 1 || h.components < 1 || h.depth > 38 {
		return jpxHead{}, fmt.Errorf("%w: a picture in JPXDecode of %d × %d pixels", sanitize.ErrMalformed, h.width, h.height)
	}
	return h, nil
}
