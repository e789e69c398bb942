package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sekisho/sanitize"
)

// Set is the judges of all formats that may be released.
type Set struct {
	judges map[string]Judge
	order  []string // IDs, as given
}

// New returns a set of judges. It fails when two judge the same format.
func New(judges ...Judge) (*Set, error) {
	s := &Set{judges: make(map[string]Judge, len(judges))}
	for _, j := range judges {
		if s.judges[j.ID()] != nil {
			return nil, fmt.Errorf("cannot build the set of judges: two judge %q", j.ID())
		}
		s.judges[j.ID()] = j
		s.order = append(s.order, j.ID())
	}
	return s, nil
}

// Check judges in as a released file of the format called id. It returns nil when the file may go, a Violation when
// it may not, and another error when it could not be judged (the context ended, or the input could not be read and
// the error is marked transient): then the file must not go either.
func (s *Set) Check(ctx context.Context, id string, in sanitize.Input, policy sanitize.Policy) error {
	ctx, cancel := context.WithTimeout(ctx, policy.Limits.Time)
	defer cancel()
	b := &budget{limits: policy.Limits, input: in.Size()}
	return s.check(ctx, id, in, policy, b, 0)
}

func (s *Set) check(ctx context.Context, id string, in sanitize.Input, policy sanitize.Policy, b *budget, depth int) (err error) {
	j := s.judges[id]
	switch {
	case j == nil:
		return Fail(RuleUnknown, "", "no judge knows the type %q", id)
	case depth > policy.Limits.Depth:
		return Fail(RuleLimit, "", "files inside files deeper than %d", policy.Limits.Depth)
	case in.Size() > policy.Limits.FileSize:
		return Fail(RuleLimit, "", "%d bytes, at most %d", in.Size(), policy.Limits.FileSize)
	}
	defer func() {
		if p := recover(); p != nil {
			err = Fail(RulePanic, "", "the judge of %s failed: %v", id, p)
		}
	}()
	pass := Pass{Policy: policy, Identify: s.Identify, budget: b}
	pass.Member = func(ctx context.Context, untrustedName string, member sanitize.Input) error {
		err := s.member(ctx, untrustedName, member, policy, b, depth+1)
		return inside(untrustedName, err)
	}
	if err = j.Check(ctx, in, pass); err == nil {
		err = ctx.Err()
	}
	return settle(err)
}

func (s *Set) member(ctx context.Context, untrustedName string, in sanitize.Input, policy sanitize.Policy, b *budget, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	id := s.Identify(in)
	if id == "" {
		return Fail(RuleUnknown, "", "the content is of no type that may be released")
	}
	id = byName(id, untrustedName)
	return s.check(ctx, id, in, policy, b, depth)
}

// byName returns the type as which a text of this name is opened.
func byName(id, untrustedName string) string {
	if id == "txt" {
		switch extension(untrustedName) {
		case "csv", "tsv", "tab":
			return "csv"
		case "json", "geojson":
			return "json"
		}
	}
	return id
}

// Identify returns the ID of the format of a released file, by its content, and "" when it is of none or of several.
// It reads no more than it must and promises nothing about the content: that is what Check is for.
// A table, JSON and a text look alike: all are "txt".
func (s *Set) Identify(in sanitize.Input) string {
	found := ""
	for _, id := range s.order {
		if !claims(s.judges[id], in) {
			continue
		}
		if found != "" {
			return ""
		}
		found = id
	}
	return found
}

// claims asks a judge, whose panic is a no.
func claims(j Judge, in sanitize.Input) (yes bool) {
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	return j.Claims(in)
}

// inside puts the name of a member before the place of a violation in it.
func inside(untrustedName string, err error) error {
	var v Violation
	if untrustedName == "" || !errors.As(err, &v) {
		return err
	}
	if v.Where = untrustedName + " > " + v.Where; strings.HasSuffix(v.Where, " > ") {
		v.Where = untrustedName
	}
	return v
}

// settle makes a Violation of every error that is about the file, and leaves those that are about the run.
func settle(err error) error {
	var v Violation
	switch {
	case err == nil, errors.As(err, &v), sanitize.IsTransient(err),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, sanitize.ErrLimit):
		return Violation{Rule: RuleLimit, Detail: err.Error()}
	}
	return Violation{Rule: RuleUnreadable, Detail: err.Error()}
}
