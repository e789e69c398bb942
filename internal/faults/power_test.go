package faults_test

import (
	"testing"
	"time"

	"sekisho/internal/faults/disk"
)

// TestFaultsPowerCut cuts the power of one side or of both at random changes of their disks: what was not synced is
// forgotten. Neither disk needs a journal.
func TestFaultsPowerCut(t *testing.T) {
	w := newWorld(t, setup{disks: true})
	cuts := 0
	for n := range newShare(t, 40*time.Second).rounds(6, 30, 100) {
		cuts++
		w.drop(2 + w.random.IntN(6))
		names := map[*zone]disk.Survivor{
			w.near: disk.Survivor(w.random.IntN(3)), w.far: disk.Survivor(w.random.IntN(3)),
		}
		hit := w.zones()
		if n%3 < 2 {
			hit = hit[n%3 : n%3+1]
		}
		first := hit[w.random.IntN(len(hit))]
		first.disk.CutAfter(1 + w.random.IntN(400))
		select {
		case <-first.disk.Stopped():
		case <-time.After(time.Duration(500+w.random.IntN(2500)) * time.Millisecond): // it has little to do
		}
		for _, z := range hit {
			z.cut(t, names[z])
		}
		for _, z := range hit {
			z.start(t)
		}
	}
	w.settle(5 * time.Minute)
	t.Logf("the power was cut %d times", cuts)
}

// TestFaultsDisk lets each side's disk be full, read-only, failing and slow for a while.
func TestFaultsDisk(t *testing.T) {
	w := newWorld(t, setup{disks: true})
	for range newShare(t, 20*time.Second).rounds(1, 2, 30) {
		for _, z := range w.zones() {
			for _, c := range []disk.Condition{disk.Full, disk.ReadOnly, disk.Failing} {
				w.drop(6)
				w.pause(700 * time.Millisecond)
				z.disk.Set(c)
				w.until(time.Duration(effort(700, 4000, 20_000))*time.Millisecond, func() bool { return false })
				z.disk.Set(disk.Healthy)
				w.pause(2 * time.Second)
				if c == disk.Failing { // what a failed sync has lost shows when the power is cut
					z.cut(t, disk.Journal)
					z.start(t)
				}
			}
			z.disk.SetLatency(30 * time.Millisecond)
		}
	}
	w.settle(5 * time.Minute)
}
