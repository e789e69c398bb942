package filter

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"io"

	kflate "github.com/klauspost/compress/flate"
)

// The bounds of the buffer that output goes to at first: what data can become at the most (RFC 1951), and what may be
// taken before the first block has been charged.
const (
	maxRatio = 1032
	maxGuess = 64 << 20
)

// block is how much is decoded between two looks at the budget.
const block = 64 << 10

// flate undoes FlateDecode (ISO 32000-2 7.4.4): RFC 1950, without belief in the header or the checksum, which many
// writers get wrong and no reader checks. What follows the end of the data is not looked at.
func (d *Decoder) flate(data []byte) ([]byte, error) {
	d.exact = false
	strict := len(data) >= 6 && data[0] == 0x78 && data[1]&0x20 == 0 && (uint(data[0])<<8|uint(data[1]))%31 == 0
	tail := data[max(0, len(data)-4):]
	if len(data) >= 2 && data[0]&0x0f == 8 && (uint(data[0])<<8|uint(data[1]))%31 == 0 {
		data = data[2:]
	} else {
		data = bytes.TrimLeft(data, "\r\n") // a line end too many after "stream"
		if len(data) >= 2 && data[0]&0x0f == 8 {
			data = data[2:]
		}
	}
	d.src.Reset(data)
	if d.inflate == nil {
		d.inflate = kflate.NewReader(&d.src)
	} else if err := d.inflate.(kflate.Resetter).Reset(&d.src, nil); err != nil {
		return nil, err
	}
	guess := min(int64(len(data))*4, 1<<20)
	if d.Expect > 0 {
		guess = min(d.Expect, int64(len(data))*maxRatio, maxGuess)
		d.Expect = 0
	}
	out, err := readAll(d.inflate, int(guess)+512, d.Charge)
	d.exact = err == nil && strict && d.src.Len() == 4 && binary.BigEndian.Uint32(tail) == adler32.Checksum(out)
	return out, err
}

// readAll reads r to its end. An error of r is damage, and what came before it is returned.
func readAll(r io.Reader, guess int, charge func(int64) error) ([]byte, error) {
	out := make([]byte, 0, guess)
	charged := 0
	for {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		end := min(cap(out), len(out)+block)
		n, err := r.Read(out[len(out):end])
		out = out[:len(out)+n]
		if len(out)-charged >= block || err != nil {
			if cerr := charge(int64(len(out) - charged)); cerr != nil {
				return nil, cerr
			}
			charged = len(out)
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, errDamaged
		}
	}
}
