// Package palette gives colour tables an order that their writer did not choose.
//
// A table of up to 256 colours is the place of a picture where a text survives any rebuild that only copies: the
// bytes are the colours. Sorting by the colours themselves would keep texts whose letters rise; sorting by a scrambled
// value leaves a text of more than a few letters together only by chance.
package palette

// Scrambled returns a number below 2^24 for the colour 0xRRGGBB: another for every colour, in an order that has
// nothing to do with bytes.
func Scrambled(rgb uint32) uint32 {
	v := rgb & 0xffffff
	for range 3 { // multiplying by an odd number and folding down are both reversible
		v = v * 0x9e3779 & 0xffffff
		v ^= v >> 12
	}
	return v
}
