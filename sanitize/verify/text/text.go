// Package text judges plain text and tables of text.
//
// A released text decodes in UTF-8, UTF-16, CP932, EUC-JP, ISO-2022-JP or windows-1252; has no control character but tab, line feed,
// carriage return and form feed, no escape sequence but the designations of ISO-2022-JP, and no character that turns
// the direction of the text; and does not begin like markup, a script or a page description. A released table has, in
// addition, no cell that a spreadsheet would run, unless the policy keeps such cells.
package text

import (
	"bytes"
	"context"
	"unicode"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/charset"
)

// Plain judges the format "txt".
type Plain struct{}

var _ verify.Judge = Plain{}

// ID implements verify.Judge.
func (Plain) ID() string { return "txt" }

// claimsLimit bounds what Claims reads: longer texts are decided by their start.
const claimsLimit = 1 << 16

// Claims implements verify.Judge. Text has no mark of its own, so it is what is left: content that begins like no
// other type and reads as text.
func (Plain) Claims(in sanitize.Input) bool {
	b := in.Head(claimsLimit)
	if binary(b) || xml(b) {
		return false
	}
	if in.Size() == int64(len(b)) {
		return charset.Readings(b) != nil
	}
	b = b[:len(b)&^1]
	if i := bytes.LastIndexByte(b, '\n'); i > 0 && bytes.IndexByte(b, 0) < 0 {
		return charset.Readings(b[:i+1]) != nil
	}
	return charset.Readings(b) != nil || charset.Readings(b[:len(b)-1]) != nil || charset.Readings(b[:len(b)-2]) != nil
}

// binary reports whether b begins like one of the types that are no text, however they go on.
func binary(b []byte) bool {
	for _, magic := range []string{"%PDF-", "PK\x03\x04", "PK\x05\x06", "GIF8", "BM", "II*\x00", "MM\x00*", "{\\rt", "\x89PNG",
		"\xff\xd8\xff", "\x01\x00\x00\x00", "\xd7\xcd\xc6\x9a", "\x01\x00\x09\x00", "\x02\x00\x09\x00"} {
		if bytes.HasPrefix(b, []byte(magic)) && (magic != "BM" || bytes.IndexByte(b, 0) >= 0) {
			return true
		}
	}
	return false
}

// xml reports whether b begins with an XML declaration or the document type of a page, as all XML and all pages of our writers
// do and no text may.
func xml(b []byte) bool {
	if bytes.HasPrefix(b, []byte("<!DOCTYPE html>")) {
		return true
	}
	b = bytes.ReplaceAll(b[:min(len(b), 16)], []byte{0}, nil) // UTF-16 too
	return bytes.HasPrefix(bytes.TrimLeft(b, "\xef\xbb\xbf\xfe\xff"), []byte("<?xml "))
}

// Check implements verify.Judge.
func (Plain) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	_, _, err := read(ctx, in, pass)
	return err
}

// read judges the characters of in and returns its bytes and the encodings in which they are a text.
func read(ctx context.Context, in sanitize.Input, pass verify.Pass) ([]byte, []charset.Encoding, error) {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return nil, nil, err
	}
	readings := charset.Readings(b)
	if readings == nil {
		return nil, nil, verify.Fail(RuleEncoding, "", "the bytes are no text")
	}
	for _, e := range readings {
		if err := characters(b, e); err != nil {
			return nil, nil, err
		}
		if err := disguise(b, e); err != nil {
			return nil, nil, err
		}
	}
	return b, readings, ctx.Err()
}

func characters(b []byte, e charset.Encoding) error {
	var err error
	e.Each(b, func(off int, r rune) bool {
		switch {
		case control(r) && r != charset.Designated:
			err = verify.Fail(RuleControl, "", "%U at offset %d", r, off)
		case turns(r):
			err = verify.Fail(RuleBidi, "", "%U at offset %d", r, off)
		}
		return err == nil
	})
	return err
}

// control reports whether r is a control character, other than those that end lines, cells and pages.
func control(r rune) bool {
	if r == '\t' || r == '\n' || r == '\r' || r == '\f' {
		return false
	}
	return r < 0x20 || r >= 0x7f && unicode.Is(unicode.Cc, r)
}

// turns reports whether r turns the direction of what follows it.
func turns(r rune) bool { return 0x202A <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069 }
