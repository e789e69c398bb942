package arrival

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/health"
	"sekisho/transfer/receiver"
)

// canaryCheck is how often the folder of canaries is looked at.
const canaryCheck = 5 * time.Second

// errCanary says that no canary has come for too long: something on the road from the inbox to here does not work.
var errCanary = errors.New("試験ファイルが届いていません / the canary has not come")

// canary waits for the known file that the gateway sends along the whole road. It is released into a folder of the state, seen
// there and removed.
type canary struct {
	folder *os.Root
	late   time.Duration

	mu   sync.Mutex
	last time.Time // when the last one came, or this program began to wait
}

// openCanary adds the route of the canary.
func (z *Zone) openCanary(opt *receiver.Options) error {
	if z.cfg.CanaryLate == 0 {
		return nil
	}
	root, err := z.folder("canary")
	if err != nil {
		return err
	}
	stage, err := z.folder("stage/" + config.CanaryRoute)
	if err != nil {
		return err
	}
	opt.Routes[config.CanaryRoute], opt.Stages[config.CanaryRoute] = root, stage
	z.canary = &canary{folder: root, late: time.Duration(z.cfg.CanaryLate), last: time.Now()}
	return nil
}

// listen takes the canaries that come, until ctx ends, and puts on record when none comes.
func (z *Zone) listen(ctx context.Context) {
	if z.canary == nil {
		return
	}
	tick := time.NewTicker(canaryCheck)
	defer tick.Stop()
	told := false
	for {
		if err := z.canary.take(); err != nil {
			z.log.Error("cannot look for the canary", "error", err)
		}
		err := z.canary.check(ctx)
		if err != nil && !told {
			z.log.Error("the canary", "error", err)
			told = z.record.Append(ctx, audit.Event{Kind: audit.Alarm, Route: config.CanaryRoute, Detail: err.Error()}) == nil
		} else if err == nil {
			told = false
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// take removes the canaries that have come.
func (c *canary) take() error {
	entries, err := fs.ReadDir(c.folder.FS(), ".")
	if err != nil {
		return fmt.Errorf("cannot list canaries: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		c.mu.Lock()
		c.last = time.Now()
		c.mu.Unlock()
		if err := c.folder.Remove(e.Name()); err != nil {
			return fmt.Errorf("cannot remove canary: %w", err)
		}
	}
	return nil
}

// check fails when no canary has come for too long.
func (c *canary) check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := time.Since(c.last); age > c.late {
		return fmt.Errorf("%w: for %s", errCanary, age.Round(time.Second))
	}
	return nil
}

// Watch says what a supervisor is told about the zone.
func (z *Zone) Watch() health.Options {
	return health.Options{
		Probes: []health.Probe{{Name: "canary", Check: func(ctx context.Context) error {
			if z.canary == nil {
				return nil
			}
			return z.canary.check(ctx)
		}}},
		Figures: func(context.Context) ([]health.Figure, error) {
			all := []health.Figure{{Name: "sekisho_receiver_packages", Help: "Packages that have arrived and not ended.", Value: float64(z.Pending())}}
			if z.canary != nil {
				z.canary.mu.Lock()
				age := time.Since(z.canary.last).Seconds()
				z.canary.mu.Unlock()
				all = append(all, health.Figure{Name: "sekisho_canary_age_seconds", Help: "Time since the last canary came.", Value: age})
			}
			return all, nil
		},
	}
}
