package quarantine

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"sekisho/sanitize"
)

// maxWords bounds the name of a person and a reason, in bytes.
const maxWords = 4 << 10

// What a decision can be.
const (
	didReject   = "reject"
	didRequest  = "request"
	didApprove  = "approve"
	didInstruct = "instruct"
)

// change changes the state of an item under its lock, when it is at one of the stages from. do may refuse, and sets what
// is to change.
func (s *Store) change(id string, d Decision, from []Stage, do func(e *Entry) error) error {
	if person(d.Actor) == "" || len(d.Actor) > maxWords {
		return fmt.Errorf("cannot %s %s: %w", d.What, id, ErrActor)
	}
	if len(d.Reason) > maxWords {
		return fmt.Errorf("cannot %s %s: %w, of at most %d bytes", d.What, id, ErrReason, maxWords)
	}
	lock, err := s.lock(id, 0)
	if err != nil {
		return err
	}
	defer lock.Close()
	e, err := s.Get(id)
	if err != nil {
		return err
	}
	if !slices.Contains(from, e.State.Stage) {
		return fmt.Errorf("cannot %s %s: %w: %s", d.What, id, ErrState, e.State.Stage)
	}
	if err := do(&e); err != nil {
		return fmt.Errorf("cannot %s %s: %w", d.What, id, err)
	}
	d.Time = s.opt.Now().UTC()
	e.State.Decisions = append(e.State.Decisions, d)
	e.State.Since = d.Time
	return s.write(id, stateFile, e.State)
}

// Reject decides that the file does not cross. It stays until its time is over.
func (s *Store) Reject(id, actor, reason string) error {
	d := Decision{What: didReject, Actor: actor, Reason: reason}
	return s.change(id, d, []Stage{Waiting, Requested}, func(e *Entry) error {
		e.State.Stage = Rejected
		return nil
	})
}

// Request asks that the original be released as it is; another person must approve. It fails with ErrExceptions where the
// configuration does not allow that, and with ErrMalware for malware, always.
func (s *Store) Request(id, actor, reason string) error {
	d := Decision{What: didRequest, Actor: actor, Reason: reason}
	return s.change(id, d, []Stage{Waiting}, func(e *Entry) error {
		if err := s.mayExcept(e); err != nil {
			return err
		}
		if strings.TrimSpace(reason) == "" {
			return ErrReason
		}
		e.State.Stage = Requested
		return nil
	})
}

// mayExcept fails when the original may not be released as it is, whoever asks.
func (s *Store) mayExcept(e *Entry) error {
	if e.Item.Malware() {
		return ErrMalware
	}
	if !s.opt.Exceptions {
		return ErrExceptions
	}
	return nil
}

// requester returns who asked last.
func (s State) requester() string {
	for _, d := range slices.Backward(s.Decisions) {
		if d.What == didRequest {
			return d.Actor
		}
	}
	return ""
}

// person spells a person's name in the one way in which two spellings of it are equal: compatibility forms (full-width
// letters, half-width kana), case, spaces and invisible characters make nobody another person.
func person(actor string) string {
	folded := cases.Fold().String(norm.NFKC.String(actor))
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsGraphic(r) || unicode.In(r, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, norm.NFKC.String(folded))
}

// Condemn makes a held item malware: a scanner has found something in it that it did not know when the file came. It reports
// whether the item was not malware before. An item that the gateway is treating is left alone: it is being scanned anyway.
func (s *Store) Condemn(id string, found Scan) (fresh bool, err error) {
	lock, err := s.lock(id, 0)
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
