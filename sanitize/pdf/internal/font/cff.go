package font

import "encoding/binary"

// The operators of CFF dictionaries that point somewhere (Adobe Technical Note 5176, Tables 9, 10 and 23).
const (
	opCharset     = 15
	opEncoding    = 16
	opCharStrings = 17
	opPrivate     = 18
	opSubrs       = 19
	opROS         = 1230 // 12 30
	opFDArray     = 1236
	opFDSelect    = 1237
)

// cff walks a CFF font set and notes which bytes are part of it.
type cff struct {
	data   []byte
	used   [][2]int
	glyphs int
}

// CFF checks a CFF font set and returns it with every byte that no structure covers set to zero, up to its last
// structure. Glyph programs are not run; each stays within its index.
func CFF(data []byte) ([]byte, error) {
	if len(data) < 4 || data[0] != 1 || data[2] < 4 || int(data[2]) > len(data) {
		return nil, malformed("CFF header")
	}
	c := &cff{data: data}
	c.use(0, 4)
	_, pos, err := c.index(int(data[2]))
	if err != nil {
		return nil, err
	}
	tops, pos, err := c.index(pos)
	if err != nil {
		return nil, err
	}
	if _, pos, err = c.index(pos); err != nil { // strings
		return nil, err
	}
	if _, _, err = c.index(pos); err != nil { // global subroutines
		return nil, err
	}
	if len(tops) != 1 {
		return nil, malformed("CFF with %d fonts", len(tops))
	}
	if err := c.top(tops[0]); err != nil {
		return nil, err
	}
	return c.covered(), nil
}

func (c *cff) use(from, to int) { c.used = append(c.used, [2]int{from, to}) }

// covered copies the bytes in use to a block of zeros that ends with the last of them.
func (c *cff) covered() []byte {
	end := 0
	for _, u := range c.used {
		end = max(end, u[1])
	}
	out := make([]byte, end)
	for _, u := range c.used {
		copy(out[u[0]:u[1]], c.data[u[0]:u[1]])
	}
	return out
}

// index reads an INDEX (5176, section 5): it returns the range of each element, and the position after it.
func (c *cff) index(pos int) ([][2]int, int, error) {
	if pos < 0 || pos+2 > len(c.data) {
		return nil, 0, malformed("CFF index outside the font")
	}
	n := int(binary.BigEndian.Uint16(c.data[pos:]))
	if n == 0 {
		c.use(pos, pos+2)
		return nil, pos + 2, nil
	}
	if pos+3 > len(c.data) {
		return nil, 0, malformed("CFF index cut short")
	}
	size := int(c.data[pos+2])
	table := pos + 3
	base := table + (n+1)*size - 1
	if size < 1 || size > 4 || base+1 > len(c.data) {
		return nil, 0, malformed("CFF index of %d cut short", n)
	}
	items := make([][2]int, n)
	last := c.offset(table, size)
	if last != 1 {
		return nil, 0, malformed("CFF index does not start at 1")
	}
	for i := range n {
		next := c.offset(table+(i+1)*size, size)
		if next < last || next > len(c.data)-base {
			return nil, 0, malformed("CFF index element %d outside the font", i)
		}
		items[i] = [2]int{base + last, base + next}
		last = next
	}
	c.use(pos, base+last)
	return items, base + last, nil
}

func (c *cff) offset(pos, size int) (n int) {
	for _, b := range c.data[pos : pos+size] {
		n = n<<8 | int(b)
	}
	return n
}

// top follows a top DICT to all that it points to.
func (c *cff) top(at [2]int) error {
	d, err := dict(c.data[at[0]:at[1]])
	if err != nil {
		return err
	}
	glyphs, _, err := c.index(first(d[opCharStrings], -1))
	if err != nil {
		return err
	}
	if c.glyphs = len(glyphs); c.glyphs == 0 {
		return malformed("CFF without glyphs")
	}
	if err := c.private(d); err != nil {
		return err
	}
	if at := first(d[opCharset], 0); at > 2 {
		if err := c.charset(at); err != nil {
			return err
		}
	}
	if _, cid := d[opROS]; !cid {
		if at := first(d[opEncoding], 0); at > 1 {
			return c.encoding(at)
		}
		return nil
	}
	return c.cid(d)
}

// cid follows the parts of a font whose glyphs are known by CID: a DICT for each group, and which glyph is in which.
func (c *cff) cid(d map[int][]int) error {
	groups, _, err := c.index(first(d[opFDArray], -1))
	if err != nil {
		return err
	}
	for _, g := range groups {
		fd, err := dict(c.data[g[0]:g[1]])
		if err != nil {
			return err
		}
		if err := c.private(fd); err != nil {
			return err
		}
	}
	return c.fdSelect(first(d[opFDSelect], -1))
}

// private follows a Private DICT and its subroutines.
func (c *cff) private(d map[int][]int) error {
	p := d[opPrivate]
	if len(p) < 2 || p[0] == 0 {
		return nil
	}
	size, at := p[0], p[1]
	if size < 0 || at < 0 || at > len(c.data) || size > len(c.data)-at {
		return malformed("CFF private dictionary outside the font")
	}
	c.use(at, at+size)
	private, err := dict(c.data[at : at+size])
	if err != nil {
		return err
	}
	if subrs := first(private[opSubrs], 0); subrs != 0 {
		_, _, err = c.index(at + subrs)
	}
	return err
}

// charset reads a charset of format 0, 1 or 2 (5176, section 13).
func (c *cff) charset(at int) error {
	if at >= len(c.data) {
		return malformed("CFF charset outside the font")
	}
	pos, left := at+1, c.glyphs-1
	switch format := c.data[at]; format {
	case 0:
		pos += 2 * left
	case 1, 2:
		step := 2 + int(format)
		for left > 0 {
			if pos+step > len(c.data) {
				return malformed("CFF charset cut short")
			}
			left -= c.offset(pos+2, step-2) + 1
			pos += step
		}
	default:
		return malformed("CFF charset format %d", format)
	}
	if pos > len(c.data) {
		return malformed("CFF charset cut short")
	}
	c.use(at, pos)
	return nil
}

// encoding reads an encoding of format 0 or 1, with supplements perhaps (5176, section 12).
func (c *cff) encoding(at int) error {
	if at+2 > len(c.data) {
		return malformed("CFF encoding outside the font")
	}
	format, n := c.data[at], int(c.data[at+1])
	pos := at + 2
	switch format & 0x7f {
	case 0:
		pos += n
	case 1:
		pos += 2 * n
	default:
		return malformed("CFF encoding format %d", format)
	}
	if format&0x80 != 0 && pos < len(c.data) {
		pos += 1 + 3*int(c.data[pos])
	}
	if pos > len(c.data) {
		return malformed("CFF encoding cut short")
	}
	c.use(at, pos)
	return nil
}

// fdSelect reads which group each glyph belongs to, in format 0 or 3 (5176, section 19).
func (c *cff) fdSelect(at int) error {
	if at < 0 || at+3 > len(c.data) {
		return malformed("CFF FDSelect outside the font")
	}
	end := at + 1 + c.glyphs
	switch c.data[at] {
	case 0:
	case 3:
		end = at + 3 + 3*int(binary.BigEndian.Uint16(c.data[at+1:])) + 2
	default:
		return malformed("CFF FDSelect format %d", c.data[at])
	}
	if end > len(c.data) {
		return malformed("CFF FDSelect cut short")
	}
	c.use(at, end)
	return nil
}

func first(operands []int, otherwise int) int {
	if len(operands) == 0 {
		return otherwise
	}
	return operands[0]
}

// maxStack is the most operands that an operator of a DICT may have.
const maxStack = 513

// dict reads a DICT (5176, section 4) to its end: operator to operands. Reals count as 0, since no offset is one.
func dict(b []byte) (map[int][]int, error) {
	d := map[int][]int{}
	var stack []int
	for i := 0; i < len(b); {
		n, value, isOperator := dictToken(b[i:])
		if n == 0 || len(stack) > maxStack {
			return nil, malformed("CFF dictionary")
		}
		i += n
		if isOperator {
			d[value] = stack
			stack = nil
			continue
		}
		stack = append(stack, value)
	}
	return d, nil
}

// dictToken reads one operand or operator and its length; the length is 0 when there is none.
func dictToken(b []byte) (n, value int, isOperator bool) {
	switch c := b[0]; {
	case c == 12:
		if len(b) < 2 {
			return 0, 0, false
		}
		return 2, 1200 + int(b[1]), true
	case c <= 21:
		return 1, int(c), true
	case c == 28 && len(b) >= 3:
		return 3, int(int16(binary.BigEndian.Uint16(b[1:]))), false
	case c == 29 && len(b) >= 5:
		return 5, int(int32(binary.BigEndian.Uint32(b[1:]))), false
	case c == 30:
		for i := 1; i < len(b); i++ {
			if b[i]&0x0f == 0x0f || b[i]>>4 == 0x0f {
				return i + 1, 0, false
			}
		}
	case c >= 32 && c <= 246:
		return 1, int(c) - 139, false
	case c >= 247 && c <= 250 && len(b) >= 2:
		return 2, (int(c)-247)*256 + int(b[1]) + 108, false
	case c >= 251 && c <= 254 && len(b) >= 2:
		return 2, -(int(c)-251)*256 - int(b[1]) - 108, false
	}
	return 0, 0, false
}
