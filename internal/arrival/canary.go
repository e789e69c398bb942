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

// errCanary says that no canary has been released for too long: something on the road from the inbox to the folder does not work.
var errCanary = errors.New("試験ファイルが届いていません / no canary has been released")

// canary waits for the known file that the gateway sends along the whole road. It is released into a folder of the state, as any
// file is into its own, seen there and removed: only here is seen that all of the road works, and the gateway is not told.
type canary struct {
	folder *os.Root
	late   time.Duration // 0: none is expected, but those that come are taken

	mu       sync.Mutex
	begun    time.Time // this program began to wait
	released time.Time // the last one that was seen; zero: none since then
}

// openCanary adds the route of the canary.
func (z *Zone) openCanary(opt *receiver.Options) error {
	root, err := z.folder("canary")
	if err != nil {
		return err
	}
	stage, err := z.folder("stage/" + config.CanaryRoute)
	if err != nil {
		return err
	}
	opt.Routes[config.CanaryRoute], opt.Stages[config.CanaryRoute] = root, stage
	z.canary = &canary{folder: root, late: time.Duration(z.cfg.CanaryLate), begun: time.Now()}
	return nil
}

// listen takes the canaries that come, until ctx ends, and puts on record when none comes.
func (z *Zone) listen(ctx context.Context) {
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
		c.released = time.Now()
		c.mu.Unlock()
		if err := c.folder.Remove(e.Name()); err != nil {
			return fmt.Errorf("cannot remove canary: %w", err)
		}
	}
	return nil
}

// age returns for how long no canary has been released, and when the last one was (zero: none since the start).
func (c *canary) age() (time.Duration, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.released.IsZero() {
		return time.Since(c.begun), c.released
	}
	return time.Since(c.released), c.released
}

// check fails when canaries are expected and none has been released for too long.
func (c *canary) check(context.Context) error {
	age, last := c.age()
	switch {
	case c.late == 0 || age <= c.late:
		return nil
	case last.IsZero():
		return fmt.Errorf("%w: for %s, since the start", errCanary, age.Round(time.Second))
	}
	return fmt.Errorf("%w: for %s, the last one at %s", errCanary, age.Round(time.Second), last.Format(time.RFC3339))
}

// Watch says what a supervisor is told about the zone.
func (z *Zone) Watch() health.Options {
	return health.Options{
		Probes: []health.Probe{{Name: "canary", Check: z.canary.check}},
		Figures: func(context.Context) ([]health.Figure, error) {
			all := []health.Figure{{Name: "sekisho_receiver_packages", Help: "Packages that have arrived and not ended.", Value: float64(z.Pending())}}
			age, last := z.canary.age()
			if z.canary.late > 0 || !last.IsZero() {
				all = append(all, health.Figure{Name: "sekisho_canary_age_seconds", Help: "Time since the last canary was released, or the start.", Value: age.Seconds()})
			}
			if !last.IsZero() {
				all = append(all, health.Figure{Name: "sekisho_canary_released_timestamp_seconds", Help: "When the last canary was released, in Unix time.", Value: float64(last.Unix())})
			}
			return all, nil
		},
	}
}
