package content

import "sekisho/sanitize/pdf/internal/object"

// property reports whether a key may stand in the property list of marked content: those that ISO 32000-2 14.6, 14.8.2
// and 14.9 name. What they hold is a plain value, or an array of such.
func property(key object.Name) bool {
	switch key {
	case "MCID", "ActualText", "Alt", "E", "Lang", "Type", "Subtype", "BBox", "Attached", "Contents",
		"O", "Placement", "WritingMode", "TextAlign", "SpaceBefore", "SpaceAfter", "StartIndent", "EndIndent":
		return true
	}
	return false
}

// properties reads a dictionary. What does not parse as one is passed over, up to its opening brackets.
func (c *Cleaner) properties() {
	p := object.Parser{Buf: c.src, Pos: c.pos, Depth: c.Nesting}
	o, err := p.Next()
	d, ok := o.(object.Dict)
	if err != nil || !ok {
		c.pos += 2
		c.Lose(LostOperator)
		return
	}
	c.pos = p.Pos
	c.operand('p')
	c.dst = object.AppendDict(c.dst, c.keep(d))
}

func (c *Cleaner) keep(d object.Dict) object.Dict {
	out := make(object.Dict, 0, len(d))
	for _, e := range d {
		if property(e.Key) && plain(e.Value, true) {
			out = append(out, e)
			continue
		}
		c.Lose(LostProperty)
	}
	return out
}

// plain reports whether o is a value that holds nothing, or an array of such.
func plain(o object.Object, arrays bool) bool {
	switch v := o.(type) {
	case bool, int64, float64, object.Name, object.String:
		return true
	case object.Array:
		for _, e := range v {
			if !arrays || !plain(e, false) {
				return false
			}
		}
		return true
	}
	return false
}
