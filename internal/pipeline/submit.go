package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/queue"
	"sekisho/sanitize/name"
	"sekisho/transfer/manifest"
)

// Errors of Submit that the person may be told about.
var (
	ErrNoRoute  = errors.New("there is no such route")
	ErrTooLarge = errors.New("the file is larger than what is taken in")
	ErrNoSpace  = errNoSpace
)

// Submission is a file that a person hands in, not by way of a folder.
type Submission struct {
	Route   string
	Office  string // the first folder below the route; "" for none
	Folder  string // below that; untrusted
	Name    string // untrusted
	Actor   string // who hands it in, on the record
	Source  string // by which way: "web"
	ModTime time.Time
}

// Submit takes the file that r yields into the spool. When it returns, the file is as safe as one from an inbox: a durable
// copy, a line on the record, a message in the queue. After an error nothing was taken in.
func (g *Gateway) Submit(ctx context.Context, s Submission, r io.Reader) (queue.ID, error) {
	in, err := g.intakeOf(s.Route)
	if err != nil {
		return "", err
	}
	id := queue.NewID(time.Now())
	if err := in.submit(ctx, id, s, r); err != nil {
		g.waiting.leave(id)
		return "", err
	}
	if _, ended := g.ledger.Ended(id, 0); ended { // it was quick
		g.waiting.leave(id)
	}
	return id, nil
}

// intakeOf returns the intake of the route.
func (g *Gateway) intakeOf(route string) (intake, error) {
	for _, r := range g.cfg.Routes {
		if r.Name == route {
			return intake{g, r}, nil
		}
	}
	return intake{}, fmt.Errorf("cannot take file in: %w", ErrNoRoute)
}

func (in intake) submit(ctx context.Context, id queue.ID, s Submission, r io.Reader) error {
	if err := in.room(0); err != nil {
		return err
	}
	spooled, err := in.spool.Begin(id)
	if err != nil {
		return err
	}
	defer spooled.Abort()
	limit := int64(in.cfg.Intake)
	if _, err := io.Copy(spooled, io.LimitReader(r, limit+1)); err != nil {
		return fmt.Errorf("cannot copy file into the spool: %w", err)
	}
	if spooled.Size() > limit {
		return fmt.Errorf("cannot take file in: %w", ErrTooLarge)
	}
	if err := in.room(spooled.Size()); err != nil {
		return err
	}
	clean, changes := name.Clean([]byte(s.Name))
	job := queue.Job{
		Route: in.route.Name, Path: pathBelow(s.Office, s.Folder), Name: manifest.SafeName(clean), ModTime: s.ModTime,
		Received: time.Now().UTC(), Source: s.Source + ":" + s.Actor, Policy: in.policy(),
		RecordMark: in.recordMark(),
	}
	if len(changes) > 0 || job.Name != s.Name {
		job.RawName = []byte(s.Name)
	}
	// Nobody's browser waits until a lane has room, as an inbox does: such files are counted, and the disk bounds them.
	in.waiting.add(laneOf(in.route.Name, spooled.Size()), id)
	in.openings.begin(id)
	if job, err = spooled.Commit(job); err != nil {
		in.openings.end(id)
		return err
	}
	if err := in.received(ctx, job); err != nil { // what is not on record was not taken in
		if left := in.spool.Remove(id); left != nil {
			return errors.Join(err, left) // nothing happens to it before the next start
		}
		in.openings.end(id)
		return err
	}
	if err := in.queue.Publish(ctx, in.stageOf(job), id, job.Generation); err != nil { // the reconciler does it later
		in.log.Error("cannot publish a file that was handed in", "job", id, "error", err)
	}
	return nil
}

// pathBelow returns the folder below office. Where it is too deep or too long, folders behind the office are left out: no folder
// that somebody names leads out of the office's own.
func pathBelow(office, untrusted string) string {
	head := cleanPath(strings.ReplaceAll(office, "/", "_"))
	rest := strings.Split(cleanPath(untrusted), "/")
	for len(rest) > 0 {
		whole := strings.Trim(head+"/"+strings.Join(rest, "/"), "/")
		if manifest.SafePath(whole) == whole {
			return whole
		}
		rest = rest[1:]
	}
	return head
}

// Record puts an event of the console on the gateway's record, durably.
func (g *Gateway) Record(ctx context.Context, e audit.Event) error { return g.record(ctx, e) }
