package png

import (
	"cmp"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/palette"
)

// remap is how the indices of a palette picture change.
type remap struct {
	index [256]byte // new index by old
	bytes [256]byte // the same for a byte of packed indices
}

// arrange gives the palette its order in the output: transparent entries first, so that tRNS is short, then by a
// scrambled value of the colour, so that no text survives in it. Entries that no pixel uses are dropped, equal ones
// are merged.
func (p *picture) arrange(used *[256]bool) *remap {
	if p.background >= 0 {
		used[p.background] = true
	}
	var fresh []colour
	for i, c := range p.palette {
		if used[i] && !slices.Contains(fresh, c) {
			fresh = append(fresh, c)
		}
	}
	slices.SortFunc(fresh, func(a, b colour) int {
		return cmp.Or(cmp.Compare(min(a.a, 254), min(b.a, 254)), cmp.Compare(a.scrambled(), b.scrambled()), cmp.Compare(a.a, b.a))
	})
	if len(fresh) < len(p.palette) {
		p.report.Add(rulePalette, sanitize.Removed, "")
	}
	m := &remap{}
	for i, c := range p.palette {
		if used[i] {
			m.index[i] = byte(slices.Index(fresh, c))
		}
	}
	if p.background >= 0 {
		p.background = int(m.index[p.background])
	}
	p.palette = fresh
	m.pack(p.depth)
	return m
}

// scrambled returns the place of the colour among others.
func (c colour) scrambled() uint32 {
	return palette.Scrambled(uint32(c.r)<<16 | uint32(c.g)<<8 | uint32(c.b))
}

// pack fills the table for whole bytes.
func (m *remap) pack(depth int) {
	mask := 1<<depth - 1
	for b := range 256 {
		for shift := 0; shift < 8; shift += depth {
			m.bytes[b] |= m.index[b>>shift&mask] << shift
		}
	}
}

// transparency returns the body of tRNS: the alpha of entries up to the last that is not opaque.
func (p *picture) transparency() []byte {
	var alpha []byte
	for i, c := range p.palette {
		if c.a < 255 {
			alpha = append(alpha, make([]byte, i-len(alpha))...)
			alpha = append(alpha, c.a)
		}
	}
	return alpha
}
