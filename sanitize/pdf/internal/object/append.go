package object

import (
	"math"
	"strconv"
)

// Append writes o to b in its canonical spelling.
func Append(b []byte, o Object) []byte {
	switch v := o.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return AppendReal(b, v)
	case Name:
		return AppendName(b, string(v))
	case String:
		return AppendString(b, []byte(v))
	case Ref:
		b = strconv.AppendInt(b, int64(v), 10)
		return append(b, " 0 R"...)
	case Array:
		return appendArray(b, v)
	case Dict:
		return AppendDict(b, v)
	}
	return append(b, "null"...)
}

func appendArray(b []byte, a Array) []byte {
	b = append(b, '[')
	for i, o := range a {
		if i > 0 {
			b = separate(b, o)
		}
		b = Append(b, o)
	}
	return append(b, ']')
}

// AppendDict writes a dictionary.
func AppendDict(b []byte, d Dict) []byte {
	b = append(b, "<<"...)
	for _, e := range d {
		b = AppendName(b, string(e.Key))
		b = separate(b, e.Value)
		b = Append(b, e.Value)
	}
	return append(b, ">>"...)
}

// separate puts a space before o when it would otherwise run into what stands before it.
func separate(b []byte, o Object) []byte {
	switch o.(type) {
	case Name, String, Array, Dict:
		return b
	}
	if n := len(b); n > 0 && !IsRegular(b[n-1]) && b[n-1] != '/' { // a slash is a name of no letters
		return b
	}
	return append(b, ' ')
}

// realLimit bounds the size of a number: what lies beyond is as good as infinite to a reader (ISO 32000-2 Annex C).
const realLimit = 3.403e38

// AppendReal writes a number in decimal without an exponent, in as few digits as give the same number back.
func AppendReal(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		f = 0
	case f > realLimit:
		f = realLimit
	case f < -realLimit:
		f = -realLimit
	case math.Abs(f) < 1e-30:
		f = 0
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.AppendInt(b, int64(f), 10)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

const hexDigits = "0123456789ABCDEF"

// AppendName writes a name with its slash; all but plain printable characters are escaped (ISO 32000-2 7.3.5).
func AppendName(b []byte, name string) []byte {
	b = append(b, '/')
	for i := range len(name) {
		c := name[i]
		if c <= ' ' || c > '~' || c == '#' || class[c] != regular {
			b = append(b, '#', hexDigits[c>>4], hexDigits[c&15])
			continue
		}
		b = append(b, c)
	}
	return b
}

// AppendString writes a literal string (ISO 32000-2 7.3.4.2). Brackets, backslash and the line ends are escaped; all
// other bytes stand for themselves.
func AppendString(b, s []byte) []byte {
	b = append(b, '(')
	start := 0
	for i, c := range s {
		if !marked[c] {
			continue
		}
		b = append(append(b, s[start:i]...), '\\')
		start = i + 1
		switch c {
		case '\r':
			b = append(b, 'r')
		case '\n':
			b = append(b, 'n')
		default:
			b = append(b, c)
		}
	}
	return append(append(b, s[start:]...), ')')
}
