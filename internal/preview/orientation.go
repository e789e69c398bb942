package preview

import (
	"encoding/binary"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/image/jpeg"
)

// orientation returns how a photo lies in its file (Exif 2.32 4.6.4): 1 to 8, or 0 where it does not say.
func orientation(in sanitize.Input) (int, error) {
	var head [4]byte
	if _, err := in.ReadAt(head[:], 0); err != nil && err != io.EOF {
		return 0, fmt.Errorf("cannot read picture: %w", err)
	}
	switch {
	case head[0] == 0xff && head[1] == 0xd8:
		return exifOrientation(in), nil
	case string(head[:]) == "II\x2a\x00" || string(head[:]) == "MM\x00\x2a":
		all, err := io.ReadAll(reader(in)) // TIFF 6.0 section 2: the first directory may be anywhere
		if err != nil {
			return 0, fmt.Errorf("cannot read picture: %w", err)
		}
		return jpeg.Orientation(all), nil
	}
	return 0, nil
}

// exifOrientation looks for the Exif segment of a JPEG before its first scan (ITU-T T.81 B.1.1.4, Exif 2.32 4.5.4). A place that is no
// segment ends the search.
func exifOrientation(in sanitize.Input) int {
	const start, app1, exif = 0xda, 0xe1, "Exif\x00\x00"
	for at := int64(2); ; {
		var head [4]byte
		if _, err := in.ReadAt(head[:], at); err != nil || head[0] != 0xff || head[1] == start {
			return 0
		}
		if head[1] == 0xff { // fill
			at++
			continue
		}
		length := int64(binary.BigEndian.Uint16(head[2:]))
		if length < 2 {
			return 0
		}
		if head[1] == app1 && length >= 2+int64(len(exif)) {
			body := make([]byte, length-2)
			if _, err := in.ReadAt(body, at+4); err != nil && err != io.EOF {
				return 0
			}
			if string(body[:len(exif)]) == exif {
				return jpeg.Orientation(body[len(exif):])
			}
		}
		at += 2 + length
	}
}
