package ooxml

// plain remembers for one document what is copied as it is: an element in another, and an attribute of an element, about which
// neither the grammar nor the policy has more to say than that they stay. Most of a document is of a few such pairs.
type plain struct {
	elements   pairs // what is around, and the element in it
	attributes pairs // the element and its attribute
}

// pairs is a set of pairs of numbers, none of them 0 in its first place, that forgets some.
type pairs [256]uint32

func (p *pairs) slot(key uint32) *uint32 { return &p[(key^key>>11)%256] }

func (p *pairs) has(a, b uint16) bool {
	key := uint32(a)<<16 | uint32(b)
	return *p.slot(key) == key
}

func (p *pairs) add(a, b uint16) {
	key := uint32(a)<<16 | uint32(b)
	*p.slot(key) = key
}
