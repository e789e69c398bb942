package filter

import "sekisho/sanitize/pdf/internal/object"

// asciiHex undoes ASCIIHexDecode (ISO 32000-2 7.4.2).
func asciiHex(data []byte) ([]byte, error) {
	out := make([]byte, 0, len(data)/2+1)
	half := -1
	for _, c := range data {
		v := -1
		switch {
		case c == '>':
			if half >= 0 {
				out = append(out, byte(half<<4))
			}
			return out, nil
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'a' && c <= 'f':
			v = int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			v = int(c-'A') + 10
		case object.IsSpace(c):
			continue
		default:
			return out, errDamaged
		}
		if half < 0 {
			half = v
			continue
		}
		out = append(out, byte(half<<4|v))
		half = -1
	}
	if half >= 0 {
		out = append(out, byte(half<<4))
	}
	return out, errDamaged // no end mark
}

// ascii85 undoes ASCII85Decode (ISO 32000-2 7.4.3).
func ascii85(data []byte) ([]byte, error) {
	out := make([]byte, 0, len(data)/5*4+4)
	var group uint32
	n := 0
	for _, c := range data {
		switch {
		case c >= '!' && c <= 'u':
			group = group*85 + uint32(c-'!')
			if n++; n == 5 {
				out = append(out, byte(group>>24), byte(group>>16), byte(group>>8), byte(group))
				group, n = 0, 0
			}
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
		case c == '~':
			return ascii85Tail(out, group, n), nil
		case object.IsSpace(c):
		default:
			return ascii85Tail(out, group, n), errDamaged
		}
	}
	return ascii85Tail(out, group, n), errDamaged // no end mark
}

// ascii85Tail ends a group of n characters, which makes n-1 bytes.
func ascii85Tail(out []byte, group uint32, n int) []byte {
	if n < 2 {
		return out
	}
	for i := n; i < 5; i++ {
		group = group*85 + 84
	}
	for i := range n - 1 {
		out = append(out, byte(group>>(24-8*i)))
	}
	return out
}

// runLength undoes RunLengthDecode (ISO 32000-2 7.4.5).
func runLength(data []byte, charge func(int64) error) ([]byte, error) {
	var out []byte
	charged := 0
	for i := 0; i < len(data); {
		n := int(data[i])
		i++
		switch {
		case n == 128:
			return finish(out, charged, nil, charge)
		case n < 128:
			end := min(i+n+1, len(data))
			out = append(out, data[i:end]...)
			i = end
		case i < len(data):
			for range 257 - n {
				out = append(out, data[i])
			}
			i++
		}
		if len(out)-charged >= block {
			if err := charge(int64(len(out) - charged)); err != nil {
				return nil, err
			}
			charged = len(out)
		}
	}
	return finish(out, charged, errDamaged, charge)
}
