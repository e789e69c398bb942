package worker

import (
	"os"
	"strings"
	"sync"
)

// Bytes of a child's stderr that are kept: the head says what went wrong, the tail where.
const (
	headSize = 4 << 10
	tailSize = 12 << 10
)

// tail drains a child's stderr, however much it is, and keeps both ends of it.
type tail struct {
	pipe *os.File
	done chan struct{}

	mu   sync.Mutex
	head []byte
	last []byte // at most 2*tailSize
	cut  bool
}

func newTail(pipe *os.File) *tail {
	t := &tail{pipe: pipe, done: make(chan struct{})}
	go t.drain()
	return t
}

func (t *tail) drain() {
	defer close(t.done)
	defer t.pipe.Close()
	buf := make([]byte, 4<<10)
	for {
		n, err := t.pipe.Read(buf)
		t.keep(buf[:n])
		if err != nil {
			return
		}
	}
}

func (t *tail) keep(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	room := min(headSize-len(t.head), len(p))
	t.head = append(t.head, p[:room]...)
	t.last = append(t.last, p[room:]...)
	if over := len(t.last) - tailSize; over > tailSize {
		t.last = append(t.last[:0], t.last[over:]...)
		t.cut = true
	}
}

// wait blocks until the other end of the pipe is closed: the child is dead.
func (t *tail) wait() { <-t.done }

// String returns what is kept, as valid UTF-8.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	middle := ""
	if t.cut {
		middle = "\n…\n"
	}
	return strings.ToValidUTF8(string(t.head)+middle+string(t.last), "\uFFFD")
}
