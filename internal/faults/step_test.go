package faults_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sekisho/internal/failpoint"
	"sekisho/internal/faults/disk"
)

var stepsOnce sync.Once

// stepPrograms returns a folder with the two programs built to die at a step, beside the children as they ship.
func stepPrograms(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(bin, "steps")
	stepsOnce.Do(func() {
		build := exec.Command("go", "build", "-trimpath", "-tags", "failpoints", "-o", dir+"/", "sekisho/cmd/sekisho", "sekisho/cmd/sekisho-receiver")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("cannot build: %v\n%s", err, out)
		}
		if err := linkChildren(dir); err != nil {
			t.Fatal(err)
		}
	})
	return dir
}

// linkChildren puts the children, as they ship, beside programs that were built in another way.
func linkChildren(dir string) error {
	for _, child := range []string{"sekisho-child", "sekisho-judge", "sekisho-render"} {
		if err := os.Link(filepath.Join(bin, child), filepath.Join(dir, child)); err != nil {
			return err
		}
	}
	return nil
}

// TestFaultsEveryStep lets each side die at each named step in the life of a file, and cuts its power there, on disks with and
// without a journal.
func TestFaultsEveryStep(t *testing.T) {
	w := newWorld(t, setup{disks: true, made: stepPrograms(t)})
	modes := []disk.Survivor{disk.SyncedNames, disk.Journal, disk.AllNames}
	cuts, left := 0, newShare(t, 30*time.Second)
	for i, z := range w.zones() {
		for n, step := range [][]string{failpoint.Gateway(), failpoint.Receiver()}[i] {
			for m := range left.rounds(1, 2, 9) {
				names := modes[(n+m)%len(modes)]
				if !w.cutAt(z, step, names) {
					t.Errorf("%s does not come to %s", z.name, step)
				}
				cuts++
			}
		}
	}
	w.settle(5 * time.Minute)
	w.once()
	t.Logf("the power was cut at named steps %d times", cuts)
}

// cutAt starts the zone's program anew, drops a file that ends well and one that is held, and cuts the power when the program
// comes to step. It reports whether it did, and waits until both files have ended.
func (w *world) cutAt(z *zone, step string, names disk.Survivor) bool {
	w.t.Helper()
	z.kill()
	z.step = step + ":1"
	z.start(w.t)
	z.step = ""
	w.dropOne(false)
	w.dropOne(true)
	died := false
	select {
	case <-z.ended:
		died = true
	case <-time.After(time.Minute):
	}
	z.cut(w.t, names)
	z.start(w.t)
	if !w.ends(time.Minute, nil) {
		w.t.Errorf("after a cut at %s a file does not end: %q", step, w.left())
	}
	return died
}
