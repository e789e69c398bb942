package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/quarantine"
	"sekisho/queue"
	"sekisho/sanitize"
	"sekisho/transfer/manifest"
)

// instructionFile holds, in a job's folder, the sealed instruction of a re-treatment.
const instructionFile = "instruction"

// maxInstruction bounds it, in bytes.
const maxInstruction = 1 << 20

// reviewPause is the time between two looks for instructions of people.
const reviewPause = time.Second

// expiryPause is the time between two looks for held files whose time is over.
const expiryPause = time.Hour

// review follows the instructions that people leave in the quarantine, until ctx ends.
func (g *Gateway) review(ctx context.Context) {
	tick := time.NewTicker(reviewPause)
	defer tick.Stop()
	var expired time.Time
	for ctx.Err() == nil {
		g.beat.Store(time.Now().UnixNano())
		if time.Since(expired) > expiryPause {
			g.expire(ctx)
			expired = time.Now()
		}
		for e, err := range g.held.Pending() {
			if err != nil {
				g.log.Error("cannot read a held item", "error", err)
				continue
			}
			if err := g.follow(ctx, e); err != nil && ctx.Err() == nil {
				g.log.Error("cannot follow an instruction", "job", e.Item.Job, "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// expire deletes what has been held for longer than the configuration says.
func (g *Gateway) expire(ctx context.Context) {
	keep := time.Duration(g.cfg.Quarantine.Keep)
	if keep <= 0 {
		return
	}
	for id, err := range g.held.Expired(keep) {
		if err == nil {
			err = g.record(ctx, audit.Event{Kind: audit.Deleted, Job: id, Detail: "held for longer than " + keep.String()})
		}
		if err == nil {
			err = g.held.Delete(id)
		}
		if err != nil {
			g.log.Error("cannot delete an expired item", "job", id, "error", err)
		}
	}
}

// follow makes the held file a job again: the next generation of the one it was.
func (g *Gateway) follow(ctx context.Context, e quarantine.Entry) error {
	id, generation := queue.ID(e.Item.Job), e.State.Generation
	if job, err := g.spool.Job(id); err == nil && job.Generation == generation { // taken before a crash
		return g.accepted(ctx, job)
	}
	if state, ended := g.ledger.Ended(id, generation); ended { // ended before a crash
		if state == queue.Sent {
			return g.held.MarkReleased(string(id), generation)
		}
		return nil
	}
	job, err := g.take(id)
	if impossible(err) {
		alarm := audit.Event{Kind: audit.Alarm, Job: string(id), Generation: generation, Detail: err.Error()}
		return errors.Join(err, g.record(ctx, alarm), g.held.Failed(string(id), generation))
	}
	if err != nil {
		return err
	}
	return g.accepted(ctx, job)
}

// take takes the instruction about a held file, and its original into the spool.
func (g *Gateway) take(id queue.ID) (queue.Job, error) {
	taken, err := g.held.Take(string(id), g.identity)
	if err != nil {
		return queue.Job{}, err
	}
	defer taken.Original.Close()
	return g.revive(id, taken)
}

// impossible reports whether an instruction failed in a way that no other attempt would change: it goes back to people.
func impossible(err error) bool {
	for _, final := range []error{
		quarantine.ErrDamaged, quarantine.ErrExceptions, quarantine.ErrMalware, quarantine.ErrSamePerson, quarantine.ErrRole, quarantine.ErrKey,
	} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

// revive copies the held original into the spool.
func (g *Gateway) revive(id queue.ID, taken quarantine.Taken) (queue.Job, error) {
	spooled, err := g.spool.Begin(id)
	if err != nil {
		return queue.Job{}, err
	}
	defer spooled.Abort()
	if _, err := io.Copy(spooled, taken.Original); err != nil {
		return queue.Job{}, fmt.Errorf("cannot copy held file into the spool: %w", err)
	}
	item := taken.Item
	if spooled.Size() != item.Size || spooled.SHA256() != item.SHA256 {
		return queue.Job{}, fmt.Errorf("cannot copy held file into the spool: %w", quarantine.ErrDamaged)
	}
	if err := g.spool.WriteFile(id, instructionFile, taken.Sealed); err != nil {
		return queue.Job{}, err
	}
	job := queue.Job{
		Route: item.Route, Path: item.Path, Name: item.Name, RawName: item.RawName, ModTime: item.ModTime, Received: item.Received,
		Source: item.Source, Policy: item.Policy, Generation: taken.Generation, Instruction: instructionFile,
	}
	if taken.Policy != "" {
		job.Policy = taken.Policy
	}
	return spooled.Commit(job)
}

// accepted tells quarantine, record and queue that the job of an instruction is in the spool.
func (g *Gateway) accepted(ctx context.Context, job queue.Job) error {
	if err := g.held.Accepted(string(job.ID), job.Generation); err != nil {
		return err
	}
	instruction, err := g.instruction(job)
	if err != nil {
		return err
	}
	e := g.event(job, audit.Reviewed)
	e.Actor, e.Detail = instruction.Actor, "treated again"
	if instruction.Exception {
		e.Detail = "the original is released as it is, asked for by " + instruction.Requester
	}
	if err := g.record(ctx, e); err != nil {
		return err
	}
	return g.queue.Publish(ctx, sanitiseLane(job), job.ID, job.Generation)
}

// instruction returns what a person asked for about this generation of the job; the zero value when nobody did.
func (g *Gateway) instruction(job queue.Job) (quarantine.Instruction, error) {
	if job.Instruction == "" {
		return quarantine.Instruction{}, nil
	}
	sealed, err := g.spool.ReadFile(job.ID, job.Instruction, maxInstruction)
	if err != nil {
		return quarantine.Instruction{}, err
	}
	return quarantine.Unseal(sealed, g.identity)
}

// exception seals the original itself, as two people decided. The scanners have the last word: malware never crosses.
func (g *Gateway) exception(ctx context.Context, job queue.Job, asked quarantine.Instruction) queue.Outcome {
	if !g.cfg.Exceptions {
		return g.hold(ctx, job, treated{Reason: sanitize.ReasonPolicy, Detail: "originals are not released here"})
	}
	t, err := g.look(ctx, job)
	if err != nil {
		return g.scannerAway(job.ID, err)
	}
	if t.Reason != "" {
		return g.hold(ctx, job, t)
	}
	m := g.manifest(job)
	m.Name, m.Type, m.Length, m.Rebuilt = manifest.SafeName(job.Name), originalType, job.Size, job.SHA256
	m.Marks = []string{manifest.MarkException}
	if err = g.recordTreatment(ctx, job, t); err == nil {
		err = g.sealAs(ctx, job, m, fmt.Sprintf("the original as it is; asked for by %s, approved by %s", asked.Requester, asked.Actor))
	}
	if err != nil {
		return g.later("cannot seal original", job.ID, err)
	}
	return g.publishSend(ctx, job)
}

// originalType is the type that the manifest of an exception gives: nobody vouches for another.
const originalType = "original"

// look lets the scanners look at the original.
func (g *Gateway) look(ctx context.Context, job queue.Job) (treated, error) {
	var t treated
	in, err := g.spool.Open(job.ID, queue.OriginalFile)
	if err != nil {
		return t, err
	}
	defer in.Close()
	verdict := <-g.local.scan(ctx, in)
	t.Scans = verdict.results
	t.infected()
	return t, verdict.err
}

// reviewed tells the quarantine that a file which was held has crossed after all.
func (g *Gateway) reviewed(job queue.Job) error {
	if job.Generation == 0 {
		return nil
	}
	err := g.held.MarkReleased(string(job.ID), job.Generation)
	if errors.Is(err, fs.ErrNotExist) { // deleted meanwhile
		return nil
	}
	return err
}
