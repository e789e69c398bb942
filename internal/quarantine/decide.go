package quarantine

import (
	"fmt"
	"slices"
	"time"

	"sekisho/internal/person"
	"sekisho/sanitize"
)

// maxWords bounds the name of a person and a reason, in bytes.
const maxWords = 4 << 10

// What says which decision it is.
type What string

// What a decision can be.
const (
	DidReject   What = "reject"
	DidRequest  What = "request"
	DidApprove  What = "approve"
	DidInstruct What = "instruct"
	DidExtend   What = "extend"
)

// stages returns the stages at which a decision is possible.
func (w What) stages() []Stage {
	switch w {
	case DidReject, DidInstruct:
		return []Stage{Waiting, Requested}
	case DidRequest:
		return []Stage{Waiting}
	case DidApprove:
		return []Stage{Requested}
	case DidExtend:
		return []Stage{Waiting, Requested, Rejected}
	}
	return nil
}

// May fails when the decision would not be possible now, and why: the same errors as those of making it. Who puts decisions on
// a record asks first, so that nothing stands there which nobody could do.
func (s *Store) May(id string, what What, by By) error {
	e, err := s.Get(id)
	if err == nil {
		err = s.may(e, by.decide(what))
	}
	if err != nil {
		return fmt.Errorf("cannot %s %s: %w", what, id, err)
	}
	return nil
}

// decide begins a decision of a person.
func (b By) decide(what What) Decision {
	return Decision{What: what, Actor: b.Actor, Reason: b.Reason, Code: b.Code, roles: b.Roles, nth: b.Nth}
}

// may is May for an item that was read.
func (s *Store) may(e Entry, d Decision) error {
	switch {
	case person.Key(d.Actor) == "" || len(d.Actor) > maxWords:
		return ErrActor
	case len(d.Reason) > maxWords:
		return fmt.Errorf("%w, of at most %d bytes", ErrReason, maxWords)
	case d.What == DidInstruct && e.Item.Malware():
		return ErrMalware
	case !slices.Contains(d.What.stages(), e.State.Stage):
		return fmt.Errorf("%w: %s", ErrState, e.State.Stage)
	case d.What == DidRequest || d.What == DidApprove:
		if err := s.mayExcept(e); err != nil {
			return err
		}
	}
	switch d.What {
	case DidRequest:
		return d.reasoned()
	case DidApprove:
		return s.mayApprove(e, d)
	}
	return nil
}

// change makes a decision about an item under its lock. do sets what is to change, and may refuse.
func (s *Store) change(id string, d Decision, do func(e *Entry, d *Decision) error) error {
	lock, err := s.lock(id, true)
	if err != nil {
		return err
	}
	defer lock.Close()
	e, err := s.Get(id)
	if err != nil {
		return err
	}
	if err = s.may(e, d); err == nil {
		err = do(&e, &d)
	}
	if err != nil {
		return fmt.Errorf("cannot %s %s: %w", d.What, id, err)
	}
	d.Time = s.opt.Now().UTC()
	e.State.Decisions = append(e.State.Decisions, d)
	e.State.Since = d.Time
	return s.write(id, stateFile, e.State)
}

// Reject decides that the file does not cross. It stays until its time is over.
func (s *Store) Reject(id, actor, reason string) error {
	return s.change(id, Decision{What: DidReject, Actor: actor, Reason: reason}, func(e *Entry, _ *Decision) error {
		e.State.Stage = Rejected
		return nil
	})
}

// Request asks that the original be released as it is; others must approve (Steps). It fails with ErrExceptions where the
// configuration does not allow that, and with ErrMalware for malware, always.
func (s *Store) Request(id string, by By) error {
	return s.change(id, by.decide(DidRequest), func(e *Entry, _ *Decision) error {
		e.State.Stage = Requested
		return nil
	})
}

// maxExtension bounds for how long a file may be kept from now on.
const maxExtension = 366 * 24 * time.Hour

// Extend keeps an item until a moment, at most a year from now, whatever the configuration says. It never shortens.
func (s *Store) Extend(id, actor, reason string, until time.Time) error {
	return s.change(id, Decision{What: DidExtend, Actor: actor, Reason: reason}, func(e *Entry, _ *Decision) error {
		if now := s.opt.Now(); !until.After(now) || until.Sub(now) > maxExtension || until.Before(e.State.KeepUntil) {
			return ErrUntil
		}
		e.State.KeepUntil = until.UTC()
		return nil
	})
}

// mayExcept fails when the original may not be released as it is, whoever asks.
func (s *Store) mayExcept(e Entry) error {
	if e.Item.Malware() {
		return ErrMalware
	}
	if _, ok := s.Steps(e.Item); !ok {
		return ErrExceptions
	}
	return nil
}

// Requester returns who asked last that the original be released, "" when nobody did.
func (s State) Requester() string {
	for _, d := range slices.Backward(s.Decisions) {
		if d.What == DidRequest {
			return d.Actor
		}
	}
	return ""
}

// Condemn makes a held item malware: a scanner has found something in it that it did not know when the file came. It reports
// whether the item was not malware before. An item that the gateway is treating is left alone: it is being scanned anyway.
func (s *Store) Condemn(id string, found Scan) (fresh bool, err error) {
	lock, err := s.lock(id, true)
	if err != nil {
		return false, err
	}
	defer lock.Close()
	e, err := s.Get(id)
	if err != nil {
		return false, err
	}
	if e.Item.Malware() || e.State.Stage == Treating {
		return false, nil
	}
	e.Item.Verdict, e.Item.Reason = sanitize.Blocked, sanitize.ReasonMalware
	e.Item.Detail = found.Scanner + ": " + found.Detail
	e.Item.Scans = append(e.Item.Scans, found)
	return true, s.write(id, itemFile, e.Item)
}
