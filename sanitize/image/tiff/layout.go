package tiff

import (
	"fmt"

	"sekisho/sanitize"
)

// Compressions, TIFF 6.0 section 3 and later registrations.
const (
	compressionNone     = 1
	compressionG3       = 3
	compressionG4       = 4
	compressionLZW      = 5
	compressionJPEG     = 7
	compressionDeflate  = 8
	compressionPackBits = 32773
	compressionOldZip   = 32946
)

const photometricYCbCr = 6

// layout says how the samples of a page lie in its strips or tiles, here called pieces.
type layout struct {
	width, length  int
	bits, samples  int
	compression    int
	photometric    int
	separate       bool // each sample in a plane of its own
	tiled          bool
	pieceW, pieceH int
	across, down   int // pieces of a plane
	subX, subY     int // subsampling of chroma, 1 but for YCbCr
	offsets        []uint32
	counts         []uint32
}

// lay reads the layout of a page. The number of pixels is checked before anything depends on it.
func (p *parser) lay(pg *page) error {
	l := &pg.layout
	w, h := pg.one(tagWidth, 0), pg.one(tagLength, 0)
	if w == 0 || h == 0 || w > 1<<31-1 || h > 1<<31-1 {
		return fmt.Errorf("%w: %d by %d pixels", errMalformed, w, h)
	}
	if int64(w)*int64(h) > p.limits.Pixels {
		return fmt.Errorf("%w: %d by %d pixels", errLimit, w, h)
	}
	l.width, l.length = int(w), int(h)
	l.compression, l.photometric = int(pg.one(tagCompression, compressionNone)), int(pg.one(tagPhotometric, 0))
	l.separate = pg.one(tagPlanar, 1) == 2
	if err := pg.layBits(); err != nil {
		return err
	}
	if err := pg.layPieces(); err != nil {
		return err
	}
	return p.reach(pg)
}

// layBits reads the depth. All samples have the same.
func (pg *page) layBits() error {
	pg.samples = int(pg.one(tagSamples, 1))
	bits := pg.numbers(tagBits)
	if len(bits) == 0 {
		bits = []uint32{1}
	}
	pg.bits = int(bits[0])
	for _, b := range bits {
		if int(b) != pg.bits {
			return fmt.Errorf("%w: samples of different depth", errUnsupported)
		}
	}
	if pg.samples < 1 || pg.samples > 64 || pg.bits < 1 || pg.bits > 64 || len(bits) > 1 && len(bits) < pg.samples {
		return fmt.Errorf("%w: %d samples of %d bits", errMalformed, pg.samples, pg.bits)
	}
	return nil
}

// layPieces reads strips (TIFF 6.0 section 3) or tiles (section 15). There must be one for each part of the picture.
func (pg *page) layPieces() error {
	if err := pg.laySampling(); err != nil {
		return err
	}
	offsets, counts := uint16(tagStripOffsets), uint16(tagStripCounts)
	pg.pieceW, pg.pieceH = pg.width, int(min(pg.one(tagRowsPerStrip, 1<<31-1), uint32(pg.length)))
	if _, ok := pg.fields[tagTileOffsets]; ok {
		pg.tiled, offsets, counts = true, tagTileOffsets, tagTileCounts
		w, h := pg.one(tagTileWidth, 0), pg.one(tagTileLength, 0)
		if w > 1<<16 || h > 1<<16 {
			return fmt.Errorf("%w: tiles of %d by %d pixels", errMalformed, w, h)
		}
		pg.pieceW, pg.pieceH = int(w), int(h)
	}
	if pg.pieceW == 0 || pg.pieceH == 0 {
		return fmt.Errorf("%w: strips without rows", errMalformed)
	}
	pg.across, pg.down = (pg.width+pg.pieceW-1)/pg.pieceW, (pg.length+pg.pieceH-1)/pg.pieceH
	n := pg.across * pg.down
	if pg.separate {
		n *= pg.samples
	}
	pg.offsets, pg.counts = pg.numbers(offsets), pg.numbers(counts)
	if len(pg.counts) == 0 && pg.compression == compressionNone && n == 1 { // the oldest files have none
		pg.counts = []uint32{uint32(min(pg.pieceBytes(0), 1<<32-1))}
	}
	if len(pg.offsets) != n || len(pg.counts) != n {
		return fmt.Errorf("%w: %d pieces at %d places, need %d", errMalformed, len(pg.counts), len(pg.offsets), n)
	}
	return nil
}

// laySampling reads the subsampling of YCbCr pictures that are not JPEG, TIFF 6.0 section 21.
func (pg *page) laySampling() error {
	if pg.subX, pg.subY = 1, 1; pg.photometric != photometricYCbCr || pg.compression == compressionJPEG {
		return nil
	}
	x, y := uint32(2), uint32(2)
	if s := pg.numbers(tagYCbCrSampling); len(s) == 2 {
		x, y = s[0], s[1]
	}
	ok := (x == 1 || x == 2 || x == 4) && (y == 1 || y == 2 || y == 4)
	if !ok || pg.bits != 8 || pg.samples != 3 || pg.separate && x*y != 1 {
		return fmt.Errorf("%w: subsampling of %d by %d", errUnsupported, x, y)
	}
	pg.subX, pg.subY = int(x), int(y)
	return nil
}

// rows returns the rows of piece i: the last strip of a plane has what is left, tiles are whole.
func (pg *page) rows(i int) int {
	if row := i / pg.across % pg.down; !pg.tiled && row == pg.down-1 {
		return pg.length - row*pg.pieceH
	}
	return pg.pieceH
}

// pieceBytes returns the bytes of piece i when it is not compressed.
func (pg *page) pieceBytes(i int) int64 {
	rows := int64(pg.rows(i))
	if pg.subX*pg.subY > 1 { // TIFF 6.0 section 21: units of luma samples with two of chroma
		unitsX, unitsY := (pg.pieceW+pg.subX-1)/pg.subX, (rows+int64(pg.subY)-1)/int64(pg.subY)
		return int64(unitsX) * unitsY * int64(pg.subX*pg.subY+2)
	}
	n := int64(pg.pieceW) * int64(pg.bits)
	if !pg.separate {
		n *= int64(pg.samples)
	}
	return (n + 7) / 8 * rows
}

// reach checks that every piece lies in the file.
func (p *parser) reach(pg *page) error {
	for i := range pg.offsets {
		end := int64(pg.offsets[i]) + int64(pg.counts[i])
		if end > int64(len(p.data)) || pg.offsets[i] < 8 {
			return fmt.Errorf("%w: strip %d is out of range", errMalformed, i)
		}
		p.end = max(p.end, int(end))
	}
	return nil
}

// piece returns the compressed bytes of piece i.
func (pg *page) piece(i int) []byte {
	return pg.data[pg.offsets[i]:][:pg.counts[i]]
}

// chargePiece charges what piece i expands to, before it is expanded.
func (pg *page) chargePiece(pass sanitize.Pass, i int) (int, error) {
	n := pg.pieceBytes(i)
	if n > pass.Policy.Limits.Expanded {
		return 0, fmt.Errorf("%w: strip of %d bytes", errLimit, n)
	}
	if pg.compression == compressionNone {
		return int(n), nil
	}
	return int(n), pass.Expand(n)
}
