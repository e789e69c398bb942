package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// decode returns the data of a stream whose filters are Flate (7.4.4), applied once or not at all, with its predictor
// undone. It fails unless the compressed data end with the stream.
func (f *file) decode(s *stream) ([]byte, error) {
	filters, parms, err := chain(s.dict)
	if err != nil {
		return nil, err
	}
	data := s.raw
	for i, filter := range filters {
		if filter != "FlateDecode" {
			return nil, fmt.Errorf("the filter %q", string(filter))
		}
		if data, err = f.inflate(data); err != nil {
			return nil, err
		}
		if data, err = unpredict(data, parms[i]); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// chain returns the filters of a stream and the parameters of each.
func chain(d dict) ([]name, []dict, error) {
	var filters []name
	switch v := d["Filter"].(type) {
	case nil:
	case name:
		filters = []name{v}
	case list:
		for _, e := range v {
			n, ok := e.(name)
			if !ok {
				return nil, nil, errors.New("a filter that is no name")
			}
			filters = append(filters, n)
		}
	default:
		return nil, nil, errors.New("a filter that is no name")
	}
	if len(filters) > maxFilters {
		return nil, nil, fmt.Errorf("%d filters", len(filters))
	}
	parms := make([]dict, len(filters))
	switch v := d["DecodeParms"].(type) {
	case nil:
	case dict:
		if len(filters) != 1 {
			return nil, nil, errors.New("parameters of no filter")
		}
		parms[0] = v
	case list:
		if len(v) != len(filters) {
			return nil, nil, errors.New("parameters of no filter")
		}
		for i, e := range v {
			p, ok := e.(dict)
			if !ok && e != nil {
				return nil, nil, errors.New("parameters that are no dictionary")
			}
			parms[i] = p
		}
	default:
		return nil, nil, errors.New("parameters that are no dictionary")
	}
	return filters, parms, nil
}

// maxFilters is how many filters our writer chains at most: a picture in JPEG is not compressed again.
const maxFilters = 1

// paperShare is what a part is charged of, of the samples that a picture needs: an empty page of a scan packs a thousand
// times, and a document may have many. How many pixels a picture has is bounded by itself.
const paperShare = 16

// blockSize is how many bytes are inflated before they are charged.
const blockSize = 64 << 10

func (f *file) inflate(data []byte) ([]byte, error) {
	src := bytes.NewReader(data)
	if err := f.zlibOf(src); err != nil {
		return nil, fmt.Errorf("cannot inflate: %w", err)
	}
	z, err := f.zlib, error(nil)
	var out bytes.Buffer
	for {
		n, end := io.CopyN(&out, z, blockSize)
		within := min(n, f.paper)
		f.paper -= within
		if err := f.pass.Expand(within/paperShare + n - within); err != nil {
			return nil, err
		}
		if err = end; err != nil {
			break
		}
	}
	if err != io.EOF {
		return nil, fmt.Errorf("cannot inflate: %w", err)
	}
	if src.Len() > 0 {
		return nil, fmt.Errorf("%d bytes after the compressed data", src.Len())
	}
	return out.Bytes(), nil
}

// zlibOf makes f.zlib read src. It is one reader for every stream, since a file has thousands.
func (f *file) zlibOf(src io.Reader) (err error) {
	if f.zlib == nil {
		f.zlib, err = zlib.NewReader(src)
		return err
	}
	return f.zlib.(zlib.Resetter).Reset(src, nil)
}

// unpredict undoes a predictor (7.4.4.4). The data must be whole rows.
func unpredict(data []byte, parms dict) ([]byte, error) {
	predictor, ok := integer(or(parms["Predictor"], int64(1)), 15)
	if !ok {
		return nil, errors.New("a predictor that there is not")
	}
	if predictor == 1 {
		return data, nil
	}
	colors, ok1 := integer(or(parms["Colors"], int64(1)), 32)
	depth, ok2 := integer(or(parms["BitsPerComponent"], int64(8)), 16)
	columns, ok3 := integer(or(parms["Columns"], int64(1)), 1<<24)
	if !ok1 || !ok2 || !ok3 || colors*depth*columns == 0 || predictor != 2 && predictor < 10 {
		return nil, errors.New("parameters of no predictor")
	}
	row, unit := int(colors*depth*columns+7)/8, max(1, int(colors*depth)/8)
	if predictor == 2 {
		if len(data)%row != 0 {
			return nil, errors.New("a row that is cut")
		}
		return data, nil // only pictures have it, and nobody looks at their pixels
	}
	return unfilter(data, row, unit)
}

func or(v, otherwise any) any {
	if v == nil {
		return otherwise
	}
	return v
}

// unfilter undoes the filters of PNG (ISO/IEC 15948 section 9), in place.
func unfilter(data []byte, row, unit int) ([]byte, error) {
	if len(data)%(row+1) != 0 {
		return nil, errors.New("a row that is cut")
	}
	out := data[:0]
	prior := make([]byte, row)
	for len(data) > 0 {
		kind, line := data[0], data[1:row+1]
		data = data[row+1:]
		if kind > 4 {
			return nil, fmt.Errorf("the row filter %d", kind)
		}
		current := make([]byte, row)
		for i, c := range line {
			var left, corner byte
			if i >= unit {
				left, corner = current[i-unit], prior[i-unit]
			}
			switch kind {
			case 1:
				c += left
			case 2:
				c += prior[i]
			case 3:
				c += byte((int(left) + int(prior[i])) / 2)
			case 4:
				c += paeth(left, prior[i], corner)
			}
			current[i] = c
		}
		out = append(out, current...)
		prior = current
	}
	return out, nil
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int { return max(n, -n) }
