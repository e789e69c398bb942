package png

import (
	"bytes"
	"encoding/binary"
	"slices"

	"sekisho/sanitize/verify"
)

// picture is what the chunks so far say.
type picture struct {
	pass          verify.Pass
	width, height int
	depth, colour byte
	interlaced    bool
	palette       int // entries
	seen          []string
	data          [][]byte // the IDAT chunks
	last          string
	ended         bool

	frames   int       // fcTL chunks
	declared int       // frames of acTL
	sequence uint32    // the next sequence number of fcTL and fdAT
	moving   [][]byte  // the fdAT chunks of the frame that is being read
	frame    dimension // of that frame
	whole    []frame
}

type dimension struct{ width, height int }

// frame is one frame of an animation beyond the still picture.
type frame struct {
	size dimension
	data [][]byte
}

// take judges one chunk where it stands.
func (p *picture) take(kind string, data []byte) error {
	if first := len(p.seen) == 0; first != (kind == "IHDR") {
		return verify.Fail(RuleStructure, kind, "IHDR must stand first, once")
	}
	if repeatable := kind == "IDAT" || kind == "fcTL" || kind == "fdAT"; !repeatable && slices.Contains(p.seen, kind) {
		return verify.Fail(RuleChunk, kind, "it stands twice")
	}
	if err := p.dispatch(kind, data); err != nil {
		return err
	}
	if p.last != kind {
		p.seen = append(p.seen, kind)
	}
	p.last = kind
	return nil
}

func (p *picture) dispatch(kind string, data []byte) error {
	switch kind {
	case "IHDR":
		return p.header(data)
	case "PLTE":
		return p.plte(data)
	case "IDAT":
		return p.idat(data)
	case "IEND":
		p.ended = true
		return sized(kind, data, 0)
	case "acTL", "fcTL", "fdAT":
		return p.animation(kind, data)
	}
	if p.has("IDAT") {
		return verify.Fail(RuleChunk, kind, "unknown, or after the picture data")
	}
	return p.ancillary(kind, data)
}

func (p *picture) has(kind string) bool { return slices.Contains(p.seen, kind) }

func sized(kind string, data []byte, sizes ...int) error {
	if !slices.Contains(sizes, len(data)) {
		return verify.Fail(RuleChunk, kind, "%d bytes", len(data))
	}
	return nil
}

// header reads IHDR (section 11.2.1) and holds the size against the limit before anything is allocated for it.
func (p *picture) header(data []byte) error {
	if err := sized("IHDR", data, 13); err != nil {
		return err
	}
	w, h := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	if w == 0 || h == 0 || w > 1<<31-1 || h > 1<<31-1 || int64(w) > p.pass.Policy.Limits.Pixels/int64(h) {
		return verify.Fail(verify.RuleLimit, "IHDR", "%d by %d pixels", w, h)
	}
	p.width, p.height, p.depth, p.colour, p.interlaced = int(w), int(h), data[8], data[9], data[12] == 1
	depths := map[byte]string{0: "\x01\x02\x04\x08\x10", 2: "\x08\x10", 3: "\x01\x02\x04\x08", 4: "\x08\x10", 6: "\x08\x10"}[p.colour]
	if !slices.Contains([]byte(depths), p.depth) || data[10] != 0 || data[11] != 0 || data[12] > 1 {
		return verify.Fail(RuleChunk, "IHDR", "depth, colour type or method of no picture")
	}
	return nil
}

// plte reads the palette (section 11.2.2).
func (p *picture) plte(data []byte) error {
	n := len(data) / 3
	limit := 256
	if p.colour == 3 {
		limit = 1 << p.depth
	}
	if len(data)%3 != 0 || n == 0 || n > limit || p.has("IDAT") || p.has("tRNS") || p.has("bKGD") || p.colour == 0 || p.colour == 4 {
		return verify.Fail(RuleChunk, "PLTE", "a palette of %d bytes", len(data))
	}
	p.palette = n
	for _, mark := range [...]string{"<?=", "<?php", "<script", "eval("} {
		if bytes.Contains(bytes.ToLower(data), []byte(mark)) {
			return verify.Fail(RuleChunk, "PLTE", "colours that spell %q", mark)
		}
	}
	return nil
}

func (p *picture) idat(data []byte) error {
	if p.has("IDAT") && p.last != "IDAT" {
		return verify.Fail(RuleChunk, "IDAT", "the picture data is in pieces")
	}
	if p.colour == 3 && p.palette == 0 {
		return verify.Fail(RuleChunk, "IDAT", "no palette")
	}
	p.data = append(p.data, data)
	return nil
}

// ancillary judges the chunks that say how the picture is to be shown (section 11.3).
func (p *picture) ancillary(kind string, data []byte) error {
	afterPalette := p.has("PLTE")
	switch kind {
	case "tRNS":
		return p.transparency(data)
	case "bKGD":
		return sized(kind, data, map[byte]int{0: 2, 2: 6, 3: 1, 4: 2, 6: 6}[p.colour])
	case "pHYs":
		return sized(kind, data, 9)
	case "gAMA", "cHRM", "sRGB", "iCCP", "sBIT":
		if afterPalette {
			return verify.Fail(RuleChunk, kind, "after the palette")
		}
	default:
		return verify.Fail(RuleChunk, kind, "not on the list")
	}
	switch kind {
	case "gAMA":
		return sized(kind, data, 4)
	case "cHRM":
		return sized(kind, data, 32)
	case "sRGB":
		return sized(kind, data, 1)
	case "sBIT":
		return sized(kind, data, map[byte]int{0: 1, 2: 3, 3: 3, 4: 2, 6: 4}[p.colour])
	}
	return p.profile(data)
}

func (p *picture) transparency(data []byte) error {
	switch {
	case p.colour == 0:
		return sized("tRNS", data, 2)
	case p.colour == 2:
		return sized("tRNS", data, 6)
	case p.colour == 3 && len(data) > 0 && len(data) <= p.palette:
		return nil
	}
	return verify.Fail(RuleChunk, "tRNS", "%d bytes", len(data))
}
