package gif

import (
	"cmp"
	"math/bits"
	"slices"

	"sekisho/sanitize/internal/palette"
)

// table is a colour table and what becomes of it.
type table struct {
	colours []uint32 // 0xRRGGBB
	used    [256]bool
	index   [256]byte // new index by old
	fresh   []uint32
}

func newTable(b []byte) *table {
	t := &table{}
	for ; len(b) > 0; b = b[3:] {
		t.colours = append(t.colours, uint32(b[0])<<16|uint32(b[1])<<8|uint32(b[2]))
	}
	return t
}

// arrange gives the used colours an order in which no text survives: by a scrambled value. It reports whether colours
// were dropped that are not mere filling. Equal colours stay apart, for one of them may be the transparent one.
func (t *table) arrange() (dropped bool) {
	var order []int
	for i, c := range t.colours {
		if t.used[i] {
			order = append(order, i)
		} else if c != 0 {
			dropped = true
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(palette.Scrambled(t.colours[a]), palette.Scrambled(t.colours[b]))
	})
	for i, old := range order {
		t.index[old] = byte(i)
		t.fresh = append(t.fresh, t.colours[old])
	}
	return dropped
}

// bits returns how many bits an index of the fresh table has, at least one.
func (t *table) bits() int {
	return max(1, bits.Len(uint(len(t.fresh)-1)))
}

// body returns the fresh table, filled up with black to a power of two.
func (t *table) body() []byte {
	b := make([]byte, 0, 3*256)
	for _, c := range t.fresh {
		b = append(b, byte(c>>16), byte(c>>8), byte(c))
	}
	return b[:3<<t.bits()]
}
