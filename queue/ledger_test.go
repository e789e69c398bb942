package queue_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/queue"
)

func openRoot(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func openLedger(t testing.TB, dir string, opt queue.LedgerOptions) *queue.Ledger {
	t.Helper()
	l, err := queue.OpenLedger(openRoot(t, dir), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func closeLedger(t testing.TB, l *queue.Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFirstEndStands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLedger(t, dir, queue.LedgerOptions{})
	states := []queue.State{queue.Sent, queue.Held, queue.Rejected}
	got := make([]queue.State, 30)
	var group sync.WaitGroup
	for n := range got {
		group.Go(func() {
			var err error
			if got[n], err = l.End(t.Context(), "job-000001", 0, states[n%3]); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, s := range got {
		if s != got[0] {
			t.Fatalf("two ends stand: %v", got)
		}
	}
	closeLedger(t, l)
	l = openLedger(t, dir, queue.LedgerOptions{})
	if s, ok := l.Ended("job-000001", 0); !ok || s != got[0] {
		t.Errorf("after a restart %q, before %q", s, got[0])
	}
	if _, ok := l.Ended("job-000001", 1); ok {
		t.Error("the next generation has ended")
	}
	if _, err := l.End(t.Context(), "job-000001", 1, "lost"); err == nil {
		t.Error("a state that is none was recorded")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.End(gone, "job-000001", 1, queue.Sent); !errors.Is(err, context.Canceled) {
		t.Errorf("End with a context that is done: %v", err)
	}
}

func TestAttemptsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLedger(t, dir, queue.LedgerOptions{})
	wantTries := func(got queue.Tries, begun, returned int) {
		t.Helper()
		if want := (queue.Tries{Begun: begun, Returned: returned}); got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
	}
	wantTries(l.Begin("sanitise", "job-000001", 0), 1, 0)
	wantTries(l.Return("sanitise", "job-000001", 0), 1, 1)
	wantTries(l.Begin("sanitise", "job-000001", 0), 2, 1)
	wantTries(l.Forgive("sanitise", "job-000001", 0), 1, 1)
	wantTries(l.Begin("sanitise", "job-000001", 0), 2, 1)
	path := filepath.Join(dir, "ledger-000000000001.jsonl")
	eventually(t, func() bool { // written without anybody waiting, and without Close
		b, err := os.ReadFile(path)
		return err == nil && strings.Count(string(b), "\n") == 5
	})
	closeLedger(t, l)
	l = openLedger(t, dir, queue.LedgerOptions{})
	wantTries(l.Begin("sanitise", "job-000001", 0), 3, 1)
	wantTries(l.Begin("send", "job-000001", 0), 1, 0)
	if _, err := l.End(t.Context(), "job-000001", 0, queue.Held); err != nil {
		t.Fatal(err)
	}
	wantTries(l.Begin("sanitise", "job-000001", 1), 1, 0)
}

// A power cut leaves a tail of any kind after the last line that was synced.
func TestTornTailIsCut(t *testing.T) {
	t.Parallel()
	for _, tail := range []string{
		`{"t":1,"k":"end","id":"job-0000`, "\x00\x00\x00\x00", "\x00\x00\n\x00\n", `{"t":1,"k":"end","id":"job-000009","g":0,"s":"sent"}`,
	} {
		dir := t.TempDir()
		l := openLedger(t, dir, queue.LedgerOptions{})
		if _, err := l.End(t.Context(), "job-000001", 0, queue.Sent); err != nil {
			t.Fatal(err)
		}
		closeLedger(t, l)
		appendTo(t, filepath.Join(dir, "ledger-000000000001.jsonl"), tail)
		for range 2 { // the second opening sees what the first has made of it, and a line after it
			l = openLedger(t, dir, queue.LedgerOptions{})
			if _, ok := l.Ended("job-000001", 0); !ok {
				t.Errorf("tail %q: the line before it is lost", tail)
			}
			if _, ok := l.Ended("job-000009", 0); ok {
				t.Errorf("tail %q: half a line counts", tail)
			}
			if _, err := l.End(t.Context(), "job-000002", 0, queue.Sent); err != nil {
				t.Fatal(err)
			}
			closeLedger(t, l)
		}
	}
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestDamageInTheMiddleIsRefused(t *testing.T) {
	t.Parallel()
	good := `{"t":1,"k":"end","id":"job-000001","g":0,"s":"sent"}` + "\n"
	for _, text := range []string{
		"garbage\n" + good,
		`{"t":1,"k":"end","id":"job-000001","g":0,"s":"gone"}` + "\n",
		`{"t":1,"k":"other","id":"job-000001","g":0}` + "\n",
		`{"t":1,"k":"end","id":"../x","g":0,"s":"sent"}` + "\n",
		`{"t":1,"k":"end","id":"job-000001","g":0,"s":"sent","x":1}` + "\n" + good,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "ledger-000000000001.jsonl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := queue.OpenLedger(openRoot(t, dir), queue.LedgerOptions{}); !errors.Is(err, queue.ErrDamaged) {
			t.Errorf("%q: %v", text, err)
			l.Close()
		}
	}
}

func TestOldEndsAreForgotten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	opt := queue.LedgerOptions{Keep: time.Hour, KeepLines: 20, SegmentBytes: 512, Now: func() time.Time { return now }}
	l := openLedger(t, dir, opt)
	end := func(n int) {
		t.Helper()
		if _, err := l.End(t.Context(), jobID(n), 0, queue.Sent); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 50 {
		end(n)
	}
	if segments(t, dir) < 4 {
		t.Fatal("no segments were begun")
	}
	for n := range 50 {
		if _, ok := l.Ended(jobID(n), 0); !ok {
			t.Fatalf("job %d is forgotten though it is not old", n)
		}
	}
	now = now.Add(10 * 365 * 24 * time.Hour) // the clock jumps: the newest lines stay all the same
	for n := 50; n < 60; n++ {
		end(n)
	}
	check := func(l *queue.Ledger) {
		t.Helper()
		if _, ok := l.Ended(jobID(0), 0); ok {
			t.Error("the oldest is remembered")
		}
		for n := 40; n < 60; n++ {
			if _, ok := l.Ended(jobID(n), 0); !ok {
				t.Errorf("job %d of the newest is forgotten", n)
			}
		}
	}
	check(l)
	closeLedger(t, l)
	check(openLedger(t, dir, opt))
}

func segments(t testing.TB, dir string) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "ledger-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// The ledger goes on after the disk was full: what failed is not recorded, what comes later is.
func TestEndAfterFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLedger(t, dir, queue.LedgerOptions{SegmentBytes: 1})
	if _, err := l.End(t.Context(), "job-000001", 0, queue.Sent); err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(dir, "ledger-000000000002.jsonl")
	if err := os.Mkdir(next, 0o700); err != nil { // the next segment cannot be begun
		t.Fatal(err)
	}
	if _, err := l.End(t.Context(), "job-000002", 0, queue.Sent); err == nil {
		t.Fatal("an end that could not be written was recorded")
	}
	if _, ok := l.Ended("job-000002", 0); ok {
		t.Fatal("an end that could not be written counts")
	}
	if err := os.Remove(next); err != nil {
		t.Fatal(err)
	}
	if s, err := l.End(t.Context(), "job-000002", 0, queue.Held); s != queue.Held || err != nil {
		t.Fatalf("%q, %v", s, err)
	}
}

func TestEndAfterClose(t *testing.T) {
	t.Parallel()
	l := openLedger(t, t.TempDir(), queue.LedgerOptions{})
	closeLedger(t, l)
	if _, err := l.End(t.Context(), "job-000001", 0, queue.Sent); err == nil {
		t.Error("a closed ledger recorded an end")
	}
}

func BenchmarkLedgerEnd(b *testing.B) {
	for _, workers := range []int{1, 16} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			l := openLedger(b, b.TempDir(), queue.LedgerOptions{})
			next := make(chan int, b.N)
			for n := range b.N {
				next <- n
			}
			close(next)
			b.ResetTimer()
			var group sync.WaitGroup
			for range workers {
				group.Go(func() {
					for n := range next {
						if _, err := l.End(context.Background(), jobID(n), 0, queue.Sent); err != nil {
							b.Error(err)
						}
					}
				})
			}
			group.Wait()
		})
	}
}
