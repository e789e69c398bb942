package tiff

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"sekisho/sanitize"
)

// jpeg rebuilds a strip that is a JPEG picture (TIFF Technical Note 2): the engine's JPEG format gets it with the
// tables that all strips share, and what comes back needs none.
func (w *writer) jpeg(ctx context.Context, pg *page, i int) ([]byte, error) {
	if w.pass.Policy.Pixels && pg.photometric != photometricYCbCr && pg.samples == 3 {
		return nil, fmt.Errorf("%w: JPEG strips in colours that the policy would convert", errUnsupported)
	}
	whole, err := pg.wholeJPEG(i)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	report, err := w.pass.Member(ctx, "", sanitize.BytesInput(whole), &out)
	if err != nil {
		return nil, fmt.Errorf("strip %d: %w", i, err)
	}
	if report.Output != "jpeg" {
		return nil, fmt.Errorf("%w: strip %d is %s", errMalformed, i, report.Output)
	}
	for _, f := range report.Findings {
		if f.Rule != "jpeg/table" { // tables of other strips
			w.report.Findings = append(w.report.Findings, f)
		}
	}
	return out.Bytes(), pg.checkFrame(out.Bytes(), i)
}

// wholeJPEG returns the picture of strip i with the shared tables in front.
func (pg *page) wholeJPEG(i int) ([]byte, error) {
	strip := pg.piece(i)
	if len(strip) < 4 || strip[0] != 0xff || strip[1] != 0xd8 {
		return nil, fmt.Errorf("%w: strip %d is no JPEG picture", errMalformed, i)
	}
	tables := pg.fields[tagJPEGTables].data
	if len(tables) < 4 {
		return strip, nil
	}
	if !bytes.HasPrefix(tables, []byte{0xff, 0xd8}) || !bytes.HasSuffix(tables, []byte{0xff, 0xd9}) {
		return nil, fmt.Errorf("%w: JPEG tables", errMalformed)
	}
	return append(bytes.Clone(tables[:len(tables)-2]), strip[2:]...), nil
}

// checkFrame checks that a rebuilt picture has the size and the samples of its strip, and takes over its subsampling.
func (pg *page) checkFrame(b []byte, i int) error {
	for at := 2; at+4 <= len(b); at += 2 + int(binary.BigEndian.Uint16(b[at+2:])) {
		if b[at+1] < 0xc0 || b[at+1] > 0xc2 || at+10 > len(b) {
			continue
		}
		h, w, n := int(binary.BigEndian.Uint16(b[at+5:])), int(binary.BigEndian.Uint16(b[at+7:])), int(b[at+9])
		samples := pg.samples
		if pg.separate {
			samples = 1
		}
		if w != pg.pieceW || h < pg.rows(i) || h > pg.pieceH || n != samples || at+12 > len(b) {
			return fmt.Errorf("%w: strip %d is a picture of %d by %d pixels and %d samples", errMalformed, i, w, h, n)
		}
		pg.subX, pg.subY = int(b[at+11]>>4), int(b[at+11]&15)
		return nil
	}
	return fmt.Errorf("%w: strip %d has no frame", errMalformed, i)
}
