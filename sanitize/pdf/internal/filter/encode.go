package filter

// EncodeASCII85 returns data in ASCII85, with its end mark (ISO 32000-2 7.4.3).
func EncodeASCII85(data []byte) []byte {
	out := make([]byte, 0, len(data)/4*5+10)
	for len(data) >= 4 {
		n := uint32(data[0])<<24 | uint32(data[1])<<16 | uint32(data[2])<<8 | uint32(data[3])
		data = data[4:]
		if n == 0 {
			out = append(out, 'z')
			continue
		}
		out = append85(out, n, 5)
	}
	if len(data) > 0 {
		var n uint32
		for i := range 4 {
			n <<= 8
			if i < len(data) {
				n |= uint32(data[i])
			}
		}
		out = append85(out, n, len(data)+1)
	}
	return append(out, "~>"...)
}

// append85 appends the first count of the five digits of n.
func append85(out []byte, n uint32, count int) []byte {
	var digits [5]byte
	for i := 4; i >= 0; i-- {
		digits[i] = '!' + byte(n%85)
		n /= 85
	}
	return append(out, digits[:count]...)
}
