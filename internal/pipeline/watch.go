package pipeline

import (
	"context"
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
		},
		Figures: g.figures,
	}
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
