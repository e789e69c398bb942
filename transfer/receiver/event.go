package receiver

import (
	"errors"

	"sekisho/transfer/manifest"
)

// ErrLater is the positive mark of a check that could not be made: the package waits and is tried again. Any other error of
// Options.Check is a verdict, and final.
var ErrLater = errors.New("try again later")

// Kind says what an Event is about.
type Kind string

// The kinds of events.
const (
	Released  Kind = "released"  // recorded just before the file appears
	Refused   Kind = "refused"   // recorded before the package is set aside
	Duplicate Kind = "duplicate" // a package came again that was received already; ignored
)

// Reason says why a package was refused: a closed set.
type Reason string

// The reasons of refusals.
const (
	ReasonFormat    Reason = "format"    // damaged, truncated or not canonical
	ReasonKey       Reason = "key"       // signed by a key that is not known
	ReasonSignature Reason = "signature" // altered
	ReasonContent   Reason = "content"   // authentic, but a value breaks a rule
	ReasonReplay    Reason = "replay"    // an id that was used for another package
	ReasonSequence  Reason = "sequence"  // a number that was used for another package
	ReasonRoute     Reason = "route"     // no release folder for it
	ReasonException Reason = "exception" // an original released by people, and this side allows none
	ReasonLength    Reason = "length"    // not as long as the manifest says
	ReasonHash      Reason = "hash"      // not the bytes that the manifest says
	ReasonJudge     Reason = "judge"     // Options.Check said no
)

// Event is one decision. Events are told at least once: after a crash the same one may come again, and a Released one may
// come again with another Name when the first was taken in between; the last one holds.
type Event struct {
	Kind     Kind
	ID       string            // of the package
	Path     string            // Released: folder below the route's release folder, "" for itself
	Name     string            // Released: the file's final name
	Reason   Reason            // Refused
	Detail   string            // Refused: for administrators; may quote untrusted names
	Manifest manifest.Manifest // zero when the package is not authentic, and in a Duplicate
}

// Gap is a range of sequence numbers that never came, although a later one did.
type Gap struct {
	Gateway  string // key id
	From, To uint64 // both missing
}
