package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/durable"
	"sekisho/internal/office"
	"sekisho/internal/preview"
	"sekisho/internal/quarantine"
	"sekisho/internal/worker"
	"sekisho/sanitize"
)

// Drawn is one side of a preview: pictures, or why there are none.
type Drawn struct {
	Pictures []preview.Picture
	Reason   sanitize.Reason // why nothing could be drawn; "" when there are pictures
}

// Preview is what people see of a file before they decide: its first pages as they are, and those of what a rebuild makes of
// it now.
type Preview struct{ Before, After Drawn }

// The bounds of drawing one side. What takes longer is not drawn.
const (
	drawTime = 30 * time.Second
	drawSize = 100 << 20 // bytes of a file
)

// shown is an original that pictures can be made of.
type shown struct {
	event  audit.Event
	policy string
	kind   string // type, where it is known before
	sha256 string
	size   int64
	open   func() (io.ReadCloser, error)
}

// original finds the original of a job: held, or kept since it was released. The error wraps quarantine.ErrMalware for
// malware, which nobody looks at, and fs.ErrNotExist when there is none.
func (g *Gateway) original(review *Review, id, actor string) (shown, error) {
	e, err := review.Store.Get(id)
	if err == nil && e.Item.Malware() {
		return shown{}, fmt.Errorf("cannot show original of %s: %w", id, quarantine.ErrMalware)
	}
	if err == nil {
		event, err := review.event(audit.Previewed, id, actor, "the first pages, drawn in the sandbox")
		return shown{event, e.Item.Policy, e.Item.Type, e.Item.SHA256, e.Item.Size, func() (io.ReadCloser, error) {
			key, err := review.identity()
			if err != nil {
				return nil, err
			}
			return review.Store.Original(id, key)
		}}, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return shown{}, err
	}
	k, err := g.kept.Get(id)
	if err != nil {
		return shown{}, err
	}
	if _, found, err := g.kept.Found(id); found || err != nil {
		return shown{}, errors.Join(err, fmt.Errorf("cannot show original of %s: %w", id, quarantine.ErrMalware))
	}
	event := audit.Event{
		Kind: audit.Previewed, Job: id, Route: k.Route, Path: k.Path, Name: k.Name, SHA256In: k.SHA256, Actor: actor,
		Detail: "the first pages, drawn in the sandbox",
	}
	policy := sanitize.Standard().Name // where the route is no more
	for _, r := range g.cfg.Routes {
		if r.Name == k.Route {
			policy = g.policies.Active().Rules().PolicyOf(r.Name, r.Policy)
		}
	}
	return shown{event, policy, "", k.SHA256, k.Size, func() (io.ReadCloser, error) { return g.kept.Original(id) }}, nil
}

// HasOriginal reports whether there is an original of a job that Preview may show.
func (g *Gateway) HasOriginal(review *Review, id string) bool {
	_, err := g.original(review, id, "")
	return err == nil && g.local.pool.Draws()
}

// Preview draws the first pages of an original, and of what a rebuild makes of it. That the actor looks is on record before.
// One file is drawn at a time. The error wraps quarantine.ErrMalware, quarantine.ErrKey or fs.ErrNotExist; that nothing can be
// drawn is no error.
func (g *Gateway) Preview(ctx context.Context, review *Review, id, actor string) (Preview, error) {
	var p Preview
	if actor == "" {
		return p, fmt.Errorf("cannot show original: %w", quarantine.ErrActor)
	}
	o, err := g.original(review, id, actor)
	if err != nil {
		return p, err
	}
	if !g.local.pool.Draws() {
		return p, fmt.Errorf("cannot show original: %w", fs.ErrNotExist)
	}
	select {
	case g.drawing <- struct{}{}:
		defer func() { <-g.drawing }()
	case <-ctx.Done():
		return p, ctx.Err()
	}
	if o.size > drawSize {
		tooLarge := Drawn{Reason: sanitize.ReasonLimit}
		return Preview{tooLarge, tooLarge}, nil
	}
	in, err := o.copy(ctx)
	if err != nil {
		return p, err
	}
	defer in.Close()
	if err := review.record(ctx, o.event); err != nil {
		return p, err
	}
	do := g.order(g.policies.Active(), o.event.Name, o.policy)
	policy, err := g.local.policyOf(do)
	if err != nil {
		return p, err
	}
	policy.Limits.Time = min(policy.Limits.Time, drawTime)
	kind := ""
	if p.After, kind, err = g.local.drawRebuilt(ctx, o.event.Name, in, policy); err == nil {
		p.Before, err = g.local.draw(ctx, cmp.Or(kind, o.kind), in, policy)
	}
	return p, err
}

// copy copies the original into a file without a name, for a child to read.
func (o shown) copy(ctx context.Context) (*os.File, error) {
	r, err := o.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := durable.Scratch("")
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(r, o.size+1))
	if err == nil && (n != o.size || hex.EncodeToString(hash.Sum(nil)) != o.sha256) {
		err = quarantine.ErrDamaged
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot copy original: %w", err)
	}
	return f, nil
}

// NoOffice is the reason of a side that only LibreOffice could draw, where none is configured.
const NoOffice sanitize.Reason = "no-office"

// draw has the first pages of a file of a type drawn, and each picture judged. A document of an office program becomes a PDF first.
func (b *bench) draw(ctx context.Context, kind string, in *os.File, policy sanitize.Policy) (Drawn, error) {
	if !office.Prints(kind) {
		return b.drawPages(ctx, in, policy)
	}
	if b.office == nil {
		return Drawn{Reason: NoOffice}, nil
	}
	pages, reason, err := b.print(ctx, kind, in, policy)
	if err != nil || reason != "" {
		return Drawn{Reason: reason}, err
	}
	defer pages.Close()
	return b.drawPages(ctx, pages, policy)
}

// print returns a PDF of the first pages of a document, as LibreOffice draws them in its sandbox. What it wrote goes through the same
// rebuild and judge as a PDF that came.
func (b *bench) print(ctx context.Context, kind string, in *os.File, policy sanitize.Policy) (pages *os.File, reason sanitize.Reason, err error) {
	between, err := durable.Scratch("")
	if err != nil {
		return nil, "", err
	}
	defer between.Close()
	err = b.office.Print(ctx, kind, preview.Pages, in, between)
	if reason := office.Reason(err); reason != "" || err != nil {
		if reason != "" {
			err = nil
		}
		return nil, reason, err
	}
	pages, _, reason, err = b.rebuilt(ctx, worker.Request{Input: between, Name: "pages.pdf", Policy: policy})
	return pages, reason, err
}

// drawPages has the first pages of a PDF, or a picture, drawn, and each picture judged.
func (b *bench) drawPages(ctx context.Context, in *os.File, policy sanitize.Policy) (Drawn, error) {
	out, err := durable.Scratch("")
	if err != nil {
		return Drawn{}, err
	}
	defer out.Close()
	res, err := b.pool.Draw(ctx, worker.Request{Input: in, Output: out, Policy: policy})
	if err != nil || res.Reason != "" {
		return Drawn{Reason: res.Reason}, err
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return Drawn{}, fmt.Errorf("cannot read what was drawn: %w", err)
	}
	pictures, err := preview.Split(out)
	if err != nil { // a child that was taken over
		return Drawn{Reason: sanitize.ReasonVerify}, nil
	}
	for _, p := range pictures {
		if sound, err := b.soundPicture(ctx, p, policy); err != nil || !sound {
			return Drawn{Reason: sanitize.ReasonVerify}, err
		}
	}
	return Drawn{Pictures: pictures}, nil
}

// soundPicture asks the judge whether what a child drew is a PNG and nothing else.
func (b *bench) soundPicture(ctx context.Context, p preview.Picture, policy sanitize.Policy) (bool, error) {
	f, err := durable.Scratch("")
	if err != nil {
		return false, err
	}
	defer f.Close()
	if _, err := f.Write(p.PNG); err != nil {
		return false, fmt.Errorf("cannot write picture: %w", err)
	}
	judged, err := b.pool.Verify(ctx, worker.Request{Input: f, Format: "png", Policy: policy})
	return err == nil && judged.Reason == "", err
}

// drawRebuilt rebuilds a file and has the first pages of the outcome drawn. It returns the type of the file too, "" when it could not
// be seen.
func (b *bench) drawRebuilt(ctx context.Context, name string, in *os.File, policy sanitize.Policy) (d Drawn, kind string, err error) {
	out, report, reason, err := b.rebuilt(ctx, worker.Request{Input: in, Name: name, Policy: policy})
	if err != nil || reason != "" {
		return Drawn{Reason: reason}, report.Type, err
	}
	defer out.Close()
	d, err = b.draw(ctx, report.Output, out, policy)
	return d, report.Type, err
}

// rebuilt rebuilds a file into one without a name, and has that judged. With a reason there is none.
func (b *bench) rebuilt(ctx context.Context, req worker.Request) (out *os.File, report sanitize.Report, reason sanitize.Reason, err error) {
	out, err = durable.Scratch("")
	if err != nil {
		return nil, report, "", err
	}
	req.Output = out
	res, err := b.pool.Rebuild(ctx, req)
	if reason = res.Reason; err == nil && reason == "" {
		var judged worker.Result
		judged, err = b.pool.Verify(ctx, worker.Request{Input: out, Format: res.Report.Output, Policy: req.Policy})
		reason = judged.Reason
	}
	if err != nil || reason != "" {
		out.Close()
		return nil, res.Report, reason, err
	}
	return out, res.Report, "", nil
}
