package console

import (
	"context"
	"errors"
	"io"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/quarantine"
)

// Gateway is what the console asks of the gateway in whose process it runs.
type Gateway interface {
	Policies

	// Routes names the ways that the files of an office may go, the first one first; those of all offices for "".
	Routes(office string) []string
	// Folder is where the files of a route come out in the LGWAN zone, as people there call it; "" when nobody has said so.
	Folder(route string) string
	// Limit is the length of the longest file that is taken in, in bytes.
	Limit() int64
	// Exceptions reports whether two people may release an original.
	Exceptions() bool
	// Keep is how long held files are kept; 0: for ever.
	Keep() time.Duration
	// Submit takes a file in and returns the number of its job. The error wraps ErrTooLarge or ErrNoSpace when that is why not.
	Submit(ctx context.Context, s Submission, r io.Reader) (string, error)
	// Status says how the gateway is.
	Status(ctx context.Context) Status
	// VerifyRecord checks the whole record, as `sekisho audit verify` does.
	VerifyRecord(ctx context.Context) (audit.Summary, error)

	// Held returns a held file. The error wraps fs.ErrNotExist when there is none of that number.
	Held(ctx context.Context, id string) (quarantine.Entry, error)
	// Again, Request, Approve, Reject, Extend, Delete and Evidence are decisions about a held file, on the record under the actor's name.
	// Their errors wrap those of package quarantine.
	Again(ctx context.Context, id, actor, reason, policy, password string) error
	Request(ctx context.Context, id string, by quarantine.By) error
	// Approve reports whether it was the last approval that the file needs.
	Approve(ctx context.Context, id string, by quarantine.By) (released bool, err error)
	// Next says in which role the next approval is made, how many there are, and how many the file needs; 0: it is never released.
	Next(e quarantine.Entry) (role quarantine.Role, has, needs int)
	Reject(ctx context.Context, id, actor, reason string) error
	Extend(ctx context.Context, id, actor, reason string, until time.Time) error
	Delete(ctx context.Context, id, actor, reason string) error
	// Evidence writes the original to w, encrypted to an age recipient ("age1…").
	Evidence(ctx context.Context, id, actor, reason, recipient string, w io.Writer) error

	// HasOriginal reports whether there is an original that Preview may show: never one with malware.
	HasOriginal(id string) bool
	// Preview draws the first pages of an original and of what a rebuild makes of it, after it is on record that the actor looks.
	Preview(ctx context.Context, id, actor string) (Preview, error)
}

// Preview is what can be seen of a file.
type Preview struct{ Before, After Drawn }

// Drawn is pictures of pages, drawn and judged in the sandbox, or the reason why there are none.
type Drawn struct {
	Pictures []Picture
	Reason   string
}

// Picture is a PNG, with its size in pixels.
type Picture struct {
	PNG           []byte
	Width, Height int
}

// Errors of Gateway.Submit.
var (
	ErrTooLarge = errors.New("the file is larger than what is taken in")
	ErrNoSpace  = errors.New("there is no room on the disk")

	ErrRecipient = errors.New("that is no age recipient") // of Gateway.Evidence
)

// Submission is a file that a person of an office hands in. Folder and Name are as a browser sent them: untrusted.
type Submission struct {
	Route, Office, Folder, Name, Actor string
}

// Status says how the gateway is.
type Status struct {
	Checks  []Check
	Figures []Figure
}

// Check is one thing that must be well. Name is the end of a text's id: "status.check.<Name>".
type Check struct {
	Name   string
	OK     bool
	Detail string // for the administrator; may be the words of another program
}

// Figure is one number. Name is the end of a text's id: "status.figure.<Name>".
type Figure struct {
	Name  string
	Value float64
	Unit  string // "", "bytes" or "seconds"
}
