package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Reconciled counts what Reconcile found.
type Reconciled struct {
	Jobs      int // accepted jobs in the spool
	Published int // of them, jobs whose message was missing
	Removed   int // of them, jobs that had ended, whose folder was still there
}

// Reconcile makes the queue fit the truth: it publishes the message of every job in the spool that has not ended and has
// no message, whatever the duplicate window remembers, and removes the folders of jobs that have ended. stageOf names the
// stage a job is at, from the files that its folder holds; "" leaves the job alone. A job whose job.json cannot be read
// is left where it is and reported in the error, and the others are gone through all the same.
func (q *Queue) Reconcile(ctx context.Context, spool *Spool, stageOf func(Job) string) (Reconciled, error) {
	var r Reconciled
	var errs []error
	if err := q.ensure(ctx); err != nil {
		return r, fmt.Errorf("cannot reconcile: %w", err)
	}
	for id, err := range spool.List() {
		if err == nil {
			err = q.reconcile(ctx, spool, id, stageOf, &r)
		}
		if ctx.Err() != nil {
			return r, fmt.Errorf("cannot reconcile: %w", ctx.Err())
		}
		if err != nil && len(errs) < 100 {
			errs = append(errs, fmt.Errorf("cannot reconcile job %s: %w", id, err))
		}
	}
	return r, errors.Join(errs...)
}

func (q *Queue) reconcile(ctx context.Context, spool *Spool, id ID, stageOf func(Job) string, r *Reconciled) error {
	job, err := spool.Job(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it ended and was removed since it was listed
	}
	if err != nil {
		return err
	}
	r.Jobs++
	if _, ended := q.opt.Ledger.Ended(id, job.Generation); ended {
		r.Removed++
		return spool.Remove(id)
	}
	stage := stageOf(job)
	if stage == "" {
		return nil
	}
	fresh, err := q.publish(ctx, stage, id, job.Generation, "")
	if fresh {
		r.Published++
	}
	return err
}

// KeepReconciled calls Reconcile now and then every interval, and whenever the stream had to be begun anew, until ctx is
// done, and logs what it set right.
func (q *Queue) KeepReconciled(ctx context.Context, spool *Spool, stageOf func(Job) string, interval time.Duration) {
	for ctx.Err() == nil {
		r, err := q.Reconcile(ctx, spool, stageOf)
		if err != nil && ctx.Err() == nil {
			q.opt.Log.Error("queue: reconcile", "err", err)
		}
		if r.Published+r.Removed > 0 {
			q.opt.Log.Info("queue: reconciled", "jobs", r.Jobs, "published", r.Published, "removed", r.Removed)
		}
		pause := time.NewTimer(interval)
		select {
		case <-ctx.Done():
		case <-pause.C:
		case <-q.stale:
		}
		pause.Stop()
	}
}
