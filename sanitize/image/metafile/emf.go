package metafile

import (
	"context"

	"sekisho/sanitize"
)

// Records of EMF that are written here (MS-EMF 2.1.1).
const (
	emrHeader  = 1
	emrEOF     = 14
	emrComment = 70
)

// emfRecord says how a kind of record is rebuilt.
type emfRecord struct {
	size  int                   // of a record of fixed length, with its head; or 0
	build func(r []byte) []byte // of one of another length: the record anew, or nil when it is broken
	index bool                  // makes an object: the number stands at offset 8
	draws bool
}

// rebuildEMF walks the records (MS-EMF 2.3) from the header to the end record.
func rebuildEMF(ctx context.Context, b []byte, pass sanitize.Pass, report *sanitize.Report) ([]byte, error) {
	out, handles, err := emfHead(b, report)
	if err != nil {
		return nil, err
	}
	read, written, dropped := records{ctx: ctx}, uint32(1), false
	rest := b[le.Uint32(b[4:]):]
	parts, draws, plus := plusParts(ctx, b, uint64(le.Uint32(b[4:])), pass, report)
	for {
		if len(rest) < 8 {
			return nil, malformed("no end record")
		}
		kind, size := le.Uint32(rest), uint64(le.Uint32(rest[4:]))
		if size < 8 || size > uint64(len(rest)) || size%4 != 0 {
			return nil, malformed("a record of %d bytes", size)
		}
		r, at := rest[:size], uint64(len(b)-len(rest))
		rest = rest[size:]
		if kind == emrEOF {
			break
		}
		if err := read.next(); err != nil {
			return nil, err
		}
		if plus && isPlus(r) {
			out = append(out, parts[at].data...)
			written += parts[at].records
			continue
		}
		rule := emfRule(kind)
		built := rule.apply(r, handles)
		if built == nil {
			report.Add(ruleRecord, sanitize.Removed, "")
			dropped = true
			continue
		}
		written++
		draws = draws || rule.draws
		out = append(out, built...)
	}
	if len(rest) > 0 {
		report.Add(ruleTrailing, sanitize.Removed, "")
	}
	if !draws && dropped { // without a loss, it was an empty picture from the start
		return nil, nothing()
	}
	out = append(out, emrEOF, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 20, 0, 0, 0)
	le.PutUint32(out[48:], uint32(len(out)))
	le.PutUint32(out[52:], written+1)
	return out, nil
}

// emfHead returns the header anew (2.3.4.2), without description and pixel format, and the number of objects.
func emfHead(b []byte, report *sanitize.Report) ([]byte, uint32, error) {
	if len(b) < 88 {
		return nil, 0, malformed("no header")
	}
	size := uint64(le.Uint32(b[4:]))
	if size < 88 || size > uint64(len(b)) || size%4 != 0 {
		return nil, 0, malformed("a header of %d bytes", size)
	}
	keep := 88
	for _, n := range []int{100, 108} {
		if size >= uint64(n) {
			keep = n
		}
	}
	out := append([]byte(nil), b[:keep]...)
	le.PutUint32(out[4:], uint32(keep))
	clear(out[58:72]) // reserved, description, palette
	if keep >= 100 {
		clear(out[88:100])
	}
	if uint64(keep) < size {
		report.Add(ruleDescription, sanitize.Removed, "")
	}
	return out, uint32(le.Uint16(b[56:])), nil
}

// apply returns the record r anew, or nil when it is not kept.
func (e emfRecord) apply(r []byte, handles uint32) []byte {
	if e.index && (len(r) < 12 || le.Uint32(r[8:]) == 0 || le.Uint32(r[8:]) >= handles) {
		return nil
	}
	if e.build == nil {
		if e.size == 0 || len(r) < e.size {
			return nil
		}
		return emfAgain(r, e.size)
	}
	return e.build(r)
}

// emfAgain returns the first n bytes of a record as a record of that length.
func emfAgain(r []byte, n int) []byte {
	out := append([]byte(nil), r[:n]...)
	out = pad(out, 4)
	le.PutUint32(out[4:], uint32(len(out)))
	return out
}

// emfSizes are the lengths of the records of fixed length, by their numbers.
var emfSizes = [...]uint8{
	9: 16, 10: 16, 11: 16, 12: 16, 13: 16, 15: 20, 16: 12, 17: 12, 18: 12, 19: 12, 20: 12, 21: 12, 22: 12, 23: 32, 24: 12, 25: 12,
	26: 16, 27: 16, 28: 8, 29: 24, 30: 24, 31: 24, 32: 24, 33: 8, 34: 12, 35: 32, 36: 36, 37: 12, 38: 28, 39: 24, 40: 12, 41: 28,
	42: 24, 43: 24, 44: 32, 45: 40, 46: 40, 47: 40, 48: 12, 51: 16, 52: 8, 53: 24, 54: 16, 55: 40, 57: 12, 58: 12, 59: 8, 60: 8,
	61: 8, 62: 24, 63: 24, 64: 24, 65: 8, 66: 8, 67: 12, 68: 8, 98: 12, 115: 12,
}

// emfRule returns how records of this kind are rebuilt.
func emfRule(kind uint32) emfRecord {
	switch {
	case kind == 38 || kind == 39:
		return emfRecord{size: int(emfSizes[kind]), index: true}
	case kind < uint32(len(emfSizes)) && emfSizes[kind] > 0:
		draws := kind == 15 || kind >= 41 && kind <= 47 || kind == 54 || kind == 55 || kind >= 62 && kind <= 64
		return emfRecord{size: int(emfSizes[kind]), draws: draws}
	case kind >= 2 && kind <= 6:
		return emfRecord{build: counted(24, 28, 8), draws: true}
	case kind >= 85 && kind <= 89:
		return emfRecord{build: counted(24, 28, 4), draws: true}
	case kind == 7 || kind == 8:
		return emfRecord{build: polyPoly(8), draws: true}
	case kind == 90 || kind == 91:
		return emfRecord{build: polyPoly(4), draws: true}
	case kind == 56:
		return emfRecord{build: counted(24, 28, 9), draws: true}
	case kind == 92:
		return emfRecord{build: counted(24, 28, 5), draws: true}
	}
	return emfOther(kind)
}

// emfOther is emfRule for the records that are not made of numbers only.
func emfOther(kind uint32) emfRecord {
	switch kind {
	case 49:
		return emfRecord{build: palette, index: true}
	case 71:
		return emfRecord{build: region(24, 32), draws: true}
	case 72:
		return emfRecord{build: region(24, 40), draws: true}
	case 73, 74:
		return emfRecord{build: region(24, 28), draws: true}
	case 75:
		return emfRecord{build: region(8, 16)}
	case 76:
		return emfRecord{build: bitmaps(100, 80, 84), draws: true}
	case 77, 114, 116:
		return emfRecord{build: bitmaps(108, 80, 84), draws: true}
	case 78:
		return emfRecord{build: bitmaps(128, 80, 84, 108, 112), draws: true}
	case 79:
		return emfRecord{build: bitmaps(140, 92, 96, 120, 124), draws: true}
	case 80:
		return emfRecord{build: scans, draws: true}
	case 81:
		return emfRecord{build: bitmaps(80, 64, 48), draws: true}
	case 82:
		return emfRecord{build: font, index: true}
	case 83:
		return emfRecord{build: text(1), draws: true}
	case 84:
		return emfRecord{build: text(2), draws: true}
	case 93, 94:
		return emfRecord{build: bitmaps(32, 12, 16), index: true}
	case 95:
		return emfRecord{build: pen, index: true}
	case 108:
		return emfRecord{build: smallText, draws: true}
	case 118:
		return emfRecord{build: gradient, draws: true}
	}
	return emfRecord{}
}
