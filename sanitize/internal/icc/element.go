package icc

import (
	"encoding/binary"
	"fmt"
)

// element returns a fresh element: type signature, four zero bytes, and the body (ISO 15076-1 10.1).
func element(signature string, body []byte) []byte {
	b := make([]byte, 0, 8+len(body))
	b = append(b, signature...)
	b = append(b, 0, 0, 0, 0)
	return append(b, body...)
}

// fixed rebuilds an element whose body is size bytes of numbers. More of them would mean nothing and are left out.
func fixed(b []byte, signature string, size int) ([]byte, error) {
	if string(b[:4]) != signature || len(b) < 8+size {
		return nil, fmt.Errorf("%w: no %q element of %d bytes", errProfile, signature, 8+size)
	}
	return element(signature, b[8:8+size]), nil
}

// curve rebuilds a curveType (ISO 15076-1 10.6) or parametricCurveType (10.18) at the start of b, and returns the
// number of bytes that it took there.
func curve(b []byte) (out []byte, used int, err error) {
	if len(b) < 12 {
		return nil, 0, fmt.Errorf("%w: curve is cut off", errProfile)
	}
	switch string(b[:4]) {
	case "curv":
		n := uint64(binary.BigEndian.Uint32(b[8:]))
		if 12+2*n > uint64(len(b)) {
			return nil, 0, fmt.Errorf("%w: curve of %d points is cut off", errProfile, n)
		}
		used = 12 + 2*int(n)
		return element("curv", b[8:used]), used, nil
	case "para":
		function := binary.BigEndian.Uint16(b[8:])
		parameters := [...]int{1, 3, 4, 5, 7}
		if int(function) >= len(parameters) {
			return nil, 0, fmt.Errorf("%w: curve function %d", errProfile, function)
		}
		used = 12 + 4*parameters[function]
		if used > len(b) {
			return nil, 0, fmt.Errorf("%w: curve is cut off", errProfile)
		}
		out = element("para", b[8:used])
		out[10], out[11] = 0, 0
		return out, used, nil
	}
	return nil, 0, fmt.Errorf("%w: unknown curve type %q", errProfile, b[:4])
}

// padded appends b to out and zeros up to a multiple of four bytes (ISO 15076-1 7.2.1 c).
func padded(out, b []byte) []byte {
	out = append(out, b...)
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out
}
