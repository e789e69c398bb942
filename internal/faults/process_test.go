package faults_test

import (
	"syscall"
	"testing"
	"time"
)

// TestFaultsKilled kills programs and their children at random points, and stops some for a while as a machine does that
// has no memory left.
func TestFaultsKilled(t *testing.T) {
	w := newWorld(t, setup{})
	var programs, children, stops int
	for range newShare(t, 45*time.Second).rounds(10, 100, 1400) { // a quarter of them are stops
		w.drop(w.random.IntN(5))
		w.pause(900 * time.Millisecond)
		z := w.zones()[w.random.IntN(2)]
		switch w.random.IntN(4) {
		case 0, 1:
			z.restart(t)
			programs++
		case 2:
			if all := z.children(); len(all) > 0 {
				syscall.Kill(all[w.random.IntN(len(all))], syscall.SIGKILL) // one that has just ended is as good
				children++
			}
		case 3:
			z.signal(syscall.SIGSTOP)
			w.pause(time.Second)
			z.signal(syscall.SIGCONT)
			stops++
		}
	}
	w.drop(3)
	w.settle(5 * time.Minute)
	w.once()
	t.Logf("killed programs %d times and children %d times, stopped programs %d times", programs, children, stops)
	if programs == 0 || children == 0 {
		t.Error("nothing was killed")
	}
}

// TestFaultsDescriptors leaves each program in turn without descriptors for a while.
func TestFaultsDescriptors(t *testing.T) {
	w := newWorld(t, setup{})
	for n := range newShare(t, 25*time.Second).rounds(2, 12, 200) {
		w.until(30*time.Second, func() bool { return len(w.zones()[n%2].children()) > 0 }) // it has started
		feed := w.zones()[n%2].starve(t, w.random.IntN(12))
		w.drop(6)
		time.Sleep(time.Duration(effort(1500, 3000, 5000)) * time.Millisecond) // without descriptors for so long
		feed()
		w.pause(500 * time.Millisecond)
	}
	w.settle(5 * time.Minute)
}
