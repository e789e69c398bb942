package queue_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sekisho/internal/faults/disk"
	"sekisho/queue"
	natsqueue "sekisho/queue/nats"
)

// TestServerThatStoresNothingMore: a server whose disk failed in one sync refuses every message afterwards. The queue must
// come back by itself.
func TestServerThatStoresNothingMore(t *testing.T) {
	d, dir := disk.New(), t.TempDir()
	if err := d.Mount(dir); err != nil {
		t.Fatalf("%v (this test needs /dev/fuse and the right to mount)", err)
	}
	t.Cleanup(func() { d.Unmount() })
	log := slog.New(slog.DiscardHandler)
	for _, name := range []string{"queue", "ledger"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	server, err := natsqueue.Start(natsqueue.ServerOptions{Dir: filepath.Join(dir, "queue"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	conn, err := server.Connect(log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	root, err := os.OpenRoot(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	ledger, err := queue.OpenLedger(root, queue.LedgerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ledger.Close() })
	q, err := queue.Open(t.Context(), conn, queue.Options{Stages: []string{"stage"}, Ledger: ledger, Log: log, StoreWait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	publish := func() error { return q.Publish(t.Context(), "stage", queue.NewID(time.Now()), 0) }
	if err := publish(); err != nil {
		t.Fatal(err)
	}
	d.FailSync(1)
	for tries := 1; ; tries++ {
		err := publish()
		if err == nil && d.Failed() {
			break
		}
		if tries == 6 {
			t.Fatalf("nothing is stored after %d tries: %v", tries, err)
		}
	}
}
