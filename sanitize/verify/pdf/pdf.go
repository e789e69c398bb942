// Package pdf judges PDF files (ISO 32000-2).
//
// A released file has one section and nothing around it: the judge reads it from its first byte to its last, object
// by object, and holds the cross-reference section against what it found. From the trailer every object is reached;
// every key of every dictionary is known and none is forbidden, in whatever spelling; every action is a move inside
// the document or, by policy, a link; every stream has a purpose, decodes to its end, and is judged by that purpose:
// content by its operators, pictures by their dimensions or by the judge of JPEG, fonts and colour profiles by their
// directories, functions and character maps by their words.
package pdf

import (
	"bytes"
	"context"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// Judge judges the format "pdf".
type Judge struct{}

var _ verify.Judge = Judge{}

// ID implements verify.Judge.
func (Judge) ID() string { return "pdf" }

// Claims implements verify.Judge.
func (Judge) Claims(in sanitize.Input) bool { return bytes.Equal(in.Head(5), []byte("%PDF-")) }

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, err := in.Bytes(pass.Policy.Limits.FileSize)
	if err != nil {
		return err
	}
	f, err := open(ctx, b, pass)
	if err != nil {
		return err
	}
	return f.check()
}
