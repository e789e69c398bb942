package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/durable"
	"sekisho/internal/failpoint"
	"sekisho/queue"
	"sekisho/sanitize"
	"sekisho/sanitize/scan"
	"sekisho/transfer/manifest"
)

// maxAttempts is how often a file may kill its child or use up its time before it is held.
const maxAttempts = 2

// maxDeaths is how often this process may die over one file before the file is taken for the cause. It is larger: a
// process also dies of a power cut.
const maxDeaths = 5

// scannerPause is the time between two attempts while a scanner does not answer.
const scannerPause = 5 * time.Second

// sanitise is the stage of sanitising: it returns Done when the file is sealed, or held.
func (g *Gateway) sanitise(ctx context.Context, m queue.Message) queue.Outcome {
	job, outcome, ok := g.job(m)
	if !ok {
		return outcome
	}
	if g.spool.Has(job.ID, headerFile) { // sealed before a crash
		return g.publishSend(ctx, job)
	}
	if m.Died > maxDeaths {
		return g.hold(ctx, job, treated{Reason: sanitize.ReasonCrash, Detail: "the gateway stopped while it worked on this file"})
	}
	asked, err := g.instruction(job)
	if err != nil {
		return g.later("cannot read instruction", job.ID, err)
	}
	if asked.Exception {
		return g.exception(ctx, job, asked)
	}
	var passwords []string
	if asked.Password != "" {
		passwords = []string{asked.Password}
	}
	out, err := g.spool.Create(job.ID, rebuiltFile)
	if err != nil {
		return g.later("cannot write to the spool", job.ID, err)
	}
	defer out.Abort()
	t, err := g.treat(ctx, job, passwords, out.File)
	switch {
	case err != nil:
		return g.scannerAway(job.ID, err)
	case (t.Reason == sanitize.ReasonCrash || t.Reason == sanitize.ReasonTimeout) && m.Attempt < maxAttempts:
		return queue.RetryAfter(time.Second)
	case t.Reason != "":
		return g.hold(ctx, job, t)
	}
	err = g.seal(ctx, job, t, out)
	switch {
	case errors.Is(err, manifest.ErrContent): // it would fail for ever: a person has to look
		return g.hold(ctx, job, treated{Report: t.Report, Reason: sanitize.ReasonVerify, Detail: err.Error()})
	case err != nil:
		return g.later("cannot seal file", job.ID, err)
	}
	return g.publishSend(ctx, job)
}

// treat treats the original of the job, here or on another machine.
func (g *Gateway) treat(ctx context.Context, job queue.Job, passwords []string, out *os.File) (treated, error) {
	in, err := g.spool.Open(job.ID, queue.OriginalFile)
	if err != nil {
		return treated{}, err
	}
	defer in.Close()
	return g.bench.treat(ctx, g.order(g.policies.Active(), job.Name, job.Policy, passwords...), in, out)
}

// scannerAway waits for what a treatment needs. The file is not to blame, so the attempt does not count.
func (g *Gateway) scannerAway(id queue.ID, err error) queue.Outcome {
	if errors.Is(err, context.Canceled) { // this process stops; the message comes again
		return queue.RestFor(0)
	}
	g.log.Warn("cannot treat files now, they wait", "job", id, "error", err)
	return queue.RestFor(scannerPause)
}

// manifest begins the manifest of the job.
func (g *Gateway) manifest(job queue.Job) manifest.Manifest {
	return manifest.Manifest{
		ID: string(job.ID), Route: job.Route, Path: job.Path, Original: job.SHA256, Policy: job.Policy, Engine: g.version,
		Modified: job.ModTime, Created: time.Now(),
	}
}

// seal commits the rebuilt file, records every step, and writes the sealed header, which is what makes the job one
// that is to be sent.
func (g *Gateway) seal(ctx context.Context, job queue.Job, t treated, out *durable.File) error {
	failpoint.At(failpoint.JobTreated)
	if err := out.Commit(); err != nil {
		return err
	}
	failpoint.At(failpoint.JobCommitted)
	if err := g.recordTreatment(ctx, job, t); err != nil {
		return err
	}
	m := g.manifest(job)
	m.Name, m.Type = releaseName(g.engine, t.name(job.Name), t.Report.Output), t.Report.Output
	m.Length, m.Rebuilt, m.Findings, m.Version = t.Size, t.Rebuilt, manifestFindings(t.Report.Findings), t.Version
	return g.sealAs(ctx, job, m, "")
}

// sealAs numbers and signs m and records it.
func (g *Gateway) sealAs(ctx context.Context, job queue.Job, m manifest.Manifest, detail string) error {
	sequence, err := g.sealer.seal(job.ID, m)
	if err != nil {
		return err
	}
	failpoint.At(failpoint.JobSealed)
	e := g.event(job, audit.Sealed)
	e.Name, e.Type, e.SHA256Out, e.SizeOut, e.Version = m.Name, m.Type, m.Rebuilt, m.Length, m.Version
	e.Detail = strings.TrimSuffix(fmt.Sprintf("sequence %d; %s", sequence, detail), "; ")
	return g.record(ctx, e)
}

// recordTreatment puts what was found about a file on the record: one line a step.
func (g *Gateway) recordTreatment(ctx context.Context, job queue.Job, t treated) error {
	var events []audit.Event
	add := func(kind audit.Kind) *audit.Event {
		e := g.event(job, kind)
		e.Type, e.Version = t.Report.Type, t.Version
		events = append(events, e)
		return &events[len(events)-1]
	}
	if t.Report.Type != "" {
		add(audit.Identified)
	}
	for _, s := range t.Scans {
		add(audit.Scanned).Detail = scanText(s)
	}
	if t.Rebuilt != "" {
		e := add(audit.Rebuilt)
		e.SHA256Out, e.SizeOut, e.Findings = t.Rebuilt, t.Size, auditFindings(t.Report.Findings)
		e = add(audit.Verified)
		e.SHA256Out, e.Verdict = t.Rebuilt, string(sanitize.Clean)
	}
	if len(events) == 0 {
		return nil
	}
	return g.record(ctx, events...)
}

// scanText says what a scanner said, and with which signatures.
func scanText(s scan.Result) string {
	said := "clean"
	switch {
	case s.Incomplete:
		said = "could not look at all of it: " + s.Signature
	case !s.Clean:
		said = "found " + s.Signature
	}
	if s.Note != "" {
		said += ", " + s.Note
	}
	return fmt.Sprintf("%s (%s, signatures %s): %s", s.Scanner, s.Engine, s.Signatures, said)
}

// publishSend hands the job on to the stage of sending.
func (g *Gateway) publishSend(ctx context.Context, job queue.Job) queue.Outcome {
	if err := g.queue.Publish(ctx, sendLane(job), job.ID, job.Generation); err != nil {
		return g.later("cannot publish", job.ID, err)
	}
	return queue.Done()
}

// job returns the job that a message is about. When it returns false, the outcome is what to answer: a message about
// a job that is gone, or about an earlier generation of it, asks for nothing.
func (g *Gateway) job(m queue.Message) (queue.Job, queue.Outcome, bool) {
	job, err := g.spool.Job(m.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && job.Generation != m.Generation:
		return job, queue.Done(), false
	case err != nil:
		return job, g.later("cannot read job", m.ID, err), false
	}
	return job, queue.Outcome{}, true
}

// later logs what failed on our side and asks for the message again. The file is not to blame, so the attempt does not
// count.
func (g *Gateway) later(what string, id queue.ID, err error) queue.Outcome {
	if !errors.Is(err, context.Canceled) {
		g.log.Error(what, "job", id, "error", err)
	}
	return queue.RestFor(2 * time.Second)
}

// Bounds of the findings in a manifest: its text has to stay below manifest.MaxManifest whatever a file holds. The record
// has more.
const (
	sealedFindings = 1000
	sealedWhere    = 256 // bytes of one place
)

// manifestFindings returns findings as a manifest may hold them. Their places are text of the file: what it is called or
// holds must never be why a file cannot be sealed.
func manifestFindings(all []sanitize.Finding) []manifest.Finding {
	all = all[:min(len(all), sealedFindings)]
	out := make([]manifest.Finding, 0, len(all))
	for _, f := range all {
		out = append(out, manifest.Finding{
			Rule: f.Rule, Action: string(f.Action), Where: manifest.SafeText(f.Where, sealedWhere), Count: f.Count,
		})
	}
	return out
}

func auditFindings(all []sanitize.Finding) []audit.Finding {
	out := make([]audit.Finding, 0, len(all))
	for _, f := range all {
		out = append(out, audit.Finding{Rule: f.Rule, Action: string(f.Action), Where: f.Where, Count: f.Count})
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
