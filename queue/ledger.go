package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// State is how a job ended.
type State string

// The end states, a closed set. Every accepted file comes to exactly one of them.
const (
	Sent     State = "sent"     // the link took the rebuilt file
	Held     State = "held"     // the original is in quarantine
	Rejected State = "rejected" // a person decided that it does not cross
)

func (s State) valid() bool { return s == Sent || s == Held || s == Rejected }

// Ledger remembers which jobs ended, and counts the attempts of those that have not. It is a journal of lines in
// segments; ends are durable when End returns, and many callers share one sync. One process at a time has it open.
type Ledger struct {
	journal *journal
	lock    *os.File

	mu    sync.Mutex
	ended map[run]end
	tries map[run][]tries // of the jobs that were begun and have not ended
}

// run is one treatment of one job; a re-treatment is the next generation and may end anew.
type run struct {
	id         ID
	generation int
}

// Tries is how often a stage of a job was begun, and how often it came back without an end. The difference, but for the one
// that is going on, are the times that the process died over it.
type Tries struct {
	Begun    int
	Returned int
}

// tries is Tries with its stage.
type tries struct {
	stage string
	Tries
}

type end struct {
	state   State
	segment uint64 // of the journal; the end is forgotten with it
}

// LedgerOptions says how long a ledger remembers. The zero value is the default.
type LedgerOptions struct {
	// Keep is how long an end is remembered at least: longer than any message can come twice. Default 7 days.
	Keep time.Duration
	// KeepLines is how many lines are remembered at least, so that a clock that jumps forgets nothing of today.
	// Default 200,000.
	KeepLines int
	// SegmentBytes is the size at which the journal begins a new segment. Default 4 MiB.
	SegmentBytes int64
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

func (o LedgerOptions) withDefaults() LedgerOptions {
	if o.Keep == 0 {
		o.Keep = 7 * 24 * time.Hour
	}
	if o.KeepLines == 0 {
		o.KeepLines = 200_000
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = 4 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// OpenLedger opens the ledger in root, a folder that nothing else uses; the caller keeps root open and closes it. It cuts
// off the line that a power cut has left unfinished. It fails with ErrLocked when another process has the ledger, and
// with ErrDamaged when a line that was finished cannot be read: then nobody may guess which jobs ended.
func OpenLedger(root *os.Root, opt LedgerOptions) (*Ledger, error) {
	lock, err := lockFolder(root)
	if err != nil {
		return nil, fmt.Errorf("cannot open ledger: %w", err)
	}
	l := &Ledger{lock: lock, ended: map[run]end{}, tries: map[run][]tries{}}
	l.journal, err = openJournal(root, opt.withDefaults(), l.replay, l.forget)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("cannot open ledger: %w", err)
	}
	return l, nil
}

// Close writes what is pending and gives the ledger back to other processes.
func (l *Ledger) Close() error { return errors.Join(l.journal.close(), l.lock.Close()) }

// End records that this generation of the job ended with state, durably, and returns the state that stands: the one
// that was recorded first. A caller that gets another state than its own came second and must have no effect. A ctx that
// is done before the line is written means that nothing was recorded.
func (l *Ledger) End(ctx context.Context, id ID, generation int, state State) (State, error) {
	if err := id.Check(); err != nil {
		return "", err
	}
	if !state.valid() {
		return "", fmt.Errorf("cannot end job %s: no state %q", id, string(state))
	}
	if stands, ok := l.Ended(id, generation); ok {
		return stands, nil
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("cannot end job %s: %w", id, err)
	}
	r := run{id, generation}
	wait := l.journal.add(line{Kind: lineEnd, ID: id, Generation: generation, State: state}, func(segment uint64) {
		l.noteEnd(r, end{state, segment})
	})
	if err := wait(); err != nil {
		return "", fmt.Errorf("cannot end job %s: %w", id, err)
	}
	stands, _ := l.Ended(id, generation)
	return stands, nil
}

// noteEnd remembers an end that is durable, unless one stands already. Lines are noted in the order in which they lie in
// the journal, so that a replay comes to the same end.
func (l *Ledger) noteEnd(r run, e end) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.ended[r]; !ok {
		l.ended[r] = e
	}
	delete(l.tries, r)
}

// Ended reports whether this generation of the job has ended, and how. A job that ended longer ago than Keep may have
// been forgotten; its folder is gone then.
func (l *Ledger) Ended(id ID, generation int) (State, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.ended[run{id, generation}]
	return e.state, ok
}

// Begin counts one more attempt at a stage of the job and returns the counts with it. They are written within flushDelay and
// not waited for: they outlive the death of the process, which is what they are for (a file that kills the gateway must not
// do so for ever), and a power cut may lose the last, which costs one attempt more.
func (l *Ledger) Begin(stage string, id ID, generation int) Tries {
	return l.count(stage, id, generation, func(t *Tries) { t.Begun++ })
}

// Return counts an attempt that was begun as one that came back and failed.
func (l *Ledger) Return(stage string, id ID, generation int) Tries {
	return l.count(stage, id, generation, func(t *Tries) { t.Returned++ })
}

// Forgive takes back an attempt that was begun: it failed for a reason that is not the file's.
func (l *Ledger) Forgive(stage string, id ID, generation int) Tries {
	return l.count(stage, id, generation, func(t *Tries) { t.Begun = max(t.Begun-1, 0) })
}

func (l *Ledger) count(stage string, id ID, generation int, change func(*Tries)) Tries {
	l.mu.Lock()
	t := l.triesOf(run{id, generation}, stage)
	change(t)
	now := *t
	l.mu.Unlock()
	l.journal.add(line{
		Kind: lineTry, ID: id, Generation: generation, Stage: stage, Begun: now.Begun, Returned: now.Returned,
	}, nil)
	return now
}

// triesOf returns the counts of a stage. The caller holds the lock, as long as it uses them.
func (l *Ledger) triesOf(r run, stage string) *Tries {
	for i := range l.tries[r] {
		if t := &l.tries[r][i]; t.stage == stage {
			return &t.Tries
		}
	}
	l.tries[r] = append(l.tries[r], tries{stage: stage})
	return &l.tries[r][len(l.tries[r])-1].Tries
}

// replay takes in one line of the journal at opening.
func (l *Ledger) replay(ln line, segment uint64) error {
	r := run{ln.ID, ln.Generation}
	switch {
	case ln.ID.Check() != nil:
		return fmt.Errorf("no job id: %q", string(ln.ID))
	case ln.Kind == lineEnd && ln.State.valid():
		l.noteEnd(r, end{ln.State, segment})
	case ln.Kind == lineTry && ln.Begun >= 0 && ln.Returned >= 0:
		if _, ok := l.ended[r]; !ok {
			*l.triesOf(r, ln.Stage) = Tries{ln.Begun, ln.Returned}
		}
	default:
		return fmt.Errorf("no such line: kind %q, state %q", ln.Kind, string(ln.State))
	}
	return nil
}

// forget drops the ends of segments up to and including last.
func (l *Ledger) forget(last uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r, e := range l.ended {
		if e.segment <= last {
			delete(l.ended, r)
		}
	}
}
