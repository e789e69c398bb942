package queue_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/queue"
)

func sanitiseAlways(queue.Job) string { return "sanitise" }

func acceptAll(t testing.TB, h *house, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := h.accept(jobID(n), "x"); err != nil {
			t.Fatal(err)
		}
	}
}

func reconcile(t testing.TB, h *house) queue.Reconciled {
	t.Helper()
	r, err := h.queue.Reconcile(t.Context(), h.spool, sanitiseAlways)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReconcileAfterStoreIsGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := openHouse(t, dir, nil)
	acceptAll(t, h, 0, 20)
	if r := reconcile(t, h); r != (queue.Reconciled{Jobs: 20, Published: 20}) {
		t.Fatalf("first: %+v", r)
	}
	if r := reconcile(t, h); r != (queue.Reconciled{Jobs: 20}) {
		t.Fatalf("messages that are there were published again: %+v", r)
	}
	h.Close()
	if err := os.RemoveAll(filepath.Join(dir, "nats")); err != nil {
		t.Fatal(err)
	}
	h = openHouse(t, dir, nil)
	if r := reconcile(t, h); r != (queue.Reconciled{Jobs: 20, Published: 20}) {
		t.Fatalf("after the store was deleted: %+v", r)
	}
}

// A message that was acknowledged without an end comes again, though the duplicate window remembers its first publish.
func TestReconcilePastTheDuplicateWindow(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	acceptAll(t, h, 0, 1)
	got := make(chan queue.Message, 10)
	consume(t, h.queue, "sanitise", 1, func(_ context.Context, m queue.Message) queue.Outcome {
		got <- m
		return queue.Done()
	})
	if err := h.queue.Publish(t.Context(), "sanitise", jobID(0), 0); err != nil {
		t.Fatal(err)
	}
	receive(t, got)
	eventually(t, func() bool { n, err := h.queue.Depth(t.Context(), "sanitise"); return n == 0 && err == nil })
	if r := reconcile(t, h); r.Published != 1 {
		t.Fatalf("%+v", r)
	}
	receive(t, got)
}

func TestReconcileRemovesWhatEnded(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	acceptAll(t, h, 0, 3)
	for n, s := range []queue.State{queue.Sent, queue.Held} {
		if _, err := h.ledger.End(t.Context(), jobID(n), 0, s); err != nil {
			t.Fatal(err)
		}
	}
	if r := reconcile(t, h); r != (queue.Reconciled{Jobs: 3, Published: 1, Removed: 2}) {
		t.Fatalf("%+v", r)
	}
	if left := ids(t, h.spool); len(left) != 1 || left[0] != jobID(2) {
		t.Fatalf("left: %v", left)
	}
}

// One job that cannot be read does not keep the others from their stage, and is not removed.
func TestReconcileGoesOnPastABrokenJob(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	acceptAll(t, h, 0, 3)
	broken := filepath.Join(h.dir, "spool", string(jobID(1)), "job.json")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := h.queue.Reconcile(t.Context(), h.spool, sanitiseAlways)
	if err == nil || !strings.Contains(err.Error(), string(jobID(1))) || r.Published != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(ids(t, h.spool)) != 3 {
		t.Fatal("a job was removed")
	}
}

func TestKeepReconciled(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		h.queue.KeepReconciled(ctx, h.spool, sanitiseAlways, 20*time.Millisecond)
		close(done)
	}()
	acceptAll(t, h, 0, 1)
	eventually(t, func() bool { n, err := h.queue.Depth(t.Context(), "sanitise"); return n == 1 && err == nil })
	cancel()
	receive(t, done)
}
