package filter

// The codes of LZW that mean something else than bytes (ISO 32000-2 7.4.4.2).
const (
	lzwClear = 256
	lzwEnd   = 257
	lzwFirst = 258
	lzwMax   = 4096
)

// lzwTable is the table of sequences: each is a shorter one and a byte.
type lzwTable struct {
	prefix [lzwMax]uint16
	suffix [lzwMax]byte
	length [lzwMax]uint16
	next   int
}

// lzw undoes LZWDecode. With early, codes grow one entry sooner, as they do unless a stream says otherwise.
func lzw(data []byte, early bool, charge func(int64) error) ([]byte, error) {
	t := &lzwTable{next: lzwFirst}
	for i := range 256 {
		t.suffix[i], t.length[i] = byte(i), 1
	}
	soon := 0
	if early {
		soon = 1
	}
	var out []byte
	charged, width, prev := 0, uint(9), -1
	acc, bits := uint32(0), uint(0)
	for pos := 0; ; {
		for bits < width && pos < len(data) {
			acc = acc<<8 | uint32(data[pos])
			pos++
			bits += 8
		}
		if bits < width {
			return finish(out, charged, errDamaged, charge) // no end mark
		}
		code := int(acc >> (bits - width) & (1<<width - 1))
		bits -= width
		switch {
		case code == lzwEnd:
			return finish(out, charged, nil, charge)
		case code == lzwClear:
			t.next, width, prev = lzwFirst, 9, -1
			continue
		case code > t.next || code == t.next && prev < 0 || prev < 0 && code > 255:
			return finish(out, charged, errDamaged, charge)
		}
		if prev >= 0 && t.next < lzwMax {
			t.add(prev, code)
		} else if code >= t.next {
			return finish(out, charged, errDamaged, charge)
		}
		out = t.emit(out, code)
		if len(out)-charged >= block {
			if err := charge(int64(len(out) - charged)); err != nil {
				return nil, err
			}
			charged = len(out)
		}
		prev = code
		for width < 12 && t.next+soon >= 1<<width {
			width++
		}
	}
}

func finish(out []byte, charged int, result error, charge func(int64) error) ([]byte, error) {
	if err := charge(int64(len(out) - charged)); err != nil {
		return nil, err
	}
	return out, result
}

// add enters the sequence prev followed by the first byte of code; code may be the very entry that is made.
func (t *lzwTable) add(prev, code int) {
	first := code
	if code == t.next {
		first = prev
	}
	for t.length[first] > 1 {
		first = int(t.prefix[first])
	}
	t.prefix[t.next], t.suffix[t.next], t.length[t.next] = uint16(prev), t.suffix[first], t.length[prev]+1
	t.next++
}

func (t *lzwTable) emit(out []byte, code int) []byte {
	n := int(t.length[code])
	start := len(out)
	for range n {
		out = append(out, 0)
	}
	for i := start + n - 1; i >= start; i-- {
		out[i] = t.suffix[code]
		code = int(t.prefix[code])
	}
	return out
}
