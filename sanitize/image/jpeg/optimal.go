package jpeg

// histogram counts symbols. The last entry is a symbol that never occurs: it takes the code of ones only, which
// T.81 C.2 forbids.
type histogram [257]int

// codes holds the code of each symbol as code<<8 | length.
type codes [256]uint32

// optimal returns the Huffman table with the shortest codes for h, T.81 K.2.
func (h *histogram) optimal() *huffmanSpec {
	var counts [258]int // number of codes by length; a code may be as long as there are symbols
	sizes := h.sizes()
	for _, n := range sizes {
		if n > 0 {
			counts[n]++
		}
	}
	limit(&counts)
	spec := &huffmanSpec{}
	copy(spec.counts[1:], counts[1:17])
	for length := 1; length <= len(h); length++ {
		for symbol := range 256 {
			if sizes[symbol] == length {
				spec.symbols = append(spec.symbols, byte(symbol))
			}
		}
	}
	return spec
}

// sizes returns the code length of each symbol, T.81 figure K.1: the two rarest trees are merged until one is left.
func (h *histogram) sizes() [257]int {
	freq := *h
	freq[256] = 1
	var sizes, next [257]int
	for i := range next {
		next[i] = -1
	}
	for {
		a, b := freq.rarest()
		if b < 0 {
			return sizes
		}
		freq[a] += freq[b]
		freq[b] = 0
		for ; ; a = next[a] {
			sizes[a]++
			if next[a] < 0 {
				break
			}
		}
		next[a] = b
		for ; b >= 0; b = next[b] {
			sizes[b]++
		}
	}
}

// rarest returns the two symbols with the lowest counts above zero, the rarer first, or -1. Of equals the later comes
// first, so that the reserved symbol gets a longest code.
func (h *histogram) rarest() (a, b int) {
	a, b = -1, -1
	for i, n := range h {
		switch {
		case n == 0:
		case a < 0 || n <= h[a]:
			a, b = i, a
		case b < 0 || n <= h[b]:
			b = i
		}
	}
	return a, b
}

// limit shortens codes to 16 bits, T.81 figure K.3, and takes out the reserved one, which is among the longest.
func limit(counts *[258]int) {
	for i := len(counts) - 1; i > 16; i-- {
		for counts[i] > 0 {
			j := i - 2
			for counts[j] == 0 {
				j--
			}
			counts[i] -= 2
			counts[i-1]++
			counts[j+1] += 2
			counts[j]--
		}
	}
	i := 16
	for counts[i] == 0 {
		i--
	}
	counts[i]--
}

// codes returns the codes that spec assigns, T.81 C.2.
func (spec *huffmanSpec) codes() *codes {
	c := &codes{}
	code, index := uint32(0), 0
	for length := 1; length <= 16; length++ {
		for range spec.counts[length] {
			c[spec.symbols[index]] = code<<8 | uint32(length)
			code++
			index++
		}
		code <<= 1
	}
	return c
}
