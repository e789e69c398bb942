// Package arrival is the LGWAN zone put together: the receiver, the judge in its sandboxed child, and the record. It is all
// that sekisho-receiver runs, and the half of `sekisho up` that knows nothing of the other half.
//
//	receiver ─► check: worker.Verify in a child, other code than the rebuild ─► record ─► release folder
//
// Promises: what the judge does not pass is refused; what it could not look at, because no child starts, waits. A child
// that crashes or runs out of time is asked again, and the package is refused the fifth time.
package arrival

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/stateversion"
	"sekisho/internal/worker"
	"sekisho/sanitize"
	"sekisho/transfer/keyfile"
	"sekisho/transfer/manifest"
	"sekisho/transfer/receiver"
)

// RecordName is the name of the log in the folder "record".
const RecordName = "audit"

// Options are what a zone needs beside its configuration.
type Options struct {
	Child string // path of sekisho-child; where sekisho-judge is beside it, that is used
	Log   *slog.Logger
	Ended func(receiver.Event) // told of each release and refusal once it is on record; may be nil
}

// Zone is the receiving side. It is made by Open and ended by Close.
type Zone struct {
	cfg      config.Receiver
	log      *slog.Logger
	tell     func(receiver.Event)
	receiver *receiver.Receiver
	pool     *worker.Pool
	record   *audit.Log
	closers  []func() error

	mu    sync.Mutex
	tries map[string]int // failed judgements of packages that wait

	canary *canary
}

// Open opens everything a zone works with. Nothing is received or released before Run.
func Open(cfg config.Receiver, o Options) (*Zone, error) {
	if err := stateversion.Claim(cfg.State); err != nil {
		return nil, err
	}
	z := &Zone{cfg: cfg, log: o.Log, tell: o.Ended, tries: map[string]int{}}
	if z.log == nil {
		z.log = slog.New(slog.DiscardHandler)
	}
	if z.tell == nil {
		z.tell = func(receiver.Event) {}
	}
	if err := z.open(o.Child); err != nil {
		return nil, errors.Join(err, z.Close())
	}
	return z, nil
}

func (z *Zone) open(child string) error {
	opt, err := z.trust()
	if err != nil {
		return err
	}
	if opt.Spool, err = z.folder("spool"); err != nil {
		return err
	}
	if err := z.routes(&opt); err != nil {
		return err
	}
	if err := z.openRecord(opt.HostKey); err != nil {
		return err
	}
	if err := z.openPool(child); err != nil {
		return err
	}
	if err := z.openCanary(&opt); err != nil {
		return err
	}
	opt.Check, opt.Record, opt.Log = z.check, z.note, z.log
	opt.Exceptions, opt.Workers = z.cfg.Exceptions, z.cfg.Workers
	opt.Limits = receiver.Limits{Package: int64(z.cfg.MaxPackage), Spool: int64(z.cfg.MaxSpool)}
	if z.receiver, err = receiver.New(opt); err != nil {
		return err
	}
	z.onClose(z.receiver.Close)
	return nil
}

// trust loads the keys.
func (z *Zone) trust() (receiver.Options, error) {
	var opt receiver.Options
	var err error
	if opt.HostKey, err = keyfile.LoadPrivate(z.cfg.HostKey); err != nil {
		return opt, err
	}
	if opt.Clients, err = publicKeys(z.cfg.Clients); err != nil {
		return opt, err
	}
	gateways, err := publicKeys(z.cfg.Gateways)
	opt.Gateways = manifest.Trust(gateways...)
	return opt, err
}

func publicKeys(files []string) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for _, f := range files {
		key, err := keyfile.LoadPublic(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// folder opens a private folder of the state, and makes it when it is not there.
func (z *Zone) folder(name string) (*os.Root, error) {
	root, err := durable.OpenFolder(filepath.Join(z.cfg.State, name), 0o700)
	if err != nil {
		return nil, err
	}
	z.onClose(root.Close)
	return root, nil
}

// routes opens the release folders. They must exist: a folder made in the place of a share that is not mounted would take
// files that nobody sees.
func (z *Zone) routes(opt *receiver.Options) error {
	opt.Routes, opt.Stages = map[string]*os.Root{}, map[string]*os.Root{}
	for _, r := range z.cfg.Routes {
		if err := manifest.CheckRoute(r.Name); err != nil {
			return err
		}
		root, err := os.OpenRoot(r.Release)
		if err != nil {
			return fmt.Errorf("cannot open release folder of route %q: %w", r.Name, err)
		}
		z.onClose(root.Close)
		opt.Routes[r.Name] = root
		stage, err := z.folder(filepath.Join("stage", r.Name))
		if err != nil {
			return err
		}
		movable, err := durable.CanMove(stage, root)
		if err != nil {
			return fmt.Errorf("cannot use release folder of route %q: %w", r.Name, err)
		}
		if movable { // else files are staged in the release folder, hidden: a file must not be copied into its place
			opt.Stages[r.Name] = stage
		}
	}
	return nil
}

func (z *Zone) openRecord(signer ed25519.PrivateKey) error {
	root, err := z.folder("record")
	if err != nil {
		return err
	}
	if z.record, err = audit.Open(root, RecordName, audit.Options{Signer: signer}); err != nil {
		return err
	}
	z.onClose(z.record.Close)
	return nil
}

func (z *Zone) openPool(child string) error {
	limits := sanitize.DefaultLimits()
	limits.FileSize = int64(z.cfg.MaxPackage)
	var err error
	z.pool, err = worker.NewPool(worker.Options{
		Child: cmp.Or(worker.JudgeBeside(child), child), Limits: limits, AcceptMissing: z.cfg.AcceptMissing, Log: z.log,
	})
	if err != nil {
		return err
	}
	z.onClose(z.pool.Close)
	return nil
}

func (z *Zone) onClose(f func() error) { z.closers = append(z.closers, f) }

// Close closes what Open opened, the last first. Run has returned before.
func (z *Zone) Close() error {
	var errs []error
	for i := len(z.closers) - 1; i >= 0; i-- {
		errs = append(errs, z.closers[i]())
	}
	z.closers = nil
	return errors.Join(errs...)
}

// Run receives, judges and releases until ctx ends. It closes listener.
func (z *Zone) Run(ctx context.Context, listener net.Listener) error {
	if err := z.record.Append(ctx, audit.Event{Kind: audit.Started, Detail: "receiver"}); err != nil {
		listener.Close()
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { z.receiver.Run(ctx) })
	running.Go(func() { z.watchGaps(ctx) })
	running.Go(func() { z.listen(ctx) })
	err := z.receiver.Serve(ctx, listener)
	cancel()
	running.Wait()
	stopped := z.record.Append(context.WithoutCancel(ctx), audit.Event{Kind: audit.Stopped, Detail: "receiver"})
	return errors.Join(err, stopped)
}

// Pending returns how many arrived packages have not ended.
func (z *Zone) Pending() int { return z.receiver.Pending() }

// gapCheck is how often the numbers are looked at.
const gapCheck = time.Minute

// watchGaps puts numbers on record that have not come for long: the sending side cannot know that they were lost.
func (z *Zone) watchGaps(ctx context.Context) {
	tick := time.NewTicker(gapCheck)
	defer tick.Stop()
	first := map[receiver.Gap]time.Time{} // when each gap was first seen; zero when it was told
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			first = z.gaps(ctx, first, now)
		}
	}
}

// gaps tells of each gap that is old enough, once, and returns what is known of those that are still open.
func (z *Zone) gaps(ctx context.Context, first map[receiver.Gap]time.Time, now time.Time) map[receiver.Gap]time.Time {
	open := map[receiver.Gap]time.Time{}
	for _, g := range z.receiver.Missing() {
		since, seen := first[g]
		if !seen {
			since = now
		}
		if !since.IsZero() && now.Sub(since) >= time.Duration(z.cfg.GapsAfter) {
			text := fmt.Sprintf("packages %d to %d of gateway %s have not arrived", g.From, g.To, g.Gateway)
			if err := z.record.Append(ctx, audit.Event{Kind: audit.Alarm, Detail: text}); err != nil {
				z.log.Error("cannot record", "error", err)
			} else {
				since = time.Time{}
			}
		}
		open[g] = since
	}
	return open
}
