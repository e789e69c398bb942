package textenc

import (
	"context"
	"fmt"

	"sekisho/sanitize"
)

// Dropped counts what Clean left out.
type Dropped struct {
	Control int // control characters but tab, line feed, carriage return and form feed; noncharacters
	Escape  int // escape sequences, each counted once
	Bidi    int // characters that turn the direction of the text
	Hidden  int // characters that are never seen: tags, annotations, a byte order mark inside the text
	Invalid int // bytes that are no character
}

// Total returns how many things were dropped.
func (d Dropped) Total() int { return d.Control + d.Escape + d.Bidi + d.Hidden + d.Invalid }

func (d *Dropped) add(o Dropped) {
	d.Control += o.Control
	d.Escape += o.Escape
	d.Bidi += o.Bidi
	d.Hidden += o.Hidden
	d.Invalid += o.Invalid
}

// Add records each kind in a report, as <format>/control and so on.
func (d Dropped) Add(report *sanitize.Report, format string) {
	for _, k := range []struct {
		thing string
		n     int
	}{{"control", d.Control}, {"escape", d.Escape}, {"bidi", d.Bidi}, {"hidden", d.Hidden}, {"invalid", d.Invalid}} {
		if k.n > 0 {
			report.Findings = append(report.Findings,
				sanitize.Finding{Rule: format + "/" + k.thing, Action: sanitize.Removed, Count: k.n})
		}
	}
}

// maxPasses bounds how often a text is read. What is dropped can change how the rest reads only where the encoding
// was doubtful, and then once.
const maxPasses = 4

// Clean recognises the encoding of a whole text and writes its characters again, without those that Dropped counts.
// The result, cleaned again, is the same and drops nothing. It fails with ErrMalformed when b is no text, and with
// ErrUnsupported when it is another language once the rest is dropped.
func Clean(ctx context.Context, b []byte) ([]byte, Encoding, Dropped, error) {
	var all Dropped
	for range maxPasses {
		e := Detect(b, true)
		if e == None {
			return nil, None, all, fmt.Errorf("cannot read text: %w: no known encoding", sanitize.ErrMalformed)
		}
		out, dropped, err := pass(ctx, b, e)
		if err != nil {
			return nil, e, all, err
		}
		if dropped.Total() == 0 {
			if isLanguage(head(e, out)) {
				return nil, e, all, fmt.Errorf("cannot read text: %w: it is markup or a program", sanitize.ErrUnsupported)
			}
			return out, e, all, nil
		}
		all.add(dropped)
		b = out
	}
	return nil, None, all, fmt.Errorf("cannot read text: %w: the encoding is not certain", sanitize.ErrMalformed)
}

// pass writes the characters of b again.
func pass(ctx context.Context, b []byte, e Encoding) ([]byte, Dropped, error) {
	var dropped Dropped
	bom := e.BOM(b)
	d, w := NewDecoder(e, b[len(bom):]), NewEncoder(e, append(make([]byte, 0, len(b)), bom...))
	for count := 0; ; count++ {
		if count%(1<<16) == 0 && ctx.Err() != nil {
			return nil, dropped, ctx.Err()
		}
		if n := d.plainRun(); n > 0 {
			w.putRun(d.rest[:n])
			d.rest = d.rest[n:]
		}
		c, ok := d.Next()
		if !ok {
			return w.Bytes(), dropped, nil
		}
		if d.drop(c, &dropped) {
			continue
		}
		w.Put(c)
	}
}

// drop reports whether c is left out, and counts it. It reads on to the end of an escape sequence.
func (d *Decoder) drop(c Char, dropped *Dropped) bool {
	switch r := c.Rune; {
	case c.Bad:
		dropped.Invalid++
	case r == 0x1b || isIntroducer(r):
		if d.skipSequence(r) {
			dropped.Escape++
		} else {
			dropped.Control++
		}
	default:
		return dropped.Drops(r)
	}
	return true
}

// Drops reports whether r is a character that no text keeps, and counts it.
func (d *Dropped) Drops(r rune) bool {
	switch {
	case isControl(r):
		d.Control++
	case isBidi(r):
		d.Bidi++
	case isHidden(r):
		d.Hidden++
	default:
		return false
	}
	return true
}

// isControl reports whether r is a control that text has no use for, or a noncharacter (Unicode 23.7).
func isControl(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r' || r == '\f':
		return false
	case r < ' ' || r >= 0x7f && r < 0xa0:
		return true
	}
	return r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe
}

// isBidi reports whether r embeds, overrides or isolates a direction (UAX 9 2), or is one of the deprecated shaping
// controls beside them. The plain marks LRM and RLM cannot reorder what is around them.
func isBidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x206f
}

// isHidden reports whether r says something that no reader sees.
func isHidden(r rune) bool {
	return r == 0xfeff || r >= 0xfff9 && r <= 0xfffb || r >= 0xe0000 && r <= 0xe007f
}

// isIntroducer reports whether the C1 control r begins a sequence: DCS, SOS, CSI, OSC, PM or APC (ECMA-48 8.3).
func isIntroducer(r rune) bool {
	switch r {
	case 0x90, 0x98, 0x9b, 0x9d, 0x9e, 0x9f:
		return true
	}
	return false
}

// maxSequence is how many characters an escape sequence may have before it is taken for a stray escape.
const maxSequence = 4096

// skipSequence reads on to the end of the escape sequence that intro begins (ECMA-48 5.3 to 5.6). It reports whether
// there was one; a lone escape is just a control.
func (d *Decoder) skipSequence(intro rune) bool {
	if intro == 0x1b {
		c, ok := d.peek()
		if !ok || c.Rune < ' ' || c.Rune > '~' {
			return false
		}
		d.Next()
		if c.Rune < '0' { // intermediates, then a final character
			d.skipWhile(func(r rune) bool { return r >= ' ' && r < '0' })
			d.skipOne(func(r rune) bool { return r >= '0' && r <= '~' })
			return true
		}
		if c.Rune < '@' || c.Rune > '_' {
			return true
		}
		intro = c.Rune + 0x40 // the 7-bit form of a C1 control
	}
	switch {
	case intro == 0x9b:
		d.skipWhile(func(r rune) bool { return r >= ' ' && r < '@' })
		d.skipOne(func(r rune) bool { return r >= '@' && r <= '~' })
	case isIntroducer(intro):
		d.skipString()
	}
	return true
}

// skipString reads to the end of a control string: ST, BEL, or, since a text must not be lost to a string that never
// ends, the end of the line.
func (d *Decoder) skipString() {
	d.skipWhile(func(r rune) bool { return r != '\a' && r != 0x9c && r != 0x1b && r != '\n' && r != '\r' })
	if d.skipOne(func(r rune) bool { return r == '\a' || r == 0x9c }) {
		return
	}
	saved := *d
	if !d.skipOne(func(r rune) bool { return r == 0x1b }) || !d.skipOne(func(r rune) bool { return r == '\\' }) {
		*d = saved
	}
}

func (d *Decoder) peek() (Char, bool) {
	saved := *d
	c, ok := d.Next()
	*d = saved
	return c, ok
}

func (d *Decoder) skipOne(is func(rune) bool) bool {
	c, ok := d.peek()
	if !ok || c.Bad || !is(c.Rune) {
		return false
	}
	d.Next()
	return true
}

func (d *Decoder) skipWhile(is func(rune) bool) {
	for n := 0; n < maxSequence && d.skipOne(is); n++ {
	}
}
