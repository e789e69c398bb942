package queue_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"sekisho/queue"
	"sekisho/queue/nats"
)

// external starts a server with a port, as a cluster that somebody else runs has.
func external(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir, SyncAlways: true,
		JetStreamMaxStore: 256 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { stopServer(s) })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("not ready")
	}
	return s
}

func stopServer(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// The server goes away in the middle, comes back with its store, goes away, and comes back with nothing. Workers go on each
// time, jobs that were accepted meanwhile are done, and none is done twice.
func TestServerGoneAndBack(t *testing.T) {
	t.Parallel()
	store := t.TempDir()
	s := external(t, store, -1)
	port := s.Addr().(*net.TCPAddr).Port
	h := openHouse(t, t.TempDir(), nil) // for its spool and ledger
	quiet := slog.New(slog.DiscardHandler)
	conn, err := nats.Dial(nats.External{URL: s.ClientURL(), Insecure: true}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	q, err := queue.Open(t.Context(), conn, queue.Options{Stages: []string{"sanitise"}, Ledger: h.ledger, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan queue.ID, 100)
	consume(t, q, "sanitise", 2, func(ctx context.Context, m queue.Message) queue.Outcome {
		if _, err := h.ledger.End(ctx, m.ID, m.Generation, queue.Sent); err != nil {
			return queue.RetryAfter(time.Second)
		}
		h.spool.Remove(m.ID)
		got <- m.ID
		return queue.Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go q.KeepReconciled(ctx, h.spool, sanitiseAlways, 200*time.Millisecond)

	done := map[queue.ID]int{}
	for round, store := range []string{store, store, t.TempDir()} {
		if round > 0 {
			stopServer(s)
			eventually(t, func() bool { return !conn.IsConnected() })
		}
		acceptAll(t, h, 10*round, 10*round+10)
		if round > 0 {
			short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if err := q.Publish(short, "sanitise", jobID(10*round), 0); err == nil {
				t.Error("published to a server that is not there")
			}
			cancel()
			s = external(t, store, port)
		}
		for range 10 {
			done[receive(t, got)]++
		}
	}
	nothing(t, got, 300*time.Millisecond)
	for n := range 30 {
		if done[jobID(n)] != 1 {
			t.Errorf("job %d was done %d times", n, done[jobID(n)])
		}
	}
}
