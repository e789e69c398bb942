package object

// Literal reads the literal string that starts at the bracket b[i]. It appends its bytes to dst, escapes undone, and
// returns the position after the closing bracket, or -1 when there is none (ISO 32000-2 7.3.4.2).
func Literal(dst, b []byte, i int) ([]byte, int) {
	depth := 1
	for i++; i < len(b); i++ {
		switch c := b[i]; c {
		case '(':
			depth++
			dst = append(dst, c)
		case ')':
			if depth--; depth == 0 {
				return dst, i + 1
			}
			dst = append(dst, c)
		case '\\':
			dst, i = escape(dst, b, i+1)
		case '\r': // an end of line in a string is a line feed, however it was written
			dst = append(dst, '\n')
			if i+1 < len(b) && b[i+1] == '\n' {
				i++
			}
		default:
			start := i
			for i+1 < len(b) && !marked[b[i+1]] {
				i++
			}
			dst = append(dst, b[start:i+1]...)
		}
	}
	return dst, -1
}

// marked are the bytes that mean or need something in a literal string.
var marked = [256]bool{'(': true, ')': true, '\\': true, '\r': true, '\n': true}

// escape reads what follows a backslash at b[i] and returns the position of its last byte.
func escape(dst, b []byte, i int) ([]byte, int) {
	if i >= len(b) {
		return dst, i
	}
	switch c := b[i]; c {
	case 'n':
		return append(dst, '\n'), i
	case 'r':
		return append(dst, '\r'), i
	case 't':
		return append(dst, '\t'), i
	case 'b':
		return append(dst, '\b'), i
	case 'f':
		return append(dst, '\f'), i
	case '\n':
		return dst, i
	case '\r':
		if i+1 < len(b) && b[i+1] == '\n' {
			i++
		}
		return dst, i
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := 0
		for k := 0; k < 3 && i < len(b) && b[i] >= '0' && b[i] <= '7'; k++ {
			n = n*8 + int(b[i]-'0')
			i++
		}
		return append(dst, byte(n)), i - 1
	default:
		return append(dst, c), i
	}
}

// Hex reads the hexadecimal string that starts at the bracket b[i], and returns the position after its end, or -1 when
// there is none. What is no digit is passed over; a missing last digit is 0 (ISO 32000-2 7.3.4.3).
func Hex(dst, b []byte, i int) ([]byte, int) {
	half := -1
	for i++; i < len(b); i++ {
		if b[i] == '>' {
			if half >= 0 {
				dst = append(dst, byte(half<<4))
			}
			return dst, i + 1
		}
		v := unhex(b[i])
		if v < 0 {
			continue
		}
		if half < 0 {
			half = v
			continue
		}
		dst = append(dst, byte(half<<4|v))
		half = -1
	}
	return dst, -1
}

// UnescapeName undoes the #xx of a name that was read without its slash.
func UnescapeName(b []byte) string {
	for i := range b {
		if b[i] == '#' {
			return unescapeName(b)
		}
	}
	return string(b)
}

func unescapeName(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '#' && i+2 < len(b) && unhex(b[i+1]) >= 0 && unhex(b[i+2]) >= 0 {
			out = append(out, byte(unhex(b[i+1])<<4|unhex(b[i+2])))
			i += 2
			continue
		}
		out = append(out, b[i])
	}
	return string(out)
}
