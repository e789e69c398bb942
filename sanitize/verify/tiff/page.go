package tiff

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"golang.org/x/image/ccitt"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/icc"
)

// The tags whose values say how long the data are.
const (
	tagWidth       = 256
	tagHeight      = 257
	tagBits        = 258
	tagCompression = 259
	tagPhotometric = 262
	tagStrips      = 273
	tagSamples     = 277
	tagRows        = 278
	tagStripBytes  = 279
	tagPlanar      = 284
	tagTileWidth   = 322
	tagTileHeight  = 323
	tagTiles       = 324
	tagTileBytes   = 325
	tagSubsampling = 530
	tagProfile     = 34675
)

// allowed reports whether a tag says how the samples lie or how they are shown, in numbers (TIFF 6.0 section 8, parts 2
// and 3; the ICC profile is annex B.4 of ICC.1).
func allowed(tag uint16) bool {
	switch tag {
	case 254, 255, tagWidth, tagHeight, tagBits, tagCompression, tagPhotometric, 263, 264, 265, 266, tagStrips, 274, tagSamples, tagRows, tagStripBytes,
		280, 281, 282, 283, tagPlanar, 286, 287, 290, 291, 296, 297, 301, 317, 318, 319, 320, 321, tagTileWidth, tagTileHeight, tagTiles, tagTileBytes,
		332, 334, 336, 338, 339, 340, 341, 529, tagSubsampling, 531, 532, tagProfile:
		return true
	}
	return false
}

func (f *file) profile(data []byte) error {
	if err := icc.Check(data); err != nil {
		return verify.Fail(RuleProfile, "directory", "%v", err)
	}
	return nil
}

// layout is how the samples of a page lie in its pieces: strips, or tiles.
type layout struct {
	width, height  int64 // of the picture
	pieceW, pieceH int64 // of a piece
	bits, samples  int64 // samples of one plane
	across, down   int64 // pieces of one plane
	planes         int64
	tiled          bool
	subW, subH     int64 // subsampling, 1 when there is none
}

// lay reads the layout, and holds the size of the picture against the limit before anything depends on it.
func (f *file) lay(p page) (l layout, err error) {
	l = layout{
		width: int64(p.one(tagWidth, 0)), height: int64(p.one(tagHeight, 0)), bits: int64(p.one(tagBits, 1)),
		samples: int64(p.one(tagSamples, 1)), planes: 1, subW: 1, subH: 1,
	}
	if l.width == 0 || l.height == 0 || l.width > f.pass.Policy.Limits.Pixels/l.height {
		return l, verify.Fail(verify.RuleLimit, "page", "%d by %d pixels", l.width, l.height)
	}
	l.pieceW, l.pieceH = l.width, min(int64(p.one(tagRows, 1<<31)), l.height)
	if w := p.one(tagTileWidth, 0); w > 0 {
		l.tiled, l.pieceW, l.pieceH = true, int64(w), int64(p.one(tagTileHeight, 0))
	}
	if l.samples < 1 || l.samples > 64 || l.bits < 1 || l.bits > 64 || l.pieceH < 1 || l.pieceW > l.width+1<<16 || l.pieceH > l.height+1<<16 {
		return l, verify.Fail(RulePixels, "page", "%d samples of %d bits in pieces of %d by %d", l.samples, l.bits, l.pieceW, l.pieceH)
	}
	for _, b := range p.values[tagBits] {
		if int64(b) != l.bits {
			return l, verify.Fail(RulePixels, "page", "samples of different depths")
		}
	}
	if p.one(tagPlanar, 1) == 2 {
		l.planes, l.samples = l.samples, 1
	} else if p.one(tagPhotometric, 0) == 6 && l.samples == 3 {
		l.subW, l.subH = 2, 2
		if s := p.values[tagSubsampling]; len(s) == 2 {
			l.subW, l.subH = int64(s[0]), int64(s[1])
		}
		if l.subW < 1 || l.subH < 1 || l.subW > 4 || l.subH > 4 {
			return l, verify.Fail(RulePixels, "page", "subsampling")
		}
	}
	l.across, l.down = (l.width+l.pieceW-1)/l.pieceW, (l.height+l.pieceH-1)/l.pieceH
	return l, nil
}

// size returns the bytes of piece i when it is not compressed.
func (l layout) size(i int64) int64 {
	rows := l.pieceH
	if row := i % (l.across * l.down) / l.across; !l.tiled && row == l.down-1 {
		rows = l.height - row*l.pieceH
	}
	if l.subW*l.subH > 1 { // blocks of brightness, each with two samples of colour (section 21)
		across, down := (l.pieceW+l.subW-1)/l.subW, (rows+l.subH-1)/l.subH
		return (across*(l.subW*l.subH+2)*l.bits + 7) / 8 * down
	}
	return (l.pieceW*l.samples*l.bits + 7) / 8 * rows
}

// page judges the pieces of a page.
func (f *file) page(p page) error {
	l, err := f.lay(p)
	if err != nil {
		return err
	}
	offsets, lengths := p.values[tagStrips], p.values[tagStripBytes]
	if l.tiled {
		offsets, lengths = p.values[tagTiles], p.values[tagTileBytes]
	}
	n := l.across * l.down * l.planes
	if int64(len(offsets)) != n || int64(len(lengths)) != n || l.tiled && p.values[tagStrips] != nil {
		return verify.Fail(RulePixels, "page", "%d pieces, want %d", len(offsets), n)
	}
	for i := range n {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		data := f.take(int64(offsets[i]), int64(lengths[i]))
		if data == nil {
			return verify.Fail(RuleStructure, "page", "piece %d is not in the file", i)
		}
		if err := f.piece(data, p.one(tagCompression, 1), l, i); err != nil {
			return err
		}
	}
	return nil
}

// The compressions that our writer writes.
const (
	compressionNone    = 1
	compressionG4      = 4
	compressionJPEG    = 7
	compressionDeflate = 8
)

func (f *file) piece(data []byte, compression uint32, l layout, i int64) error {
	size := l.size(i)
	switch compression {
	case compressionNone:
		if int64(len(data)) != size {
			return verify.Fail(RulePixels, "page", "%d bytes, want %d", len(data), size)
		}
		return nil
	case compressionJPEG:
		if err := f.pass.Entry(); err != nil {
			return err
		}
		return f.pass.Member(f.ctx, "", sanitize.BytesInput(data))
	case compressionG4:
		if l.bits != 1 || l.samples != 1 {
			return verify.Fail(RulePixels, "page", "fax codes for %d samples of %d bits", l.samples, l.bits)
		}
		if err := f.pass.Expand(size); err != nil {
			return err
		}
		if err := faxes(data, int(l.pieceW), size); err != nil {
			return verify.Fail(RulePixels, "page", "%v", err)
		}
		return nil
	case compressionDeflate:
		if err := f.pass.Expand(size); err != nil {
			return err
		}
		if err := inflates(data, size); err != nil {
			return verify.Fail(RulePixels, "page", "%v", err)
		}
		return nil
	}
	return verify.Fail(RulePixels, "page", "the compression %d", compression)
}

// faxes returns nil when data are Group 4 codes (ITU-T T.6) of exactly size bytes of rows and end with the end of the
// block, in their last byte.
func faxes(data []byte, width int, size int64) error {
	src := &counted{b: data}
	rows := int(size) / ((width + 7) / 8)
	r := ccitt.NewReader(src, ccitt.MSB, ccitt.Group4, width, rows, nil)
	n, err := io.Copy(io.Discard, io.LimitReader(r, size+1))
	if err != nil {
		return err
	}
	if n != size || src.at != len(data) {
		return fmt.Errorf("%d bytes of rows from %d bytes, want %d from %d", n, src.at, size, len(data))
	}
	return nil
}

// counted hands out one byte at a time, so that at is where its reader is.
type counted struct {
	b  []byte
	at int
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	if c.at == len(c.b) || len(p) == 0 {
		return 0, io.EOF
	}
	p[0] = c.b[c.at]
	c.at++
	return 1, nil
}

// inflates returns nil when data inflate to exactly size bytes and end there.
func inflates(data []byte, size int64) error {
	src := bytes.NewReader(data)
	z, err := zlib.NewReader(src)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, size+1))
	switch {
	case err != nil:
		return err
	case n != size:
		return fmt.Errorf("%d bytes, want %d", n, size)
	}
	if src.Len() > 0 {
		return fmt.Errorf("%d bytes after the compressed data", src.Len())
	}
	return nil
}
