package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/failpoint"
	"sekisho/queue"
)

// openings are the jobs that are in the spool, or about to be, while their first line is not on record. The reconciler leaves
// them alone: nothing happens to a file before it is on record that it was received.
type openings struct {
	mu   sync.Mutex
	ids  map[queue.ID]bool
	mark string    // a place of the record that is before the lines of all jobs accepted from now on
	seen time.Time // when mark was the end of the record
}

// begin adds a job and reports whether an earlier attempt has left it without its line.
func (o *openings) begin(id queue.ID) (again bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ids == nil {
		o.ids = map[queue.ID]bool{}
	}
	again = o.ids[id]
	o.ids[id] = true
	return again
}

func (o *openings) end(id queue.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.ids, id)
}

func (o *openings) has(id queue.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ids[id]
}

// markAge is how old a mark may be: what it saves is a wait for the record at each file, what it costs is that so much more of the
// record is read after a crash.
const markAge = time.Minute

// recordMark returns a place of the record that is before the line of a job which is accepted now.
func (g *Gateway) recordMark() string {
	g.openings.mu.Lock()
	defer g.openings.mu.Unlock()
	if g.openings.mark == "" || time.Since(g.openings.seen) > markAge {
		h := g.audit.Head()
		b, err := json.Marshal(audit.Position{Seq: h.Seq, Hash: h.Hash, File: h.File, Offset: h.Offset})
		if err != nil {
			return "" // the beginning of the record
		}
		g.openings.mark, g.openings.seen = string(b), time.Now()
	}
	return g.openings.mark
}

// received puts the first line about a job on record.
func (g *Gateway) received(ctx context.Context, job queue.Job) error {
	failpoint.At(failpoint.SpoolAccepted)
	e := g.event(job, audit.Received)
	if way, actor, handed := strings.Cut(job.Source, ":"); handed {
		e.Actor, e.Detail = actor, "by "+way
	}
	if len(job.RawName) > 0 {
		e.Detail = join(e.Detail, fmt.Sprintf("name as it came: %q", job.RawName))
	}
	if err := g.record(ctx, e); err != nil {
		return err
	}
	g.openings.end(job.ID)
	failpoint.At(failpoint.JobRecorded)
	return nil
}

// recordReceived writes the first line about every job in the spool that has none: the gateway died between the two. Nothing
// else runs yet.
func (g *Gateway) recordReceived(ctx context.Context) error {
	missing := map[string]bool{}
	var from audit.Position
	for id, err := range g.spool.List() {
		if err != nil {
			return err
		}
		job, err := g.spool.Job(id)
		if err != nil || job.Generation > 0 { // the reconciler tells of one that cannot be read; one that was held is on record
			continue
		}
		var mark audit.Position
		if job.RecordMark != "" && json.Unmarshal([]byte(job.RecordMark), &mark) != nil {
			mark = audit.Position{}
		}
		if len(missing) == 0 || mark.Seq < from.Seq {
			from = mark
		}
		missing[string(id)] = true
	}
	if len(missing) == 0 {
		return nil
	}
	err := g.dropRecorded(missing, from)
	if errors.Is(err, audit.ErrTampered) { // the record is another than it was: all of it is looked at
		err = g.dropRecorded(missing, audit.Position{})
	}
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(missing)) { // by time
		g.log.Warn("a file was taken in, and its line was not on record", "job", id)
		job, err := g.spool.Job(queue.ID(id))
		if err == nil {
			err = g.received(ctx, job)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropRecorded takes those jobs out that the record behind a place knows as received.
func (g *Gateway) dropRecorded(jobs map[string]bool, from audit.Position) error {
	for p, err := range audit.Since(g.entries, RecordName, from) {
		switch {
		case errors.Is(err, audit.ErrTampered) && p.File != "": // one line: `sekisho audit verify` tells of it
		case err != nil:
			return err
		case p.Kind == audit.Received:
			delete(jobs, p.Job)
		}
	}
	return nil
}
