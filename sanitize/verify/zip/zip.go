// Package zip judges archives.
//
// A released archive is laid out as package zipread says; its names mean the same on every system, and none is the
// name of something that is run; and every member is a released file by its own judge.
package zip

import (
	"context"
	"errors"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/zipread"
)

// Judge judges the format "zip".
type Judge struct{}

var _ verify.Judge = Judge{}

// ID implements verify.Judge.
func (Judge) ID() string { return "zip" }

// Claims implements verify.Judge: an archive that is not the package of a document.
func (Judge) Claims(in sanitize.Input) bool {
	if !zipread.Looks(in) {
		return false
	}
	a, err := zipread.Open(in, maxClaimed)
	if err != nil {
		return true // Check will say what is wrong
	}
	for _, e := range a.Entries {
		if e.Name == "[Content_Types].xml" || e.Name == "mimetype" {
			return false
		}
	}
	return true
}

// maxClaimed bounds the entries that Claims looks at; Check holds them against the policy.
const maxClaimed = 1<<16 - 1

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	a, err := zipread.Open(in, pass.Policy.Limits.Entries)
	if errors.Is(err, sanitize.ErrLimit) {
		return err
	}
	if err != nil {
		return verify.Fail(RuleStructure, "", "%v", err)
	}
	if err := checkNames(a.Entries); err != nil {
		return err
	}
	for _, e := range a.Entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := pass.Entry(); err != nil {
			return err
		}
		if e.Dir {
			continue
		}
		if err := member(ctx, a, e, pass); err != nil {
			return err
		}
	}
	return nil
}

func member(ctx context.Context, a *zipread.Archive, e zipread.Entry, pass verify.Pass) error {
	data, err := a.Read(e, pass.Expand)
	if errors.Is(err, sanitize.ErrLimit) {
		return err
	}
	if err != nil {
		return verify.Fail(RuleMember, e.Name, "%v", err)
	}
	in := sanitize.BytesInput(data)
	if err := pass.Member(ctx, e.Name, in); err != nil {
		return err
	}
	return verify.Agree(e.Name[strings.LastIndexByte(e.Name, '/')+1:], pass.Identify(in))
}
