package pdf

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"

	"golang.org/x/image/ccitt"

	"sekisho/sanitize/verify"
)

// fax judges a picture in CCITTFaxDecode (7.4.6): of one bit a pixel, as high and as wide as its dictionary says, in the
// form of ITU-T T.6, with nothing behind its end.
func (w *walk) fax(s *stream, width, height int64, where string) error {
	_, parms, err := chain(s.dict)
	if err != nil {
		return err
	}
	for k := range parms[0] {
		if k != "K" && k != "Columns" && k != "Rows" && k != "BlackIs1" {
			return verify.Fail(RuleImage, where, "the fax parameter %q", string(k))
		}
	}
	columns, _ := integer(parms[0]["Columns"], width)
	rows, _ := integer(parms[0]["Rows"], height)
	if parms[0]["K"] != int64(-1) || columns != width || rows != height {
		return verify.Fail(RuleImage, where, "a fax that is not as large as the picture, or in another form")
	}
	depth, isInt := w.f.resolve(s.dict["BitsPerComponent"]).(int64)
	if w.f.resolve(s.dict["ImageMask"]) != true && (!isInt || depth != 1 || w.components(s.dict["ColorSpace"], 0) > 1) {
		return verify.Fail(RuleImage, where, "a fax that is not black and white")
	}
	size := (width + 7) / 8 * height
	if err := w.f.pass.Expand(size / paperShare); err != nil {
		return err
	}
	src := bytes.NewReader(s.raw)
	// A byte at a time, so that the decoder takes none that is not needed.
	r := ccitt.NewReader(oneByte{src}, ccitt.MSB, ccitt.Group4, int(width), int(height), nil)
	n, err := io.Copy(io.Discard, r)
	if err != nil || n != size {
		return verify.Fail(RuleStream, where, "a fax of %d bytes, want %d: %v", n, size, err)
	}
	if !endsBlock(s.raw) {
		return verify.Fail(RuleStream, where, "a fax without an end")
	}
	if src.Len() > 0 {
		return verify.Fail(RuleStream, where, "%d bytes after the fax", src.Len())
	}
	return nil
}

// endsBlock reports whether data ends with the end-of-block code of T.6, two words of eleven zeros and a one, and with
// zeros to the end of the byte.
func endsBlock(data []byte) bool {
	if len(data) < 3 {
		return false
	}
	last := append(make([]byte, 4), data[max(0, len(data)-4):]...)
	word := binary.BigEndian.Uint32(last[len(last)-4:])
	pad := bits.TrailingZeros32(word)
	return pad < 8 && word>>pad&0xffffff == 0x001001
}

// oneByte reads a byte at a time.
type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 1)]) }
