package pipeline

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"sekisho/internal/health"
)

// Watch says what a supervisor is told about the gateway. It holds no name of a file and nothing of its content.
func (g *Gateway) Watch() health.Options {
	return health.Options{
		Probes: []health.Probe{
			{Name: "queue", Check: func(ctx context.Context) error {
				_, err := g.queue.Depth(ctx, stageSanitise)
				return err
			}},
			{Name: "spool", Check: func(context.Context) error {
				free, err := g.free()
				if err == nil && free < int64(g.cfg.DiskReserve) {
					err = errNoSpace
				}
				return err
			}},
			{Name: "intake", Check: func(context.Context) error {
				if g.pause.is() {
					return errNoSpace
				}
				return nil
			}},
			{Name: "canary", Check: func(ctx context.Context) error {
				if g.canary == nil {
					return nil
				}
				return g.canary.check(ctx)
			}},
		},
		Figures: g.figures,
	}
}

// maxSilence is how long a loop that goes round every second may be silent before the program counts as stuck. It is long: a
// machine that swaps, or a disk that is away for a minute, is not mended by a restart.
const maxSilence = 3 * time.Minute

// errStuck says that the program does not go on.
var errStuck = errors.New("the loops of the gateway stand still")

// Alive fails when this program is stuck, so that it should be started again. That something else is away (the queue, a
// scanner, the link) is no reason.
func (g *Gateway) Alive(context.Context) error {
	if beat := g.beat.Load(); beat != 0 && time.Since(time.Unix(0, beat)) > maxSilence {
		return errStuck
	}
	g.waiting.mu.Lock() // a lock that is never given back is waited for until the caller's patience ends
	defer g.waiting.mu.Unlock()
	g.sealer.mu.Lock()
	defer g.sealer.mu.Unlock()
	return nil
}

// free returns the bytes that are free on the disk of the state.
func (g *Gateway) free() (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(g.cfg.State, &s); err != nil {
		return 0, fmt.Errorf("cannot see free disk space: %w", err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// figures counts what waits.
func (g *Gateway) figures(ctx context.Context) ([]health.Figure, error) {
	usage, err := g.spool.Usage(ctx)
	if err != nil {
		return nil, err
	}
	free, err := g.free()
	if err != nil {
		return nil, err
	}
	var age float64
	if !usage.Oldest.IsZero() {
		age = max(0, time.Since(usage.Oldest).Seconds())
	}
	all := []health.Figure{
		{Name: "sekisho_spool_files", Help: "Files that were accepted and have not ended.", Value: float64(usage.Jobs)},
		{Name: "sekisho_spool_bytes", Help: "Bytes of all that is kept for them.", Value: float64(usage.Bytes)},
		{Name: "sekisho_spool_oldest_seconds", Help: "Age of the oldest of them.", Value: age},
		{Name: "sekisho_disk_free_bytes", Help: "Bytes that are free on the disk of the state.", Value: float64(free)},
		{Name: "sekisho_held_files", Help: "Files in quarantine.", Value: float64(g.countHeld())},
	}
	if g.canary != nil {
		all = append(all, health.Figure{Name: "sekisho_canary_age_seconds", Help: "Time since the receiver took the last canary; its release is seen by the receiver alone.", Value: g.canary.age()})
	}
	paused := 0.0
	if g.pause.is() {
		paused = 1
	}
	all = append(all, health.Figure{Name: "sekisho_intake_paused", Help: "1 while the disk reserve keeps files in the inboxes.", Value: paused})
	for _, stage := range stages() {
		depth, err := g.queue.Depth(ctx, stage)
		if err != nil {
			return nil, err
		}
		all = append(all, health.Figure{
			Name: "sekisho_queue_messages", Help: "Files at a stage, waiting or being worked on.",
			Label: fmt.Sprintf("stage=%q", stage), Value: float64(depth),
		})
	}
	return all, nil
}

// countHeld counts the files in quarantine, also those that cannot be read.
func (g *Gateway) countHeld() int {
	n := 0
	for range g.held.List() {
		n++
	}
	return n
}
