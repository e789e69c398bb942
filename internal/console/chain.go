package console

import (
	"context"
	"errors"
	"sync"
	"time"

	"sekisho/internal/audit"
)

// chainAge is how old the answer may be that a page shows about the record. Checking reads all of it.
const chainAge = time.Minute

// chainWatch checks the record from time to time, and knows what was found last.
type chainWatch struct {
	verify func(context.Context) (audit.Summary, error)
	now    func() time.Time

	mu   sync.Mutex
	busy chan struct{} // closed when the check that runs has ended; nil: none runs
	last chainState
}

// chainState is what a check of the record found.
type chainState struct {
	at       time.Time // zero: never checked
	sum      audit.Summary
	tampered bool
	err      error // the record could not be checked at all
}

func newChainWatch(verify func(context.Context) (audit.Summary, error), now func() time.Time) *chainWatch {
	return &chainWatch{verify: verify, now: now}
}

// chainWait is how long a page waits for a check that runs.
const chainWait = 5 * time.Second

// state returns what was found last, checking anew when that is old. A check that takes long goes on behind the page, which
// then shows the answer before it.
func (c *chainWatch) state(ctx context.Context) chainState {
	c.mu.Lock()
	last, busy := c.last, c.busy
	if !last.at.IsZero() && c.now().Sub(last.at) < chainAge {
		c.mu.Unlock()
		return last
	}
	if busy == nil {
		busy = make(chan struct{})
		c.busy = busy
		go c.check(context.WithoutCancel(ctx), busy)
	}
	c.mu.Unlock()
	timer := time.NewTimer(chainWait)
	defer timer.Stop()
	select {
	case <-busy:
	case <-timer.C:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// again forgets what was found, so that the next page checks anew.
func (c *chainWatch) again(ctx context.Context) {
	c.mu.Lock()
	c.last = chainState{}
	c.mu.Unlock()
	c.state(ctx)
}

func (c *chainWatch) check(ctx context.Context, done chan struct{}) {
	sum, err := c.verify(ctx)
	s := chainState{at: c.now(), sum: sum}
	switch {
	case errors.Is(err, audit.ErrTampered):
		s.tampered = true
	case err != nil && !errors.Is(err, audit.ErrUnanchored): // lines behind the head: a write that is just going on
		s.err = err
	}
	c.mu.Lock()
	c.last, c.busy = s, nil
	c.mu.Unlock()
	close(done)
}

// chainView is the state of the record as a page shows it.
type chainView struct {
	Look, State, Text, More string
	Problems                []string
}

// chainOf says how the record is.
func chainOf(p *page, s chainState) chainView {
	switch {
	case s.tampered:
		v := chainView{Look: "bad", State: "bad", Text: p.say("audit.chain.bad"), More: p.say("audit.chain.act")}
		for _, x := range s.sum.Problems[:min(len(s.sum.Problems), 10)] {
			v.Problems = append(v.Problems, x.File+": "+x.What)
		}
		return v
	case s.err != nil:
		return chainView{Look: "bad", State: "failed", Text: p.say("audit.chain.failed"), More: p.say("audit.chain.act")}
	case s.at.IsZero():
		return chainView{Look: "", State: "busy", Text: p.say("audit.chain.busy")}
	}
	return chainView{
		Look: "good", State: "good", Text: p.say("audit.chain.good"), More: p.say("audit.chain.more", "Count", s.sum.Entries, "When", when(s.at)),
	}
}
