package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/failpoint"
	"sekisho/internal/notice"
	"sekisho/internal/quarantine"
	"sekisho/queue"
	"sekisho/sanitize"
	"sekisho/transfer/manifest"
)

// hold puts the file of the job into quarantine, tells staff and the record, and ends the job. Each step can be done
// twice; the ledger, which makes sure that none is, comes last.
func (g *Gateway) hold(ctx context.Context, job queue.Job, t treated) queue.Outcome {
	verdict, kind := sanitize.Held, audit.Held
	if t.Reason == sanitize.ReasonMalware {
		verdict, kind = sanitize.Blocked, audit.Blocked
	}
	if err := g.keep(ctx, job, t, verdict); err != nil {
		return g.later("cannot put file into quarantine", job.ID, err)
	}
	failpoint.At(failpoint.JobHeld)
	err := g.recordTreatment(ctx, job, t)
	if err == nil {
		e := g.event(job, kind)
		e.Type, e.Verdict, e.Reason, e.Detail, e.Version = t.Report.Type, string(verdict), string(t.Reason), firstLine(t.Detail), t.Version
		err = g.record(ctx, e)
	}
	if err != nil {
		return g.later("cannot record that a file is held", job.ID, err)
	}
	failpoint.At(failpoint.JobToldHeld)
	err = g.notify(job.Route, job.Path, notice.Notice{
		Name: job.Name, Reason: string(t.Reason), Time: time.Now(), Job: string(job.ID), SHA256: job.SHA256,
	})
	if err != nil { // the share may be away; the file is safe and on record
		g.log.Error("cannot leave a notice", "job", job.ID, "error", err)
	}
	return g.ended(ctx, job, queue.Held, Ended{Verdict: verdict, Reason: t.Reason})
}

// keep encrypts the original into the quarantine.
func (g *Gateway) keep(ctx context.Context, job queue.Job, t treated, verdict sanitize.Verdict) error {
	in, err := g.spool.Open(job.ID, queue.OriginalFile)
	if err != nil {
		return err
	}
	defer in.Close()
	item := quarantine.Item{
		Job: string(job.ID), Generation: job.Generation, Route: job.Route, Path: job.Path, Name: job.Name, RawName: job.RawName,
		Size: job.Size, SHA256: job.SHA256, ModTime: job.ModTime, Received: job.Received, Source: job.Source, Policy: job.Policy,
		Type: t.Report.Type, Declared: declared(g.engine, job.Name), Verdict: verdict, Reason: t.Reason, Detail: t.Detail,
		PolicyVersion: t.Version, Engine: g.version, Findings: t.Report.Findings,
	}
	for _, s := range t.Scans {
		result := "found"
		switch {
		case s.Clean:
			result = "clean"
		case s.Incomplete:
			result = "incomplete"
		}
		item.Scans = append(item.Scans, quarantine.Scan{Scanner: s.Scanner, Result: result, Detail: s.Signature, Time: time.Now()})
	}
	return g.held.Hold(ctx, item, in)
}

// notify leaves a notice in the inbox of the route.
func (g *Gateway) notify(route, dir string, n notice.Notice) error {
	share, ok := g.shares[route]
	if !ok {
		return fmt.Errorf("cannot leave notice: no route %q", route)
	}
	return leaveNotice(share, dir, n)
}

// leaveNotice writes a notice about a file of the folder dir into a share.
func leaveNotice(share *os.Root, dir string, n notice.Notice) error {
	var page bytes.Buffer
	if err := notice.Render(&page, n); err != nil {
		return err
	}
	folder := path.Join(notice.Folder, cleanPath(dir))
	if err := durable.MkdirAll(share, folder, 0o755); err != nil {
		return err
	}
	return durable.WriteFile(share, path.Join(folder, notice.FileName(manifest.SafeName(n.Name))), page.Bytes(), 0o644)
}

// ended writes the end of the job into the ledger and forgets its folder. Before a sealed header goes, whether its package
// was sent or held, the counter has to know its number: a number that is given twice looks like a replay.
func (g *Gateway) ended(ctx context.Context, job queue.Job, state queue.State, e Ended) queue.Outcome {
	if g.spool.Has(job.ID, headerFile) {
		if err := g.sealer.keep(); err != nil {
			return g.later("cannot end job", job.ID, err)
		}
	}
	if _, err := g.ledger.End(ctx, job.ID, job.Generation, state); err != nil {
		return g.later("cannot end job", job.ID, err)
	}
	failpoint.At(failpoint.JobEnded)
	g.waiting.leave(job.ID)
	if err := g.spool.Remove(job.ID); err != nil { // the reconciler does it later
		g.log.Error("cannot remove the folder of an ended job", "job", job.ID, "error", err)
	}
	e.Job, e.Route, e.Name = string(job.ID), job.Route, path.Join(job.Path, job.Name)
	if job.Route == config.CanaryRoute && g.canary != nil {
		if err := g.canary.ended(e); err != nil {
			g.log.Error("cannot note what became of the canary", "error", err)
		}
		return queue.Done()
	}
	g.tell(e)
	return queue.Done()
}

// event begins an event about the job.
func (g *Gateway) event(job queue.Job, kind audit.Kind) audit.Event {
	return audit.Event{
		Kind: kind, Job: string(job.ID), Generation: job.Generation, Route: job.Route, Path: job.Path, Name: job.Name,
		Policy: job.Policy, SHA256In: job.SHA256, SizeIn: job.Size,
	}
}
