// Package icc rebuilds ICC colour profiles (ISO 15076-1, ICC.1:2022) from the numbers that decide colour.
//
// A profile is a small file system of tagged elements, and pictures and PDF files carry it unseen. Rebuild reads it
// by its grammar and writes a new one that holds only a header of known fields, the tags that a colour engine needs
// to turn a picture's values into colours, and in each tag only the numbers its type declares. Descriptions and
// copyright texts, which a profile must have, are replaced by fixed ones; vendor tags, dates, identifiers and bytes
// between elements do not exist in the output.
//
// Rebuild is deterministic, Rebuild(Rebuild(p)) equals Rebuild(p), and it allocates no more than a few times the
// length of its input.
package icc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// MaxSize is the length in bytes above which a profile is refused. Press profiles have up to about 4 MiB.
const MaxSize = 8 << 20

const (
	headerSize = 128 // ISO 15076-1 7.2
	maxTags    = 100
	d50        = "\x00\x00\xf6\xd6\x00\x01\x00\x00\x00\x00\xd3\x2d" // the only illuminant, ISO 15076-1 7.2.16
)

var errProfile = errors.New("not a usable profile")

// profile is a parsed profile: what is known of its header, and its tag table.
type profile struct {
	data       []byte
	class      string
	space      string
	pcs        string
	components int
	version    [2]byte
	attributes byte
	intent     byte
	elements   map[string][]byte // by tag signature; tags may share one
}

// Rebuild returns a fresh profile with the colour of the one in untrusted, and the number of components of the
// colours that it describes: 1, 3 or 4. An error means that the profile cannot be used and is to be left out.
func Rebuild(untrusted []byte) (out []byte, components int, err error) {
	p, err := parse(untrusted)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot rebuild colour profile: %w", err)
	}
	tags, err := p.rebuildTags()
	if err != nil {
		return nil, 0, fmt.Errorf("cannot rebuild colour profile: %w", err)
	}
	if out = p.write(tags); len(out) > MaxSize {
		return nil, 0, fmt.Errorf("cannot rebuild colour profile: %w: %d bytes", errProfile, len(out))
	}
	return out, p.components, nil
}

// componentsOf returns the number of channels of a data colour space (ISO 15076-1 table 19) that pictures use.
func componentsOf(space string) int {
	switch space {
	case "GRAY":
		return 1
	case "RGB ", "Lab ":
		return 3
	case "CMYK":
		return 4
	}
	return 0
}

// parse reads the header (ISO 15076-1 7.2) and the tag table (7.3).
func parse(b []byte) (*profile, error) {
	if len(b) < headerSize+4 || len(b) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes", errProfile, len(b))
	}
	size := binary.BigEndian.Uint32(b)
	if size < headerSize+4 || uint64(size) > uint64(len(b)) || string(b[36:40]) != "acsp" {
		return nil, fmt.Errorf("%w: header", errProfile)
	}
	p := &profile{
		data: b[:size], class: string(b[12:16]), space: string(b[16:20]), pcs: string(b[20:24]),
		version: [2]byte{b[8], b[9] & 0xf0}, attributes: b[63] & 0x0f, intent: b[67],
	}
	p.components = componentsOf(p.space)
	switch {
	case p.version[0] != 2 && p.version[0] != 4:
		return nil, fmt.Errorf("%w: version %d", errProfile, p.version[0])
	case !slices.Contains([]string{"scnr", "mntr", "prtr", "spac"}, p.class):
		return nil, fmt.Errorf("%w: class %q", errProfile, p.class)
	case p.components == 0:
		return nil, fmt.Errorf("%w: colour space %q", errProfile, p.space)
	case p.pcs != "XYZ " && p.pcs != "Lab ":
		return nil, fmt.Errorf("%w: connection space %q", errProfile, p.pcs)
	case p.intent > 3:
		return nil, fmt.Errorf("%w: rendering intent %d", errProfile, p.intent)
	}
	return p, p.parseTable()
}

// span is where an element lies in the profile.
type span struct{ start, end uint32 }

// parseTable reads the tag table. Every element must lie behind the table and inside the profile, and two tags
// either share an element or have nothing in common.
func (p *profile) parseTable() error {
	count := binary.BigEndian.Uint32(p.data[headerSize:])
	if count == 0 || count > maxTags {
		return fmt.Errorf("%w: %d tags", errProfile, count)
	}
	table := headerSize + 4 + 12*uint64(count)
	if table > uint64(len(p.data)) {
		return fmt.Errorf("%w: tag table is cut off", errProfile)
	}
	p.elements = make(map[string][]byte, count)
	spans := make([]span, 0, count)
	for entry := p.data[headerSize+4 : table]; len(entry) > 0; entry = entry[12:] {
		offset, size := binary.BigEndian.Uint32(entry[4:]), binary.BigEndian.Uint32(entry[8:])
		end := uint64(offset) + uint64(size)
		signature := string(entry[:4])
		if uint64(offset) < table || end > uint64(len(p.data)) || size < 8 {
			return fmt.Errorf("%w: tag %q is out of range", errProfile, signature)
		}
		if _, twice := p.elements[signature]; twice {
			return fmt.Errorf("%w: tag %q comes twice", errProfile, signature)
		}
		p.elements[signature] = p.data[offset:end]
		spans = append(spans, span{offset, uint32(end)})
	}
	return disjoint(spans)
}

func disjoint(spans []span) error {
	slices.SortFunc(spans, func(a, b span) int { return int(int64(a.start) - int64(b.start)) })
	for i := 1; i < len(spans); i++ {
		if spans[i] != spans[i-1] && spans[i].start < spans[i-1].end {
			return fmt.Errorf("%w: elements overlap", errProfile)
		}
	}
	return nil
}
