package receiver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"sekisho/internal/durable"
	"sekisho/internal/failpoint"
	"sekisho/transfer/manifest"
)

// release gives the verified, staged package p its name.
func (r *Receiver) release(ctx context.Context, p manifest.Opened) error {
	target := r.routes[p.Route]
	dir, err := target.makePath(p.Path)
	if err != nil {
		return err
	}
	name, err := target.freeName(dir, p.Name, p.ID)
	if err != nil {
		return err
	}
	if err := r.record(ctx, p.Manifest, dir, name); err != nil {
		return err
	}
	intent, err := r.ledger.intend(p, dir, name)
	if err != nil {
		return err
	}
	failpoint.At(failpoint.PackageIntended)
	return r.place(ctx, intent, &p.Manifest)
}

func (r *Receiver) record(ctx context.Context, m manifest.Manifest, dir, name string) error {
	if err := r.opt.Record(ctx, Event{Kind: Released, ID: m.ID, Path: dir, Name: name, Manifest: m}); err != nil {
		return fmt.Errorf("cannot record release: %w", err)
	}
	return nil
}

// place carries out an intent, now or after a crash, and ends the package. m may be nil: then it is read again if it is
// needed.
func (r *Receiver) place(ctx context.Context, intent line, m *manifest.Manifest) error {
	target, ok := r.routes[intent.Route]
	if !ok {
		return fmt.Errorf("cannot go on with a release: route %q has no folder any more", intent.Route)
	}
	intent, err := r.move(ctx, target, intent, m)
	if err != nil {
		return err
	}
	failpoint.At(failpoint.PackageReleased)
	if err := r.ledger.done(intent); err != nil {
		return err
	}
	failpoint.At(failpoint.PackageEnded)
	return r.spool.remove(intent.ID)
}

// maxPlans is how often in one turn a place may be lost to somebody who was faster.
const maxPlans = 100

// move renames the staged file to its place, and returns the intent that was carried out. A staged file that is gone was
// moved before a crash, or before a sync failed.
func (r *Receiver) move(ctx context.Context, target *folder, intent line, m *manifest.Manifest) (line, error) {
	for range maxPlans {
		staged, err := target.staged(intent.ID)
		if err != nil {
			return intent, err
		}
		if !staged {
			return intent, target.sync(intent.Path)
		}
		err = durable.MoveNew(target.stages, target.stageName(intent.ID), target.root, path.Join(intent.Path, intent.Name))
		if err == nil {
			return intent, nil
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return intent, err
		}
		if intent, err = r.replan(ctx, target, intent, m); err != nil {
			return intent, err
		}
	}
	return intent, fmt.Errorf("cannot release package %s: its place was taken %d times", intent.ID, maxPlans)
}

// replan finds another place when the intended name was taken, or its folder removed, before the rename.
func (r *Receiver) replan(ctx context.Context, target *folder, intent line, m *manifest.Manifest) (line, error) {
	if m == nil {
		f, err := r.spool.root.Open(arrivedName(intent.ID))
		if err != nil {
			return intent, fmt.Errorf("cannot open package: %w", err)
		}
		defer f.Close()
		p, err := r.open(intent.ID, f)
		if err != nil {
			return intent, err
		}
		m = &p.Manifest
	}
	var err error
	if intent.Path, err = target.makePath(m.Path); err != nil {
		return intent, err
	}
	if intent.Name, err = target.freeName(intent.Path, m.Name, m.ID); err != nil {
		return intent, err
	}
	if err := r.record(ctx, *m, intent.Path, intent.Name); err != nil {
		return intent, err
	}
	return intent, r.ledger.amend(intent)
}
