// Package png judges PNG pictures (ISO/IEC 15948, and the animation chunks of the third edition).
//
// A released picture has the chunks of a list, in order, each with the length its type demands and a right checksum;
// its data inflate to exactly the bytes of its scan lines, with no compressed byte left over; it ends with IEND.
package png

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// Judge judges the format "png".
type Judge struct{}

var _ verify.Judge = Judge{}

const signature = "\x89PNG\r\n\x1a\n"

// ID implements verify.Judge.
func (Judge) ID() string { return "png" }

// Claims implements verify.Judge.
func (Judge) Claims(in sanitize.Input) bool {
	return bytes.Equal(in.Head(len(signature)), []byte(signature))
}

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(b, []byte(signature)) {
		return verify.Fail(RuleStructure, "", "no signature")
	}
	p := picture{pass: pass}
	for b = b[len(signature):]; !p.ended; {
		if err := ctx.Err(); err != nil {
			return err
		}
		kind, data, rest, err := chunk(b)
		if err != nil {
			return err
		}
		if err := p.take(kind, data); err != nil {
			return err
		}
		b = rest
	}
	if len(b) > 0 {
		return verify.Fail(RuleTrailing, "IEND", "%d bytes after the end", len(b))
	}
	return p.finish(ctx)
}

// chunk splits the first chunk off b (section 5.3).
func chunk(b []byte) (kind string, data, rest []byte, err error) {
	if len(b) < 12 {
		return "", nil, nil, verify.Fail(RuleStructure, "", "it ends without IEND")
	}
	n := binary.BigEndian.Uint32(b)
	kind = string(b[4:8])
	if uint64(n) > uint64(len(b)-12) {
		return "", nil, nil, verify.Fail(RuleStructure, kind, "a chunk of %d bytes", n)
	}
	end := 8 + int(n)
	if crc32.ChecksumIEEE(b[4:end]) != binary.BigEndian.Uint32(b[end:]) {
		return "", nil, nil, verify.Fail(RuleChecksum, kind, "wrong checksum")
	}
	return kind, b[8:end], b[end+4:], nil
}
