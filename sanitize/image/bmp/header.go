package bmp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"sekisho/sanitize"
)

const (
	fileHeader = 14
	coreHeader = 12  // BITMAPCOREHEADER
	infoHeader = 40  // BITMAPINFOHEADER
	maskHeader = 52  // with masks of three colours
	v3Header   = 56  // and of alpha
	os2Header  = 64  // OS/2 2.x; past the first 40 bytes nothing is looked at
	v4Header   = 108 // BITMAPV4HEADER
	v5Header   = 124 // BITMAPV5HEADER
)

func knownHeader(size uint32) bool {
	switch size {
	case coreHeader, infoHeader, maskHeader, v3Header, os2Header, v4Header, v5Header:
		return true
	}
	return false
}

// Compression, biCompression.
const (
	rgb       = 0
	rle8      = 1
	rle4      = 2
	bitFields = 3
	bitAlpha  = 6 // BI_ALPHABITFIELDS
)

// picture is a parsed bitmap.
type picture struct {
	width, height int
	topDown       bool
	depth         int
	compression   uint32
	resolution    [2]uint32 // pixels per metre
	masks         [4]uint32 // red, green, blue, alpha
	palette       []uint32  // 0xRRGGBB
	pixels        []byte    // rows as they are in the input; bytes of indices for run-length codes
}

// parse reads the headers and finds the pixels. Their number is checked before anything depends on it.
func parse(b []byte, pass sanitize.Pass, report *sanitize.Report) (*picture, error) {
	if len(b) < fileHeader+coreHeader {
		return nil, fmt.Errorf("%w: header is cut off", errMalformed)
	}
	header := b[fileHeader:]
	size := binary.LittleEndian.Uint32(header)
	if !knownHeader(size) || int(size) > len(header) {
		return nil, fmt.Errorf("%w: header of %d bytes", errMalformed, size)
	}
	p := &picture{}
	colours := p.readHeader(header[:size])
	if p.width < 1 || p.height < 1 {
		return nil, fmt.Errorf("%w: %d by %d pixels", errMalformed, p.width, p.height)
	}
	if int64(p.width)*int64(p.height) > pass.Policy.Limits.Pixels {
		return nil, fmt.Errorf("%w: %d by %d pixels", errLimit, p.width, p.height)
	}
	end, err := p.readMasks(b, int(size))
	if err != nil {
		return nil, err
	}
	entry := 4
	if size == coreHeader {
		entry = 3
	}
	if end, err = p.readPalette(b, end, entry, colours); err != nil {
		return nil, err
	}
	if size >= v4Header && hasProfile(header[:size]) {
		report.Add(ruleProfile, sanitize.Removed, "")
	}
	return p, p.findPixels(b, end, pass, report)
}

// readHeader reads the info header, and returns the number of colours that it declares.
func (p *picture) readHeader(b []byte) (colours uint32) {
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	if len(b) == coreHeader {
		p.width, p.height, p.depth = int(u16(b[4:])), int(u16(b[6:])), int(u16(b[10:]))
		return 0
	}
	p.width, p.height = int(int32(u32(b[4:]))), int(int32(u32(b[8:])))
	if p.topDown = p.height < 0; p.topDown {
		p.height = -p.height
	}
	p.depth, p.compression = int(u16(b[14:])), u32(b[16:])
	for i := range p.resolution {
		if v := u32(b[24+4*i:]); v < 1<<20 { // more is no resolution of any device
			p.resolution[i] = v
		}
	}
	return u32(b[32:])
}

// hasProfile reports whether a V4 or V5 header says anything about colour but the usual.
func hasProfile(b []byte) bool {
	kind := string(b[56:60])
	return kind == "KNIL" || kind == "DEBM" || len(b) == v5Header && binary.LittleEndian.Uint32(b[116:]) != 0
}

// readMasks checks that depth and compression go together, and settles where the bits of each colour are. It returns
// the end of what was read.
func (p *picture) readMasks(b []byte, header int) (end int, err error) {
	end = fileHeader + header
	allowed := map[uint32][]int{rgb: {1, 4, 8, 16, 24, 32}, rle8: {8}, rle4: {4}, bitFields: {16, 32}, bitAlpha: {16, 32}}
	ok := false
	for _, depth := range allowed[p.compression] {
		ok = ok || depth == p.depth
	}
	if !ok || p.compression != rgb && p.compression < bitFields && p.topDown {
		return 0, fmt.Errorf("%w: %d bits with compression %d", errUnsupported, p.depth, p.compression)
	}
	p.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	if p.depth == 16 {
		p.masks = [4]uint32{0x7c00, 0x3e0, 0x1f}
	}
	if p.compression < bitFields {
		return end, nil
	}
	n, at := 3, fileHeader+infoHeader
	if header >= v3Header && header != os2Header || p.compression == bitAlpha {
		n = 4
	}
	if at+4*n > len(b) {
		return 0, fmt.Errorf("%w: masks are cut off", errMalformed)
	}
	for i := range n {
		if p.masks[i], err = mask(binary.LittleEndian.Uint32(b[at+4*i:]), p.depth); err != nil {
			return 0, err
		}
	}
	return max(end, at+4*n), nil
}

// mask checks that the bits of a colour are one run inside of the pixel.
func mask(m uint32, depth int) (uint32, error) {
	run := m >> bits.TrailingZeros32(m)
	if m != 0 && run&(run+1) != 0 || depth == 16 && m > 0xffff {
		return 0, fmt.Errorf("%w: colour mask %08x", errMalformed, m)
	}
	return m, nil
}

// readPalette reads the colour table of a bitmap of up to eight bits. A longer header may declare one for others;
// then it is skipped. It returns the end of the table.
func (p *picture) readPalette(b []byte, at, entry int, colours uint32) (end int, err error) {
	if p.depth > 8 {
		if n := int64(colours) * int64(entry); n <= 1024 && at+int(n) <= len(b) {
			return at, nil
		}
		return 0, fmt.Errorf("%w: colour table of %d", errMalformed, colours)
	}
	if colours == 0 { // as many as there can be, or as there is room for
		room := max(0, int64(binary.LittleEndian.Uint32(b[10:]))-int64(at)) / int64(entry)
		colours = uint32(min(1<<p.depth, room))
	}
	colours = min(colours, 1<<p.depth) // more than a pixel can name are as good as a gap
	if at+int(colours)*entry > len(b) {
		return 0, fmt.Errorf("%w: colour table of %d", errMalformed, colours)
	}
	for i := range int(colours) {
		c := b[at+i*entry:]
		p.palette = append(p.palette, uint32(c[2])<<16|uint32(c[1])<<8|uint32(c[0]))
	}
	return at + int(colours)*entry, nil
}

// findPixels finds the rows, or expands the run-length codes to them.
func (p *picture) findPixels(b []byte, end int, pass sanitize.Pass, report *sanitize.Report) error {
	at := int64(binary.LittleEndian.Uint32(b[10:]))
	if at < int64(end) || at > int64(len(b)) {
		return fmt.Errorf("%w: pixels at %d, header up to %d", errMalformed, at, end)
	}
	if at > int64(end) {
		report.Add(ruleGap, sanitize.Removed, "")
	}
	rest := b[at:]
	if p.compression == rle8 || p.compression == rle4 {
		if err := pass.Expand(int64(p.width) * int64(p.height)); err != nil {
			return err
		}
		return p.expand(rest, report)
	}
	row := rowBytes(p.width, p.depth)
	n := int64(row) * int64(p.height)
	if short := n - int64(len(rest)); short > 0 && short <= int64(row-(p.width*p.depth+7)/8) { // only filling
		rest = append(bytes.Clone(rest), make([]byte, short)...)
	}
	if n > int64(len(rest)) {
		return fmt.Errorf("%w: %d bytes of pixels, need %d", errMalformed, len(rest), n)
	}
	if n < int64(len(rest)) {
		report.Add(ruleTrailing, sanitize.Removed, "")
	}
	p.pixels = rest[:n]
	return nil
}

// rowBytes returns the bytes of a row, filled up to a multiple of four.
func rowBytes(width, depth int) int { return (width*depth + 31) / 32 * 4 }
