package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/kept"
	"sekisho/internal/notice"
	"sekisho/internal/quarantine"
	"sekisho/internal/stateversion"
	"sekisho/queue"
	"sekisho/sanitize/scan"
)

// The names in the folder of re-scans.
const (
	rescanFolder     = "rescan"
	rescanRequest    = "request.json"    // a person asks
	rescanAnswer     = "answer.json"     // of the last one
	rescanSignatures = "signatures.json" // with which the last complete one was made
)

// maxRescanFile bounds each of these files, in bytes.
const maxRescanFile = 64 << 20

// rescanLook is the time between two looks for a request of a person.
const rescanLook = time.Second

// Rescan is the answer to a scan of what is kept: who received what.
type Rescan struct {
	Schema     int           `json:"schema"`  // 1
	Request    string        `json:"request"` // "" when signatures had changed
	Begun      time.Time     `json:"begun"`
	Ended      time.Time     `json:"ended"`
	Signatures []string      `json:"signatures"` // scanner, engine and version of each
	Scanned    int           `json:"scanned"`
	Unanswered int           `json:"unanswered"` // files that a scanner, or the disk, gave no answer about
	Sealed     int           `json:"sealed"`     // held before the gateway's key could open what is held: only the reviewer can
	Found      []RescanFound `json:"found"`
}

// RescanFound is one file in which something was found.
type RescanFound struct {
	Job       string    `json:"job"`
	Where     string    `json:"where"` // "released" or "held"
	Route     string    `json:"route"`
	Path      string    `json:"path"`
	Name      string    `json:"name"`
	Released  string    `json:"released,omitempty"` // the name that it has in the LGWAN zone
	Sent      time.Time `json:"sent,omitzero"`
	SHA256    string    `json:"sha256"`
	Scanner   string    `json:"scanner"`
	Signature string    `json:"signature"`
}

// keepOriginal keeps the original of a job that is about to end as released, if originals are kept.
func (g *Gateway) keepOriginal(ctx context.Context, job queue.Job, released string) error {
	if g.cfg.Rescan.KeepOriginals <= 0 || job.Route == config.CanaryRoute {
		return nil
	}
	in, err := g.spool.Open(job.ID, queue.OriginalFile)
	if err != nil {
		return err
	}
	defer in.Close()
	return g.kept.Keep(ctx, kept.Item{
		Job: string(job.ID), Generation: job.Generation, Route: job.Route, Path: job.Path, Name: job.Name, Released: released,
		Size: job.Size, SHA256: job.SHA256, Sent: time.Now().UTC(),
	}, in)
}

// rescan scans what is kept again, whenever a person asks or the signatures of a scanner have changed, until ctx ends.
func (g *Gateway) rescan(ctx context.Context) {
	look := time.NewTicker(rescanLook)
	defer look.Stop()
	var probed, expired time.Time
	for {
		if time.Since(expired) > expiryPause {
			g.expireKept()
			expired = time.Now()
		}
		if g.cfg.Rescan.OpensHeld() && len(g.local.scanners) > 0 {
			request := g.rescanRequested()
			if request != "" || time.Since(probed) > time.Duration(g.cfg.Rescan.Every) {
				if err := g.rescanWhenDue(ctx, request); err != nil && ctx.Err() == nil {
					g.log.Warn("cannot scan again what is kept; it is tried again", "error", err)
				}
				probed = time.Now()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// expireKept deletes the originals whose days are over.
func (g *Gateway) expireKept() {
	before := time.Now().AddDate(0, 0, -g.cfg.Rescan.KeepOriginals)
	n, err := g.kept.Expire(before)
	if err != nil {
		g.log.Error("cannot delete kept originals", "error", err)
	}
	if n > 0 {
		g.log.Info("kept originals deleted: their days are over", "files", n)
	}
}

// rescanRequested returns what a person asked for, or "".
func (g *Gateway) rescanRequested() string {
	var r struct{ Request string }
	if err := readJSON(g.rescans, rescanRequest, &r); err != nil {
		return ""
	}
	return r.Request
}

// rescanWhenDue scans again when a person asked, or when signatures are others than those of the last complete scan.
func (g *Gateway) rescanWhenDue(ctx context.Context, request string) error {
	now, err := g.signatures(ctx)
	if err != nil {
		return err
	}
	var last []string
	if err := readJSON(g.rescans, rescanSignatures, &last); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.log.Warn("cannot read the signatures of the last scan; all is scanned again", "error", err)
	}
	if request == "" && strings.Join(now, "\n") == strings.Join(last, "\n") {
		return nil
	}
	answer := Rescan{Schema: 1, Request: request, Begun: time.Now().UTC(), Signatures: now, Found: []RescanFound{}}
	if err := errors.Join(g.rescanReleased(ctx, &answer), g.rescanHeld(ctx, &answer)); err != nil {
		return err
	}
	answer.Ended = time.Now().UTC()
	if err := g.record(ctx, audit.Event{Kind: audit.Rescanned, Detail: answer.summary()}); err != nil {
		return err
	}
	if err := writeJSON(g.rescans, rescanAnswer, answer); err != nil {
		return err
	}
	if answer.Unanswered == 0 {
		err = writeJSON(g.rescans, rescanSignatures, now)
	}
	if request != "" {
		err = errors.Join(err, g.rescans.Remove(rescanRequest))
	}
	return err
}

func (r Rescan) summary() string {
	return fmt.Sprintf("%d files scanned again, %d found, %d without an answer, %d sealed; %s",
		r.Scanned, len(r.Found), r.Unanswered, r.Sealed, strings.Join(r.Signatures, "; "))
}

// signatures asks every scanner about a text that is nothing, and returns what each works with.
func (g *Gateway) signatures(ctx context.Context) ([]string, error) {
	const text = "sekisho\n"
	results, err := scan.All(ctx, g.local.scanners, int64(len(text)), func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	})
	if err != nil {
		return nil, err
	}
	var all []string
	for _, r := range results {
		all = append(all, fmt.Sprintf("%s %s %s", r.Scanner, r.Engine, r.Signatures))
	}
	return all, nil
}

// rescanReleased scans the originals of what was released.
func (g *Gateway) rescanReleased(ctx context.Context, answer *Rescan) error {
	for item, err := range g.kept.List() {
		if err != nil {
			g.log.Error("cannot read a kept original", "error", err)
			answer.Unanswered++
			continue
		}
		bad, err := g.scanAgain(ctx, answer, item.Size, func() (io.ReadCloser, error) { return g.kept.Original(item.Job) })
		if err != nil {
			return err
		}
		if bad == nil {
			continue
		}
		found := RescanFound{
			Job: item.Job, Where: "released", Route: item.Route, Path: item.Path, Name: item.Name, Released: item.Released, Sent: item.Sent,
			SHA256: item.SHA256, Scanner: bad.Scanner, Signature: bad.Signature,
		}
		answer.Found = append(answer.Found, found)
		if err := g.foundReleased(ctx, item, *bad); err != nil {
			return err
		}
	}
	return nil
}

// scanAgain lets every scanner look at one file, and returns what one of them found in it. The error says that ctx has ended.
func (g *Gateway) scanAgain(ctx context.Context, answer *Rescan, size int64, open func() (io.ReadCloser, error)) (*scan.Result, error) {
	results, err := scan.All(ctx, g.local.scanners, size, open)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	answer.Scanned++
	if err != nil {
		answer.Unanswered++
		g.log.Warn("cannot scan a file again", "error", err)
	}
	for _, r := range results {
		if r.Infected() {
			return &r, nil
		}
	}
	return nil, nil
}

// foundReleased tells record and staff, once, that a file which was released was dangerous before it was rebuilt.
func (g *Gateway) foundReleased(ctx context.Context, item kept.Item, bad scan.Result) error {
	if _, told, err := g.kept.Found(item.Job); told || err != nil {
		return err
	}
	err := g.record(ctx, audit.Event{
		Kind: audit.Rescanned, Job: item.Job, Generation: item.Generation, Route: item.Route, Path: item.Path, Name: item.Name,
		SHA256In: item.SHA256, SizeIn: item.Size, Verdict: "blocked", Reason: "malware",
		Detail: fmt.Sprintf("released as %q at %s; %s", item.Released, item.Sent.Format(time.RFC3339), scanText(bad)),
	})
	if err != nil {
		return err
	}
	err = g.notify(item.Route, item.Path, notice.Notice{
		Name: item.Released, Reason: "rescan-released", Time: time.Now(), Job: item.Job, SHA256: item.SHA256,
	})
	if err != nil { // the share may be away; it is on record
		g.log.Error("cannot leave a notice", "job", item.Job, "error", err)
	}
	g.log.Error("a scanner has found something in the original of a file that was released", "job", item.Job, "route", item.Route)
	return g.kept.Mark(item.Job, kept.Found{Scanner: bad.Scanner, Signature: bad.Signature, Signatures: bad.Signatures, Time: time.Now().UTC()})
}

// rescanHeld scans what is in quarantine. What is found there is malware from then on: nobody can release it.
func (g *Gateway) rescanHeld(ctx context.Context, answer *Rescan) error {
	for e, err := range g.held.List() {
		if err != nil {
			g.log.Error("cannot read a held item", "error", err)
			answer.Unanswered++
			continue
		}
		if e.Item.Malware() || e.State.Stage == quarantine.Released {
			continue
		}
		if first, err := g.held.Original(e.Item.Job, g.identity); err != nil {
			answer.Sealed++
			continue
		} else {
			first.Close()
		}
		bad, err := g.scanAgain(ctx, answer, e.Item.Size, func() (io.ReadCloser, error) { return g.held.Original(e.Item.Job, g.identity) })
		if err != nil {
			return err
		}
		if bad != nil {
			if err := g.foundHeld(ctx, e.Item, *bad, answer); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Gateway) foundHeld(ctx context.Context, item quarantine.Item, bad scan.Result, answer *Rescan) error {
	answer.Found = append(answer.Found, RescanFound{
		Job: item.Job, Where: "held", Route: item.Route, Path: item.Path, Name: item.Name, SHA256: item.SHA256,
		Scanner: bad.Scanner, Signature: bad.Signature,
	})
	err := g.record(ctx, audit.Event{
		Kind: audit.Rescanned, Job: item.Job, Generation: item.Generation, Route: item.Route, Path: item.Path, Name: item.Name,
		SHA256In: item.SHA256, SizeIn: item.Size, Verdict: "blocked", Reason: "malware", Detail: "held; " + scanText(bad),
	})
	if err != nil {
		return err
	}
	fresh, err := g.held.Condemn(item.Job, quarantine.Scan{Scanner: bad.Scanner, Of: "original", Result: "found", Detail: bad.Signature, Time: time.Now().UTC()})
	if err != nil || !fresh {
		return err
	}
	err = g.notify(item.Route, item.Path, notice.Notice{Name: item.Name, Reason: "malware", Time: time.Now(), Job: item.Job, SHA256: item.SHA256})
	if err != nil {
		g.log.Error("cannot leave a notice", "job", item.Job, "error", err)
	}
	return nil
}

// ErrNotKept says that the configuration leaves nothing that the gateway could scan again.
var ErrNotKept = errors.New("nothing can be scanned again: set rescan.held, for what is held, or rescan.keep_originals")

// AskRescan has the running gateway scan what is kept, and waits until it has answered or ctx ends.
func AskRescan(ctx context.Context, cfg config.Gateway) (Rescan, error) {
	if !cfg.Rescan.OpensHeld() {
		return Rescan{}, ErrNotKept
	}
	if err := stateversion.Check(cfg.State); err != nil {
		return Rescan{}, err
	}
	root, err := durable.OpenFolder(filepath.Join(cfg.State, rescanFolder), 0o700)
	if err != nil {
		return Rescan{}, err
	}
	defer root.Close()
	id := fmt.Sprintf("%d", time.Now().UnixNano())
	if err := writeJSON(root, rescanRequest, struct{ Request string }{id}); err != nil {
		return Rescan{}, err
	}
	tick := time.NewTicker(rescanLook / 4)
	defer tick.Stop()
	for {
		var answer Rescan
		if err := readJSON(root, rescanAnswer, &answer); err == nil && answer.Request == id {
			return answer, nil
		}
		select {
		case <-ctx.Done():
			return Rescan{}, fmt.Errorf("the gateway has not answered (does it run?); it will, when it does: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// Place says where a found file is, for a person.
func (f RescanFound) Place() string {
	if f.Where == "released" {
		return path.Join(f.Route, f.Path, f.Released)
	}
	return path.Join(f.Route, f.Path, f.Name)
}

// readJSON reads a file of ours.
func readJSON(root *os.Root, name string, v any) error {
	f, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", name, err)
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxRescanFile)).Decode(v); err != nil {
		return fmt.Errorf("cannot read %s: %v", name, err)
	}
	return nil
}

func writeJSON(root *os.Root, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", name, err)
	}
	return durable.WriteFile(root, name, append(text, '\n'), 0o600)
}
