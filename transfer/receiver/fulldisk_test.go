package receiver_test

import (
	"context"
	"errors"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"sekisho/transfer/sftplink"
	"sekisho/transfer/transfertest"
)

// TestFullDiskMeansLater sends a package to a receiver whose files cannot grow.
func TestFullDiskMeansLater(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	z := start(t, nil)
	link := z.Dial(t)
	body := strings.Repeat("x", 200_000)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	limit := func(l syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
			t.Fatal(err)
		}
	}
	limit(syscall.Rlimit{Cur: 100_000, Max: was.Max})
	err := link.Send(context.Background(), transfertest.Package(t, 1, "a.txt", body, nil))
	limit(was)
	if !errors.Is(err, sftplink.ErrBusy) {
		t.Errorf("to a full disk: %v", err)
	}
	if err := link.Send(context.Background(), transfertest.Package(t, 1, "a.txt", body, nil)); err != nil {
		t.Fatal(err)
	}
	z.Settle(t)
	if got := z.Released(t); len(got) != 1 || got["a.txt"] != body {
		t.Errorf("released %d files", len(got))
	}
}
