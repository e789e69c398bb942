package object

// The classes of characters (ISO 32000-2 7.2.3).
const (
	regular = iota
	space
	delimiter
)

// class gives the class of each byte.
var class = [256]uint8{
	0: space, '\t': space, '\n': space, '\f': space, '\r': space, ' ': space,
	'(': delimiter, ')': delimiter, '<': delimiter, '>': delimiter, '[': delimiter, ']': delimiter,
	'{': delimiter, '}': delimiter, '/': delimiter, '%': delimiter,
}

// IsSpace reports whether c is white space.
func IsSpace(c byte) bool { return class[c] == space }

// IsDelimiter reports whether c is one of ()<>[]{}/%.
func IsDelimiter(c byte) bool { return class[c] == delimiter }

// IsRegular reports whether c is neither white space nor a delimiter.
func IsRegular(c byte) bool { return class[c] == regular }

// SkipSpace returns the first position at or after i that is neither white space nor part of a comment.
func SkipSpace(b []byte, i int) int {
	for i < len(b) {
		switch {
		case class[b[i]] == space:
			i++
		case b[i] == '%':
			for i < len(b) && b[i] != '\n' && b[i] != '\r' {
				i++
			}
		default:
			return i
		}
	}
	return i
}

// Word returns the end of the run of regular characters that starts at i.
func Word(b []byte, i int) int {
	for i < len(b) && class[b[i]] == regular {
		i++
	}
	return i
}

// unhex gives the value of a hexadecimal digit, or -1.
func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
