package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// inlineKeys are the keys of a picture in content, in both spellings (8.9.7).
var inlineKeys = [...]name{
	"BPC", "BitsPerComponent", "CS", "ColorSpace", "D", "Decode", "DP", "DecodeParms", "F", "Filter", "H", "Height",
	"I", "IM", "ImageMask", "Intent", "Interpolate", "L", "Length", "W", "Width",
}

// inline judges a picture in content, from behind its BI to behind its EI.
func (f *file) inline(l *lexer, where string) error {
	d := dict{}
	for {
		k, err := l.object(0)
		if err != nil {
			return verify.Fail(RuleContent, where, "a picture: %v", err)
		}
		if k == word("ID") {
			break
		}
		key, ok := k.(name)
		v, err := l.object(0)
		if _, isWord := v.(word); !ok || err != nil || isWord || !slices.Contains(inlineKeys[:], key) {
			return verify.Fail(RuleContent, where, "a picture with the key %v", k)
		}
		d[key] = v
	}
	l.pos++ // the one white space after ID
	if l.pos >= len(l.b) {
		return verify.Fail(RuleContent, where, "a picture without data")
	}
	n, err := f.inlineLength(l.b[l.pos:], d)
	if errors.Is(err, sanitize.ErrLimit) {
		return err
	}
	if err != nil {
		return verify.Fail(RuleContent, where, "a picture: %v", err)
	}
	l.pos += n
	if l.skip(); !bytes.HasPrefix(l.b[l.pos:], []byte("EI")) || l.pos+2 < len(l.b) && regular(l.b[l.pos+2]) {
		return verify.Fail(RuleContent, where, "a picture that does not end after %d bytes", n)
	}
	l.pos += 2
	return nil
}

// inlineLength returns the length of the data of a picture in content. Where no filter compresses them, the dimensions
// say it; else they end where the compressed data do. A picture in JPEG is one by its own judge.
func (f *file) inlineLength(b []byte, d dict) (int, error) {
	switch or(d["F"], d["Filter"]) {
	case nil:
		if n := rawLength(d, len(b)); n >= 0 {
			return n, nil
		}
		return 0, errors.New("no length")
	case name("Fl"), name("FlateDecode"):
		return f.flateLength(b)
	case name("DCT"), name("DCTDecode"):
		i := bytes.Index(b, []byte("\xff\xd9"))
		if i < 0 {
			return 0, errors.New("no end")
		}
		return i + 2, f.pass.Member(f.ctx, "", sanitize.BytesInput(b[:i+2]))
	}
	return 0, fmt.Errorf("the filter %v", or(d["F"], d["Filter"]))
}

// flateLength returns how many bytes of b are one compressed stream.
func (f *file) flateLength(b []byte) (int, error) {
	src := bytes.NewReader(b)
	z, err := zlib.NewReader(src)
	if err != nil {
		return 0, err
	}
	for {
		n, err := io.CopyN(io.Discard, z, blockSize)
		if err := f.pass.Expand(n); err != nil {
			return 0, err
		}
		if err == io.EOF {
			return len(b) - src.Len(), nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// rawLength returns the length that the dimensions of a picture say, or -1.
func rawLength(d dict, limit int) int {
	width, ok1 := integer(or(d["W"], d["Width"]), maxSide)
	height, ok2 := integer(or(d["H"], d["Height"]), maxSide)
	if !ok1 || !ok2 {
		return -1
	}
	bits := int64(1)
	if or(d["IM"], d["ImageMask"]) != true {
		depth, ok := integer(or(d["BPC"], d["BitsPerComponent"]), 16)
		if !ok {
			return -1
		}
		n := int64(0)
		switch cs := or(d["CS"], d["ColorSpace"]); cs {
		case name("G"), name("DeviceGray"), name("CalGray"):
			n = 1
		case name("RGB"), name("DeviceRGB"), name("CalRGB"), name("Lab"):
			n = 3
		case name("CMYK"), name("DeviceCMYK"):
			n = 4
		default:
			if l, ok := cs.(list); ok && len(l) == 4 {
				n = 1 // indexed
			}
		}
		if n == 0 {
			return -1
		}
		bits = depth * n
	}
	length := (width*bits + 7) / 8 * height
	if length > int64(limit) {
		return -1
	}
	return int(length)
}
