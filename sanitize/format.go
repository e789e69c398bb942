package sanitize

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
)

// Format rebuilds one kind of file. An implementation holds no state: its methods may be called at the same time.
type Format interface {
	// Info describes the format. It always returns the same value.
	Info() Info

	// Detect reports whether in is of this format, by its content. It reads as little as it can, and it is right
	// about broken files too: a damaged PDF is a PDF, so that Rebuild can say what is wrong with it.
	Detect(in Input) bool

	// Rebuild reads in by the format's grammar and writes a fresh file to out. It wraps one of the errors of this
	// package when it refuses. What was written to out is void on error. The report's Type and Output may be left
	// empty when both are this format.
	Rebuild(ctx context.Context, in Input, out io.Writer, pass Pass) (Report, error)
}

// Info describes a format.
type Info struct {
	ID         string   // "docx": short, lower case, stable; it stands in reports and in the record
	Name       string   // for people: "Word 文書 / Word document"
	Extensions []string // without the dot, lower case; the first is given to an output
	Sisters    []string // extensions of types that the same programs open: under such a name it is rebuilt, and gets its own
	MIME       string
	Refines    string // ID of the format that this one is a kind of (docx ⊂ zip), or ""
	ByName     bool   // content alone cannot tell it from what it refines (csv ⊂ txt): chosen when the name asks for it
}

// Pass is what one run of a Rebuild may use.
type Pass struct {
	Policy    Policy
	Passwords []string // to try on an encrypted file, in order

	// Member rebuilds an embedded file: the engine again, one level deeper. The name is what the container calls it,
	// and may be empty; it is distrusted, and decides only what a bare content cannot (csv) and whether name and
	// content agree. The report's Output says what was written.
	Member func(ctx context.Context, untrustedName string, in Input, out io.Writer) (Report, error)

	// OutputName returns the name that a member has once it is of the format called id (Report.Output): the one it has
	// when its extension fits, else with another extension. It may be nil in a pass that was not made by an engine.
	OutputName func(untrustedName, id string) string

	budget *budget
}

// Expand charges n decompressed bytes to the run, and fails with ErrLimit when there have been too many.
// A format calls it for each block that it decompresses, before it keeps the block.
func (p Pass) Expand(n int64) error { return p.budget.expand(n) }

// Entry charges one archive entry, part or embedded file to the run, and fails with ErrLimit past the limit.
func (p Pass) Entry() error { return p.budget.entry() }

// budget is what one run, embedded files included, may use. A nil budget allows nothing.
type budget struct {
	limits   Limits
	input    int64
	expanded atomic.Int64
	entries  atomic.Int64
	malware  atomic.Bool // some file of the run is malware: no container may leave it out and pass
}

func (b *budget) expand(n int64) error {
	if b == nil {
		return fmt.Errorf("%w: no budget: the pass was not made by an engine", ErrLimit)
	}
	total := b.expanded.Add(n)
	if n < 0 || total > b.limits.Expanded {
		return fmt.Errorf("%w: more than %d expanded bytes", ErrLimit, b.limits.Expanded)
	}
	if total > RatioFrom && total/max(b.input, 1) > b.limits.Ratio {
		return fmt.Errorf("%w: expands more than %d times", ErrLimit, b.limits.Ratio)
	}
	return nil
}

func (b *budget) entry() error {
	if b == nil {
		return fmt.Errorf("%w: no budget: the pass was not made by an engine", ErrLimit)
	}
	if n := b.entries.Add(1); n > int64(b.limits.Entries) {
		return fmt.Errorf("%w: more than %d embedded files", ErrLimit, b.limits.Entries)
	}
	return nil
}
