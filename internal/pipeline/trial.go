package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/durable"
	"sekisho/internal/policy"
	"sekisho/internal/quarantine"
	"sekisho/sanitize"
	"sekisho/transfer/manifest"
)

// The bounds of a trial. One goes on at a time, one file after the other, so that it takes one child from the work of the day.
const (
	maxTrial  = 200              // files
	trialTime = 15 * time.Minute // of all files together
	trialFile = 2 * time.Minute  // of one file, both ways
)

// trials knows the last trial.
type trials struct {
	mu   sync.Mutex
	last policy.Trial
	end  context.CancelFunc // nil: none goes on
	all  sync.WaitGroup
}

// tried is one file of a trial: what is shown of it, and how to come by a copy of its original.
type tried struct {
	file policy.TrialFile
	at   time.Time
	open func(context.Context) (*os.File, error)
}

// Trial returns the last trial, as far as it is.
func (g *Gateway) Trial() policy.Trial {
	g.trials.mu.Lock()
	defer g.trials.mu.Unlock()
	t := g.trials.last
	t.Files = slices.Clone(t.Files)
	return t
}

// EndTrial ends the trial that goes on, if one does.
func (g *Gateway) EndTrial() {
	g.trials.mu.Lock()
	defer g.trials.mu.Unlock()
	if g.trials.end != nil {
		g.trials.end()
	}
}

// closeTrials ends the trial and waits for it.
func (g *Gateway) closeTrials() error {
	g.EndTrial()
	g.trials.all.Wait()
	return nil
}

// TryHeld begins to try rules on what was held, and what is kept of what was released, in the last days (1 to 90), the newest
// first. That the actor does so is on record before. The error wraps policy.ErrBusy while another trial goes on.
func (g *Gateway) TryHeld(ctx context.Context, review *Review, actor string, r policy.Rules, days int) error {
	if days < 1 || days > policy.MaxTrialDays {
		return fmt.Errorf("cannot try rules: %d days", days)
	}
	since := time.Now().AddDate(0, 0, -days)
	var all []tried
	for e, err := range review.Store.List() {
		if err == nil && e.Item.Held.After(since) {
			i := e.Item
			all = append(all, tried{policy.TrialFile{Job: i.Job, Route: i.Route, Path: i.Path, Name: i.Name, Size: i.Size}, i.Held, nil})
		}
	}
	for i, err := range g.kept.List() {
		if err == nil && i.Sent.After(since) {
			all = append(all, tried{policy.TrialFile{Job: i.Job, Route: i.Route, Path: i.Path, Name: i.Name, Size: i.Size}, i.Sent, nil})
		}
	}
	slices.SortFunc(all, func(a, b tried) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.file.Job, b.file.Job)) })
	all = slices.CompactFunc(all, func(a, b tried) bool { return a.file.Job == b.file.Job })
	t := policy.Trial{Days: days, LeftOut: max(0, len(all)-maxTrial)}
	all = all[:len(all)-t.LeftOut]
	for n := range all {
		id := all[n].file.Job
		all[n].open = func(ctx context.Context) (*os.File, error) {
			o, err := g.original(review, id, actor)
			if err != nil {
				return nil, err
			}
			return o.copy(ctx)
		}
	}
	return g.try(ctx, t, actor, r, all)
}

// TryFile begins to try rules on a file that the actor hands in for that alone, as one of the route. It is forgotten afterwards.
func (g *Gateway) TryFile(ctx context.Context, actor string, r policy.Rules, route, name string, from io.Reader) error {
	if _, err := g.intakeOf(route); err != nil {
		return err
	}
	f, err := durable.Scratch("")
	if err != nil {
		return err
	}
	size, err := io.Copy(f, io.LimitReader(from, int64(g.cfg.Intake)+1))
	if err == nil && size > int64(g.cfg.Intake) {
		err = ErrTooLarge
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot try file: %w", err), f.Close())
	}
	one := tried{file: policy.TrialFile{Route: route, Name: manifest.SafeName(name), Size: size}, open: func(context.Context) (*os.File, error) { return f, nil }}
	if err := g.try(ctx, policy.Trial{}, actor, r, []tried{one}); err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

// try puts a trial on record and begins it.
func (g *Gateway) try(ctx context.Context, t policy.Trial, actor string, r policy.Rules, all []tried) error {
	g.trials.mu.Lock()
	defer g.trials.mu.Unlock()
	if g.trials.end != nil {
		return fmt.Errorf("cannot try rules: %w", policy.ErrBusy)
	}
	active := g.policies.Active()
	t.Actor, t.Begun, t.Base, t.Was, t.Rules, t.Total = actor, time.Now(), active.Number, active.Rules(), r, len(all)
	what := fmt.Sprintf("tries rules on %d files of the last %d days", len(all), t.Days)
	if t.Days == 0 {
		what = "tries rules on a file that was handed in for that"
	}
	e := audit.Event{Kind: audit.Config, Name: "policy", Version: active.Number, Actor: actor, Detail: what + "; nothing is released"}
	if err := g.record(ctx, e); err != nil {
		return err
	}
	life, end := context.WithTimeout(context.WithoutCancel(ctx), trialTime)
	g.trials.last, g.trials.end = t, end
	g.trials.all.Go(func() {
		defer end()
		for _, one := range all {
			if life.Err() != nil {
				break
			}
			g.tryOne(life, one, active, policy.Version{Proposal: policy.Proposal{Rules: r}})
		}
		g.trials.mu.Lock()
		defer g.trials.mu.Unlock()
		g.trials.last.Ended, g.trials.last.Late, g.trials.end = time.Now(), len(g.trials.last.Files) < len(all), nil
	})
	return nil
}

// tryOne treats one file by both versions and notes what becomes of it.
func (g *Gateway) tryOne(life context.Context, one tried, now, then policy.Version) {
	ctx, done := context.WithTimeout(life, trialFile)
	defer done()
	file := one.file
	err := g.tryBoth(ctx, one, &file, now, then)
	if life.Err() != nil { // it was not this file
		return
	}
	if err != nil {
		file.Why = whyNot(err)
		if file.Why == policy.WhyFailed {
			g.log.Warn("cannot try rules on a file", "job", file.Job, "error", err)
		}
	}
	g.trials.mu.Lock()
	defer g.trials.mu.Unlock()
	g.trials.last.Files = append(g.trials.last.Files, file)
}

// whyNot says why a file could not be tried.
func whyNot(err error) string {
	switch {
	case errors.Is(err, quarantine.ErrMalware):
		return policy.WhyMalware
	case errors.Is(err, context.DeadlineExceeded):
		return policy.WhyTime
	case errors.Is(err, quarantine.ErrDamaged):
		return policy.WhyDamaged
	case errors.Is(err, quarantine.ErrKey), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return policy.WhyKey
	}
	return policy.WhyFailed
}

func (g *Gateway) tryBoth(ctx context.Context, one tried, file *policy.TrialFile, now, then policy.Version) error {
	in, err := one.open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	configured := g.cfg.Policy
	for _, r := range g.cfg.Routes {
		if r.Name == file.Route {
			configured = r.Policy
		}
	}
	is := g.order(now, file.Name, now.Rules().PolicyOf(file.Route, configured))
	would := g.order(then, file.Name, then.Rules().PolicyOf(file.Route, configured))
	a, err := g.outcome(ctx, is, in)
	b := a
	if err == nil && !g.sameFor(is, would) {
		b, err = g.outcome(ctx, would, in)
	}
	if err == nil {
		file.Compare(a, b)
	}
	return err
}

// sameFor reports whether two orders treat a file in the same way.
func (g *Gateway) sameFor(a, b order) bool {
	p, err := g.local.policyOf(a)
	q, err2 := g.local.policyOf(b)
	return err == nil && err2 == nil && p == q
}

// outcome treats a file as it would be treated on its way, scanners and judge included, and throws away what comes out.
func (g *Gateway) outcome(ctx context.Context, o order, in *os.File) (policy.Outcome, error) {
	out, err := durable.Scratch("")
	if err != nil {
		return policy.Outcome{}, err
	}
	defer out.Close()
	t, err := g.bench.treat(ctx, o, in, out)
	if err != nil {
		return policy.Outcome{}, errors.Join(err, ctx.Err())
	}
	made := policy.Outcome{Policy: o.Policy, Verdict: sanitize.Clean, Reason: t.Reason, Findings: t.Report.Findings}
	switch t.Reason {
	case "":
	case sanitize.ReasonMalware:
		made.Verdict = sanitize.Blocked
	default:
		made.Verdict = sanitize.Held
	}
	return made, nil
}
