package quarantine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sekisho/internal/person"
)

// Role is in what role a person approves that an original is released.
type Role string

// The roles, a closed set.
const (
	Anyone   Role = ""         // who may approve at all
	Approver Role = "approver" // 承認者 of the item's office
	Admin    Role = "admin"    // 管理者
)

// ErrRole says that the next approval is that of a person in another role.
var ErrRole = errors.New("a person in another role must approve now")

// Code is a reason from a list, beside the words of the person.
type Code string

// The codes, a closed set.
const (
	CodeNeeded   Code = "needed"   // needed for the work, and what a rebuild makes of it cannot be used
	CodeSender   Code = "sender"   // the sender was asked and has said what it is
	CodeChecked  Code = "checked"  // its content was looked at
	CodeDeadline Code = "deadline" // it is due, and there is no other way
	CodeOther    Code = "other"    // in words
)

// Codes lists the codes, in the order in which people choose.
func Codes() []Code { return []Code{CodeNeeded, CodeSender, CodeChecked, CodeDeadline, CodeOther} }

// By is who decides, in which roles, and why.
type By struct {
	Actor  string
	Roles  []Role // that the person has for the item's office; who calls has looked
	Code   Code   // "" is CodeOther
	Reason string // words of the person; needed where the code says no reason
	Nth    int    // the number of the approval that it is to be, from 1; 0: the next one
}

// Approval is one approval of an instruction.
type Approval struct {
	Actor string `json:"actor"`
	Role  Role   `json:"role,omitempty"`
}

// Steps returns the approvals that the release of an item's original needs, one after the other, each by another person than
// all before and than who asked; and false where its original is never released.
func (s *Store) Steps(i Item) ([]Role, bool) {
	if i.Malware() || !s.opt.Exceptions {
		return nil, false
	}
	if s.opt.Approvals == nil {
		return []Role{Anyone}, true
	}
	steps := s.opt.Approvals(i)
	return steps, len(steps) > 0
}

// Approvals returns the approvals since the original was asked for last.
func (s State) Approvals() []Approval {
	var all []Approval
	for _, d := range s.Decisions {
		switch d.What {
		case DidRequest:
			all = nil
		case DidApprove:
			all = append(all, Approval{Actor: d.Actor, Role: d.Role})
		}
	}
	return all
}

// reasoned fails unless a decision about an original says why.
func (d Decision) reasoned() error {
	if d.Code != "" && !slices.Contains(Codes(), d.Code) {
		return fmt.Errorf("%w: no code %q", ErrReason, string(d.Code))
	}
	if (d.What == DidRequest || d.Code == "" || d.Code == CodeOther) && strings.TrimSpace(d.Reason) == "" {
		return ErrReason
	}
	return nil
}

// mayApprove fails unless a person may make the next approval of an item that was asked for.
func (s *Store) mayApprove(e Entry, d Decision) error {
	steps, done := s.stepsOf(e)
	if person.Same(e.State.Requester(), d.Actor) || slices.ContainsFunc(done, func(a Approval) bool { return person.Same(a.Actor, d.Actor) }) {
		return ErrSamePerson
	}
	if len(done) >= len(steps) {
		return fmt.Errorf("%w: it has all approvals", ErrState)
	}
	if d.nth != 0 && d.nth != len(done)+1 {
		return fmt.Errorf("%w: somebody else approved meanwhile", ErrState)
	}
	if next := steps[len(done)]; next != Anyone && !slices.Contains(d.roles, next) {
		return fmt.Errorf("%w: %s", ErrRole, next)
	}
	return d.reasoned()
}

// stepsOf returns the approvals that an item needs, and those that it has. Should the configuration have come to ask for other
// roles meanwhile, it has none.
func (s *Store) stepsOf(e Entry) (steps []Role, done []Approval) {
	steps, _ = s.Steps(e.Item)
	done = e.State.Approvals()
	if len(done) > len(steps) {
		return steps, nil
	}
	for i, a := range done {
		if steps[i] != Anyone && a.Role != steps[i] {
			return steps, nil
		}
	}
	return steps, done
}

// Next returns the role in which the next approval of an item is made, how many approvals it has, and how many it needs.
func (s *Store) Next(e Entry) (next Role, has, needs int) {
	steps, done := s.stepsOf(e)
	if len(done) < len(steps) {
		next = steps[len(done)]
	}
	return next, len(done), len(steps)
}

// checkApprovals fails unless an instruction to release an original has all approvals that the item needs.
func (s *Store) checkApprovals(i Item, in Instruction) error {
	steps, ok := s.Steps(i)
	if !ok {
		return ErrExceptions
	}
	if len(in.Approvals) != len(steps) || in.Approvals[len(steps)-1].Actor != in.Actor {
		return fmt.Errorf("%w: %d approvals of %d", ErrSamePerson, len(in.Approvals), len(steps))
	}
	people := []string{in.Requester}
	for n, a := range in.Approvals {
		if slices.ContainsFunc(people, func(p string) bool { return person.Same(p, a.Actor) }) {
			return ErrSamePerson
		}
		if steps[n] != Anyone && a.Role != steps[n] {
			return fmt.Errorf("%w: %s", ErrRole, steps[n])
		}
		people = append(people, a.Actor)
	}
	return nil
}
