package png

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"sekisho/sanitize"
)

// chunk is one chunk, PNG 5.3.
type chunk struct {
	kind string
	body []byte
	good bool // the checksum is right
}

// critical reports whether a decoder must know the chunk, PNG 5.4.
func (c chunk) critical() bool { return c.kind[0]&0x20 == 0 }

// nextChunk splits the first chunk off b. It returns io.EOF at the end of b.
func nextChunk(b []byte) (c chunk, rest []byte, err error) {
	if len(b) == 0 {
		return c, nil, io.EOF
	}
	if len(b) < 12 {
		return c, nil, fmt.Errorf("%w: chunk is cut off", errMalformed)
	}
	n := uint64(binary.BigEndian.Uint32(b))
	if n > uint64(len(b)-12) {
		return c, nil, fmt.Errorf("%w: chunk of %d bytes is cut off", errMalformed, n)
	}
	end := 8 + int(n)
	c = chunk{kind: string(b[4:8]), body: b[8:end]}
	for i := range 4 {
		if letter := c.kind[i] | 0x20; letter < 'a' || letter > 'z' {
			return c, nil, fmt.Errorf("%w: chunk with the name %q", errMalformed, c.kind)
		}
	}
	c.good = crc32.ChecksumIEEE(b[4:end]) == binary.BigEndian.Uint32(b[end:])
	return c, b[end+4:], nil
}

// parser walks the chunks of a picture.
type parser struct {
	*picture
	pass   sanitize.Pass
	report *sanitize.Report
	seen   map[string]bool
	ended  bool // the run of IDAT chunks is over
	anim   animationParser
}

// parse reads the chunks of untrusted up to the end of the picture.
func parse(ctx context.Context, untrusted []byte, pass sanitize.Pass, report *sanitize.Report) (*picture, error) {
	p := &parser{picture: &picture{report: report}, pass: pass, report: report, seen: map[string]bool{}}
	rest := untrusted[len(signature):]
	for n := 0; ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c, after, err := nextChunk(rest)
		if err == io.EOF {
			report.Add(ruleNoEnd, sanitize.Repaired, "")
			break
		}
		if err != nil {
			return nil, err
		}
		rest = after
		if c.kind == "IEND" {
			if len(c.body) > 0 || len(rest) > 0 {
				report.Add(ruleTrailing, sanitize.Removed, "")
			}
			break
		}
		if err := p.take(c); err != nil {
			return nil, err
		}
	}
	return p.picture, p.finish()
}

// take reads one chunk that is not the last.
func (p *parser) take(c chunk) error {
	if first := !p.seen["IHDR"]; first != (c.kind == "IHDR") {
		return fmt.Errorf("%w: the header does not come first and once", errMalformed)
	}
	if !c.good {
		if c.critical() {
			return fmt.Errorf("%w: wrong checksum of %s", errMalformed, c.kind)
		}
		p.report.Add(ruleChecksum, sanitize.Removed, "")
		return nil
	}
	defer func() { p.seen[c.kind] = true }()
	if c.kind != "IDAT" && p.seen["IDAT"] {
		p.ended = true
	}
	switch c.kind {
	case "IHDR":
		return p.takeHeader(c.body)
	case "PLTE":
		return p.takePalette(c.body)
	case "IDAT":
		if p.ended {
			return fmt.Errorf("%w: pixels in two places", errMalformed)
		}
		p.main = append(p.main, c.body)
		return nil
	case "acTL", "fcTL", "fdAT":
		p.anim.take(p.picture, c, p.seen["IDAT"])
		return nil
	}
	if c.critical() {
		return fmt.Errorf("%w: critical chunk %s", errUnsupported, c.kind)
	}
	return p.takeAncillary(c)
}

// finish checks the picture as a whole and settles what depends on more than one chunk.
func (p *parser) finish() error {
	switch {
	case !p.seen["IDAT"]:
		return fmt.Errorf("%w: no pixels", errMalformed)
	case p.colour == colourPalette && p.palette == nil:
		return fmt.Errorf("%w: no palette", errMalformed)
	}
	p.frames = p.anim.frames(p.picture, p.pass.Policy)
	if p.frames == nil && p.anim.seen {
		p.report.Add(ruleAnimation, sanitize.Removed, "")
	}
	return nil
}
