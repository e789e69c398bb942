package xmltext

// A document writes the same few names again and again. The reader remembers the ones it has checked, so that a name
// that comes again costs a comparison of bytes: no look at its characters, its prefix, or a table of its user.

const (
	knownHeads = 256 // chains of remembered names, a power of two
	knownChain = 4   // names in one of them at most: what a hostile document can make a search cost
	knownLen   = 64  // bytes of a name that is remembered at most
	knownBlock = 32  // names for which memory is taken at once
)

// knownName is a qualified name as it is written, of an element or of an attribute, that is well-formed.
type knownName struct {
	raw       []byte
	prefix    int // length of the prefix
	attribute bool
	declares  bool   // of an attribute: it declares a namespace
	bit       uint64 // one of 64 bits, by the local name
	state     int    // of the scope in which the name is in space; 0 when it was in none yet
	space     Space
	note      uint16
	next      *knownName
}

// knownNames are the names that a reader remembers. None is ever forgotten: a Name may point to one.
type knownNames struct {
	heads [knownHeads]*knownName
	block []knownName // not used yet
	text  []byte      // the same
}

// hashName returns the hash and the length of the ASCII part of a qualified name at the start of b.
func hashName(b []byte, attribute bool) (hash uint32, n int) {
	if attribute {
		hash = 1
	}
	for n < len(b) && classes[b[n]]&qNameByte != 0 {
		hash = hash*31 + uint32(b[n])
		n++
	}
	return hash ^ hash>>8, n
}

// find returns what is remembered of the name raw, or nil.
func (k *knownNames) find(hash uint32, raw []byte, attribute bool) *knownName {
	for name := k.heads[hash%knownHeads]; name != nil; name = name.next {
		if string(name.raw) == string(raw) && name.attribute == attribute {
			return name
		}
	}
	return nil
}

// remember returns an entry for the well-formed name raw with a prefix of this length, or nil when there is no room.
func (k *knownNames) remember(hash uint32, raw []byte, prefix int, attribute bool) *knownName {
	head := &k.heads[hash%knownHeads]
	length := 0
	for name := *head; name != nil; name = name.next {
		length++
	}
	if length >= knownChain || len(raw) > knownLen {
		return nil
	}
	if len(k.block) == 0 {
		k.block = make([]knownName, knownBlock)
	}
	if cap(k.text)-len(k.text) < len(raw) {
		k.text = make([]byte, 0, knownBlock*knownLen/4)
	}
	from := len(k.text)
	k.text = append(k.text, raw...)
	name := &k.block[0]
	k.block = k.block[1:]
	*name = knownName{raw: k.text[from:len(k.text):len(k.text)], prefix: prefix, attribute: attribute, next: *head}
	local := raw
	if prefix > 0 {
		local = raw[prefix+1:]
	}
	name.declares = attribute && (string(raw[:prefix]) == "xmlns" || string(raw) == "xmlns")
	name.bit = localBit(local)
	*head = name
	return name
}

// localBit returns one of 64 bits: two names with other bits have other local names.
func localBit(local []byte) uint64 {
	n := uint(len(local))
	if n > 0 {
		n += uint(local[0])*5 + uint(local[n-1])*11 + uint(local[n/2])*3
	}
	return 1 << (n % 64)
}

// Note returns what Remember was last given for a name of this kind (of elements, or of attributes) with this namespace
// and spelling; 0 when it was not, or the reader has forgotten. Users keep in it what they found out about a name.
func (n *Name) Note() uint16 {
	if n.known == nil {
		return 0
	}
	return n.known.note
}

// Remember keeps note for when the name of a Start or an attribute comes again.
func (n *Name) Remember(note uint16) {
	if n.known != nil {
		n.known.note = note
	}
}
