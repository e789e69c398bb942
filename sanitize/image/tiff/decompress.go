package tiff

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zlib"
	"golang.org/x/image/tiff/lzw"
)

// decompress returns exactly n bytes of a strip or tile. surplus says that more was there.
func (pg *page) decompress(i, n int) (b []byte, surplus bool, err error) {
	raw := pg.piece(i)
	if pg.one(tagFillOrder, 1) == 2 { // TIFF 6.0 section 8: the bits of each byte come the other way round
		raw = reversed(raw)
	}
	switch pg.compression {
	case compressionNone:
		if len(raw) < n {
			return nil, false, errShort
		}
		return raw[:n], len(raw) > n, nil
	case compressionPackBits:
		return packBits(raw, n)
	case compressionLZW:
		r := lzw.NewReader(bytes.NewReader(raw), lzw.MSB, 8)
		defer r.Close()
		return exactly(r, n)
	case compressionDeflate, compressionOldZip:
		r, err := zlib.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, false, errShort
		}
		defer r.Close()
		return exactly(r, n)
	case compressionG3, compressionG4:
		return pg.fax(raw, i, n)
	}
	return nil, false, fmt.Errorf("%w: compression %d", errUnsupported, pg.compression)
}

var errShort = fmt.Errorf("%w: strip is damaged or cut off", errMalformed)

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i, v := range b {
		out[i] = bits.Reverse8(v)
	}
	return out
}

// exactly reads n bytes, which a tag has promised and the budget allows.
func exactly(r io.Reader, n int) ([]byte, bool, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, false, errShort
	}
	more, _ := io.ReadFull(r, make([]byte, 1)) // at the end there is nothing; a broken tail is as good as none
	return b, more > 0, nil
}

// packBits decodes TIFF 6.0 section 9.
func packBits(raw []byte, n int) ([]byte, bool, error) {
	b := make([]byte, 0, n)
	for len(b) < n {
		if len(raw) == 0 {
			return nil, false, errShort
		}
		code := int(int8(raw[0]))
		raw = raw[1:]
		switch {
		case code >= 0:
			if code+1 > len(raw) {
				return nil, false, errShort
			}
			b, raw = append(b, raw[:code+1]...), raw[code+1:]
		case code != -128:
			if len(raw) == 0 {
				return nil, false, errShort
			}
			b, raw = append(b, bytes.Repeat(raw[:1], 1-code)...), raw[1:]
		}
	}
	return b[:n], len(raw) > 0 || len(b) > n, nil
}
