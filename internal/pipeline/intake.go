package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/failpoint"
	"sekisho/internal/notice"
	"sekisho/queue"
	"sekisho/sanitize"
	"sekisho/sanitize/name"
	"sekisho/transfer/inbox"
	"sekisho/transfer/manifest"
)

// intake takes the files of one route into the spool. It is the inbox.Handler of that route.
type intake struct {
	*Gateway
	route config.Route
}

var _ inbox.Handler = intake{}

// errNoSpace pauses the intake; the file stays claimed and is handed in again.
var errNoSpace = errors.New("cannot take files in: the disk reserve is reached")

// Take accepts a claimed file: a durable copy in the spool, a line on the record, a message in the queue. It may be
// called again for the same claim after a crash.
func (in intake) Take(ctx context.Context, claim inbox.Claim) error {
	id := queue.ID(claim.ID)
	if _, ended := in.ledger.Ended(id, 0); ended { // before a crash; the source is only not forgotten yet
		return nil
	}
	if err := in.waiting.enter(ctx, laneOf(in.route.Name, claim.Size), id); err != nil {
		return err
	}
	if err := in.accept(ctx, id, claim); err != nil {
		in.waiting.leave(id) // the inbox hands it in again
		return err
	}
	if _, ended := in.ledger.Ended(id, 0); ended { // it was quick
		in.waiting.leave(id)
	}
	return nil
}

// accept takes a claimed file in for which there is room in the queue.
func (in intake) accept(ctx context.Context, id queue.ID, claim inbox.Claim) error {
	err := in.room(claim.Size)
	if err == nil || errors.Is(err, errNoSpace) {
		in.paused(ctx, err != nil)
	}
	if err != nil {
		return err
	}
	again := in.openings.begin(id)
	job, err := in.copy(id, claim)
	taken := errors.Is(err, fs.ErrExist) // accepted before; the source is only not forgotten yet
	if taken {
		job, err = in.spool.Job(id)
	}
	if err != nil {
		if !again {
			in.openings.end(id)
		}
		return err
	}
	if taken && !again { // before a crash, and since the start its line is on record
		in.openings.end(id)
		return in.queue.Publish(ctx, in.stageOf(job), id, job.Generation)
	}
	if err := in.received(ctx, job); err != nil { // it is handed in again
		return err
	}
	if err := in.queue.Publish(ctx, in.stageOf(job), id, job.Generation); err != nil {
		return err
	}
	failpoint.At(failpoint.JobPublished)
	return nil
}

// copy copies the claimed file into the spool and commits it, unless it changed meanwhile.
func (in intake) copy(id queue.ID, claim inbox.Claim) (queue.Job, error) {
	spooled, err := in.spool.Begin(id)
	if err != nil {
		return queue.Job{}, err
	}
	defer spooled.Abort()
	f, err := claim.Open()
	if err != nil {
		return queue.Job{}, err
	}
	defer f.Close()
	if _, err := io.Copy(spooled, io.LimitReader(f, claim.Size+1)); err != nil {
		return queue.Job{}, fmt.Errorf("cannot copy file into the spool: %w", err)
	}
	if err := claim.Unchanged(); err != nil {
		return queue.Job{}, err
	}
	failpoint.At(failpoint.SpoolCopied)
	dir, base := path.Split(claim.Path)
	clean, changes := name.Clean([]byte(base))
	job := queue.Job{
		Route: in.route.Name, Path: cleanPath(dir), Name: manifest.SafeName(clean), ModTime: claim.ModTime,
		Received: time.Now().UTC(), Source: "inbox", Policy: in.policy(), RecordMark: in.recordMark(),
	}
	if len(changes) > 0 || job.Name != base {
		job.RawName = []byte(base)
	}
	return spooled.Commit(job)
}

// cleanPath makes each folder name one that can be created and shown on both sides.
func cleanPath(untrusted string) string {
	var parts []string
	for part := range strings.SplitSeq(untrusted, "/") {
		if part != "" && part != "." {
			clean, _ := name.Clean([]byte(part))
			parts = append(parts, clean)
		}
	}
	return manifest.SafePath(strings.Join(parts, "/"))
}

// room fails when taking size bytes in would leave less than the reserve on the disk of the spool.
func (in intake) room(size int64) error {
	free, err := in.free()
	if err != nil {
		return err
	}
	if free-2*size < int64(in.cfg.DiskReserve) {
		return errNoSpace
	}
	return nil
}

// Refuse tells staff and the record about a file that stays in the inbox.
func (in intake) Refuse(ctx context.Context, r inbox.Refusal) {
	err := in.record(ctx, audit.Event{
		Kind: audit.RefusedIntake, Route: r.Route, Name: r.Path, Reason: string(r.Reason), Detail: r.Detail, SizeIn: r.Size,
	})
	if err == nil {
		err = in.notify(r.Route, path.Dir(r.Path), notice.Notice{Name: path.Base(r.Path), Reason: string(r.Reason), Time: time.Now()})
	}
	if err != nil {
		in.log.Error("cannot tell of a file that stays in the inbox", "route", r.Route, "path", r.Path, "error", err)
	}
	in.tell(Ended{Route: r.Route, Name: r.Path, Verdict: sanitize.Held, Reason: sanitize.Reason(r.Reason)})
}
