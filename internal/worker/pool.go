package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sekisho/internal/worker/wire"
)

// ErrClosed is returned by a Pool after Close.
var ErrClosed = errors.New("worker pool is closed")

// Pool runs one child for each file. Its methods may be called at the same time; how many files are worked on at
// once is the caller's to decide.
type Pool struct {
	opts     Options
	accepted wire.Set // layers that may be missing
	program  *program
	starter  *starter
	judges   *Pool // of the program that judges, or nil: the children do

	ready chan offer // unbuffered: each keeper holds the one child that it started
	only  chan offer // of Options.Once, instead of keepers: the first child, until it is taken
	stop  context.Context
	close context.CancelFunc
	wg    sync.WaitGroup // keepers
}

// offer is a child that is ready, or the reason why there is none.
type offer struct {
	child *process
	err   error
}

// NewPool opens the child program, starts one child to see that the sandbox holds, and begins to keep children ready.
func NewPool(o Options) (*Pool, error) {
	judge := o.Judge
	o.Judge = ""
	if judge == "" || judge == o.Child {
		return newPool(o)
	}
	var judges *Pool
	var judgesErr error
	var both sync.WaitGroup
	both.Go(func() {
		o := o
		o.Child = judge
		judges, judgesErr = newPool(o)
	})
	p, err := newPool(o)
	both.Wait()
	if err = errors.Join(err, judgesErr); err != nil {
		for _, started := range []*Pool{p, judges} {
			if started != nil {
				err = errors.Join(err, started.Close())
			}
		}
		return nil, err
	}
	p.judges = judges
	return p, nil
}

// newPool makes a pool of one program.
func newPool(o Options) (*Pool, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("cannot make worker pool: %w", err)
	}
	accepted, err := o.accepted()
	if err != nil {
		return nil, fmt.Errorf("cannot make worker pool: %w", err)
	}
	prog, err := openProgram(o)
	if err != nil {
		return nil, fmt.Errorf("cannot make worker pool: %w", err)
	}
	p := &Pool{opts: o, accepted: accepted, program: prog, starter: newStarter(prog), ready: make(chan offer)}
	p.stop, p.close = context.WithCancel(context.Background())
	first, err := p.first()
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("cannot make worker pool: %w", err)
	}
	if o.Once {
		p.only = make(chan offer, 1)
		p.only <- offer{child: first}
		return p, nil
	}
	for n := range o.Ready {
		p.wg.Go(func() {
			if n == 0 {
				p.offer(offer{child: first}, 0)
			}
			p.keep()
		})
	}
	return p, nil
}

// first starts the first child: without name spaces of its own where the kernel gives none and that is accepted.
func (p *Pool) first() (*process, error) {
	c, err := p.start()
	if err == nil || !p.accepted.Has(wire.Namespaces) {
		return c, err
	}
	p.starter.drop()
	p.program.dropNamespaces()
	c, withoutErr := p.start()
	if withoutErr != nil {
		return nil, withoutErr
	}
	p.opts.Log.Warn("children share name spaces with this process", "error", err)
	return c, nil
}

// Close ends the children that wait. Children at work end with their requests, which the caller must have ended.
func (p *Pool) Close() error {
	p.close()
	p.wg.Wait()
	select {
	case o := <-p.only:
		o.child.end()
	default:
	}
	p.starter.close()
	err := p.program.close()
	if p.judges != nil {
		err = errors.Join(err, p.judges.Close())
	}
	return err
}

// Pauses after a failed start: a machine without memory or processes is not helped by more attempts.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// keep starts a child, holds it until somebody takes it, and starts the next.
func (p *Pool) keep() {
	pause := firstPause
	for p.stop.Err() == nil {
		c, err := p.start()
		if err == nil {
			pause = firstPause
			p.offer(offer{child: c}, 0)
			continue
		}
		p.opts.Log.Error("child not started", "error", err)
		p.offer(offer{err: err}, pause)
		pause = min(2*pause, lastPause)
	}
}

// offer waits for a taker, for ever or for as long as patience says. A child that nobody took is ended.
func (p *Pool) offer(o offer, patience time.Duration) {
	var expired <-chan time.Time
	if patience > 0 {
		t := time.NewTimer(patience)
		defer t.Stop()
		expired = t.C
	}
	select {
	case p.ready <- o:
		return
	case <-expired:
	case <-p.stop.Done():
	}
	if o.child != nil {
		o.child.end()
	}
}

// take returns a child that is ready. The caller must end it.
func (p *Pool) take(ctx context.Context) (*process, error) {
	if p.opts.Once {
		return p.takeOnly()
	}
	select {
	case o := <-p.ready:
		return o.child, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.stop.Done():
		return nil, ErrClosed
	}
}

// takeOnly returns the first child, or starts another when that is gone: it may be found dead.
func (p *Pool) takeOnly() (*process, error) {
	if p.stop.Err() != nil {
		return nil, ErrClosed
	}
	select {
	case o := <-p.only:
		return o.child, nil
	default:
		return p.start()
	}
}

// start starts a child and waits until it is in the sandbox.
func (p *Pool) start() (*process, error) {
	c, err := p.starter.start()
	if err != nil {
		return nil, fmt.Errorf("cannot start child: %w", err)
	}
	missing, err := c.awaitReady()
	if err != nil {
		c.end()
		return nil, fmt.Errorf("cannot start child: %w: %s", err, c.words())
	}
	if lacking := missing.Without(p.accepted).List(); len(lacking) > 0 {
		c.end()
		return nil, missingError(lacking, c.words())
	}
	return c, nil
}

func missingError(lacking []wire.Layer, words string) error {
	return fmt.Errorf("cannot start child: the kernel does not give the sandbox layers %v: %s", lacking, words)
}
