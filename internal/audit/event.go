package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind says what happened.
type Kind string

// The kinds, a closed set.
const (
	Started       Kind = "started"        // the gateway or the receiver
	Stopped       Kind = "stopped"        //
	Recovered     Kind = "recovered"      // the log itself, after a power cut: Detail says what was found
	Config        Kind = "config"         // a configuration or a policy came into force
	Received      Kind = "received"       // a file was accepted
	RefusedIntake Kind = "refused-intake" // a file was not accepted: Reason
	Identified    Kind = "identified"     // its type was found
	Rebuilt       Kind = "rebuilt"        //
	Scanned       Kind = "scanned"        // Detail names the scanner and what it said
	Verified      Kind = "verified"       // the judge passed the outgoing bytes
	Sealed        Kind = "sealed"         // manifest signed
	Sent          Kind = "sent"           // the link took the package
	Arrived       Kind = "arrived"        // the receiver has it
	Released      Kind = "released"       // it lies in the folder
	Refused       Kind = "refused"        // the receiver did not take it: Reason
	Held          Kind = "held"           // in quarantine: Reason
	Blocked       Kind = "blocked"        // malware, in quarantine
	Reviewed      Kind = "reviewed"       // Actor looked at it or had it treated again
	Password      Kind = "password"       // Actor supplied a password (never the password itself)
	Rejected      Kind = "rejected"       // Actor decided that it does not cross
	Deleted       Kind = "deleted"        // its time in quarantine is over, or Actor deleted it
	Requested     Kind = "exception-requested"
	Approved      Kind = "exception-approved"
	Endorsed      Kind = "exception-endorsed" // Actor approved, and others must too
	Waiting       Kind = "waiting"            // a scanner or the link is away
	Alarm         Kind = "alarm"              // something an administrator must look at: Detail
	Rescanned     Kind = "rescanned"          // kept originals were scanned again; with a Job: something was found in one
	Extended      Kind = "extended"           // Actor keeps a held file for longer
	Evidence      Kind = "evidence"           // Actor took a held original out, encrypted: Detail says to whom
	Previewed     Kind = "previewed"          // Actor looks at pictures of an original: on record before they are shown
	Tested        Kind = "tested"             // Actor sent the two test files of the first set-up through: Detail says what came of them
	SignIn        Kind = "sign-in"            // Actor signed in to the console, or was kept out: Detail
	Account       Kind = "account"            // Actor changed who may do what in the console: Name is the account
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		Started, Stopped, Recovered, Config, Received, RefusedIntake, Identified, Rebuilt, Scanned, Verified, Sealed, Sent,
		Arrived, Released, Refused, Held, Blocked, Reviewed, Password, Rejected, Deleted, Requested, Endorsed, Approved, Waiting, Alarm,
		Rescanned, Extended, Evidence, Previewed, Tested, SignIn, Account,
	}
}

// NotPossible begins the detail of an event that takes one of the same kind back: a decision that was recorded and then failed.
const NotPossible = "this decision was not possible"

// Event is what is put on record. All fields but Kind may be empty. Names and texts may come from a file or its sender;
// they are escaped so that they can neither end a line nor turn the reading direction.
type Event struct {
	Time       time.Time `json:"time"` // set by Append: when it was written, in UTC
	Kind       Kind      `json:"kind"`
	Job        string    `json:"job,omitempty"`
	Generation int       `json:"generation,omitempty"`
	Route      string    `json:"route,omitempty"`
	Path       string    `json:"path,omitempty"`
	Name       string    `json:"name,omitempty"`
	Type       string    `json:"type,omitempty"`
	Verdict    string    `json:"verdict,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Policy     string    `json:"policy,omitempty"`
	Version    int       `json:"policy_version,omitempty"` // of the policies, as people chose them (internal/policy); 0: nobody did
	SHA256In   string    `json:"sha256_in,omitempty"`
	SHA256Out  string    `json:"sha256_out,omitempty"`
	SizeIn     int64     `json:"size_in,omitempty"`  // bytes
	SizeOut    int64     `json:"size_out,omitempty"` // bytes
	Actor      string    `json:"actor,omitempty"`    // the person; empty for the program
	Detail     string    `json:"detail,omitempty"`
	Findings   []Finding `json:"findings,omitempty"`
}

// Finding is one thing that was not copied, as the report says it.
type Finding struct {
	Rule   string `json:"rule"`
	Action string `json:"action"`
	Where  string `json:"where,omitempty"`
	Count  int    `json:"count"`
}

// Bounds of one event. What is longer is cut, for an entry is never left out because of what a file is called.
const (
	maxText     = 4 << 10 // bytes of a text field
	maxWhere    = 256     // bytes of Finding.Where
	maxFindings = 1000
)

// prepare returns the event as it is written: cut to its bounds, valid UTF-8, with its time.
func (e Event) prepare(now time.Time) (Event, error) {
	if !slices.Contains(Kinds(), e.Kind) {
		return Event{}, fmt.Errorf("cannot record event: no kind %q", string(e.Kind))
	}
	if y := now.UTC().Year(); y < 1 || y > 9999 {
		return Event{}, errors.New("cannot record event: the clock shows no year that can be written")
	}
	e.Time = now.UTC().Truncate(time.Microsecond)
	for _, s := range []*string{
		&e.Job, &e.Route, &e.Path, &e.Name, &e.Type, &e.Verdict, &e.Reason, &e.Policy, &e.SHA256In, &e.SHA256Out, &e.Actor, &e.Detail,
	} {
		*s = cut(*s, maxText)
	}
	e.Findings = slices.Clone(e.Findings[:min(len(e.Findings), maxFindings)])
	for i := range e.Findings {
		f := &e.Findings[i]
		f.Rule, f.Action, f.Where = cut(f.Rule, maxWhere), cut(f.Action, maxWhere), cut(f.Where, maxWhere)
	}
	return e, nil
}

// cut returns s as valid UTF-8 of at most limit bytes; "…" stands for what was cut off.
func cut(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	s = s[:limit-len("…")]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + "…"
}
