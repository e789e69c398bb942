package filter

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/image/ccitt"

	"sekisho/sanitize/pdf/internal/object"
)

// ErrCodec says that a picture is in a form that nothing here can decode.
var ErrCodec = errors.New("picture cannot be decoded")

// faxWidth is the default of Columns (ISO 32000-2 Table 11).
const faxWidth = 1728

// Fax undoes CCITTFaxDecode (ISO 32000-2 7.4.6) to rows of one bit a pixel, height of them; the rows that data does not
// reach are white. It reports whether it was damaged.
func (d *Decoder) Fax(data []byte, parms object.Dict, height int64) (rows []byte, width int64, damaged bool, err error) {
	width = number(parms, "Columns", faxWidth)
	if height <= 0 {
		height = number(parms, "Rows", 0)
	}
	if width < 1 || height < 1 || width > maxColumns || height > maxColumns {
		return nil, 0, false, fmt.Errorf("%w: fax of %d × %d", ErrCodec, width, height)
	}
	k := number(parms, "K", 0)
	if k > 0 {
		return nil, 0, false, fmt.Errorf("%w: fax with mixed rows", ErrCodec)
	}
	form := ccitt.Group3
	if k < 0 {
		form = ccitt.Group4
	}
	stride := (width + 7) / 8
	if err := d.Charge(stride * height); err != nil {
		return nil, 0, false, err
	}
	black := parms.Get("BlackIs1") == true
	rows = make([]byte, stride*height)
	opts := &ccitt.Options{Align: parms.Get("EncodedByteAlign") == true, Invert: black}
	r := ccitt.NewReader(bytes.NewReader(data), ccitt.MSB, form, int(width), int(height), opts)
	n, rerr := io.ReadFull(r, rows)
	if !black {
		for i := n; i < len(rows); i++ {
			rows[i] = 0xff
		}
	}
	return rows, width, rerr != nil, nil
}
