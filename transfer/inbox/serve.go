package inbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
			b.end(c)
		case ctx.Err() != nil:
			return // the next start hands it in again
		case errors.Is(err, ErrChanged) && c.putBack() == nil:
			b.end(c) // it settles once more, and gets another id
		case c.gone():
			b.opt.Log.Error("a claimed file was removed by somebody else", "route", c.Route, "id", c.ID, "untrusted_path", c.Path)
			b.end(c)
		case errors.Is(err, errFixed) && c.putBack() == nil:
			b.stuck(c)
			b.end(c)
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

// errFixed says that a file cannot be taken out of the inbox: its folder lets nobody remove the files of others.
var errFixed = errors.New("file cannot be moved")

// take hands c in, and removes it when it is safe.
func (b *Inbox) take(ctx context.Context, c Claim) error {
	err := c.detach()
	if errors.Is(err, fs.ErrPermission) && c.attached() {
		return errFixed
	}
	if err != nil {
		return err
	}
	b.detached(c)
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

// detached notes that what has the name of c's file in the inbox is another file.
func (b *Inbox) detached(c Claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.folder == b.folder {
		delete(b.taking, c.Path)
	}
}

// stuck notes that c's file has to stay where it is.
func (b *Inbox) stuck(c Claim) {
	info, err := c.root.Lstat(c.Path)
	if err != nil {
		return // somebody else could move it
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.folder == b.folder {
		b.fixed[c.Path] = stampOf(info)
	}
}

// end notes that a claim has ended, and wakes the claimer.
func (b *Inbox) end(c Claim) {
	b.detached(c)
	b.mu.Lock()
	b.holds(c, -1)
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
			b.holds(c, -1)
			return
		}
		b.work = append(b.work, c)
		b.handIn.Signal()
	})
}
