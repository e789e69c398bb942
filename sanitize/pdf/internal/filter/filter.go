// Package filter undoes the filters of PDF streams (ISO 32000-2 7.4), all within a budget.
//
// It undoes those that make bytes of bytes. The filters of pictures (DCT, JPX, JBIG2, CCITT fax) end a chain and are left
// to the caller. A stream that breaks off is decoded as far as it goes, as readers do, and the caller is told.
package filter

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize/pdf/internal/object"
)

// Step is one filter of a chain with its parameters.
type Step struct {
	Name  string // in full: FlateDecode, never Fl
	Parms object.Dict
}

// ErrUnknown says that a stream has a filter that PDF does not have, or one with parameters that it cannot have: no reader
// makes anything of such data.
var ErrUnknown = errors.New("unknown filter")

// ErrLocked says that a stream has a filter that needs a key.
var ErrLocked = errors.New("filter with a key")

// errDamaged marks data that broke off or did not hold to its format; what came before is good.
var errDamaged = errors.New("damaged data")

// maxSteps bounds a chain. Real ones have one or two.
const maxSteps = 8

// fullNames maps the short names that inline images may use (ISO 32000-2 Table 92); readers take them anywhere.
func fullName(name object.Name) string {
	switch name {
	case "AHx":
		return "ASCIIHexDecode"
	case "A85":
		return "ASCII85Decode"
	case "LZW":
		return "LZWDecode"
	case "Fl":
		return "FlateDecode"
	case "RL":
		return "RunLengthDecode"
	case "CCF":
		return "CCITTFaxDecode"
	case "DCT":
		return "DCTDecode"
	}
	return string(name)
}

// Chain reads the values of Filter and DecodeParms, with every reference in them already resolved.
func Chain(filters, parms object.Object) ([]Step, error) {
	var names object.Array
	switch f := filters.(type) {
	case nil:
		return nil, nil
	case object.Name:
		names = object.Array{f}
	case object.Array:
		names = f
	default:
		return nil, fmt.Errorf("%w: no name", ErrUnknown)
	}
	if len(names) > maxSteps {
		return nil, fmt.Errorf("%w: a chain of %d", ErrUnknown, len(names))
	}
	steps := make([]Step, 0, len(names))
	for i, n := range names {
		name, ok := n.(object.Name)
		if !ok {
			return nil, fmt.Errorf("%w: no name", ErrUnknown)
		}
		s := Step{Name: fullName(name), Parms: parmsOf(parms, i)}
		if s.Name == "Crypt" {
			if p := s.Parms.Get("Name"); p != nil && p != object.Name("Identity") {
				return nil, fmt.Errorf("%w: Crypt", ErrLocked)
			}
			continue
		}
		if !known(s.Name) {
			return nil, fmt.Errorf("%w: %.40q", ErrUnknown, s.Name)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func parmsOf(parms object.Object, i int) object.Dict {
	switch p := parms.(type) {
	case object.Dict:
		if i == 0 {
			return p
		}
	case object.Array:
		if i < len(p) {
			d, _ := p[i].(object.Dict)
			return d
		}
	}
	return nil
}

// Result is a decoded stream.
type Result struct {
	Data    []byte
	Image   *Step // the picture filter under which Data still is, or nil
	Damaged bool  // something was wrong with the data; Data is what came before
	PNG     *Predictor
	Exact   bool // the stream was under FlateDecode alone, without a flaw: what was read is as good as what would be written
}

// Decoder undoes chains of filters. It may be used for one stream after the other, not for two at the same time.
type Decoder struct {
	Charge func(int64) error // called for each block of output before it is kept; an error ends the decoding
	Expect int64             // how long the output of the next FlateDecode is likely to be, or 0; a hint, no more

	src     bytes.Reader
	inflate io.ReadCloser
	exact   bool // the last FlateDecode was RFC 1950 to the letter, checksum and all, with nothing after it
}

// Decode undoes steps. With keepPNG the rows of a last step that predicts them in the manner of PNG are left as they
// are, once they have been checked, and described in PNG.
func (d *Decoder) Decode(raw []byte, steps []Step, keepPNG bool) (Result, error) {
	r := Result{Data: raw}
	for i, s := range steps {
		if Picture(s.Name) {
			if i+1 < len(steps) {
				return r, fmt.Errorf("%w: %s before the end of a chain", ErrUnknown, s.Name)
			}
			r.Image = &steps[i]
			return r, nil
		}
		data, err := d.decode(r.Data, s)
		if errors.Is(err, errDamaged) {
			r.Damaged, err = true, nil
		}
		if err != nil {
			return r, err
		}
		r.Data = data
		if s.Name != "FlateDecode" && s.Name != "LZWDecode" {
			continue
		}
		if err := r.unpredict(s.Parms, keepPNG && i+1 == len(steps)); err != nil {
			return r, err
		}
		r.Exact = len(steps) == 1 && s.Name == "FlateDecode" && d.exact && (r.PNG != nil || !predicted(s.Parms))
	}
	return r, nil
}

// Picture reports whether a filter makes a picture, not bytes.
func Picture(name string) bool {
	switch name {
	case "DCTDecode", "JPXDecode", "JBIG2Decode", "CCITTFaxDecode":
		return true
	}
	return false
}

// known reports whether PDF has a filter (ISO 32000-2 Table 6).
func known(name string) bool {
	switch name {
	case "FlateDecode", "LZWDecode", "RunLengthDecode", "ASCIIHexDecode", "ASCII85Decode":
		return true
	}
	return Picture(name)
}

func (d *Decoder) decode(data []byte, s Step) ([]byte, error) {
	switch s.Name {
	case "FlateDecode":
		return d.flate(data)
	case "LZWDecode":
		early := int64(1)
		if e, ok := s.Parms.Get("EarlyChange").(int64); ok {
			early = e
		}
		return lzw(data, early != 0, d.Charge)
	case "RunLengthDecode":
		return runLength(data, d.Charge)
	case "ASCIIHexDecode":
		if err := d.Charge(int64(len(data))); err != nil {
			return nil, err
		}
		return asciiHex(data)
	case "ASCII85Decode":
		if err := d.Charge(int64(len(data))); err != nil {
			return nil, err
		}
		return ascii85(data)
	}
	return nil, fmt.Errorf("%w: %.40q", ErrUnknown, s.Name)
}
