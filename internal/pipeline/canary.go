package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/sanitize"
)

// canaryState holds, in the state folder, what became of the last canary.
const canaryState = "canary.json"

// canary sends a known picture along the whole road, again and again, and knows when the receiver took the last one. It travels as
// any file does: through an inbox of its own, the queue, a child, the scanners, the judge and the link. What the receiver then
// does with it, its judge and the release, is not seen here, for nothing comes back from there: the receiver's own alarm covers it.
type canary struct {
	every, late time.Duration
	inbox       *os.Root
	state       *os.Root

	mu   sync.Mutex
	last CanaryState
}

// CanaryState is what became of the last canary.
type CanaryState struct {
	Since   time.Time       `json:"since"`   // the first one was sent
	Arrived time.Time       `json:"arrived"` // the receiver took the last good one; zero: none yet
	Failed  sanitize.Reason `json:"failed"`  // why the last one was held, or ""
}

// errCanary says that the canary is late, or was held: something on the road to the receiver does not work.
var errCanary = errors.New("試験ファイルが受信側に渡っていません / the receiver has not taken the canary")

// check fails when the canary was held, or the receiver has taken none for longer than late.
func (s CanaryState) check(now time.Time, late time.Duration) error {
	if s.Failed != "" {
		return fmt.Errorf("%w: held: %s", errCanary, s.Failed)
	}
	from := s.Arrived
	if from.IsZero() {
		from = s.Since
	}
	if age := now.Sub(from); age > late {
		return fmt.Errorf("%w: for %s", errCanary, age.Round(time.Second))
	}
	return nil
}

// CheckCanary tells what a configured canary has become, as the running gateway last wrote it down. A zero time and no error
// means that none is configured.
func CheckCanary(cfg config.Gateway) (arrived time.Time, err error) {
	if cfg.Canary.Every == 0 {
		return time.Time{}, nil
	}
	root, err := os.OpenRoot(cfg.State)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot open state: %w", err)
	}
	defer root.Close()
	var s CanaryState
	if err := readJSON(root, canaryState, &s); err != nil {
		return time.Time{}, fmt.Errorf("%w: %v", errCanary, err)
	}
	return s.Arrived, s.check(time.Now(), time.Duration(cfg.Canary.Late))
}

// openCanary adds the route of the canary. It comes before the inboxes are opened.
func (g *Gateway) openCanary(context.Context, Options) error {
	if g.cfg.Canary.Every == 0 {
		return nil
	}
	inbox, err := g.folder("canary")
	if err != nil {
		return err
	}
	state, err := g.folder(".")
	if err != nil {
		return err
	}
	c := &canary{every: time.Duration(g.cfg.Canary.Every), late: time.Duration(g.cfg.Canary.Late), inbox: inbox, state: state}
	if err := readJSON(state, canaryState, &c.last); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.log.Warn("what became of the last canary cannot be read", "error", err)
	}
	c.last.Since = time.Now().UTC() // while nothing ran nothing could arrive
	c.last.Arrived, c.last.Failed = time.Time{}, ""
	g.canary = c
	g.cfg.Routes = append(g.cfg.Routes[:len(g.cfg.Routes):len(g.cfg.Routes)], config.Route{
		Name: config.CanaryRoute, Inbox: filepath.Join(g.cfg.State, "canary"), Policy: "standard",
		Poll: config.Duration(time.Second), Settle: config.Duration(time.Second),
	})
	return writeJSON(state, canaryState, c.last)
}

// sing sends canaries until ctx ends, and puts on record when they begin not to arrive.
func (g *Gateway) sing(ctx context.Context) {
	c := g.canary
	if c == nil {
		return
	}
	tick := time.NewTicker(min(c.every, time.Minute))
	defer tick.Stop()
	var sent time.Time
	told := false
	for ctx.Err() == nil {
		if time.Since(sent) >= c.every {
			sent = time.Now()
			if err := c.send(sent); err != nil {
				g.log.Error("cannot send the canary", "error", err)
			}
		}
		err := c.check(ctx)
		if err != nil && !told {
			g.log.Error("the canary", "error", err)
			told = g.record(ctx, audit.Event{Kind: audit.Alarm, Route: config.CanaryRoute, Detail: err.Error()}) == nil
		} else if err == nil {
			told = false
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// send puts a picture into the canary's inbox, unless the last one is still there.
func (c *canary) send(now time.Time) error {
	const name = "canary.png"
	if _, err := c.inbox.Lstat(name); err == nil {
		return nil
	}
	p := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range 8 { // the time, so that no two are alike
		p.SetGray(i, 0, color.Gray{Y: uint8(now.UnixMicro() >> (8 * i))})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		return fmt.Errorf("cannot draw canary: %w", err)
	}
	return durable.WriteFile(c.inbox, name, b.Bytes(), 0o600)
}

func (c *canary) check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last.check(time.Now(), c.late)
}

// ended notes what became of a canary.
func (c *canary) ended(e Ended) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last.Failed = e.Reason
	if e.Verdict == sanitize.Clean {
		c.last.Arrived = time.Now().UTC()
	}
	return writeJSON(c.state, canaryState, c.last)
}

// age returns for how many seconds the receiver has taken no canary.
func (c *canary) age() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Arrived.IsZero() {
		return max(0, time.Since(c.last.Since).Seconds())
	}
	return max(0, time.Since(c.last.Arrived).Seconds())
}
