package jpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"sekisho/sanitize"
)

// Marker codes, T.81 table B.1.
const (
	markerTEM  = 0x01
	markerSOF0 = 0xc0
	markerSOF1 = 0xc1
	markerSOF2 = 0xc2
	markerDHT  = 0xc4
	markerDAC  = 0xcc
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDNL  = 0xdc
	markerDRI  = 0xdd
	markerDHP  = 0xde
	markerEXP  = 0xdf
	markerAPP0 = 0xe0
	markerCOM  = 0xfe
)

var (
	errMalformed   = sanitize.ErrMalformed
	errUnsupported = sanitize.ErrUnsupported
	errLimit       = sanitize.ErrLimit
	errEnd         = errors.New("end of image") // behind the last segment; never leaves the package
)

// picture is a parsed picture: all that its segments say, and where its scans are.
type picture struct {
	frame frame
	scans []scan
	meta  metadata

	limits   sanitize.Limits
	quant    [4]*[64]uint16
	used     [4]bool // quantisation tables that a component used since they were defined
	huffman  [2][4]*huffmanSpec
	interval int   // restart interval in MCUs, 0 for none
	visits   int64 // blocks in all scans
}

// parser walks the segments of a picture.
type parser struct {
	*picture
	data   []byte
	at     int
	report *sanitize.Report
}

// parse reads the segments of untrusted up to the end of the picture.
func parse(ctx context.Context, untrusted []byte, limits sanitize.Limits, report *sanitize.Report) (*picture, error) {
	p := parser{picture: &picture{limits: limits}, data: untrusted, at: 2, report: report}
	for n := 0; ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		err := p.next()
		if errors.Is(err, errEnd) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	p.reportTables()
	return p.picture, p.complete()
}

// next reads one marker and its segment. It returns errEnd behind the last.
func (p *parser) next() error {
	start := p.at
	marker := p.findMarker()
	if marker < 0 {
		if p.frame.complete() {
			p.report.Add(ruleNoEnd, sanitize.Repaired, "")
			return errEnd
		}
		return fmt.Errorf("%w: the picture has no end", errMalformed)
	}
	if p.at-start != 2 {
		p.report.Add(rulePadding, removed, "")
	}
	switch {
	case marker == markerEOI:
		if p.at < len(p.data) {
			p.report.Add(ruleTrailing, removed, "")
		}
		return errEnd
	case marker == markerTEM || marker >= markerRST0 && marker <= markerRST7:
		p.report.Add(rulePadding, removed, "")
		return nil
	case marker == markerSOI:
		return fmt.Errorf("%w: a picture starts inside of the picture", errMalformed)
	}
	body, err := p.segment()
	if err != nil {
		return err
	}
	return p.dispatch(marker, body)
}

// findMarker moves behind the next marker and returns its code, or -1 when there is none.
func (p *parser) findMarker() int {
	for p.at < len(p.data) {
		i := bytes.IndexByte(p.data[p.at:], 0xff)
		if i < 0 {
			break
		}
		for p.at += i; p.at < len(p.data) && p.data[p.at] == 0xff; {
			p.at++
		}
		if p.at < len(p.data) && p.data[p.at] != 0 {
			p.at++
			return int(p.data[p.at-1])
		}
	}
	p.at = len(p.data)
	return -1
}

// segment returns the parameters behind a marker, T.81 B.1.1.4.
func (p *parser) segment() ([]byte, error) {
	rest := p.data[p.at:]
	if len(rest) < 2 {
		return nil, fmt.Errorf("%w: segment is cut off", errMalformed)
	}
	n := int(binary.BigEndian.Uint16(rest))
	if n < 2 || n > len(rest) {
		return nil, fmt.Errorf("%w: segment of %d bytes is cut off", errMalformed, n)
	}
	p.at += n
	return rest[2:n], nil
}

func (p *parser) dispatch(marker int, body []byte) error {
	switch marker {
	case markerSOF0, markerSOF1, markerSOF2:
		return p.parseFrame(marker, body)
	case markerDHT:
		return p.parseHuffman(body)
	case markerDQT:
		return p.parseQuant(body)
	case markerDRI:
		if len(body) != 2 {
			return fmt.Errorf("%w: restart interval", errMalformed)
		}
		p.interval = int(binary.BigEndian.Uint16(body))
		return nil
	case markerSOS:
		return p.parseScan(body)
	case markerDNL, markerDAC, markerDHP, markerEXP:
		return fmt.Errorf("%w: segment %02X", errUnsupported, marker)
	}
	if marker > markerSOF2 && marker < markerRST0 { // all others are frames of processes that nobody uses
		return fmt.Errorf("%w: coding process %02X", errUnsupported, marker)
	}
	p.meta.read(marker, body, p.report)
	return nil
}

// reportTables tells about tables that are defined and not used.
func (p *parser) reportTables() {
	for i, q := range p.quant {
		if q != nil && !p.used[i] {
			p.report.Add(ruleTable, removed, "")
		}
	}
}

// complete checks that every component was coded.
func (p *picture) complete() error {
	if !p.frame.complete() {
		return fmt.Errorf("%w: the picture is not complete", errMalformed)
	}
	return nil
}
