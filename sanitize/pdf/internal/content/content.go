// Package content parses content streams (ISO 32000-2 7.8.2) to operators with their operands and writes them anew, in
// one spelling: an operator a line, numbers without needless digits, strings as literals with the same bytes.
//
// What is no operator of PDF, or has not the operands that it takes, is not written. Written content parsed again gives
// the same bytes.
package content

import (
	"sekisho/sanitize/pdf/internal/object"
)

// Lost is a kind of thing that was not written.
type Lost int

// What may be lost.
const (
	LostOperator Lost = iota // no operator, or not with these operands
	LostProperty             // a key of a property list
	LostImage                // an inline image, or bytes behind its samples
	LostDraw                 // a Do that may not be
	LostKinds                // how many kinds there are
)

// Cleaner cleans content streams, one after the other.
type Cleaner struct {
	// Lose is told of everything that is not written.
	Lose func(Lost)
	// Image rebuilds an inline image. It returns the dictionary with short keys and the data for it, or nil when
	// the image is to be left out.
	Image func(d object.Dict, data []byte) (object.Dict, []byte, error)
	// Draw reports whether Do may draw the XObject with a name; nil allows all.
	Draw func(object.Name) bool
	// Measure returns the length of the data of an inline image without filters, or -1 when it cannot know.
	Measure func(d object.Dict) int
	// Nesting bounds arrays and dictionaries in one another.
	Nesting int

	src, dst []byte
	pos      int
	start    int    // of the operation in dst
	kinds    []byte // of its operands: n / s a p
	at       []int  // where each of them starts in dst
	scratch  []byte
}

// maxOperands bounds the operands of one operation: 32 colour components and a name are the most that PDF has.
const maxOperands = 64

// Clean returns the canonical form of src, which is good until the next call. It reports false when src ends in the
// middle of an operation, as one of several streams of a page may; Lose is not told of that one.
func (c *Cleaner) Clean(src []byte) ([]byte, bool, error) {
	c.src, c.dst, c.pos = src, c.dst[:0], 0
	c.begin()
	for {
		c.pos = object.SkipSpace(c.src, c.pos)
		if c.pos >= len(c.src) {
			break
		}
		if err := c.token(); err != nil {
			return nil, false, err
		}
	}
	return c.dst[:c.start], len(c.kinds) == 0, nil
}

// begin starts a new operation at the end of what was written.
func (c *Cleaner) begin() {
	c.start, c.kinds, c.at = len(c.dst), c.kinds[:0], c.at[:0]
}

// operand notes that an operand of a kind starts here. Of too many the first are forgotten.
func (c *Cleaner) operand(kind byte) {
	if len(c.kinds) == maxOperands {
		cut := c.at[1] - c.start
		c.dst = append(c.dst[:c.start], c.dst[c.at[1]:]...)
		copy(c.kinds, c.kinds[1:])
		for i := range c.at[1:] {
			c.at[i] = c.at[i+1] - cut
		}
		c.kinds, c.at = c.kinds[:maxOperands-1], c.at[:maxOperands-1]
	}
	c.kinds = append(c.kinds, kind)
	c.at = append(c.at, len(c.dst))
}

// token reads one operand or operator.
func (c *Cleaner) token() error {
	switch b := c.src[c.pos]; {
	case b == '/':
		c.operand('/')
		c.name()
	case b == '(':
		c.operand('s')
		c.text(object.Literal)
	case b == '<' && c.pos+1 < len(c.src) && c.src[c.pos+1] == '<':
		c.properties()
	case b == '<':
		c.operand('s')
		c.text(object.Hex)
	case b == '[':
		c.operand('a')
		c.array()
	case b >= '0' && b <= '9' || b == '.' || b == '-' || b == '+':
		c.space()
		c.operand('n')
		c.number()
	case object.IsDelimiter(b):
		c.pos++
		c.Lose(LostOperator)
	default:
		end := object.Word(c.src, c.pos)
		word := c.src[c.pos:end]
		c.pos = end
		return c.operator(word)
	}
	return nil
}

// operator ends an operation.
func (c *Cleaner) operator(word []byte) error {
	if string(word) == "BI" {
		return c.inline()
	}
	takes, known := operands(word)
	if !known {
		c.undo()
		return nil
	}
	if !c.take(takes) {
		c.undo()
		return nil
	}
	if string(word) == "Do" && c.Draw != nil && !c.Draw(object.Name(object.UnescapeName(c.dst[c.start+1:]))) {
		c.Lose(LostDraw)
		c.dst = c.dst[:c.start]
		c.begin()
		return nil
	}
	c.space()
	c.dst = append(c.dst, word...)
	c.dst = append(c.dst, '\n')
	c.begin()
	return nil
}

// undo takes back the operation that was being written.
func (c *Cleaner) undo() {
	c.Lose(LostOperator)
	c.dst = c.dst[:c.start]
	c.begin()
}

// take reports whether the operands are what an operator takes. Of more than that the last are taken.
func (c *Cleaner) take(want string) bool {
	n := len(want)
	if want == "N" {
		n = c.colours()
		if n == 0 {
			return false
		}
	} else if len(c.kinds) < n {
		return false
	}
	extra := len(c.kinds) - n
	if want != "N" {
		for i := range want {
			if got := c.kinds[extra+i]; got != want[i] && !(want[i] == 'p' && got == '/') {
				return false
			}
		}
	}
	if extra > 0 {
		c.Lose(LostOperator)
		from := len(c.dst)
		if n > 0 {
			from = c.at[extra]
		}
		c.dst = append(c.dst[:c.start], c.dst[from:]...)
	}
	return true
}

// colours counts the operands of a colour operator: numbers, and a name last perhaps.
func (c *Cleaner) colours() int {
	n := len(c.kinds)
	if n == 0 {
		return 0
	}
	count := 0
	if c.kinds[n-1] == '/' {
		n--
		count++
	}
	for n > 0 && c.kinds[n-1] == 'n' {
		n--
		count++
	}
	return count
}

// space keeps what comes next apart from what was written, be that a name of no letters.
func (c *Cleaner) space() {
	if n := len(c.dst); n > c.start && (object.IsRegular(c.dst[n-1]) || c.dst[n-1] == '/') {
		c.dst = append(c.dst, ' ')
	}
}

// number reads a number. It ends where it cannot go on: some writers put no space before what follows.
func (c *Cleaner) number() {
	i, dot := c.pos, false
	for ; i < len(c.src); i++ {
		b := c.src[i]
		if b == '.' && !dot {
			dot = true
		} else if b != '-' && b != '+' && (b < '0' || b > '9') {
			break
		}
	}
	if out, ok := object.CanonicalNumber(c.dst, c.src[c.pos:i]); ok {
		c.dst = out
	} else {
		c.dst = append(c.dst, '0')
	}
	c.pos = i
}

// name reads a name. Plain ones are copied as they are.
func (c *Cleaner) name() {
	end := c.pos + 1
	plain := true
	for end < len(c.src) && object.IsRegular(c.src[end]) {
		plain = plain && c.src[end] > ' ' && c.src[end] <= '~' && c.src[end] != '#'
		end++
	}
	if plain {
		c.dst = append(c.dst, c.src[c.pos:end]...)
	} else {
		c.dst = object.AppendName(c.dst, object.UnescapeName(c.src[c.pos+1:end]))
	}
	c.pos = end
}

// text reads a string. One without an end takes the rest of the stream with it.
func (c *Cleaner) text(read func(dst, b []byte, i int) ([]byte, int)) {
	s, end := read(c.scratch[:0], c.src, c.pos)
	c.scratch = s
	if end < 0 {
		end = len(c.src)
	}
	c.pos = end
	c.dst = object.AppendString(c.dst, s)
}

// array reads an array of numbers and strings, as TJ and d take it; what else is in it is left out.
func (c *Cleaner) array() {
	c.dst = append(c.dst, '[')
	for c.pos++; ; {
		c.pos = object.SkipSpace(c.src, c.pos)
		if c.pos >= len(c.src) {
			break
		}
		switch b := c.src[c.pos]; {
		case b == ']':
			c.pos++
			c.dst = append(c.dst, ']')
			return
		case b == '(':
			c.text(object.Literal)
		case b == '<' && !(c.pos+1 < len(c.src) && c.src[c.pos+1] == '<'):
			c.text(object.Hex)
		case b >= '0' && b <= '9' || b == '.' || b == '-' || b == '+':
			c.space()
			c.number()
		default:
			c.Lose(LostOperator)
			c.pos = max(c.pos+1, object.Word(c.src, c.pos))
		}
	}
	c.dst = append(c.dst, ']')
}
