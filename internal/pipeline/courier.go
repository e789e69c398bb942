package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/failpoint"
	"sekisho/queue"
	"sekisho/sanitize"
	"sekisho/transfer/manifest"
	"sekisho/transfer/sftplink"
)

// courier carries sealed packages across. It has one connection, which it makes when it needs one.
type courier struct {
	options sftplink.Options

	mu    sync.Mutex
	link  *sftplink.Link
	pause time.Duration // before the next attempt; grows while the link is down
	until time.Time     // the end of it
}

// The pause between attempts doubles from firstPause to longestPause. Nothing is ever given up.
const (
	firstPause   = time.Second
	longestPause = 5 * time.Minute
)

// dial returns the connection.
func (c *courier) dial(ctx context.Context) (*sftplink.Link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		return c.link, nil
	}
	link, err := sftplink.Dial(ctx, c.options)
	if err != nil {
		return nil, err
	}
	c.link = link
	return link, nil
}

// drop forgets a connection on which sending failed, unless only the receiver was busy.
func (c *courier) drop(link *sftplink.Link, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == link && !errors.Is(err, sftplink.ErrBusy) {
		c.link.Close()
		c.link = nil
	}
}

// wait returns how long to wait before the next attempt. Packages that fail together are one failure: the pause grows once.
func (c *courier) wait() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rest := time.Until(c.until); rest > 0 {
		return rest
	}
	c.pause = min(max(2*c.pause, firstPause), longestPause)
	rest := failpoint.Pause(c.pause)
	c.until = time.Now().Add(rest)
	return rest
}

func (c *courier) worked() {
	c.mu.Lock()
	c.pause, c.until = 0, time.Time{}
	c.mu.Unlock()
}

func (c *courier) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		c.link.Close()
		c.link = nil
	}
}

// senders is how many packages are on their way at once.
const senders = 4

var (
	errTampered = errors.New("the package is not the one that was sealed")
	errOwn      = errors.New("cannot read the spool") // the link is not to blame
)

// unreadable says what it means that a part of a sealed package cannot be read: one that is gone will not come back.
func unreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %v", errTampered, err)
	}
	return fmt.Errorf("%w: %v", errOwn, err)
}

// send is the stage of sending: it returns Done when the receiver holds the package durably.
func (g *Gateway) send(ctx context.Context, m queue.Message) queue.Outcome {
	job, outcome, ok := g.job(m)
	if !ok {
		return outcome
	}
	sealed, err := g.carry(ctx, job)
	switch {
	case err == nil:
		return g.arrived(ctx, job, sealed)
	case errors.Is(err, errOwn):
		return g.later("cannot open a sealed package", job.ID, err)
	case errors.Is(err, sftplink.ErrRefused), errors.Is(err, errTampered):
		return g.hold(ctx, job, treated{Reason: sanitize.ReasonVerify, Detail: err.Error()})
	case ctx.Err() != nil:
		return queue.RestFor(0)
	}
	pause := g.courier.wait()
	g.log.Warn("link is down, files wait", "job", m.ID, "error", err, "again_in", pause)
	return queue.RestFor(pause)
}

// carry sends the package of the job.
func (g *Gateway) carry(ctx context.Context, job queue.Job) (manifest.Manifest, error) {
	header, err := g.spool.ReadFile(job.ID, headerFile, int64(manifest.MaxHeader))
	if err != nil {
		return manifest.Manifest{}, unreadable(err)
	}
	body, sealed, err := g.packed(job, header)
	if err != nil {
		return sealed, err
	}
	defer body.Close()
	link, err := g.courier.dial(ctx)
	if err != nil {
		return sealed, err
	}
	err = link.Send(ctx, sftplink.Package{ID: sealed.ID, Header: header, Body: body, Length: sealed.Length})
	if err != nil && ctx.Err() == nil {
		g.courier.drop(link, err)
	}
	return sealed, err
}

// packed opens the body that a sealed header is about, and checks that it is still the one that was sealed.
func (g *Gateway) packed(job queue.Job, header []byte) (*os.File, manifest.Manifest, error) {
	sealed, err := manifest.Open(bytes.NewReader(header), g.trusted)
	if err != nil {
		return nil, sealed.Manifest, fmt.Errorf("%w: %v", errTampered, err)
	}
	name := rebuiltFile
	if sealed.Exception() {
		name = queue.OriginalFile
	}
	body, err := g.spool.Open(job.ID, name)
	if err != nil {
		return nil, sealed.Manifest, unreadable(err)
	}
	sum, err := hashFile(body)
	if err != nil {
		err = unreadable(err)
	} else if sum != sealed.Rebuilt {
		err = errTampered
	}
	if err != nil {
		body.Close()
		return nil, sealed.Manifest, err
	}
	return body, sealed.Manifest, nil
}

// arrived records that the receiver has the package, and ends the job.
func (g *Gateway) arrived(ctx context.Context, job queue.Job, sealed manifest.Manifest) queue.Outcome {
	g.courier.worked()
	failpoint.At(failpoint.JobSent)
	e := g.event(job, audit.Sent)
	e.Name, e.Type, e.SHA256Out, e.SizeOut = sealed.Name, sealed.Type, sealed.Rebuilt, sealed.Length
	e.Detail = fmt.Sprintf("sequence %d", sealed.Sequence)
	err := g.record(ctx, e)
	if err == nil {
		err = g.keepOriginal(ctx, job, sealed.Name)
	}
	if err == nil {
		err = g.reviewed(job)
	}
	if err != nil {
		return g.later("cannot record that a file was sent", job.ID, err)
	}
	failpoint.At(failpoint.JobToldSent)
	found := 0
	for _, f := range sealed.Findings {
		found += f.Count
	}
	return g.ended(ctx, job, queue.Sent, Ended{Verdict: sanitize.Clean, Found: found})
}
