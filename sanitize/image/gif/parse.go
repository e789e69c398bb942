package gif

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"sekisho/sanitize"
)

// picture is what is written: all that was understood of the input.
type picture struct {
	width, height int
	aspect        byte
	background    byte
	global        *table
	loops         int // times to repeat, 0 for ever, -1 when nothing is said
	frames        []frame
	report        *sanitize.Report
}

// frame is one image, GIF89a 20, with what a graphic control extension (23) says about it.
type frame struct {
	x, y, w, h  int
	interlaced  bool
	colours     *table
	local       bool // the table is the frame's own
	codeSize    int
	data        []byte // blocks of the compressed pixels
	disposal    byte
	delay       uint16
	transparent int // index, -1 for none
}

// parser walks the blocks of a picture.
type parser struct {
	*picture
	policy  sanitize.Policy
	rest    []byte
	control frame // what the next frame takes over
	pixels  int64
}

var errCut = fmt.Errorf("%w: the picture is cut off", errMalformed)

// take splits n bytes off the input.
func (p *parser) take(n int) ([]byte, error) {
	if n > len(p.rest) {
		return nil, errCut
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b, nil
}

// parse reads the blocks of untrusted up to the end of the picture.
func parse(ctx context.Context, untrusted []byte, policy sanitize.Policy, report *sanitize.Report) (*picture, error) {
	p := &parser{picture: &picture{loops: -1, report: report}, policy: policy, rest: untrusted[6:], control: frame{transparent: -1}}
	if err := p.screen(); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		done, err := p.block()
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
	}
	if len(p.frames) == 0 {
		return nil, fmt.Errorf("%w: no picture", errMalformed)
	}
	if len(p.frames) == 1 {
		p.loops = -1
	}
	return p.picture, p.fitScreen()
}

// screen reads the logical screen descriptor and the global colour table, GIF89a 18 and 19.
func (p *parser) screen() error {
	b, err := p.take(7)
	if err != nil {
		return err
	}
	p.width, p.height = int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
	p.background, p.aspect = b[5], b[6]
	if err := p.bounded(p.width, p.height); err != nil {
		return err
	}
	if b[4]&0x80 != 0 {
		p.global, err = p.table(b[4])
	}
	return err
}

func (p *parser) bounded(w, h int) error {
	if int64(w)*int64(h) > p.policy.Limits.Pixels {
		return fmt.Errorf("%w: %d by %d pixels", errLimit, w, h)
	}
	return nil
}

func (p *parser) table(flags byte) (*table, error) {
	b, err := p.take(3 << (flags&7 + 1))
	if err != nil {
		return nil, err
	}
	return newTable(b), nil
}

// block reads one block, GIF89a 12. It returns true behind the trailer.
func (p *parser) block() (done bool, err error) {
	if len(p.rest) == 0 {
		p.report.Add(ruleNoEnd, sanitize.Repaired, "")
		return true, nil
	}
	kind := p.rest[0]
	p.rest = p.rest[1:]
	switch kind {
	case 0x3b:
		if len(p.rest) > 0 {
			p.report.Add(ruleTrailing, sanitize.Removed, "")
		}
		return true, nil
	case 0x21:
		return false, p.extension()
	case 0x2c:
		return false, p.image()
	case 0: // an empty block; some encoders write one too many
		p.report.Add(ruleSurplus, sanitize.Removed, "")
		return false, nil
	}
	return false, fmt.Errorf("%w: block %02X", errMalformed, kind)
}

// blocks takes data sub-blocks with their terminator, GIF89a 15 and 16, as they stand.
func (p *parser) blocks() ([]byte, error) {
	n := 0
	for {
		if n >= len(p.rest) {
			return nil, errCut
		}
		size := int(p.rest[n])
		n += 1 + size
		if size == 0 {
			return p.take(n)
		}
	}
}

// extension reads an extension, GIF89a 23 to 26. Only two kinds mean anything to a reader.
func (p *parser) extension() error {
	label, err := p.take(1)
	if err != nil {
		return err
	}
	b, err := p.blocks()
	if err != nil {
		return err
	}
	rule := ruleApp
	switch {
	case label[0] == 0xf9 && p.graphicControl(b):
		return nil
	case label[0] == 0xff && p.repeat(b):
		return nil
	case label[0] == 0xfe:
		rule = ruleComment
	case label[0] == 0x01:
		rule = ruleText
		p.control = frame{transparent: -1} // the control before it was for the text
	case label[0] == 0xff && bytes.HasPrefix(b, []byte("\x0bXMP Data")):
		rule = ruleXMP
	}
	p.report.Add(rule, sanitize.Removed, "")
	return nil
}

// graphicControl reads a graphic control extension.
func (p *parser) graphicControl(b []byte) bool {
	if len(b) != 6 || b[0] != 4 {
		return false
	}
	p.control = frame{disposal: b[1] >> 2 & 7, delay: binary.LittleEndian.Uint16(b[2:]), transparent: -1}
	if b[1]&1 != 0 {
		p.control.transparent = int(b[4])
	}
	if p.control.disposal > 3 {
		p.control.disposal = 0
		p.report.Add(ruleSurplus, sanitize.Removed, "")
	}
	return true
}

// repeat reads the application extension that says how often an animation repeats.
func (p *parser) repeat(b []byte) bool {
	if len(b) != 17 || p.loops >= 0 || b[12] != 3 || b[13] != 1 ||
		string(b[:12]) != "\x0bNETSCAPE2.0" && string(b[:12]) != "\x0bANIMEXTS1.0" {
		return false
	}
	p.loops = int(binary.LittleEndian.Uint16(b[14:]))
	return true
}

// image reads an image descriptor with its colour table and data, GIF89a 20 to 22. Pixels of all frames are counted
// before any is decoded.
func (p *parser) image() error {
	b, err := p.take(9)
	if err != nil {
		return err
	}
	f := p.control
	p.control = frame{transparent: -1}
	f.x, f.y = int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
	f.w, f.h = int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))
	f.interlaced, f.local, f.colours = b[8]&0x40 != 0, b[8]&0x80 != 0, p.global
	if f.local {
		if f.colours, err = p.table(b[8]); err != nil {
			return err
		}
	}
	size, err := p.take(1)
	if err != nil {
		return err
	}
	f.codeSize = int(size[0])
	if f.data, err = p.blocks(); err != nil {
		return err
	}
	if f.w == 0 || f.h == 0 { // nothing to see
		p.report.Add(ruleSurplus, sanitize.Removed, "")
		return nil
	}
	if f.colours == nil || f.codeSize < 2 || f.codeSize > 8 {
		return fmt.Errorf("%w: frame of %d by %d pixels with codes of %d bits", errMalformed, f.w, f.h, f.codeSize)
	}
	return p.addFrame(f)
}

func (p *parser) addFrame(f frame) error {
	if len(p.frames) > 0 && !p.policy.Animation {
		p.report.Add(ruleAnimation, sanitize.Removed, "")
		return nil
	}
	p.pixels += int64(f.w) * int64(f.h)
	if p.pixels > p.policy.Limits.Pixels || len(p.frames) >= p.policy.Limits.Entries {
		return fmt.Errorf("%w: %d frames of %d pixels together", errLimit, len(p.frames)+1, p.pixels)
	}
	p.frames = append(p.frames, f)
	return nil
}

// fitScreen makes the screen as large as its frames, as readers do.
func (p *parser) fitScreen() error {
	w, h := p.width, p.height
	for _, f := range p.frames {
		w, h = max(w, f.x+f.w), max(h, f.y+f.h)
	}
	if w == p.width && h == p.height {
		return nil
	}
	if w > 0xffff || h > 0xffff {
		return fmt.Errorf("%w: frame outside of any screen", errMalformed)
	}
	p.width, p.height = w, h
	p.report.Add(ruleScreen, sanitize.Repaired, "")
	return p.bounded(w, h)
}
