package icc

import (
	"encoding/binary"
	"fmt"
)

// lut rebuilds a table from inputs to outputs channels. newer is the type that version 4 added for the direction of
// the table, "mAB " or "mBA "; the older two types serve both.
func lut(b []byte, newer string, inputs, outputs int) ([]byte, error) {
	if len(b) < 32 || int(b[8]) != inputs || int(b[9]) != outputs {
		return nil, fmt.Errorf("%w: table has other channels", errProfile)
	}
	switch string(b[:4]) {
	case "mft1":
		return lutOld(b, 48, 256, 256, 1)
	case "mft2":
		if len(b) < 52 {
			return nil, fmt.Errorf("%w: table is cut off", errProfile)
		}
		in, out := binary.BigEndian.Uint16(b[48:]), binary.BigEndian.Uint16(b[50:])
		if in < 2 || in > 4096 || out < 2 || out > 4096 {
			return nil, fmt.Errorf("%w: table of %d and %d entries", errProfile, in, out)
		}
		return lutOld(b, 52, int(in), int(out), 2)
	case newer:
		return lutNew(b)
	}
	return nil, fmt.Errorf("%w: unknown table type %q", errProfile, b[:4])
}

// lutOld rebuilds a lut8Type or lut16Type (ISO 15076-1 10.10, 10.11): a head, input curves of in entries, a grid,
// output curves of out entries; each entry has width bytes.
func lutOld(b []byte, head, in, out, width int) ([]byte, error) {
	inputs, outputs, grid := int(b[8]), int(b[9]), int(b[10])
	if grid < 2 {
		return nil, fmt.Errorf("%w: grid of %d points", errProfile, grid)
	}
	points := 1
	for range inputs { // at most 255 to the fourth: no overflow
		points *= grid
	}
	size := head + width*(in*inputs+points*outputs+out*outputs)
	if size > len(b) {
		return nil, fmt.Errorf("%w: table is cut off", errProfile)
	}
	fresh := element(string(b[:4]), b[8:size])
	fresh[11] = 0
	return fresh, nil
}

// lutNew rebuilds a lutAToBType or lutBToAType (ISO 15076-1 10.12, 10.13): up to five parts at offsets of their own,
// which come out in a fixed order.
func lutNew(b []byte) ([]byte, error) {
	inputs, outputs := int(b[8]), int(b[9])
	curvesB, curvesM, curvesA := outputs, outputs, inputs
	if string(b[:4]) == "mBA " {
		curvesB, curvesM, curvesA = inputs, inputs, outputs
	}
	out := make([]byte, 32, min(len(b), MaxSize))
	copy(out, b[:4])
	out[8], out[9] = b[8], b[9]
	parts := [...]func(rest, out []byte) ([]byte, error){
		func(rest, out []byte) ([]byte, error) { return appendCurves(rest, out, curvesB) },
		appendMatrix,
		func(rest, out []byte) ([]byte, error) { return appendCurves(rest, out, curvesM) },
		func(rest, out []byte) ([]byte, error) { return appendGrid(rest, out, inputs, outputs) },
		func(rest, out []byte) ([]byte, error) { return appendCurves(rest, out, curvesA) },
	}
	for i, part := range parts {
		offset := binary.BigEndian.Uint32(b[12+4*i:])
		if offset == 0 {
			continue
		}
		if offset < 32 || uint64(offset) >= uint64(len(b)) {
			return nil, fmt.Errorf("%w: part of a table is out of range", errProfile)
		}
		binary.BigEndian.PutUint32(out[12+4*i:], uint32(len(out)))
		var err error
		if out, err = part(b[offset:], out); err != nil {
			return nil, err
		}
	}
	return out, lutParts(out, inputs, outputs)
}

// lutParts checks that the parts of a rebuilt table work together: B curves always, A curves with a grid, and no
// change in the number of channels without one.
func lutParts(b []byte, inputs, outputs int) error {
	has := func(i int) bool { return binary.BigEndian.Uint32(b[12+4*i:]) != 0 }
	grid := has(3)
	if !has(0) || grid != has(4) || has(1) != has(2) || (!grid && inputs != outputs) || len(b) > MaxSize {
		return fmt.Errorf("%w: table lacks a part", errProfile)
	}
	return nil
}

func appendCurves(rest, out []byte, n int) ([]byte, error) {
	for range n {
		fresh, used, err := curve(rest)
		if err != nil {
			return nil, err
		}
		out = padded(out, fresh)
		rest = rest[min((used+3)&^3, len(rest)):]
	}
	return out, nil
}

func appendMatrix(rest, out []byte) ([]byte, error) {
	const size = 12 * 4
	if len(rest) < size {
		return nil, fmt.Errorf("%w: matrix is cut off", errProfile)
	}
	return append(out, rest[:size]...), nil
}

// appendGrid copies a CLUT (ISO 15076-1 10.12.3): sixteen grid sizes, the width of a value, the values.
func appendGrid(rest, out []byte, inputs, outputs int) ([]byte, error) {
	if len(rest) < 20 || (rest[16] != 1 && rest[16] != 2) {
		return nil, fmt.Errorf("%w: grid is cut off", errProfile)
	}
	size := int(rest[16]) * outputs
	for _, n := range rest[:inputs] { // at most 255 to the fourth times eight: no overflow
		if n < 2 {
			return nil, fmt.Errorf("%w: grid of %d points", errProfile, n)
		}
		size *= int(n)
	}
	if 20+size > len(rest) {
		return nil, fmt.Errorf("%w: grid is cut off", errProfile)
	}
	var head [20]byte
	copy(head[:], rest[:inputs])
	head[16] = rest[16]
	out = append(out, head[:]...)
	return padded(out, rest[20:20+size]), nil
}
