package sftplink_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"sekisho/transfer/manifest"
	"sekisho/transfer/receiver"
	"sekisho/transfer/sftplink"
	"sekisho/transfer/transfertest"
)

func zone(t testing.TB, edit func(*receiver.Options)) *transfertest.Zone {
	t.Helper()
	z := transfertest.NewZone(t)
	opt := z.Options(t)
	if edit != nil {
		edit(&opt)
	}
	z.Start(t, opt)
	return z
}

func TestPackagesTravelSideBySide(t *testing.T) {
	z := zone(t, nil)
	link := z.Dial(t)
	var senders sync.WaitGroup
	const n = 40
	for i := 1; i <= n; i++ {
		senders.Go(func() {
			body := fmt.Sprint("body ", i)
			if i%10 == 0 {
				body = string(bytes.Repeat([]byte(body), 200_000)) // many packets
			}
			if err := link.Send(context.Background(), transfertest.Package(t, i, fmt.Sprint(i, ".txt"), body, nil)); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	z.Settle(t)
	if got := z.Released(t); len(got) != n || got["7.txt"] != "body 7" || len(got["40.txt"]) != 7*200_000 {
		t.Errorf("released %d", len(got))
	}
}

func TestSendingAgainIsSuccess(t *testing.T) {
	z := zone(t, nil)
	for range 3 {
		if err := z.Dial(t).Send(context.Background(), transfertest.Package(t, 1, "a.txt", "x", nil)); err != nil {
			t.Fatal(err)
		}
		z.Settle(t)
	}
	if got := z.Released(t); len(got) != 1 {
		t.Errorf("released %q", got)
	}
}

func TestHostKeyIsPinned(t *testing.T) {
	z := zone(t, nil)
	opt := z.LinkOptions()
	opt.HostKey = transfertest.Public(transfertest.ForeignKey())
	_, err := sftplink.Dial(context.Background(), opt)
	if !errors.Is(err, sftplink.ErrHostKey) || sftplink.Retryable(err) {
		t.Errorf("another host key: %v", err)
	}
}

func TestKindsOfErrors(t *testing.T) {
	var broken atomic.Bool
	z := zone(t, func(o *receiver.Options) {
		o.Limits = receiver.Limits{Package: 100_000, Waiting: 2}
		o.Check = func(context.Context, *os.File, manifest.Manifest) error {
			if broken.Load() {
				return receiver.ErrLater
			}
			return nil
		}
	})
	link := z.Dial(t)
	send := func(p sftplink.Package) error { return link.Send(context.Background(), p) }
	if err := send(sftplink.Package{ID: "../x"}); !errors.Is(err, sftplink.ErrRefused) {
		t.Errorf("bad id: %v", err)
	}
	if err := send(transfertest.Package(t, 1, "a.txt", string(make([]byte, 200_000)), nil)); !errors.Is(err, sftplink.ErrRefused) {
		t.Errorf("too large: %v", err)
	}
	p := transfertest.Package(t, 2, "a.txt", "x", nil)
	p.Body = iotest.ErrReader(errors.New("disk is gone"))
	if err := send(p); !errors.Is(err, sftplink.ErrSource) {
		t.Errorf("unreadable body: %v", err)
	}
	p = transfertest.Package(t, 2, "a.txt", "x", nil)
	p.Length++
	if err := send(p); !errors.Is(err, sftplink.ErrSource) {
		t.Errorf("short body: %v", err)
	}
	broken.Store(true)
	for n := 3; n <= 4; n++ {
		err := sftplink.ErrBusy
		for begun := time.Now(); errors.Is(err, sftplink.ErrBusy) && time.Since(begun) < 60*time.Second; {
			err = send(transfertest.Package(t, n, "a.txt", "x", nil)) // busy until the broken uploads above are forgotten
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := send(transfertest.Package(t, 5, "a.txt", "x", nil)); !errors.Is(err, sftplink.ErrBusy) || !sftplink.Retryable(err) {
		t.Errorf("full spool: %v", err)
	}
	broken.Store(false)
	z.Settle(t)
	if err := send(transfertest.Package(t, 5, "a.txt", "x", nil)); err != nil {
		t.Errorf("after all of it: %v", err)
	}
}

func TestContextEndsASend(t *testing.T) {
	z := zone(t, nil)
	link := z.Dial(t)
	ctx, cancel := context.WithCancel(context.Background())
	p := transfertest.Package(t, 1, "a.txt", "x", nil)
	r, w := io.Pipe()
	defer w.Close()
	p.Body, p.Length = r, 1<<30
	time.AfterFunc(50*time.Millisecond, cancel)
	time.AfterFunc(100*time.Millisecond, func() { w.CloseWithError(errors.New("end of test")) })
	if err := link.Send(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := link.Send(context.Background(), transfertest.Package(t, 1, "a.txt", "x", nil)); err != nil {
		t.Errorf("the link afterwards: %v", err)
	}
}

func TestLinkNoticesItsEnd(t *testing.T) {
	z := transfertest.NewZone(t)
	stop := z.Start(t, z.Options(t))
	link := z.Dial(t)
	stop()
	select {
	case <-link.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the link does not notice")
	}
	err := link.Send(context.Background(), transfertest.Package(t, 1, "a.txt", "x", nil))
	if !errors.Is(err, sftplink.ErrBroken) || !sftplink.Retryable(err) {
		t.Errorf("on a dead link: %v", err)
	}
	if _, err := sftplink.Dial(context.Background(), z.LinkOptions()); !errors.Is(err, sftplink.ErrBroken) {
		t.Errorf("dialling nobody: %v", err)
	}
}

// TestCutAnywhere cuts the connection after each of many amounts of bytes. Whatever had come through, the package is
// released once in the end.
func TestCutAnywhere(t *testing.T) {
	z := zone(t, nil)
	body := make([]byte, 300_000)
	rand.Read(body)
	const cuts = 40
	direct := z.Dial(t)
	for i := range cuts {
		opt := z.LinkOptions()
		opt.Addr = cutter(t, z.Addr, 2000+int64(i*i*220))
		p := func() sftplink.Package { return transfertest.Package(t, i+1, fmt.Sprint(i, ".bin"), string(body), nil) }
		link, err := sftplink.Dial(context.Background(), opt)
		if err == nil {
			err = link.Send(context.Background(), p())
			link.Close()
		}
		if err != nil && !sftplink.Retryable(err) {
			t.Fatalf("cut %d: %v", i, err)
		}
		if err := direct.Send(context.Background(), p()); err != nil {
			t.Fatal(err)
		}
	}
	z.Settle(t)
	got := z.Released(t)
	if len(got) != cuts {
		t.Errorf("released %d files for %d packages", len(got), cuts)
	}
	for name, text := range got {
		if text != string(body) {
			t.Errorf("%s differs", name)
		}
	}
}

// TestOneConnectionTooMany is told at once: it is a broken link, not a hanging one.
func TestOneConnectionTooMany(t *testing.T) {
	z := zone(t, func(o *receiver.Options) { o.Limits.Conns = 1 })
	if err := z.Dial(t).Send(context.Background(), transfertest.Package(t, 2, "a.txt", "x", nil)); err != nil {
		t.Fatal(err) // now the receiver counts the connection
	}
	begun := time.Now()
	link, err := sftplink.Dial(context.Background(), z.LinkOptions())
	if err == nil {
		err = link.Send(context.Background(), transfertest.Package(t, 1, "a.txt", "x", nil))
		link.Close()
	}
	if !errors.Is(err, sftplink.ErrBroken) || time.Since(begun) > 60*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}

// cutter forwards one connection to addr and ends it after n bytes from the client.
func cutter(t *testing.T, addr string, n int64) string {
	t.Helper()
	return proxy(t, addr, func(client, server net.Conn) {
		go io.Copy(client, server)
		io.CopyN(server, client, n)
	})
}

// proxy takes one connection, connects it with addr, and ends both when forward returns.
func proxy(t *testing.T, addr string, forward func(client, server net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		server, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		defer server.Close()
		forward(client, server)
	}()
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// TestPeerThatFallsSilent lets the network swallow everything after the first packets of a package.
func TestPeerThatFallsSilent(t *testing.T) {
	z := zone(t, nil)
	for name, c := range map[string]struct {
		patience, cancel time.Duration
		want             error
	}{
		"patience ends": {200 * time.Millisecond, time.Hour, sftplink.ErrBroken},
		"context ends":  {time.Hour, 200 * time.Millisecond, context.DeadlineExceeded},
	} {
		opt := z.LinkOptions()
		opt.Addr, opt.Patience = swallower(t, z.Addr, 50_000), c.patience
		link, err := sftplink.Dial(context.Background(), opt)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), c.cancel)
		begun := time.Now()
		err = link.Send(ctx, transfertest.Package(t, 1, "a.txt", string(make([]byte, 10<<20)), nil))
		if !errors.Is(err, c.want) || time.Since(begun) > 60*time.Second {
			t.Errorf("%s: after %v: %v", name, time.Since(begun), err)
		}
		cancel()
		link.Close()
	}
}

// swallower forwards one connection to addr; after n bytes from the client it reads on and forwards nothing.
func swallower(t *testing.T, addr string, n int64) string {
	t.Helper()
	return proxy(t, addr, func(client, server net.Conn) {
		go io.Copy(client, server)
		io.CopyN(server, client, n)
		io.Copy(io.Discard, client) // until the client gives up
	})
}

// TestSilentPeer dials a listener that accepts and says nothing.
func TestSilentPeer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	opt := sftplink.Options{
		Addr: listener.Addr().String(), Key: transfertest.ClientKey(), HostKey: transfertest.Public(transfertest.HostKey()),
		Connect: 100 * time.Millisecond,
	}
	if _, err := sftplink.Dial(context.Background(), opt); !errors.Is(err, sftplink.ErrBroken) {
		t.Errorf("silent peer: %v", err)
	}
}

// BenchmarkLink sends packages of 100 MB, 1 MB and 10 KB until the receiver has released them.
func BenchmarkLink(b *testing.B) {
	for _, c := range []struct {
		name    string
		size    int
		senders int
	}{{"100MB", 100 << 20, 1}, {"1MB", 1 << 20, 4}, {"10KB", 10 << 10, 16}} {
		b.Run(c.name, func(b *testing.B) {
			z := zone(b, nil)
			opt := z.LinkOptions()
			opt.Sessions = c.senders
			link, err := sftplink.Dial(context.Background(), opt)
			if err != nil {
				b.Fatal(err)
			}
			defer link.Close()
			body := string(make([]byte, c.size))
			sum := sha256.Sum256([]byte(body))
			packages := make(chan sftplink.Package, b.N)
			for i := range b.N {
				packages <- transfertest.Package(b, i+1, fmt.Sprint(i, ".bin"), body, func(m *manifest.Manifest) {
					m.Rebuilt = hex.EncodeToString(sum[:])
				})
			}
			close(packages)
			b.SetBytes(int64(c.size))
			b.ResetTimer()
			var senders sync.WaitGroup
			for range c.senders {
				senders.Go(func() {
					for p := range packages {
						if err := link.Send(context.Background(), p); err != nil {
							b.Error(err)
						}
					}
				})
			}
			senders.Wait()
			z.Settle(b)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packages/s")
		})
	}
}
