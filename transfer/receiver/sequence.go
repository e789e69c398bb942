package receiver

import "slices"

// span is a range of used numbers, both ends included.
type span struct{ from, to uint64 }

// numbers is the set of used sequence numbers of one gateway, as ascending spans that do not touch. Numbers come nearly in
// order, so there are few spans however many numbers.
type numbers []span

// has reports whether n is used.
func (s numbers) has(n uint64) bool {
	i, _ := s.find(n)
	return i < len(s) && s[i].from <= n
}

// find returns the first span that ends at n or later.
func (s numbers) find(n uint64) (int, bool) {
	return slices.BinarySearchFunc(s, n, func(e span, n uint64) int {
		if e.to < n {
			return -1
		}
		return 1
	})
}

// add marks the numbers from..to as used; none of them may be used already.
func (s *numbers) add(from, to uint64) {
	i, _ := s.find(from)
	joinLeft := i > 0 && (*s)[i-1].to+1 == from
	joinRight := i < len(*s) && to+1 == (*s)[i].from
	switch {
	case joinLeft && joinRight:
		(*s)[i-1].to = (*s)[i].to
		*s = slices.Delete(*s, i, i+1)
	case joinLeft:
		(*s)[i-1].to = to
	case joinRight:
		(*s)[i].from = from
	default:
		*s = slices.Insert(*s, i, span{from, to})
	}
}

// gaps returns the unused ranges below the largest used number. Numbers begin with 1.
func (s numbers) gaps() []span {
	var out []span
	next := uint64(1)
	for _, e := range s {
		if e.from > next {
			out = append(out, span{next, e.from - 1})
		}
		next = e.to + 1
	}
	return out
}
