package faults_test

import (
	"testing"
	"time"

	"sekisho/internal/faults/disk"
)

// ends waits until no file is on its way any more, or until stop is closed. It reports whether every file has ended.
func (w *world) ends(limit time.Duration, stop <-chan struct{}) bool {
	ended := false
	w.until(limit, func() bool {
		select {
		case <-stop:
			return true
		default:
			ended = len(w.left()) == 0
			return ended
		}
	})
	return ended
}

// TestFaultsEverySync lets the first, second, third … sync in the life of a file fail, on each side.
func TestFaultsEverySync(t *testing.T) {
	w := newWorld(t, setup{disks: true})
	for _, z := range w.zones() {
		for n := range newShare(t, 12*time.Second).steps(15, 2, 1) {
			w.drop(1)
			z.disk.FailSync(n)
			if !w.ends(time.Minute, nil) {
				t.Errorf("%s: after sync %d failed, a file does not end: %q", z.name, n, w.left())
				break
			}
			if !z.disk.Failed() {
				t.Logf("%s: fewer than %d syncs for a file", z.name, n)
				z.disk.FailSync(0)
				break
			}
			if w.random.IntN(8) == 0 { // what a failed sync has lost shows when the power is cut
				z.cut(t, disk.Journal)
				z.start(t)
			}
		}
	}
	w.settle(2 * time.Minute)
}

// TestFaultsEveryChange cuts the power of each side after the first, second, third … change of its disk since the start of
// the program, while a file waits.
func TestFaultsEveryChange(t *testing.T) {
	w := newWorld(t, setup{disks: true})
	for _, modes := range []map[*zone]disk.Survivor{
		{w.near: disk.SyncedNames, w.far: disk.SyncedNames},
		{w.near: disk.AllNames, w.far: disk.AllNames},
	} {
		for z, names := range modes {
			for n := range newShare(t, 10*time.Second).steps(90, 8, 1) {
				z.cut(t, names)
				w.drop(1)
				z.disk.CutAfter(n)
				z.start(t)
				if w.ends(time.Minute, z.disk.Stopped()) {
					t.Logf("%s: fewer than %d changes for its start and a file", z.name, n)
					break
				}
			}
			z.cut(t, names)
			z.start(t)
		}
	}
	w.settle(2 * time.Minute)
}
