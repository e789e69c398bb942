package content

import (
	"bytes"

	"sekisho/sanitize/pdf/internal/object"
)

// inline reads an inline image, from behind its BI to behind its EI (ISO 32000-2 8.9.7).
func (c *Cleaner) inline() error {
	if len(c.kinds) > 0 {
		c.undo()
	}
	d, ok := c.imageDict()
	if !ok {
		c.Lose(LostImage)
		return nil
	}
	data, end := c.imageData(d)
	c.pos = end
	if data == nil {
		c.Lose(LostImage)
		return nil
	}
	d, data, err := c.Image(d, data)
	if err != nil {
		return err
	}
	if d == nil {
		c.Lose(LostImage)
		return nil
	}
	c.dst = append(c.dst, "BI\n"...)
	for _, e := range d {
		c.dst = object.AppendName(c.dst, string(e.Key))
		c.dst = append(c.dst, ' ')
		c.dst = object.Append(c.dst, e.Value)
		c.dst = append(c.dst, '\n')
	}
	c.dst = append(c.dst, "ID "...)
	c.dst = append(c.dst, data...)
	c.dst = append(c.dst, "\nEI\n"...)
	c.begin()
	return nil
}

// imageDict reads the keys and values between BI and ID, and the one white space after it.
func (c *Cleaner) imageDict() (object.Dict, bool) {
	p := object.Parser{Buf: c.src, Pos: c.pos, Depth: c.Nesting}
	defer func() { c.pos = p.Pos }()
	var entries []object.Entry
	for {
		key, err := p.Next()
		if err != nil {
			p.Pos = len(c.src)
			return nil, false
		}
		if key == object.Keyword("ID") {
			if p.Pos < len(c.src) && object.IsSpace(c.src[p.Pos]) {
				p.Pos++
			}
			return object.NewDict(entries), true
		}
		name, ok := key.(object.Name)
		if !ok {
			return nil, false
		}
		value, err := p.Next()
		if err != nil {
			p.Pos = len(c.src)
			return nil, false
		}
		if _, word := value.(object.Keyword); word {
			return nil, false
		}
		entries = append(entries, object.Entry{Key: fullKey(name), Value: value})
	}
}

// fullKey spells out the short keys of inline images (ISO 32000-2 Table 91).
func fullKey(k object.Name) object.Name {
	switch k {
	case "BPC":
		return "BitsPerComponent"
	case "CS":
		return "ColorSpace"
	case "D":
		return "Decode"
	case "DP":
		return "DecodeParms"
	case "F":
		return "Filter"
	case "H":
		return "Height"
	case "IM":
		return "ImageMask"
	case "I":
		return "Interpolate"
	case "W":
		return "Width"
	}
	return k
}

// imageData finds the data of an inline image and the position behind its EI. Data without filters has the length that
// the picture says; other data ends at the first EI that stands alone and before something that can be content.
func (c *Cleaner) imageData(d object.Dict) ([]byte, int) {
	rest := c.src[c.pos:]
	if !d.Has("Filter") {
		if n := c.Measure(d); n >= 0 && n <= len(rest) {
			if end := closing(rest, n); end > 0 {
				return rest[:n], c.pos + end
			}
		}
	}
	first := -1
	for from := 0; ; {
		i := bytes.Index(rest[from:], []byte("EI"))
		if i < 0 {
			break
		}
		at := from + i
		from = at + 2
		if at > 0 && !object.IsSpace(rest[at-1]) || from < len(rest) && object.IsRegular(rest[from]) {
			continue
		}
		if contentLike(rest[from:]) {
			return rest[:max(at-1, 0)], c.pos + from
		}
		if first < 0 {
			first = at
		}
	}
	if first < 0 {
		return nil, len(c.src)
	}
	return rest[:max(first-1, 0)], c.pos + first + 2
}

// closing returns the position behind an EI that follows position n after nothing but white space, or 0.
func closing(b []byte, n int) int {
	i := n
	for i < len(b) && i < n+4 && object.IsSpace(b[i]) {
		i++
	}
	if bytes.HasPrefix(b[i:], []byte("EI")) && (i+2 == len(b) || !object.IsRegular(b[i+2])) {
		return i + 2
	}
	return 0
}

// lookAhead is how many bytes behind an EI are looked at.
const lookAhead = 10

// contentLike reports whether b can be content: text, not the bytes of a picture.
func contentLike(b []byte) bool {
	for _, c := range b[:min(len(b), lookAhead)] {
		if c > '~' || c < ' ' && !object.IsSpace(c) || c == 0 {
			return false
		}
	}
	return true
}
