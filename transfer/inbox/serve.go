package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	firstPause = time.Second
	longPause  = time.Minute
)

// serve hands claims to the handler until ctx ends.
func (b *Inbox) serve(ctx context.Context) {
	for {
		c, ok := b.next(ctx)
		if !ok {
			return
		}
		err := b.take(ctx, c)
		stale := b.ran(c)
		switch {
		case err == nil, stale:
			b.end()
		case ctx.Err() != nil:
			return // the next start hands it in again
		case errors.Is(err, ErrChanged) && c.putBack() == nil:
			b.end() // it settles once more, and gets another id
		case c.gone():
			b.opt.Log.Error("a claimed file was removed by somebody else", "route", c.Route, "id", c.ID, "untrusted_path", c.Path)
			b.end()
		default:
			b.again(ctx, c, err)
		}
	}
}

// next waits for a claim.
func (b *Inbox) next(ctx context.Context) (Claim, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.work) == 0 && ctx.Err() == nil {
		b.handIn.Wait()
	}
	if ctx.Err() != nil {
		return Claim{}, false
	}
	c := b.work[0]
	b.work = b.work[1:]
	b.running++
	return c, true
}

// ran notes that a call of Take has ended, and reports whether c is void.
func (b *Inbox) ran(c Claim) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	return c.folder != b.folder
}

// take hands c in, and removes it when it is safe.
func (b *Inbox) take(ctx context.Context, c Claim) error {
	if err := c.sync(); err != nil {
		return err
	}
	if c.tries > 0 { // it may have changed, which was why, and could not be put back
		if err := c.refresh(); err != nil {
			return err
		}
	}
	if err := b.handler.Take(ctx, c); err != nil {
		return err
	}
	// When the removal does not survive a power cut, the claim is handed in again, and the handler knows its id.
	if err := c.root.RemoveAll(c.dir()); err != nil {
		return fmt.Errorf("cannot remove claim: %w", err)
	}
	return nil
}

// end notes that a claim has ended, and wakes the claimer.
func (b *Inbox) end() {
	b.mu.Lock()
	b.held--
	low := b.held <= maxHeld/2
	b.mu.Unlock()
	if !low {
		return
	}
	select {
	case b.freed <- struct{}{}:
	default:
	}
}

// again hands c in once more after a pause.
func (b *Inbox) again(ctx context.Context, c Claim, cause error) {
	pause := min(firstPause<<min(c.tries, 10), longPause)
	c.tries++
	b.opt.Log.Warn("cannot take in", "route", c.Route, "id", c.ID, "error", cause, "pause", pause)
	time.AfterFunc(pause, func() {
		if ctx.Err() != nil {
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if c.folder != b.folder {
			b.held--
			return
		}
		b.work = append(b.work, c)
		b.handIn.Signal()
	})
}
