package receiver

import (
	"context"
	"errors"
	"sync"
)

// Receiver takes packages and releases what is in them. It is made by New; Serve and Run are its two halves, and work
// without each other.
type Receiver struct {
	opt    Options
	spool  *spool
	ledger *ledger
	routes map[string]*folder
	gate   *gate
	line   *waitingLine
}

// New opens the spool and the release folders, and finds out what a crash has left. Nothing is released before Run.
func New(opt Options) (*Receiver, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Receiver{opt: opt, gate: newGate(opt.Limits), line: newLine(), routes: map[string]*folder{}}
	if r.spool, err = openSpool(opt.Spool, opt.Limits); err != nil {
		return nil, err
	}
	if r.ledger, err = openLedger(opt.Spool); err != nil {
		return nil, err
	}
	for route, root := range opt.Routes {
		f := &folder{root: root, stages: root, dir: stageDir, fileMode: opt.FileMode, dirMode: opt.DirMode}
		if s := opt.Stages[route]; s != nil {
			f.stages, f.dir = s, "."
		}
		if err := f.open(route, r.ledger); err != nil {
			return nil, errors.Join(err, r.ledger.journal.close())
		}
		r.routes[route] = f
	}
	for _, id := range r.spool.ids() {
		r.line.add(id)
	}
	return r, nil
}

// Run verifies and releases what has arrived and what arrives, until ctx ends. What fails for now is tried again with
// growing pauses.
func (r *Receiver) Run(ctx context.Context) {
	work := make(chan string)
	var workers sync.WaitGroup
	defer workers.Wait()
	for range r.opt.Workers {
		workers.Go(func() {
			for id := range work {
				r.handle(ctx, id)
			}
		})
	}
	r.line.run(ctx, work)
}

// handle gives id its turn.
func (r *Receiver) handle(ctx context.Context, id string) {
	err := r.process(ctx, id)
	if err == nil {
		r.line.forget(id)
		return
	}
	if ctx.Err() != nil {
		return // the next start finds it
	}
	pause := r.line.later(id)
	r.opt.Log.Warn("package waits", "id", id, "error", err, "pause", pause)
}

// Pending returns how many arrived packages have not ended.
func (r *Receiver) Pending() int { return r.spool.pending() }

// Missing returns the sequence numbers that never came although later ones did. A package that is on its way, or was
// overtaken, is missing for a moment.
func (r *Receiver) Missing() []Gap { return r.ledger.missing() }

// Close closes the journal. Serve and Run have returned before.
func (r *Receiver) Close() error { return r.ledger.journal.close() }

// again records that a sender offers the package id once more, and returns the status it gets.
func (r *Receiver) again(ctx context.Context, id string) error {
	if err := r.opt.Record(ctx, Event{Kind: Duplicate, ID: id}); err != nil {
		r.opt.Log.Error("cannot record", "id", id, "error", err)
		return statusNoSpace
	}
	return statusExists
}
