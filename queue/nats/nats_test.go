package nats_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sekisho/queue/nats"
)

var quiet = slog.New(slog.DiscardHandler)

func start(t *testing.T, opt nats.ServerOptions) *nats.Server {
	t.Helper()
	opt.Log = quiet
	s, err := nats.Start(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, s *nats.Server) jetstream.JetStream {
	t.Helper()
	conn, err := s.Connect(quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func publish(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if _, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(ctx, "s", []byte("x")); err != nil {
		t.Fatal(err)
	}
}

// messages returns how many messages the stream holds, or -1 when there is no stream.
func messages(t *testing.T, js jetstream.JetStream) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	s, err := js.Stream(ctx, "S")
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return -1
	}
	if err != nil {
		t.Fatal(err)
	}
	return int(s.CachedInfo().State.Msgs)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func TestStoreOutlivesAStop(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := start(t, nats.ServerOptions{Dir: dir})
	publish(t, connect(t, s))
	if !exists(dir + ".proving") {
		t.Error("a start that is not proven has no mark")
	}
	s.Stop()
	if exists(dir + ".proving") {
		t.Error("a stop leaves the mark")
	}
	if n := messages(t, connect(t, start(t, nats.ServerOptions{Dir: dir}))); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestMarkIsClearedWhenProven(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	start(t, nats.ServerOptions{Dir: dir, Proving: 10 * time.Millisecond})
	waitFor(t, func() bool { return !exists(dir + ".proving") })
}

// A start that died before it was proven leaves its mark: the next one does not read the same store.
func TestStoreOfADeadStartIsSetAside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := start(t, nats.ServerOptions{Dir: dir})
	publish(t, connect(t, s))
	s.Stop()
	for range 2 { // the second replaces what the first has set aside
		if err := os.WriteFile(dir+".proving", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s = start(t, nats.ServerOptions{Dir: dir})
		if n := messages(t, connect(t, s)); n != -1 {
			t.Errorf("%d messages in a fresh store", n)
		}
		if !exists(dir + ".broken") {
			t.Error("the store was not kept for a look")
		}
		s.Stop()
	}
}

// A store that is no folder makes the start fail, is set aside, and is begun anew.
func TestUnusableStoreIsSetAside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.WriteFile(dir, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	publish(t, connect(t, start(t, nats.ServerOptions{Dir: dir})))
	if b, err := os.ReadFile(dir + ".broken"); err != nil || string(b) != "x" {
		t.Errorf("set aside: %q, %v", b, err)
	}
}

func TestStartRefuses(t *testing.T) {
	if _, err := nats.Start(nats.ServerOptions{Log: quiet}); err == nil {
		t.Error("started without a folder")
	}
	if _, err := nats.Start(nats.ServerOptions{Log: quiet, Dir: filepath.Join(t.TempDir(), "none", "store")}); err == nil {
		t.Error("started in a folder that is not there")
	}
}

func TestDialFailsClosed(t *testing.T) {
	for _, e := range []nats.External{
		{},
		{URL: "nats://127.0.0.1:1"}, // no TLS, not allowed
		{URL: "tls://127.0.0.1:1,nats://127.0.0.1:2"},
		{URL: "tls://127.0.0.1:1"}, // nobody there
		{URL: "nats://127.0.0.1:1", Insecure: true},
		{URL: "tls://127.0.0.1:1", CA: filepath.Join(t.TempDir(), "none.pem")},
	} {
		if conn, err := nats.Dial(e, quiet); err == nil {
			conn.Close()
			t.Errorf("%+v connected", e)
		}
	}
}

// listen starts a server on port, or on a free one when port is -1.
func listen(t *testing.T, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("not ready")
	}
	return s
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("did not come about in 20 s")
		}
	}
}

// A connection that is lost is sought again, and a publish in the meantime fails instead of being kept in memory.
func TestDialReconnects(t *testing.T) {
	first := listen(t, -1)
	conn, err := nats.Dial(nats.External{URL: first.ClientURL(), Insecure: true}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	port := first.Addr().(*net.TCPAddr).Port
	first.Shutdown()
	first.WaitForShutdown()
	waitFor(t, func() bool { return conn.Status() == natsgo.RECONNECTING })
	if err := conn.Publish("x", nil); err == nil {
		t.Error("a publish without a connection was accepted")
	}
	listen(t, port)
	waitFor(t, conn.IsConnected)
}
