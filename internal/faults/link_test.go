package faults_test

import (
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
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

	dials   atomic.Int64 // connections that were asked for
	carried atomic.Int64 // bytes on their way to the receiver
	next    atomic.Int64 // value of carried at which the connection is cut once; 0: it is not
}

// count counts bytes that go to the receiver, and fails at the byte where the link is to be cut.
func (l *link) count(far io.Writer) io.Writer {
	return writer(func(b []byte) (int, error) {
		at := l.next.Load()
		if before := l.carried.Load(); at > 0 && before+int64(len(b)) >= at {
			n, _ := far.Write(b[:max(0, at-before)])
			l.carried.Add(int64(n))
			l.next.Store(0)
			return n, errors.New("the link is cut")
		}
		n, err := far.Write(b)
		l.carried.Add(int64(n))
		return n, err
	})
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

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
	l.dials.Add(1)
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
		io.Copy(l.count(far), near) // ends with either connection, or is cut
		return
	}
	io.CopyN(far, near, budget()) // the rest is cut off
	l.mu.Lock()
	l.cuts++
	l.mu.Unlock()
}

// attemptsInAnHour is how often the gateway looks for a receiver that is away for an hour: after 1, 2, 4, … 256 s, and then every
// five minutes.
const attemptsInAnHour = 19

// TestFaultsReceiverAway has the receiver away for as many attempts as the gateway makes in an hour, with pauses that are
// shorter, and in the long form for an hour by the clock.
func TestFaultsReceiverAway(t *testing.T) {
	haste := effort(600, 200, 1)
	w := newWorld(t, setup{made: stepPrograms(t), env: []string{"SEKISHO_HASTE=" + strconv.Itoa(haste)}, away: true})
	w.drop(effort(12, 40, 200))
	if !w.until(time.Duration(effort(2, 4, 120))*time.Minute, func() bool { return w.link.dials.Load() >= attemptsInAnHour }) {
		t.Errorf("the gateway tried %d times only", w.link.dials.Load())
	}
	if out := w.released(); len(out) != 0 {
		t.Errorf("%d files are released, and nobody is there to do it", len(out))
	}
	w.near.restart(t) // nothing of it is only in memory
	w.far.start(t)
	w.settle(12 * time.Minute)
	t.Logf("the gateway tried %d times", w.link.dials.Load())
}

// TestFaultsLinkEveryPercent cuts the link after 1 %, 2 %, 3 % … of a package.
func TestFaultsLinkEveryPercent(t *testing.T) {
	w := newWorld(t, setup{made: stepPrograms(t), env: []string{"SEKISHO_HASTE=100"}})
	var large sample
	for _, s := range w.samples {
		if len(s.bytes) > len(large.bytes) {
			large = s
		}
	}
	var length int64
	for range 2 { // the first one brings the connection about
		before := w.link.carried.Load()
		w.put(large)
		if !w.ends(time.Minute, nil) {
			t.Fatalf("a file does not end: %q", w.left())
		}
		length = w.link.carried.Load() - before
	}
	if length < int64(len(large.bytes)) {
		t.Fatalf("a package has %d bytes, its file %d", length, len(large.bytes))
	}
	cuts := 0
	for percent := range newShare(t, 20*time.Second).steps(14, 1, 1) {
		if percent >= 100 {
			break
		}
		w.link.next.Store(w.link.carried.Load() + length*int64(percent)/100)
		w.put(large)
		if !w.ends(time.Minute, nil) {
			t.Errorf("cut after %d %%, the file does not end: %q", percent, w.left())
		}
		if w.link.next.Load() == 0 {
			cuts++
		} else {
			t.Errorf("after %d %% nothing was cut", percent)
			w.link.next.Store(0)
		}
	}
	w.settle(2 * time.Minute)
	t.Logf("the link was cut %d times in a package of %d bytes", cuts, length)
}

// TestFaultsLink cuts the link in mid-package, at random points, again and again.
func TestFaultsLink(t *testing.T) {
	w := newWorld(t, setup{made: stepPrograms(t), env: []string{"SEKISHO_HASTE=50"}}) // the pauses grow at each cut
	w.link.cutAfter(func() int64 {
		w.link.mu.Lock()
		defer w.link.mu.Unlock()
		return 2_000 + w.random.Int64N(400_000)
	})
	w.far.restart(t)
	w.drop(effort(12, 80, 600))
	cuts := effort(2, 12, 60)
	if !w.until(time.Duration(cuts)*time.Minute, func() bool { return w.link.broken() >= cuts || len(w.left()) == 0 }) {
		t.Errorf("the link broke %d times only", w.link.broken())
	}
	w.link.cutAfter(nil)
	w.settle(6 * time.Minute)
	t.Logf("the link broke %d times", w.link.broken())
}
