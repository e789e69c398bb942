package receiver

import (
	"container/list"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// gate bounds connections. Strangers, who have not proved who they are, can never keep a sender out: when there are too many,
// the one that has waited longest goes.
type gate struct {
	limit Limits

	mu        sync.Mutex
	strangers *list.List // of net.Conn, oldest first
	known     int
}

func newGate(limit Limits) *gate { return &gate{limit: limit, strangers: list.New()} }

// enter admits a stranger.
func (g *gate) enter(c net.Conn) *list.Element {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.strangers.Len() >= g.limit.Strangers {
		oldest := g.strangers.Front()
		oldest.Value.(net.Conn).Close() // its handshake fails, and calls leave
		g.strangers.Remove(oldest)
	}
	return g.strangers.PushBack(c)
}

// leave takes a stranger off the list. Once more does nothing.
func (g *gate) leave(e *list.Element) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strangers.Remove(e)
}

// welcome admits an authenticated connection; goodbye ends it.
func (g *gate) welcome() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known >= g.limit.Conns {
		return false
	}
	g.known++
	return true
}

func (g *gate) goodbye() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known--
}

// idleConn ends a connection on which nothing moves. Until it is awake the deadline that was set on it stays.
type idleConn struct {
	net.Conn
	idle  time.Duration
	awake atomic.Bool
}

// wake begins to count idle time.
func (c *idleConn) wake() error {
	c.awake.Store(true)
	return c.Conn.SetDeadline(time.Now().Add(c.idle))
}

func (c *idleConn) Read(b []byte) (int, error) {
	if c.awake.Load() {
		if err := c.Conn.SetReadDeadline(time.Now().Add(c.idle)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(b)
}

func (c *idleConn) Write(b []byte) (int, error) {
	if c.awake.Load() {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(c.idle)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}
