package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sekisho/queue"
	"sekisho/queue/nats"
)

// house is a spool, a ledger and a queue on a real server, in one folder that outlives it.
type house struct {
	dir    string
	server *nats.Server
	spool  *queue.Spool
	ledger *queue.Ledger
	queue  *queue.Queue
	close  []func()
}

func openHouse(t testing.TB, dir string, change func(*queue.Options)) *house {
	t.Helper()
	h, err := buildHouse(dir, slog.New(slog.DiscardHandler), change)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// buildHouse is shared by the tests and by the process that they kill.
func buildHouse(dir string, log *slog.Logger, change func(*queue.Options)) (h *house, err error) {
	h = &house{dir: dir}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	if h.spool, err = openIn(h, "spool", queue.OpenSpool); err != nil {
		return h, err
	}
	h.onClose(func() { h.spool.Close() })
	if h.ledger, err = openIn(h, "ledger", func(r *os.Root) (*queue.Ledger, error) {
		return queue.OpenLedger(r, queue.LedgerOptions{})
	}); err != nil {
		return h, err
	}
	h.onClose(func() { h.ledger.Close() })
	if h.server, err = nats.Start(nats.ServerOptions{
		Dir: filepath.Join(dir, "nats"), Log: log, Proving: 100 * time.Millisecond,
	}); err != nil {
		return h, err
	}
	h.onClose(h.server.Stop)
	conn, err := h.server.Connect(log)
	if err != nil {
		return h, err
	}
	h.onClose(conn.Close)
	opt := queue.Options{Stages: []string{"sanitise", "send"}, Ledger: h.ledger, Log: log}
	if change != nil {
		change(&opt)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	h.queue, err = queue.Open(ctx, conn, opt)
	return h, err
}

func openIn[T any](h *house, name string, open func(*os.Root) (T, error)) (T, error) {
	var none T
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return none, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return none, err
	}
	h.onClose(func() { root.Close() })
	return open(root)
}

func (h *house) onClose(f func()) { h.close = append(h.close, f) }

// Close closes in reverse order; a second call does nothing.
func (h *house) Close() {
	for i := len(h.close) - 1; i >= 0; i-- {
		h.close[i]()
	}
	h.close = nil
}

// accept puts a small job into the spool.
func (h *house) accept(id queue.ID, content string) error {
	in, err := h.spool.Begin(id)
	if err != nil {
		return err
	}
	defer in.Abort()
	if _, err := in.Write([]byte(content)); err != nil {
		return err
	}
	_, err = in.Commit(queue.Job{Route: "r", Name: "名前.txt", Policy: "standard"})
	return err
}

// consume runs a consumer until the test ends or stop is called.
func consume(t testing.TB, q *queue.Queue, stage string, workers int, h queue.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- q.Consume(ctx, stage, workers, h) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Consume: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("Consume does not stop")
		}
	})
	t.Cleanup(stop)
	return stop
}

// receive returns the next value, or fails the test.
func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came in 20 s")
	}
	panic("unreachable")
}

func nothing[T any](t testing.TB, c <-chan T, d time.Duration) {
	t.Helper()
	select {
	case v := <-c:
		t.Fatalf("came once more: %v", v)
	case <-time.After(d):
	}
}

func jobID(n int) queue.ID { return queue.ID(fmt.Sprintf("job-%06d", n)) }

func TestPublishConsume(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	ctx := t.Context()
	if err := h.queue.Publish(ctx, "sanitise", "job-000001", 3); err != nil {
		t.Fatal(err)
	}
	if n, err := h.queue.Depth(ctx, "sanitise"); n != 1 || err != nil {
		t.Fatalf("depth without a consumer %d, %v", n, err)
	}
	got := make(chan queue.Message, 10)
	consume(t, h.queue, "sanitise", 2, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m
		return queue.Done()
	})
	want := queue.Message{Stage: "sanitise", ID: "job-000001", Generation: 3, Attempt: 1}
	if m := receive(t, got); m != want {
		t.Fatalf("got %+v, want %+v", m, want)
	}
	eventually(t, func() bool {
		n, err := h.queue.Depth(ctx, "sanitise")
		return n == 0 && err == nil
	})
	nothing(t, got, 100*time.Millisecond)
}

func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("did not come about in 20 s")
}

func TestPublishTwiceIsOnce(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	ctx := t.Context()
	got := make(chan queue.Message, 10)
	release := make(chan struct{})
	for range 3 { // waiting
		if err := h.queue.Publish(ctx, "sanitise", "job-000001", 0); err != nil {
			t.Fatal(err)
		}
	}
	consume(t, h.queue, "sanitise", 2, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m
		<-release
		return queue.Done()
	})
	receive(t, got)
	if err := h.queue.Publish(ctx, "sanitise", "job-000001", 0); err != nil { // being worked on
		t.Fatal(err)
	}
	close(release)
	eventually(t, func() bool { n, err := h.queue.Depth(ctx, "sanitise"); return n == 0 && err == nil })
	if err := h.queue.Publish(ctx, "sanitise", "job-000001", 0); err != nil { // done, in the duplicate window
		t.Fatal(err)
	}
	nothing(t, got, 200*time.Millisecond)
	if err := h.queue.Publish(ctx, "sanitise", "job-000001", 1); err != nil { // the next generation
		t.Fatal(err)
	}
	receive(t, got)
}

func TestEndedJobIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	ctx := t.Context()
	if _, err := h.ledger.End(ctx, "job-000001", 0, queue.Held); err != nil {
		t.Fatal(err)
	}
	for gen := range 2 {
		if err := h.queue.Publish(ctx, "sanitise", "job-000001", gen); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan queue.Message, 10)
	consume(t, h.queue, "sanitise", 1, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m
		return queue.Done()
	})
	if m := receive(t, got); m.Generation != 1 {
		t.Fatalf("asked about generation %d, which has ended", m.Generation)
	}
	nothing(t, got, 100*time.Millisecond)
}

func TestRetryCountsAttempts(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	if err := h.queue.Publish(t.Context(), "sanitise", "job-000001", 0); err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 10)
	consume(t, h.queue, "sanitise", 1, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m.Attempt
		if m.Attempt < 3 {
			return queue.RetryAfter(10 * time.Millisecond)
		}
		return queue.Done()
	})
	for want := 1; want <= 3; want++ {
		if n := receive(t, got); n != want {
			t.Fatalf("attempt %d, want %d", n, want)
		}
	}
	nothing(t, got, 100*time.Millisecond)
}

func TestRestDoesNotCount(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	for n := range 4 {
		if err := h.queue.Publish(t.Context(), "send", jobID(n), 0); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	asked, away := 0, true
	got := make(chan queue.Message, 10)
	consume(t, h.queue, "send", 1, func(_ context.Context, m queue.Message) queue.Outcome {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked == 3 {
			away = false
		}
		if away {
			return queue.RestFor(150 * time.Millisecond)
		}
		got <- m
		return queue.Done()
	})
	time.Sleep(100 * time.Millisecond)
	mu.Lock()
	if asked > 1 {
		t.Errorf("asked %d times while the stage should rest", asked)
	}
	mu.Unlock()
	for range 4 {
		if m := receive(t, got); m.Attempt != 1 {
			t.Errorf("job %s: attempt %d, want 1", m.ID, m.Attempt)
		}
	}
}

// What never came back is told apart from what came back and failed.
func TestDeathsAreCounted(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	for range 3 { // a process that began three times and did not come back
		h.ledger.Begin("sanitise", "job-000001", 0)
	}
	if err := h.queue.Publish(t.Context(), "sanitise", "job-000001", 0); err != nil {
		t.Fatal(err)
	}
	got := make(chan queue.Message, 10)
	consume(t, h.queue, "sanitise", 1, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m
		switch len(got) {
		case 1:
			return queue.RetryAfter(time.Millisecond)
		case 2:
			return queue.RestFor(time.Millisecond)
		}
		return queue.Done()
	})
	eventually(t, func() bool { return len(got) == 3 })
	for _, attempt := range []int{1, 2, 2} {
		if m := receive(t, got); m.Attempt != attempt || m.Died != 3 {
			t.Errorf("attempt %d, died %d; want %d, 3", m.Attempt, m.Died, attempt)
		}
	}
}

// An attempt that fails because the gateway stops is not held against the file.
func TestStopDoesNotCount(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	if err := h.queue.Publish(t.Context(), "sanitise", "job-000001", 0); err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	stop := consume(t, h.queue, "sanitise", 1, func(ctx context.Context, _ queue.Message) queue.Outcome {
		close(begun)
		<-ctx.Done()
		return queue.RetryAfter(time.Millisecond)
	})
	receive(t, begun)
	stop()
	got := make(chan queue.Message, 1)
	consume(t, h.queue, "sanitise", 1, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m
		return queue.Done()
	})
	if m := receive(t, got); m.Attempt != 1 || m.Died != 0 {
		t.Errorf("%+v", m)
	}
}

func TestPanicIsARetry(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	for n := range 2 {
		if err := h.queue.Publish(t.Context(), "sanitise", jobID(n), 0); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan queue.ID, 10)
	consume(t, h.queue, "sanitise", 1, func(_ context.Context, m queue.Message) queue.Outcome {
		if m.ID == jobID(0) && m.Attempt == 1 {
			panic("hostile")
		}
		got <- m.ID
		return queue.Done()
	})
	if id := receive(t, got); id != jobID(1) {
		t.Fatalf("got %s first", id)
	}
	if id := receive(t, got); id != jobID(0) {
		t.Fatalf("got %s", id)
	}
}

// A job that takes longer than AckWait is not given to another worker, because its worker says that it lives.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), func(o *queue.Options) { o.AckWait = 300 * time.Millisecond })
	if err := h.queue.Publish(t.Context(), "sanitise", "job-000001", 0); err != nil {
		t.Fatal(err)
	}
	got := make(chan queue.Message, 10)
	consume(t, h.queue, "sanitise", 3, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m
		time.Sleep(1200 * time.Millisecond)
		return queue.Done()
	})
	receive(t, got)
	nothing(t, got, 2*time.Second)
}

// Many files that wait for their retry do not keep others from being worked on.
func TestRetriesDoNotBlock(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	for n := range 50 {
		if err := h.queue.Publish(t.Context(), "sanitise", jobID(n), 0); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan queue.ID, 100)
	consume(t, h.queue, "sanitise", 2, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m.ID
		if m.ID == jobID(99) {
			return queue.Done()
		}
		return queue.RetryAfter(time.Hour)
	})
	for range 50 {
		receive(t, got)
	}
	if err := h.queue.Publish(t.Context(), "sanitise", jobID(99), 0); err != nil {
		t.Fatal(err)
	}
	if id := receive(t, got); id != jobID(99) {
		t.Fatalf("got %s", id)
	}
}

func TestOpenRefusesBadOptions(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	for _, stages := range [][]string{nil, {""}, {"a.b"}, {"*"}, {"a b"}} {
		conn, err := h.server.Connect(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		opt := queue.Options{Stages: stages, Ledger: h.ledger, Log: slog.New(slog.DiscardHandler)}
		if _, err := queue.Open(t.Context(), conn, opt); err == nil {
			t.Errorf("stages %q accepted", stages)
		}
		conn.Close()
	}
	if err := h.queue.Consume(t.Context(), "other", 1, nil); err == nil {
		t.Error("an unknown stage was consumed")
	}
	if err := h.queue.Publish(t.Context(), "sanitise", "../../x", 0); err == nil {
		t.Error("a bad id was published")
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openHouse(t, dir, nil)
	if _, err := buildHouse(dir, slog.New(slog.DiscardHandler), nil); !errors.Is(err, queue.ErrLocked) {
		t.Fatalf("second open: %v", err)
	}
}
