package jpeg

import (
	"math/rand/v2"
	"testing"
)

func TestOptimal(t *testing.T) {
	fibonacci := histogram{}
	for i, a, b := 0, 1, 1; i < 40; i, a, b = i+1, b, a+b { // as deep as trees get: the limit of 16 bits bites
		fibonacci[i] = a
	}
	one := histogram{7: 3}
	all := histogram{}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 256 {
		all[i] = random.IntN(1 << (i % 20))
	}
	for name, h := range map[string]*histogram{"fibonacci": &fibonacci, "one": &one, "all": &all} {
		spec := h.optimal()
		space, total := 1<<16, 0
		for length := 1; length <= 16; length++ {
			space -= spec.counts[length] << (16 - length)
			total += spec.counts[length]
		}
		if space <= 0 { // the code of ones is reserved
			t.Errorf("%s: codes take all the space (%d left)", name, space)
		}
		used := 0
		c := spec.codes()
		for symbol := range 256 {
			if h[symbol] > 0 {
				used++
				checkCode(t, name, spec, c[symbol], byte(symbol))
			}
		}
		if used != total || total != len(spec.symbols) {
			t.Errorf("%s: %d symbols, %d codes", name, used, total)
		}
	}
}

// checkCode decodes the code of a symbol.
func checkCode(t *testing.T, name string, spec *huffmanSpec, code uint32, symbol byte) {
	t.Helper()
	length := code & 0xff
	if length < 1 || length > 16 {
		t.Fatalf("%s: code of %d bits", name, length)
	}
	r := bitReader{acc: uint64(code>>8) << (64 - length), have: 64}
	got, ok := r.symbol(spec.decoder(maxSizeAC))
	if known := symbol&15 <= maxSizeAC; ok != known || known && got != symbol {
		t.Errorf("%s: symbol %d is read as %d, %v", name, symbol, got, ok)
	}
}

func TestShorterIsMoreFrequent(t *testing.T) {
	h := histogram{1: 100, 2: 50, 3: 20, 4: 5, 5: 1}
	c := h.optimal().codes()
	for s := 2; s <= 5; s++ {
		if c[s]&0xff < c[s-1]&0xff {
			t.Errorf("symbol %d has %d bits, the more frequent %d has %d", s, c[s]&0xff, s-1, c[s-1]&0xff)
		}
	}
}
