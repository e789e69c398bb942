package health_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/health"
)

// manager is a service manager's socket.
func manager(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return conn
}

// hear returns the next message, or "" when none comes in d.
func hear(t *testing.T, conn *net.UnixConn, d time.Duration) string {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(d))
	b := make([]byte, 100)
	n, err := conn.Read(b)
	if err != nil {
		return ""
	}
	return string(b[:n])
}

func TestNotifier(t *testing.T) {
	conn := manager(t)
	t.Setenv("WATCHDOG_USEC", "30000")
	n := health.NewNotifier(slog.New(slog.DiscardHandler))
	n.Ready()
	if got := hear(t, conn, time.Minute); got != "READY=1" {
		t.Errorf("heard %q", got)
	}
	var ill atomic.Bool
	asked := make(chan bool, 1000)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan bool)
	go func() {
		n.Watch(ctx, func(context.Context) error {
			asked <- ill.Load()
			if ill.Load() {
				return errors.New("stuck")
			}
			return nil
		})
		close(done)
	}()
	for range 3 {
		if got := hear(t, conn, time.Minute); got != "WATCHDOG=1" {
			t.Errorf("heard %q", got)
		}
	}
	ill.Store(true)
	for range 2 { // what is heard after a whole ill round was not sent before it
		for !<-asked {
		}
	}
	for hear(t, conn, 10*time.Millisecond) != "" {
	}
	for !<-asked {
	}
	if got := hear(t, conn, 100*time.Millisecond); got != "" {
		t.Errorf("a program that is stuck says %q", got)
	}
	stop()
	<-done
	if got := hear(t, conn, time.Minute); got != "STOPPING=1" {
		t.Errorf("heard %q", got)
	}
}

// TestNobodyToTell: without a service manager nothing is told, and the end is waited for all the same.
func TestNobodyToTell(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n := health.NewNotifier(slog.New(slog.DiscardHandler))
	n.Ready()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	n.Watch(ctx, func(context.Context) error { t.Error("asked"); return nil })
}
