package webp

import (
	"context"
	"encoding/binary"
	"fmt"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/icc"
)

// picture is what was understood of the input.
type picture struct {
	width, height    int
	canvas           bool   // there was a VP8X chunk, which says width and height
	alpha            []byte // ALPH chunk, or nil
	lossy            []byte // VP8 chunk, or nil
	lossless         []byte // VP8L chunk, or nil
	untrustedProfile []byte
	profile          []byte // rebuilt
}

// memoryPerPixel is what decoding and encoding may take, in bytes.
const memoryPerPixel = 12

// parse reads the chunks of untrusted, RFC 9649 2.3 to 2.7.
func parse(ctx context.Context, untrusted []byte, limits sanitize.Limits, report *sanitize.Report) (*picture, error) {
	size := int64(binary.LittleEndian.Uint32(untrusted[4:])) + 8
	if size < 12 || size > int64(len(untrusted)) {
		return nil, fmt.Errorf("%w: %d bytes, declared %d", errMalformed, len(untrusted), size)
	}
	if size < int64(len(untrusted)) {
		report.Add(ruleTrailing, sanitize.Removed, "")
	}
	p := &picture{}
	rest := untrusted[12:size]
	for i := 0; len(rest) > 0; i++ {
		if i&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if len(rest) < 8 {
			return nil, fmt.Errorf("%w: chunk is cut off", errMalformed)
		}
		kind, n := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		if n > int64(len(rest)-8) {
			return nil, fmt.Errorf("%w: chunk of %d bytes is cut off", errMalformed, n)
		}
		if err := p.take(kind, rest[8:8+n], limits, report); err != nil {
			return nil, err
		}
		rest = rest[min(8+n+n&1, int64(len(rest))):]
	}
	if p.lossy == nil && p.lossless == nil {
		return nil, fmt.Errorf("%w: no picture", errMalformed)
	}
	p.rebuildProfile()
	return p, nil
}

// take reads one chunk. A second one of a kind that matters is an error: readers disagree about which counts.
func (p *picture) take(kind string, b []byte, limits sanitize.Limits, report *sanitize.Report) error {
	pixels := p.lossy != nil || p.lossless != nil
	switch kind {
	case "VP8X":
		if p.canvas || pixels || len(b) != 10 {
			return fmt.Errorf("%w: extended header", errMalformed)
		}
		if p.canvas = true; b[0]&0x02 != 0 {
			return fmt.Errorf("%w: animation", errUnsupported)
		}
		return p.sized(1+le24(b[4:]), 1+le24(b[7:]), limits)
	case "ANIM", "ANMF":
		return fmt.Errorf("%w: animation", errUnsupported)
	case "ALPH":
		if p.alpha != nil || pixels || !p.canvas {
			return fmt.Errorf("%w: alpha chunk", errMalformed)
		}
		p.alpha = b
	case "VP8 ":
		if pixels {
			return fmt.Errorf("%w: two pictures", errMalformed)
		}
		p.lossy = b
		return p.lossySize(b, limits)
	case "VP8L":
		if pixels || p.alpha != nil {
			return fmt.Errorf("%w: two pictures", errMalformed)
		}
		p.lossless = b
		return p.losslessSize(b, limits)
	case "ICCP":
		if p.untrustedProfile != nil {
			return fmt.Errorf("%w: two colour profiles", errMalformed)
		}
		p.untrustedProfile = b[:len(b):len(b)]
	case "EXIF":
		report.Add(ruleExif, sanitize.Removed, "")
	case "XMP ":
		report.Add(ruleXMP, sanitize.Removed, "")
	default:
		report.Add(ruleChunk, sanitize.Removed, "") // without its name: there are billions of them
	}
	return nil
}

func le24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// sized takes in a size, before anything depends on it. All that the file says about it must agree.
func (p *picture) sized(w, h int, limits sanitize.Limits) error {
	if w == 0 || h == 0 || p.width != 0 && (w != p.width || h != p.height) {
		return fmt.Errorf("%w: %d by %d pixels", errMalformed, w, h)
	}
	if pixels := int64(w) * int64(h); pixels > limits.Pixels || pixels > limits.Memory/memoryPerPixel {
		return fmt.Errorf("%w: %d by %d pixels", errLimit, w, h)
	}
	p.width, p.height = w, h
	return nil
}

// lossySize reads the frame header of VP8, RFC 6386 9.1.
func (p *picture) lossySize(b []byte, limits sanitize.Limits) error {
	if len(b) < 10 || b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
		return fmt.Errorf("%w: no key frame", errMalformed)
	}
	return p.sized(int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff), limits)
}

// losslessSize reads the header of VP8L, RFC 9649 3.4.
func (p *picture) losslessSize(b []byte, limits sanitize.Limits) error {
	if len(b) < 5 || b[0] != 0x2f {
		return fmt.Errorf("%w: no lossless picture", errMalformed)
	}
	v := binary.LittleEndian.Uint32(b[1:])
	return p.sized(1+int(v&0x3fff), 1+int(v>>14&0x3fff), limits)
}

// rebuildProfile keeps a profile of three components: those are what the pixels have.
func (p *picture) rebuildProfile() {
	if out, components, err := icc.Rebuild(p.untrustedProfile); err == nil && components == 3 {
		p.profile = out
	}
}

// container returns a file with the pixels and nothing else.
func (p *picture) container() []byte {
	b := []byte("RIFF\x00\x00\x00\x00WEBP")
	add := func(kind string, body []byte) {
		b = binary.LittleEndian.AppendUint32(append(b, kind...), uint32(len(body)))
		b = append(b, body...)
		if len(body)%2 == 1 {
			b = append(b, 0)
		}
	}
	switch {
	case p.lossless != nil:
		add("VP8L", p.lossless)
	case p.alpha != nil:
		w, h := p.width-1, p.height-1
		add("VP8X", []byte{0x10, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
		add("ALPH", p.alpha)
		add("VP8 ", p.lossy)
	default:
		add("VP8 ", p.lossy)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}
