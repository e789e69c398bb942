package faults_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// link is the wire between the two sides: a proxy on this machine that can be cut.
type link struct {
	listener net.Listener
	to       string

	mu     sync.Mutex
	budget func() int64 // bytes after which a new connection is cut; nil: never
	cuts   int
}

// newLink makes a wire to an address.
func newLink(t *testing.T, to string) *link {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &link{listener: l, to: to}
	go w.serve()
	t.Cleanup(func() { l.Close() })
	return w
}

func (l *link) address() string { return l.listener.Addr().String() }

// cutAfter has every new connection cut after as many bytes as budget says, or lets them be when it is nil.
func (l *link) cutAfter(budget func() int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.budget = budget
}

// broken returns how many connections were cut.
func (l *link) broken() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cuts
}

func (l *link) serve() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		go l.carry(conn)
	}
}

// carry carries one connection.
func (l *link) carry(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", l.to)
	if err != nil {
		return // the receiver is away, and the sender is told by the close
	}
	defer far.Close()
	l.mu.Lock()
	budget := l.budget
	l.mu.Unlock()
	go func() {
		io.Copy(near, far) // ends with either connection
		near.Close()
	}()
	if budget == nil {
		io.Copy(far, near) // ends with either connection
		return
	}
	io.CopyN(far, near, budget()) // the rest is cut off
	l.mu.Lock()
	l.cuts++
	l.mu.Unlock()
}

// TestFaultsLink cuts the link in mid-package, again and again, and takes the receiver away.
func TestFaultsLink(t *testing.T) {
	w := newWorld(t, setup{})
	w.link.cutAfter(func() int64 {
		w.link.mu.Lock()
		defer w.link.mu.Unlock()
		return 2_000 + w.random.Int64N(400_000)
	})
	w.far.restart(t)
	w.drop(effort(12, 150, 600))
	cuts := effort(2, 12, 60)
	if !w.until(time.Duration(cuts)*time.Minute, func() bool { return w.link.broken() >= cuts || len(w.left()) == 0 }) {
		t.Errorf("the link broke %d times only", w.link.broken())
	}
	w.link.cutAfter(nil)
	w.far.kill()
	w.drop(effort(5, 20, 100))
	time.Sleep(time.Duration(effort(1, 20, 3600)) * time.Second) // the receiver is away for so long
	w.far.start(t)
	w.settle(6 * time.Minute)
	t.Logf("the link broke %d times", w.link.broken())
}
