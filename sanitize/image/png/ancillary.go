package png

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zlib"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/icc"
)

// takeAncillary reads a chunk that a decoder need not know. What is not on the list, and what is not as the list
// says, falls away.
func (p *parser) takeAncillary(c chunk) error {
	switch c.kind {
	case "tEXt", "zTXt", "iTXt":
		p.report.Add(ruleText, sanitize.Removed, "")
		return nil
	case "eXIf":
		p.report.Add(ruleExif, sanitize.Removed, "")
		return nil
	case "tIME":
		p.report.Add(ruleTime, sanitize.Removed, "")
		return nil
	case "cHRM", "gAMA", "sRGB", "cICP", "sBIT", "pHYs", "bKGD", "tRNS", "iCCP":
	default:
		p.report.Add(ruleChunk, sanitize.Removed, "") // without its name: there are millions of them
		return nil
	}
	if p.seen[c.kind] || p.seen["IDAT"] || !p.inPlace(c.kind) {
		p.report.Add(ruleValue, sanitize.Removed, c.kind)
		return nil
	}
	if c.kind == "iCCP" {
		return p.takeProfile(c.body)
	}
	if !p.takeValue(c) {
		p.report.Add(ruleValue, sanitize.Removed, c.kind)
	}
	return nil
}

// inPlace reports whether a chunk stands on the right side of the palette, PNG table 7.
func (p *parser) inPlace(kind string) bool {
	if p.colour != colourPalette {
		return true
	}
	switch kind {
	case "bKGD", "tRNS":
		return p.seen["PLTE"]
	case "pHYs":
		return true
	}
	return !p.seen["PLTE"]
}

// takeValue reads a chunk of fixed size, and reports whether its values are allowed.
func (p *parser) takeValue(c chunk) bool {
	b := c.body
	ok := false
	switch c.kind {
	case "cHRM": // PNG 11.3.2.1: white point and three primaries
		ok = len(b) == 32 && positive(b, 8)
	case "gAMA": // PNG 11.3.2.2
		ok = len(b) == 4 && positive(b, 1) && binary.BigEndian.Uint32(b) != 0
	case "sRGB": // PNG 11.3.2.5: rendering intent
		ok = len(b) == 1 && b[0] <= 3
	case "cICP": // PNG 11.3.2.6: RGB only
		ok = len(b) == 4 && b[2] == 0 && b[3] <= 1
	case "pHYs": // PNG 11.3.4.3
		ok = len(b) == 9 && positive(b, 2) && b[8] <= 1
	case "sBIT":
		ok = p.significantBits(b)
	case "bKGD":
		return p.takeBackground(b)
	case "tRNS":
		return p.takeTransparency(b)
	}
	if ok {
		p.ancillary[c.kind] = b
	}
	return ok
}

// positive reports whether the first n numbers of b are below 2^31, PNG 7.1.
func positive(b []byte, n int) bool {
	for i := range n {
		if b[4*i]&0x80 != 0 {
			return false
		}
	}
	return true
}

// significantBits checks sBIT, PNG 11.3.2.4.
func (p *parser) significantBits(b []byte) bool {
	n, depth := p.channels(), p.depth
	if p.colour == colourPalette {
		n, depth = 3, 8
	}
	for _, bits := range b {
		if bits < 1 || int(bits) > depth {
			return false
		}
	}
	return len(b) == n
}

// takeBackground reads bKGD, PNG 11.3.4.1.
func (p *parser) takeBackground(b []byte) bool {
	if p.colour == colourPalette {
		if len(b) != 1 || int(b[0]) >= len(p.palette) {
			return false
		}
		p.background = int(b[0])
		return true
	}
	n := 1
	if p.colour == colourRGB || p.colour == colourRGBA {
		n = 3
	}
	if !p.samples(b, n) {
		return false
	}
	p.ancillary["bKGD"] = b
	return true
}

// takeTransparency reads tRNS, PNG 11.3.1.1.
func (p *parser) takeTransparency(b []byte) bool {
	ok := false
	switch p.colour {
	case colourGrey:
		ok = p.samples(b, 1)
	case colourRGB:
		ok = p.samples(b, 3)
	case colourPalette:
		if len(b) == 0 || len(b) > len(p.palette) {
			return false
		}
		for i, a := range b {
			p.palette[i].a = a
		}
		return true
	}
	if ok {
		p.ancillary["tRNS"] = b
	}
	return ok
}

// samples reports whether b is n samples of the picture's depth, two bytes each.
func (p *parser) samples(b []byte, n int) bool {
	if len(b) != 2*n {
		return false
	}
	for ; len(b) > 0; b = b[2:] {
		if int(binary.BigEndian.Uint16(b)) >= 1<<p.depth {
			return false
		}
	}
	return true
}

// profileName is the only name that a profile has in an output.
const profileName = "profile"

// takeProfile reads iCCP, PNG 11.3.2.3: a name, the compression method, a profile. A profile that is not understood
// falls away; one too large for the run's budget is an error.
func (p *parser) takeProfile(b []byte) error {
	name := bytes.IndexByte(b, 0)
	if name < 1 || name > 79 || len(b) < name+3 || b[name+1] != 0 {
		p.report.Add(ruleICC, sanitize.Removed, "")
		return nil
	}
	untrusted, err := p.inflateProfile(b[name+2:])
	if errors.Is(err, errLimit) {
		return err
	}
	profile, components, rebuildErr := icc.Rebuild(untrusted)
	colours := 3
	if p.colour == colourGrey || p.colour == colourGreyAlpha {
		colours = 1
	}
	if err != nil || rebuildErr != nil || components != colours {
		p.report.Add(ruleICC, sanitize.Removed, "")
		return nil
	}
	if string(b[:name]) != profileName || !bytes.Equal(profile, untrusted) {
		p.report.Add(ruleICC, sanitize.Replaced, "")
	}
	p.ancillary["iCCP"] = profile
	return nil
}

// inflateProfile charges what it inflates to the budget, block by block.
func (p *parser) inflateProfile(b []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var profile []byte
	block := make([]byte, 32<<10)
	for len(profile) <= icc.MaxSize {
		n, err := z.Read(block)
		if limit := p.pass.Expand(int64(n)); limit != nil {
			return nil, limit
		}
		profile = append(profile, block[:n]...)
		if err == io.EOF {
			return profile, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, errMalformed
}
