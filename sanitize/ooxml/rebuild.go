package ooxml

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/zipfile"
)

// rebuild writes the package in anew to out and fills the findings of report.
func rebuild(ctx context.Context, v Variant, in sanitize.Input, out io.Writer, pass sanitize.Pass, report *sanitize.Report) error {
	in, start, stub := withoutStub(in)
	if stub {
		report.Add(ruleStub, sanitize.Removed, "")
	}
	opc, err := openPackage(in, start, pass.Policy.Limits, pass.Expand)
	if err != nil {
		return err
	}
	d := &document{opcPackage: opc, ctx: ctx, pass: pass, variant: v, items: map[string]*part{}, told: map[string]bool{}}
	if err := d.walk(); err != nil {
		return err
	}
	if err := d.plan(); err != nil {
		return err
	}
	if err := d.each(func(p *part) bool { return !p.isXML() }, (*worker).embedded); err != nil {
		return err
	}
	if err := d.planShapes(); err != nil {
		return err
	}
	if err := d.each((*part).isXML, (*worker).xml); err != nil {
		return err
	}
	d.unbind()
	live := d.live()
	if d.main.lost {
		return fmt.Errorf("%w: nothing of the main part is left", sanitize.ErrPolicy)
	}
	if err := d.write(out, live); err != nil {
		return err
	}
	d.report(report, live)
	return nil
}

// worker rebuilds parts, one after the other.
type worker struct {
	d     *document
	out   *packed
	plain plain
}

// each calls do for all parts that match, on as many goroutines as there are processors. The result does not depend on
// their order: a part's rebuild writes to nothing but the part.
func (d *document) each(match func(*part) bool, do func(*worker, *part) error) error {
	var queue []*part
	for _, p := range d.parts {
		if !p.lost && match(p) {
			queue = append(queue, p)
		}
	}
	n := min(runtime.GOMAXPROCS(0), len(queue))
	if total(queue) < smallWork {
		n = min(n, 1)
	}
	for len(d.workers) < n {
		out, err := newPacked()
		if err != nil {
			return err
		}
		d.workers = append(d.workers, &worker{d: d, out: out})
	}
	errs := make([]error, n)
	var next int
	var mu sync.Mutex
	take := func() *part {
		mu.Lock()
		defer mu.Unlock()
		if next >= len(queue) {
			return nil
		}
		next++
		return queue[next-1]
	}
	stop := func() {
		mu.Lock()
		defer mu.Unlock()
		next = len(queue)
	}
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if errs[i] = d.workers[i].work(take, do); errs[i] != nil {
				stop()
			}
		})
	}
	group.Wait()
	return firstError(errs)
}

// smallWork is how many bytes of parts are done sooner by one goroutine.
const smallWork = 256 << 10

func total(queue []*part) (n int64) {
	for _, p := range queue {
		n += p.entry.Size
	}
	return n
}

// firstError returns the error that says most: not that of a worker that was only stopped.
func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

// work is the life of one goroutine. A panic is an error of the file: the engine cannot catch it here.
func (w *worker) work(take func() *part, do func(*worker, *part) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v\n%s", sanitize.ErrMalformed, p, debug.Stack())
		}
	}()
	for p := take(); p != nil; p = take() {
		if err := w.d.ctx.Err(); err != nil {
			return err
		}
		if err := do(w, p); err != nil {
			return err
		}
	}
	return nil
}

// isXML reports whether p is a part that the filter reads.
func (p *part) isXML() bool { return p.kind != media && p.kind.Root() != 0 || p.kind == customXML }

// live returns the parts that the output has, in the order in which they are reached by links that are used.
func (d *document) live() []*part {
	seen := map[*part]bool{}
	var list []*part
	queue := []*part{d.root}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		for _, l := range p.links {
			if l.to == nil || l.to.lost || seen[l.to] || !d.needed(p, l) {
				continue
			}
			seen[l.to] = true
			list = append(list, l.to)
			queue = append(queue, l.to)
		}
	}
	return list
}

// needed reports whether the link l of p belongs into the output: one that p names, or one that needs no name.
func (d *document) needed(p *part, l *link) bool { return l.used || l.to != nil && implicit(l.to.kind) }

// report gathers the findings: of the archive, of the package, and of each part that was looked at.
func (d *document) report(report *sanitize.Report, live []*part) {
	if d.variant != variants[d.variant].output {
		report.Add(ruleMacro, sanitize.Replaced, typesName)
	}
	for _, o := range d.archive.Oddities {
		if o.Kind != zipfile.OddExtra {
			report.Add(ruleZip, sanitize.Repaired, o.Entry)
		}
	}
	notes := part{}
	notes.notes(d.dropped)
	report.Findings = append(report.Findings, notes.findings...)
	report.Findings = append(report.Findings, d.root.findings...)
	for _, p := range d.parts {
		report.Findings = append(report.Findings, p.findings...)
	}
	d.reportUnreferenced(report, live)
}
