package png

import (
	"encoding/binary"

	"sekisho/sanitize/verify"
)

// animation judges the chunks of animated pictures (PNG third edition, section 11.3.6).
func (p *picture) animation(kind string, data []byte) error {
	if !p.pass.Policy.Animation {
		return verify.Fail(RuleAnimation, kind, "the policy does not keep animation")
	}
	switch kind {
	case "acTL":
		if len(data) != 8 || p.has("IDAT") || binary.BigEndian.Uint32(data) == 0 || binary.BigEndian.Uint32(data) > 1<<20 {
			return verify.Fail(RuleAnimation, kind, "no count of frames")
		}
		p.declared = int(binary.BigEndian.Uint32(data))
		return nil
	case "fcTL":
		return p.control(data)
	}
	if len(data) < 4 || !p.has("IDAT") || p.frames == 0 || p.frame.width == 0 {
		return verify.Fail(RuleAnimation, kind, "frame data without a frame")
	}
	p.moving = append(p.moving, data[4:])
	return p.next(kind, data)
}

// next holds a sequence number against the order of the chunks.
func (p *picture) next(kind string, data []byte) error {
	if n := binary.BigEndian.Uint32(data); n != p.sequence {
		return verify.Fail(RuleAnimation, kind, "number %d, want %d", n, p.sequence)
	}
	p.sequence++
	return nil
}

func (p *picture) control(data []byte) error {
	if len(data) != 26 || p.declared == 0 || p.frames >= p.declared {
		return verify.Fail(RuleAnimation, "fcTL", "a frame that was not announced")
	}
	w, h := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	x, y := binary.BigEndian.Uint32(data[12:]), binary.BigEndian.Uint32(data[16:])
	if w == 0 || h == 0 || uint64(w)+uint64(x) > uint64(p.width) || uint64(h)+uint64(y) > uint64(p.height) || data[24] > 2 || data[25] > 1 {
		return verify.Fail(RuleAnimation, "fcTL", "a frame outside of the picture")
	}
	if !p.has("IDAT") && (p.frames > 0 || int(w) != p.width || int(h) != p.height) {
		return verify.Fail(RuleAnimation, "fcTL", "the still picture is a frame of another size")
	}
	if err := p.closeFrame(); err != nil {
		return err
	}
	p.frames++
	if p.has("IDAT") {
		p.frame = dimension{int(w), int(h)}
	}
	return p.next("fcTL", data)
}

// closeFrame puts the frame that was being read with the whole ones.
func (p *picture) closeFrame() error {
	if p.frame.width == 0 {
		return nil
	}
	if len(p.moving) == 0 {
		return verify.Fail(RuleAnimation, "fcTL", "a frame without data")
	}
	p.whole = append(p.whole, frame{p.frame, p.moving})
	p.frame, p.moving = dimension{}, nil
	return nil
}

func (p *picture) finishAnimation() error {
	if err := p.closeFrame(); err != nil {
		return err
	}
	if p.frames != p.declared {
		return verify.Fail(RuleAnimation, "acTL", "%d frames announced, %d there", p.declared, p.frames)
	}
	return nil
}
