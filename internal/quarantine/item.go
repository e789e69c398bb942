package quarantine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"sekisho/sanitize"
)

// Errors that a caller may tell a person about.
var (
	ErrMalware    = errors.New("the item is malware")                      // it is looked at, rejected and deleted; nothing else
	ErrExceptions = errors.New("originals are not released here")          // the configuration does not allow exceptions
	ErrSamePerson = errors.New("a second person must approve")             // who asked cannot approve
	ErrState      = errors.New("not possible in the item's present state") // somebody was faster, or it is being treated
	ErrActor      = errors.New("the person who decides must be named")     //
	ErrReason     = errors.New("the decision needs a reason")              //
	ErrUntil      = errors.New("the day is past, too far, or before the one that was set")
	ErrKey        = errors.New("the key does not fit")                       // wrong identity
	ErrDamaged    = errors.New("the item is damaged or was changed")         // its files do not say what they should
	ErrDifferent  = errors.New("another file is held under the same number") //
)

// itemVersion is the version of item.json and state.json.
const itemVersion = 1

// Item says what was held and why. It is written once for each generation.
type Item struct {
	Version    int              `json:"version"`
	Job        string           `json:"job"`        // the folder's name: lower-case letters, digits, hyphens
	Generation int              `json:"generation"` // of the treatment that ended here
	Route      string           `json:"route"`
	Path       string           `json:"path,omitempty"` // sub-folder below the route
	Name       string           `json:"name"`
	RawName    []byte           `json:"raw_name,omitempty"`
	Size       int64            `json:"size"`   // of the original, bytes
	SHA256     string           `json:"sha256"` // of the original, lower-case hex
	ModTime    time.Time        `json:"mod_time"`
	Received   time.Time        `json:"received"`
	Held       time.Time        `json:"held"` // set by Hold when zero
	Source     string           `json:"source,omitempty"`
	Policy     string           `json:"policy"`
	Type       string           `json:"type,omitempty"` // by content
	Declared   string           `json:"declared,omitempty"`
	Verdict    sanitize.Verdict `json:"verdict"` // held or blocked
	Reason     sanitize.Reason  `json:"reason"`
	Detail     string           `json:"detail,omitempty"` // for the administrator; may hold text of the file
	Engine     string           `json:"engine,omitempty"` // version of the program

	PolicyVersion int `json:"policy_version,omitempty"` // of the policies, as people chose them

	Findings []sanitize.Finding `json:"findings,omitempty"`
	Scans    []Scan             `json:"scans,omitempty"`
}

// Scan is what one scanner said.
type Scan struct {
	Scanner string    `json:"scanner"` // "clamd"
	Of      string    `json:"of"`      // "original" or "rebuilt"
	Result  string    `json:"result"`  // "clean", "found", …
	Detail  string    `json:"detail,omitempty"`
	Time    time.Time `json:"time"`
}

// Malware reports whether the item was blocked. Nothing can make such a file cross.
func (i Item) Malware() bool {
	return i.Verdict == sanitize.Blocked || i.Reason == sanitize.ReasonMalware
}

// check fails unless the item can be held.
func (i Item) check() error {
	if err := checkID(i.Job); err != nil {
		return err
	}
	if i.Verdict != sanitize.Held && i.Verdict != sanitize.Blocked {
		return fmt.Errorf("cannot hold a file with the verdict %q", string(i.Verdict))
	}
	if i.Reason == "" || i.Size < 0 || i.Generation < 0 || len(i.SHA256) != 64 {
		return fmt.Errorf("cannot hold job %s: reason, size, generation or hash is missing", i.Job)
	}
	return nil
}

// checkID fails unless id is one that a job can have: it becomes a folder's name.
func checkID(id string) error {
	if len(id) < 8 || len(id) > 64 || id[0] == '-' {
		return fmt.Errorf("cannot use job id %q", id)
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' {
			return fmt.Errorf("cannot use job id %q", id)
		}
	}
	return nil
}

// Stage is how far an item has come.
type Stage string

// The stages.
const (
	Waiting    Stage = "held"       // for a person
	Requested  Stage = "requested"  // one person asked to release the original, another must approve
	Instructed Stage = "instructed" // the gateway has not seen the instruction yet
	Treating   Stage = "treating"   // the gateway took it
	Released   Stage = "released"   // it crossed after all
	Rejected   Stage = "rejected"   // a person decided that it does not cross
)

// Decision is what one person did.
type Decision struct {
	What   What      `json:"what"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason,omitempty"`
	Policy string    `json:"policy,omitempty"` // of an instruction
	Code   Code      `json:"code,omitempty"`   // of a request or an approval
	Role   Role      `json:"role,omitempty"`   // in which an approval was made
	Time   time.Time `json:"time"`

	roles []Role // in which the actor may approve
	nth   int    // By.Nth
}

// State is what people and the gateway did about an item.
type State struct {
	Version    int        `json:"version"`
	Stage      Stage      `json:"stage"`
	Generation int        `json:"generation"`          // of the last treatment asked for; the item's own when none was
	Exception  bool       `json:"exception,omitempty"` // the original is released as it is
	Since      time.Time  `json:"since"`
	KeepUntil  time.Time  `json:"keep_until,omitzero"` // a person keeps it for that long at least
	Decisions  []Decision `json:"decisions,omitempty"` // all of them, oldest first
}

// Entry is an item with its state.
type Entry struct {
	Item  Item
	State State
}

// maxFile bounds item.json, state.json and an instruction, in bytes.
const maxFile = 16 << 20

// strict decodes JSON with no unknown keys and nothing behind it.
func strict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("%w: text behind the end", ErrDamaged)
	}
	return nil
}
