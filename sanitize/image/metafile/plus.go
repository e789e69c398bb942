package metafile

import (
	"bytes"
	"context"

	"sekisho/sanitize"
)

// EMF+ (MS-EMFPLUS) stands in the comments of EMF: records of its own, which programs that know them draw instead of the
// rest. In a dual file the rest shows the same, in another there is no rest. All of EMF+ is kept, or none of it: records
// name objects that others made.

// plusMark begins a comment that holds EMF+ (MS-EMF 2.3.3.2).
const plusMark = "EMF+"

// Records of EMF+ that are spoken of here (MS-EMFPLUS 2.1.1.1).
const (
	plusHeader      = 0x4001
	plusEnd         = 0x4002
	plusComment     = 0x4003
	plusObject      = 0x4008
	plusObjectGoes  = 0x8000 // flag of an object that the next record continues
	maxPlusObject   = 64 << 20
	maxPlusComment  = 0xff00 // bytes of one record of an object that is cut to pieces, as GDI+ cuts them
	plusRecordHead  = 12
	plusCommentHead = 16
)

// plus rebuilds the EMF+ of one metafile.
type plus struct {
	ctx     context.Context
	pass    sanitize.Pass
	broken  bool
	draws   bool
	kind    uint16 // of the object that is being gathered, with its number: the flags of its record
	object  []byte
	missing int // bytes of it that are still to come
	begun   bool
	ended   bool
	records uint32             // that were written for the comment
	found   []sanitize.Finding // of records and of pictures inside
}

// plusPart is what a comment became: EMF records, and their number.
type plusPart struct {
	data    []byte
	records uint32
}

// isPlus reports whether an EMF record is a comment that holds EMF+.
func isPlus(r []byte) bool {
	return len(r) >= plusCommentHead && le.Uint32(r) == emrComment && string(r[12:16]) == plusMark
}

// comment returns the EMF records that hold what the comment r holds, anew. When it cannot be read to its end, p is
// broken.
func (p *plus) comment(r []byte) []byte {
	data := part(r, 12, uint64(le.Uint32(r[8:])))
	if len(data) < 4 {
		p.broken = true
		return nil
	}
	var out []byte
	for rest := data[4:]; len(rest) > 0 && !p.broken; {
		if len(rest) < plusRecordHead || p.ended {
			p.broken = true
			break
		}
		kind, flags, size := le.Uint16(rest), le.Uint16(rest[2:]), uint64(le.Uint32(rest[4:]))
		if size < plusRecordHead || size%4 != 0 || size > uint64(len(rest)) || p.begun == (kind == plusHeader) || p.ctx.Err() != nil {
			p.broken = true
			break
		}
		out = append(out, p.record(kind, flags, rest[:size])...)
		rest = rest[size:]
	}
	return out
}

// record returns the EMF record that holds the record r anew.
func (p *plus) record(kind, flags uint16, r []byte) []byte {
	switch {
	case kind == plusComment:
		p.dropped()
		return nil
	case kind == plusObject:
		return p.piece(flags, r)
	case p.missing > 0:
		p.broken = true
		return nil
	}
	c := copier{in: part(r, plusRecordHead, uint64(le.Uint32(r[8:])))}
	if rule := plusRules[kind]; rule == nil || c.in == nil && le.Uint32(r[8:]) > 0 {
		c.fail()
	} else {
		rule(&c, flags)
	}
	if c.failed {
		p.broken = true
		return nil
	}
	if len(c.in) > 3 { // more than what fills it up
		p.dropped()
	}
	p.begun, p.ended = true, kind == plusEnd
	p.draws = p.draws || kind >= 0x4009 && kind <= 0x401c || kind == 0x4036
	return p.comments(kind, flags, c.out, false)
}

// piece takes a record that holds an object or a piece of one (2.3.5.1), and returns the object when it is whole.
func (p *plus) piece(flags uint16, r []byte) []byte {
	data, kind := r[8:], flags&^plusObjectGoes
	if p.missing > 0 && kind != p.kind {
		p.broken = true
		return nil
	}
	if flags&plusObjectGoes != 0 {
		if len(data) < 8 {
			p.broken = true
			return nil
		}
		if p.missing == 0 {
			p.kind, p.object, p.missing = kind, nil, int(le.Uint32(data))
		}
		data = data[4:]
	}
	body := part(data, 4, uint64(le.Uint32(data)))
	if flags&plusObjectGoes == 0 && p.missing == 0 {
		p.kind, p.object, p.missing = kind, nil, len(body)
	}
	if p.missing -= len(body); body == nil || p.missing < 0 || len(p.object)+len(body)+p.missing > maxPlusObject {
		p.broken = true
		return nil
	}
	p.object = append(p.object, body...)
	if p.missing > 0 {
		return nil
	}
	c := copier{in: p.object, p: p}
	c.object(kind>>8&0x7f, kind&0xff)
	if c.failed {
		p.broken = true
		return nil
	}
	if len(c.in) > 3 {
		p.dropped()
	}
	return p.comments(plusObject, kind, c.out, true)
}

// comments returns the comments that hold a record with this data, in pieces when it is long and may be cut.
func (p *plus) comments(kind, flags uint16, data []byte, cut bool) []byte {
	data = pad(data, 4)
	var out []byte
	total := uint32(len(data))
	for cut && len(data) > maxPlusComment {
		out = appendPlus(out, kind, flags|plusObjectGoes, &total, data[:maxPlusComment])
		p.records++
		data = data[maxPlusComment:]
	}
	p.records++
	return appendPlus(out, kind, flags, nil, data)
}

// appendPlus appends one comment with one record. total is the length of the whole object for a piece that goes on.
func appendPlus(out []byte, kind, flags uint16, total *uint32, data []byte) []byte {
	size := uint32(plusRecordHead + len(data))
	if total != nil {
		size += 4
	}
	for _, v := range []uint32{emrComment, plusCommentHead + size, 4 + size} {
		out = le.AppendUint32(out, v)
	}
	out = append(out, plusMark...)
	out = le.AppendUint32(le.AppendUint16(le.AppendUint16(out, kind), flags), size)
	if total != nil {
		out = le.AppendUint32(out, *total)
	}
	return append(le.AppendUint32(out, uint32(len(data))), data...)
}

// dropped notes that something in the EMF+ goes although the rest stays.
func (p *plus) dropped() {
	p.found = append(p.found, sanitize.Finding{Rule: ruleRecord, Action: sanitize.Removed, Count: 1})
}

// plusParts returns the EMF+ comments of b, whose records begin at start, anew: by their position. ok is false when
// there is none or it cannot be kept.
func plusParts(ctx context.Context, b []byte, start uint64, pass sanitize.Pass, report *sanitize.Report) (parts map[uint64]plusPart, draws, ok bool) {
	p := plus{ctx: ctx, pass: pass}
	parts = map[uint64]plusPart{}
	for at := start; at+8 <= uint64(len(b)) && !p.broken; {
		kind, size := le.Uint32(b[at:]), uint64(le.Uint32(b[at+4:]))
		if size < 8 || size > uint64(len(b))-at || kind == emrEOF || len(parts) > maxRecords {
			break
		}
		if r := b[at : at+size]; isPlus(r) {
			p.records = 0
			data := p.comment(r)
			parts[at] = plusPart{data, p.records}
		}
		at += size
	}
	if p.broken || !p.begun || p.missing > 0 {
		return nil, false, false
	}
	report.Findings = append(report.Findings, p.found...)
	return parts, p.draws, true
}

// member rebuilds a picture inside, and returns it and its kind; nil when it cannot be kept.
func (p *plus) member(data []byte) ([]byte, string) {
	var out bytes.Buffer
	report, err := p.pass.Member(p.ctx, "", sanitize.BytesInput(data), &out)
	if err != nil {
		return nil, ""
	}
	p.found = append(p.found, report.Findings...)
	return out.Bytes(), report.Output
}
