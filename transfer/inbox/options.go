package inbox

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"time"
)

// Handler receives what an inbox finds. Its methods are called from several goroutines.
type Handler interface {
	// Take copies the claimed file to a safe place and makes that durable, and is idempotent: the same Claim.ID may come
	// again, after a crash or an error, also when an earlier call returned nil. Just before it commits it calls
	// Claim.Unchanged, and returns its error. Nil means that the file is safe: the inbox removes it.
	Take(ctx context.Context, c Claim) error
	// Refuse tells of a file that stays in the inbox: once for each state of the file, and again after a restart.
	Refuse(ctx context.Context, r Refusal)
}

// Why a file is not taken: a closed set.
type Why string

// The reasons of refusals.
const (
	TooLarge   Why = "too-large"   // larger than Options.MaxSize
	NotRegular Why = "not-regular" // a link, pipe, socket or device
	Unreadable Why = "unreadable"  // no permission to read it, or to move it
	Growing    Why = "growing"     // still changing after Options.Patience; taken later when it stops
	TooDeep    Why = "too-deep"    // a folder below Options.MaxDepth, with all that is in it
)

// Refusal tells of a file or folder that stays where it is.
type Refusal struct {
	Route   string
	Path    string // untrusted raw bytes, slash-separated, below the inbox
	Reason  Why
	Detail  string // for administrators; may quote untrusted names
	Size    int64
	ModTime time.Time
}

// Options of an inbox. Fields with a default in brackets may be zero.
type Options struct {
	Route    string
	Dir      string        // the folder; it must exist
	Interval time.Duration // between two looks [5 s]
	Settle   time.Duration // how long a file must stay the same [10 s]
	Patience time.Duration // how long a file may go on changing before that is told [10 min]
	MaxSize  int64         // bytes of one file [2 GiB]
	MaxDepth int           // folders below the inbox [64]
	Workers  int           // calls of Take at once [4]
	Large    int64         // bytes from which a file is large: few of them are claimed at once [64 MiB]
	NoHints  bool          // polls only: for shares that other machines write to

	// Trouble is told when the inbox cannot be used, each time the error changes, and nil when it is well again [logged].
	Trouble func(err error)
	Log     *slog.Logger // [none]
}

// Defaults of sizes, in bytes.
const (
	defaultMaxSize = 2 << 30
	defaultLarge   = 64 << 20
)

func (o Options) withDefaults() Options {
	o.Interval = cmp.Or(o.Interval, 5*time.Second)
	o.Settle = cmp.Or(o.Settle, 10*time.Second)
	o.Patience = cmp.Or(o.Patience, 10*time.Minute)
	o.MaxSize = cmp.Or(o.MaxSize, defaultMaxSize)
	o.MaxDepth = cmp.Or(o.MaxDepth, 64)
	o.Workers = cmp.Or(o.Workers, 4)
	o.Large = cmp.Or(o.Large, defaultLarge)
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Trouble == nil {
		o.Trouble = func(err error) { o.Log.Error("inbox trouble", "route", o.Route, "error", err) }
	}
	return o
}
