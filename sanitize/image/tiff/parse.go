package tiff

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"sekisho/sanitize"
)

// field is an entry of a directory.
type field struct {
	kind  uint16
	count int
	data  []byte
}

// page is one directory with what its tags point to.
type page struct {
	order  binary.ByteOrder
	data   []byte // the whole file
	fields map[uint16]field
	layout
}

// parser walks the chain of directories.
type parser struct {
	data   []byte
	order  binary.ByteOrder
	limits sanitize.Limits
	report *sanitize.Report
	end    int // of everything that was pointed to
}

// parse reads the chain of directories of untrusted.
func parse(ctx context.Context, untrusted []byte, limits sanitize.Limits, report *sanitize.Report) ([]*page, binary.ByteOrder, error) {
	p := &parser{data: untrusted, order: binary.LittleEndian, limits: limits, report: report, end: 8}
	if len(untrusted) < 8 {
		return nil, nil, fmt.Errorf("%w: header is cut off", errMalformed)
	}
	if untrusted[0] == 'M' {
		p.order = binary.BigEndian
	}
	if p.order.Uint16(untrusted[2:]) != 42 {
		return nil, nil, fmt.Errorf("%w: BigTIFF", errUnsupported)
	}
	var pages []*page
	seen := map[uint32]bool{}
	for at := p.order.Uint32(untrusted[4:]); at != 0; {
		if seen[at] {
			return nil, nil, fmt.Errorf("%w: pages go round in a circle", errMalformed)
		}
		if seen[at] = true; len(seen) > limits.Pages {
			return nil, nil, fmt.Errorf("%w: more than %d pages", errLimit, limits.Pages)
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		pg, next, err := p.directory(int64(at))
		if err != nil {
			return nil, nil, err
		}
		if at = next; len(pages) > 0 && pg.one(tagSubfileType, 0)&1 != 0 {
			report.Add(ruleThumbnail, sanitize.Removed, "")
			continue
		}
		if err := p.lay(pg); err != nil {
			return nil, nil, err
		}
		pages = append(pages, pg)
	}
	if len(pages) == 0 {
		return nil, nil, fmt.Errorf("%w: no pages", errMalformed)
	}
	if p.end < len(untrusted) {
		report.Add(ruleTrailing, sanitize.Removed, "")
	}
	return pages, p.order, nil
}

// directory reads a directory, TIFF 6.0 section 2, and returns the place of the next.
func (p *parser) directory(at int64) (*page, uint32, error) {
	if at < 8 || at+2 > int64(len(p.data)) {
		return nil, 0, fmt.Errorf("%w: directory at %d", errMalformed, at)
	}
	n := int64(p.order.Uint16(p.data[at:]))
	end := at + 2 + 12*n
	if n == 0 || end+4 > int64(len(p.data)) {
		return nil, 0, fmt.Errorf("%w: directory of %d tags is cut off", errMalformed, n)
	}
	pg := &page{order: p.order, data: p.data, fields: make(map[uint16]field, n)}
	for entry := p.data[at+2 : end]; len(entry) > 0; entry = entry[12:] {
		if err := p.entry(pg, entry[:12]); err != nil {
			return nil, 0, err
		}
	}
	p.end = max(p.end, int(end)+4)
	return pg, p.order.Uint32(p.data[end:]), nil
}

// entry reads a directory entry. One of an unknown type, or outside of the file, cannot be one of those that are kept.
func (p *parser) entry(pg *page, b []byte) error {
	tag, kind, count := p.order.Uint16(b), p.order.Uint16(b[2:]), int64(p.order.Uint32(b[4:]))
	size := count * int64(typeSize(kind))
	value := b[8:12]
	if size > 4 {
		at := int64(p.order.Uint32(value))
		if at+size > int64(len(p.data)) {
			size = 0
		} else {
			value = p.data[at : at+size]
			p.end = max(p.end, int(at+size))
		}
	}
	if !known(tag) || size == 0 {
		if needed(tag) {
			return fmt.Errorf("%w: tag %d is out of range", errMalformed, tag)
		}
		p.report.Add(ruleOf(tag), sanitize.Removed, where(tag))
		return nil
	}
	if _, twice := pg.fields[tag]; twice {
		return fmt.Errorf("%w: tag %d comes twice", errMalformed, tag)
	}
	pg.fields[tag] = field{kind, int(count), value[:size]}
	return nil
}

// where names a tag of the standard. Private ones have one name together: there are too many of them for a report.
func where(tag uint16) string {
	if tag >= 32768 {
		return "private"
	}
	return strconv.Itoa(int(tag))
}

// known reports whether a tag is read at all.
func known(tag uint16) bool {
	if _, ok := plain[tag]; ok || needed(tag) {
		return true
	}
	switch tag {
	case tagFillOrder, tagT4Options, tagT6Options, tagColorMap, tagExtraSamples, tagJPEGTables, tagICC:
		return true
	}
	return false
}

// needed reports whether the samples cannot be found without the tag, if it is there.
func needed(tag uint16) bool {
	switch tag {
	case tagWidth, tagLength, tagBits, tagCompression, tagStripOffsets, tagSamples, tagRowsPerStrip, tagStripCounts,
		tagTileWidth, tagTileLength, tagTileOffsets, tagTileCounts:
		return true
	}
	return false
}

// numbers returns the values of a tag of whole numbers, or nil.
func (pg *page) numbers(tag uint16) []uint32 {
	f, ok := pg.fields[tag]
	if !ok {
		return nil
	}
	var all []uint32
	switch f.kind {
	case typeByte:
		for _, v := range f.data {
			all = append(all, uint32(v))
		}
	case typeShort:
		for b := f.data; len(b) > 0; b = b[2:] {
			all = append(all, uint32(pg.order.Uint16(b)))
		}
	case typeLong:
		for b := f.data; len(b) > 0; b = b[4:] {
			all = append(all, pg.order.Uint32(b))
		}
	}
	return all
}

// one returns the first value of a tag, or a default.
func (pg *page) one(tag uint16, otherwise uint32) uint32 {
	if v := pg.numbers(tag); len(v) > 0 {
		return v[0]
	}
	return otherwise
}
