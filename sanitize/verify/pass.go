package verify

import (
	"context"
	"fmt"
	"sync/atomic"

	"sekisho/sanitize"
)

// Judge knows what our writer of one format writes. An implementation holds no state: its methods may be called at
// the same time.
type Judge interface {
	// ID is the ID of the format that is judged: "docx".
	ID() string

	// Claims reports whether in is of the format, by its content. It is stricter than the Detect of a format: bytes
	// before the first of the format are not tolerated. Of all judges one at most claims an input.
	Claims(in sanitize.Input) bool

	// Check returns nil when in is what our writer writes and nothing in it is active, else a Violation, or the
	// error of ctx.
	Check(ctx context.Context, in sanitize.Input, pass Pass) error
}

// Pass is what one run of a Check may use.
type Pass struct {
	Policy sanitize.Policy

	// Member judges an embedded file: the Set again, one level deeper. The type is decided by content; the name is
	// what the container calls it. It can only make the judgement stricter (a text called .csv is judged as a table,
	// a name that says another type than the content is a violation), and it may be empty.
	Member func(ctx context.Context, untrustedName string, in sanitize.Input) error

	// Identify returns the type of an embedded file, by its content: Set.Identify.
	Identify func(in sanitize.Input) string

	budget *budget
}

// Expand charges n decompressed bytes to the run, and fails with sanitize.ErrLimit when there have been too many.
// A judge calls it for each block that it decompresses, before it keeps the block.
func (p Pass) Expand(n int64) error { return p.budget.expand(n) }

// Entry charges one part, entry or embedded file to the run, and fails with sanitize.ErrLimit past the limit.
func (p Pass) Entry() error { return p.budget.entry() }

// budget is what one run, members included, may use. A nil budget allows nothing.
type budget struct {
	limits   sanitize.Limits
	input    int64
	expanded atomic.Int64
	entries  atomic.Int64
}

// ratioSlack is how many times the ratio of the policy a released file may expand: our compression may be better
// than that of the file which the rebuild held against the ratio.
const ratioSlack = 4

func (b *budget) expand(n int64) error {
	if b == nil || n < 0 {
		return fmt.Errorf("%w: no budget: the pass was not made by a set", sanitize.ErrLimit)
	}
	total := b.expanded.Add(n)
	if total > b.limits.Expanded {
		return fmt.Errorf("%w: more than %d expanded bytes", sanitize.ErrLimit, b.limits.Expanded)
	}
	if total > sanitize.RatioFrom && total/max(b.input, 1) > ratioSlack*b.limits.Ratio {
		return fmt.Errorf("%w: expands more than %d times", sanitize.ErrLimit, ratioSlack*b.limits.Ratio)
	}
	return nil
}

func (b *budget) entry() error {
	if b == nil {
		return fmt.Errorf("%w: no budget: the pass was not made by a set", sanitize.ErrLimit)
	}
	if n := b.entries.Add(1); n > int64(b.limits.Entries) {
		return fmt.Errorf("%w: more than %d embedded files", sanitize.ErrLimit, b.limits.Entries)
	}
	return nil
}
