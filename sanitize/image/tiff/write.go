package tiff

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zlib"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/fax"
	"sekisho/sanitize/internal/icc"
)

// writer gathers the output: for each page its pieces, the values of its tags, and its directory, which is last.
type writer struct {
	out    []byte
	order  binary.ByteOrder
	pass   sanitize.Pass
	report *sanitize.Report
	link   int // where the offset of the next directory belongs
	zip    *zlib.Writer
}

// level is that of deflate.
const level = 7

func newWriter(order binary.ByteOrder, pass sanitize.Pass, report *sanitize.Report) *writer {
	w := &writer{order: order, pass: pass, report: report, link: 4}
	w.out = append(w.out, "II\x2a\x00\x00\x00\x00\x00"...)
	if order == binary.BigEndian {
		copy(w.out, "MM\x00\x2a")
	}
	return w
}

// entry is a tag of the output.
type entry struct {
	tag, kind uint16
	count     int
	data      []byte
}

// page writes one page.
func (w *writer) page(ctx context.Context, pg *page) error {
	compression := pg.written()
	var offsets, counts []uint32
	for i := range pg.offsets {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := w.piece(ctx, pg, i)
		if err != nil {
			return err
		}
		if int64(len(w.out))+int64(len(b)) > w.pass.Policy.Limits.FileSize {
			return fmt.Errorf("%w: output too long", errLimit)
		}
		offsets, counts = append(offsets, uint32(len(w.out))), append(counts, uint32(len(b)))
		w.out = append(w.out, b...)
	}
	entries := []entry{
		w.numbers(tagWidth, typeLong, uint32(pg.width)), w.numbers(tagLength, typeLong, uint32(pg.length)),
		w.numbers(tagBits, typeShort, slices.Repeat([]uint32{uint32(pg.bits)}, pg.samples)...),
		w.numbers(tagCompression, typeShort, uint32(compression)), w.numbers(tagSamples, typeShort, uint32(pg.samples)),
	}
	if pg.tiled {
		entries = append(entries, w.numbers(tagTileWidth, typeLong, uint32(pg.pieceW)), w.numbers(tagTileLength, typeLong, uint32(pg.pieceH)),
			w.numbers(tagTileOffsets, typeLong, offsets...), w.numbers(tagTileCounts, typeLong, counts...))
	} else {
		entries = append(entries, w.numbers(tagRowsPerStrip, typeLong, uint32(pg.pieceH)),
			w.numbers(tagStripOffsets, typeLong, offsets...), w.numbers(tagStripCounts, typeLong, counts...))
	}
	w.directory(append(entries, w.kept(pg, compression)...))
	return nil
}

// written returns the compression of the output: none where there was none, JPEG where the strips are JPEG pictures,
// Group 4 where they are fax codes, deflate else.
func (pg *page) written() int {
	switch pg.compression {
	case compressionNone, compressionJPEG, compressionG4:
		return pg.compression
	case compressionG3:
		return compressionG4
	}
	return compressionDeflate
}

// piece returns a strip or tile as it is written.
func (w *writer) piece(ctx context.Context, pg *page, i int) ([]byte, error) {
	if pg.compression == compressionJPEG {
		return w.jpeg(ctx, pg, i)
	}
	n, err := pg.chargePiece(w.pass, i)
	if err != nil {
		return nil, err
	}
	b, surplus, err := pg.decompress(i, n)
	if err != nil {
		return nil, err
	}
	if surplus {
		w.report.Add(ruleSurplus, sanitize.Removed, "")
	}
	switch pg.written() {
	case compressionNone:
		return b, nil
	case compressionG4:
		return fax.Group4(b, pg.pieceW, pg.rows(i)), nil
	}
	return w.deflate(b)
}

func (w *writer) deflate(b []byte) ([]byte, error) {
	var out bytes.Buffer
	if w.zip == nil {
		var err error
		if w.zip, err = zlib.NewWriterLevel(&out, level); err != nil {
			return nil, err
		}
	} else {
		w.zip.Reset(&out)
	}
	if _, err := w.zip.Write(b); err != nil {
		return nil, err
	}
	if err := w.zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// kept returns the tags that are copied because they say how samples are shown.
func (w *writer) kept(pg *page, compression int) []entry {
	var all []entry
	for tag, f := range pg.fields {
		switch {
		case tag == tagColorMap:
			all = w.keep(all, tag, w.colorMap(pg))
		case tag == tagExtraSamples:
			all = w.keep(all, tag, w.extraSamples(pg))
		case tag == tagICC:
			all = append(all, w.profile(pg, f)...)
		case tag == tagYCbCrSampling && compression == compressionJPEG:
			all = append(all, w.numbers(tag, typeShort, uint32(pg.subX), uint32(pg.subY)))
		case tag == tagPredictor && compression == compressionNone, tag == tagJPEGTables && compression != compressionJPEG:
			w.report.Add(ruleTag, sanitize.Removed, where(tag)) // it means nothing there
		default:
			if _, ok := plain[tag]; ok {
				all = w.keep(all, tag, w.plainTag(pg, tag, f))
			}
		}
	}
	return all
}

// keep adds an entry, or tells that the tag had a value that it may not have.
func (w *writer) keep(all []entry, tag uint16, e *entry) []entry {
	if e == nil {
		w.report.Add(ruleTag, sanitize.Removed, where(tag))
		return all
	}
	return append(all, *e)
}

// plainTag returns a tag of numbers with its only type.
func (w *writer) plainTag(pg *page, tag uint16, f field) *entry {
	rule := plain[tag]
	want := rule.count
	if want == 0 {
		want = pg.samples
	}
	if rule.kind == typeRational {
		if f.kind != typeRational || f.count != want {
			return nil
		}
		return &entry{tag, typeRational, want, f.data}
	}
	values := pg.numbers(tag)
	if rule.count == 0 && len(values) == 1 && want > 1 { // written once for all samples
		values = slices.Repeat(values, want)
	}
	if len(values) != want || slices.Max(values) > rule.most {
		return nil
	}
	e := w.numbers(tag, rule.kind, values...)
	return &e
}

// colorMap returns the palette (TIFF 6.0 section 5) with values that eight bits tell apart: each byte twice.
func (w *writer) colorMap(pg *page) *entry {
	values := pg.numbers(tagColorMap)
	if pg.photometric != 3 || pg.bits > 8 || len(values) != 3<<pg.bits || pg.fields[tagColorMap].kind != typeShort {
		return nil
	}
	narrow := slices.Max(values) < 256 // some writers forget that values have sixteen bits
	for i, v := range values {
		if !narrow {
			v = (v + 128) / 257
		}
		values[i] = v * 257
	}
	e := w.numbers(tagColorMap, typeShort, values...)
	return &e
}

// extraSamples returns what samples beyond those of the colour mean, TIFF 6.0 section 18.
func (w *writer) extraSamples(pg *page) *entry {
	values := pg.numbers(tagExtraSamples)
	if len(values) == 0 || len(values) >= pg.samples || slices.Max(values) > 2 {
		return nil
	}
	e := w.numbers(tagExtraSamples, typeShort, values...)
	return &e
}

// profile returns the rebuilt colour profile, if it is one.
func (w *writer) profile(pg *page, f field) []entry {
	out, components, err := icc.Rebuild(f.data)
	if err != nil || components > pg.samples {
		w.report.Add(ruleICC, sanitize.Removed, "")
		return nil
	}
	if !bytes.Equal(out, f.data) {
		w.report.Add(ruleICC, sanitize.Replaced, "")
	}
	return []entry{{tagICC, typeUndefined, len(out), out}}
}

func (w *writer) numbers(tag, kind uint16, values ...uint32) entry {
	e := entry{tag: tag, kind: kind, count: len(values)}
	for _, v := range values {
		b := make([]byte, typeSize(kind))
		if kind == typeShort {
			w.order.PutUint16(b, uint16(v))
		} else {
			w.order.PutUint32(b, v)
		}
		e.data = append(e.data, b...)
	}
	return e
}

// directory writes the values of tags that do not fit in a directory, then the directory, in the order of tags.
func (w *writer) directory(entries []entry) {
	slices.SortFunc(entries, func(a, b entry) int { return int(a.tag) - int(b.tag) })
	table := make([]byte, 2+12*len(entries)+4)
	w.order.PutUint16(table, uint16(len(entries)))
	for i, e := range entries {
		b := table[2+12*i:]
		w.order.PutUint16(b, e.tag)
		w.order.PutUint16(b[2:], e.kind)
		w.order.PutUint32(b[4:], uint32(e.count))
		if len(e.data) <= 4 {
			copy(b[8:12], e.data)
			continue
		}
		w.align()
		w.order.PutUint32(b[8:], uint32(len(w.out)))
		w.out = append(w.out, e.data...)
	}
	w.align()
	w.order.PutUint32(w.out[w.link:], uint32(len(w.out)))
	w.link = len(w.out) + len(table) - 4
	w.out = append(w.out, table...)
}

// align makes the next offset even, TIFF 6.0 section 2.
func (w *writer) align() {
	if len(w.out)%2 == 1 {
		w.out = append(w.out, 0)
	}
}
