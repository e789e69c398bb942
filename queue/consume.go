package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Message asks for one stage of one job.
type Message struct {
	Stage      string
	ID         ID
	Generation int
	Attempt    int // 1 for the first; one more for each RetryAfter and panic before, over restarts
	Died       int // attempts that never came back: the process was killed, or died over this very file
}

// Handler does a stage of a job. It may be asked again for what it has done before, after a crash or when Reconcile looked
// at the spool while the stage was changing, so it begins by looking at which files the job's folder holds, and its effects
// must be safe to repeat. It is not asked about a job that the ledger knows as ended; where the job's folder is gone, or is
// of another generation, it answers Done. ctx ends when the consumer is stopped.
type Handler func(ctx context.Context, m Message) Outcome

// Outcome is what a handler says about its message.
type Outcome struct {
	retry time.Duration
	rest  time.Duration
}

// Done says that nothing is left to do for this message: the job ended, or its next stage is published.
func Done() Outcome { return Outcome{} }

// RetryAfter says that the attempt failed, perhaps because of the file, and that the message should come again after d. It
// counts, unless the consumer is being stopped.
func RetryAfter(d time.Duration) Outcome { return Outcome{retry: max(d, time.Millisecond)} }

// RestFor says that something which every message of the stage needs is away (the link, a scanner, room on the disk). The
// message comes again after d, the attempt is not counted, and the workers of the stage take no other message meanwhile.
func RestFor(d time.Duration) Outcome { return Outcome{rest: max(d, time.Millisecond)} }

// Pauses: after a handler has panicked, and after the queue could not be reached.
const (
	panicRetry = 5 * time.Second
	fetchRetry = time.Second
)

// fetchWait is how long one request for a message stays with the server.
const fetchWait = 20 * time.Second

// Consume asks handler about the messages of a stage, with so many workers, until ctx is done, and then returns nil once
// every handler has returned. While a handler works, the server is told so every third of AckWait. It fails when the
// consumer cannot be made at the start; later it waits for the server to come back, for ever.
func (q *Queue) Consume(ctx context.Context, stage string, workers int, handler Handler) error {
	if workers < 1 || !slices.Contains(q.opt.Stages, stage) {
		return fmt.Errorf("cannot consume stage %q with %d workers", stage, workers)
	}
	c := &consumer{q: q, stage: stage, workers: workers, handler: handler}
	if err := c.attach(ctx); err != nil {
		return err
	}
	var group sync.WaitGroup
	for range workers {
		group.Go(func() { c.work(ctx) })
	}
	group.Wait()
	return nil
}

// consumer is the workers of one stage.
type consumer struct {
	q       *Queue
	stage   string
	workers int
	handler Handler

	mu    sync.Mutex
	js    jetstream.Consumer
	until time.Time // the stage rests
}

// attach makes the durable consumer, or finds it. When what the server kept of it cannot be read, the stream is begun anew.
func (c *consumer) attach(ctx context.Context) error {
	c.q.attaching.Lock() // another stage must not find the stream deleted
	defer c.q.attaching.Unlock()
	js, err := c.create(ctx)
	if storeBroken(err) {
		c.q.opt.Log.Error("queue: the server cannot read its store; the stream is begun anew", "stage", c.stage, "err", err)
		if err := c.q.restart(ctx); err != nil {
			return err
		}
		js, err = c.create(ctx)
	}
	if err != nil {
		return fmt.Errorf("cannot make consumer of stage %s: %w", c.stage, err)
	}
	c.mu.Lock()
	c.js = js
	c.mu.Unlock()
	return nil
}

func (c *consumer) create(ctx context.Context) (jetstream.Consumer, error) {
	return c.q.js.CreateOrUpdateConsumer(ctx, streamName, jetstream.ConsumerConfig{
		Durable:       c.stage,
		FilterSubject: subjectPrefix + c.stage + ".*.*",
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       c.q.opt.AckWait,
		MaxDeliver:    -1, // a work queue strands a message that was delivered too often; the ledger counts attempts
		MaxAckPending: -1, // messages that wait for their retry count as pending: a limit would let them block the others
		DeliverPolicy: jetstream.DeliverAllPolicy,
		// The server would write and sync a file at each delivery and acknowledgement. What it forgets in a restart is only
		// who works on which message: all that are left come again, and the ledger knows their attempts and their ends.
		MemoryStorage: true,
	})
}

// work takes one message after the other.
func (c *consumer) work(ctx context.Context) {
	for ctx.Err() == nil {
		c.rest(ctx)
		msg, err := c.fetch(ctx)
		if err != nil {
			c.repair(ctx, err)
			continue
		}
		if msg != nil {
			c.handle(ctx, msg)
		}
	}
}

// rest waits while the stage rests.
func (c *consumer) rest(ctx context.Context) {
	c.mu.Lock()
	until := c.until
	c.mu.Unlock()
	wait(ctx, time.Until(until))
}

// wait waits for d, or until ctx is done.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// fetch asks for one message, and returns nil when there was none for fetchWait.
func (c *consumer) fetch(ctx context.Context) (jetstream.Msg, error) {
	c.mu.Lock()
	js := c.js
	c.mu.Unlock()
	fetchCtx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	// One at a time: a message that lies in a client's buffer has nobody who tells the server that it is in progress.
	batch, err := js.Fetch(1, jetstream.FetchContext(fetchCtx))
	if err != nil {
		return nil, err
	}
	var got jetstream.Msg
	for msg := range batch.Messages() {
		got = msg
	}
	if err := batch.Error(); got == nil && err != nil && fetchCtx.Err() == nil {
		return nil, err
	}
	return got, nil
}

// repair waits after a failed fetch, and makes the stream and the consumer again when the server lost them.
func (c *consumer) repair(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if errors.Is(err, jetstream.ErrNoMessages) || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	c.q.opt.Log.Warn("queue: cannot fetch", "stage", c.stage, "err", err)
	wait(ctx, fetchRetry)
	if err := c.q.ensure(ctx); err != nil {
		return
	}
	if err := c.attach(ctx); err != nil {
		c.q.opt.Log.Warn("queue: cannot attach", "stage", c.stage, "err", err)
	}
}

// handle brings one message to its outcome.
func (c *consumer) handle(ctx context.Context, msg jetstream.Msg) {
	log := c.q.opt.Log.With("subject", msg.Subject())
	_, id, generation, err := parseSubject(msg.Subject())
	if err != nil {
		log.Error("queue: dropping a message that is none of ours", "err", err)
		c.ack(ctx, msg)
		return
	}
	if !c.q.running.enter(msg.Subject()) {
		// The first delivery is still being worked on here: the server thought us dead.
		msg.NakWithDelay(c.q.opt.AckWait / 2)
		return
	}
	defer c.q.running.leave(msg.Subject())
	if _, ended := c.q.opt.Ledger.Ended(id, generation); ended {
		c.ack(ctx, msg)
		return
	}
	stop := c.beat(msg)
	tries := c.q.opt.Ledger.Begin(c.stage, id, generation)
	outcome := c.call(ctx, Message{
		Stage: c.stage, ID: id, Generation: generation,
		Attempt: tries.Returned + 1, Died: max(tries.Begun-1-tries.Returned, 0),
	})
	stop()
	c.settle(ctx, msg, outcome, id, generation)
}

// settle tells the server the outcome. What the server does not hear, it delivers again.
func (c *consumer) settle(ctx context.Context, msg jetstream.Msg, outcome Outcome, id ID, generation int) {
	switch {
	case outcome.rest > 0:
		c.q.opt.Ledger.Forgive(c.stage, id, generation)
		c.mu.Lock()
		if until := time.Now().Add(outcome.rest); until.After(c.until) {
			c.until = until
		}
		c.mu.Unlock()
		msg.NakWithDelay(outcome.rest)
	case outcome.retry > 0 && ctx.Err() != nil: // it failed because we stop
		c.q.opt.Ledger.Forgive(c.stage, id, generation)
		msg.NakWithDelay(outcome.retry)
	case outcome.retry > 0:
		c.q.opt.Ledger.Return(c.stage, id, generation)
		msg.NakWithDelay(outcome.retry)
	default:
		c.ack(ctx, msg)
	}
}

// ackTime bounds the wait for the server's word that it has an acknowledgement.
const ackTime = 10 * time.Second

// ack acknowledges and waits until the server has it. It does so after ctx has ended too: the work is done.
func (c *consumer) ack(ctx context.Context, msg jetstream.Msg) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackTime)
	defer cancel()
	if err := msg.DoubleAck(ctx); err != nil {
		c.q.opt.Log.Warn("queue: cannot acknowledge; it will come again", "subject", msg.Subject(), "err", err)
	}
}

// call runs the handler. A panic is an attempt that failed.
func (c *consumer) call(ctx context.Context, m Message) (out Outcome) {
	defer func() {
		if p := recover(); p != nil {
			c.q.opt.Log.Error("queue: handler panicked", "stage", m.Stage, "job", m.ID, "panic", fmt.Sprint(p),
				"stack", string(debug.Stack()))
			out = RetryAfter(panicRetry)
		}
	}()
	return c.handler(ctx, m)
}

// beat tells the server, every third of AckWait, that the message is being worked on, until stop is called.
func (c *consumer) beat(msg jetstream.Msg) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(c.q.opt.AckWait / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				msg.InProgress() // a lost one is made good by the next
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}

// runningSet is the set of messages that are being worked on in this process.
type runningSet struct {
	mu  sync.Mutex
	set map[string]bool
}

// enter adds name and reports whether it was not there.
func (r *runningSet) enter(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set[name] {
		return false
	}
	if r.set == nil {
		r.set = map[string]bool{}
	}
	r.set[name] = true
	return true
}

func (r *runningSet) leave(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.set, name)
}
