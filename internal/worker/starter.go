package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sekisho/internal/worker/wire"
)

// starter is the process that clones the children, and the thread that cloned it. It is started again when it dies; the
// children that it cloned live on, since they are ours.
type starter struct {
	program *program
	thread  *thread

	mu   sync.Mutex
	proc *process // nil when there is none
}

func newStarter(p *program) *starter { return &starter{program: p, thread: newThread()} }

// close ends the starter and its thread, and with that all children that live.
func (s *starter) close() {
	s.drop()
	s.thread.close()
}

// drop ends the starter; the next start begins with another.
func (s *starter) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		s.proc.end()
		s.proc = nil
	}
}

// start has a child cloned. It does not wait until the child is ready.
func (s *starter) start() (*process, error) {
	c, err := s.try()
	if err != nil && !errors.As(err, new(startError)) { // the starter is gone, not unable
		s.drop()
		c, err = s.try()
	}
	return c, err
}

// startError is what a starter says of a child that it could not clone.
type startError string

func (e startError) Error() string { return string(e) }

func (s *starter) try() (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		proc, err := s.begin()
		if err != nil {
			return nil, err
		}
		s.proc = proc
	}
	ours, theirs, err := socketPair(unix.SOCK_STREAM)
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	errRead, errWrite, err := stderrPipe()
	if err != nil {
		ours.Close()
		return nil, err
	}
	defer errWrite.Close()
	pid, err := s.order(int(errWrite.Fd()), int(theirs.Fd()))
	if err != nil {
		ours.Close()
		errRead.Close()
		return nil, err
	}
	proc, err := os.FindProcess(pid)
	if err != nil {
		ours.Close()
		errRead.Close()
		return nil, fmt.Errorf("cannot find child: %w", err)
	}
	return &process{proc: proc, control: ours, lack: s.program.lack, stderr: newTail(errRead)}, nil
}

// begin clones the starter itself.
func (s *starter) begin() (*process, error) {
	ours, theirs, err := socketPair(unix.SOCK_SEQPACKET)
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	errRead, errWrite, err := stderrPipe()
	if err != nil {
		ours.Close()
		return nil, err
	}
	defer errWrite.Close()
	var proc *os.Process
	s.thread.do(func() { proc, err = s.program.run(errWrite, theirs) })
	if err != nil {
		ours.Close()
		errRead.Close()
		return nil, s.explain(err)
	}
	return &process{proc: proc, control: ours, stderr: newTail(errRead)}, nil
}

// explain names the layer where the kernel refuses to make name spaces.
func (s *starter) explain(err error) error {
	refused := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSPC) ||
		errors.Is(err, unix.EUSERS) || errors.Is(err, unix.ENOSYS)
	if !refused || s.program.lack.Has(wire.Namespaces) {
		return err
	}
	return fmt.Errorf("the kernel does not give the sandbox layers [%s]: %w", wire.Namespaces, err)
}

// order has the starter clone a child with the given stderr and socket, and returns its process id.
func (s *starter) order(fds ...int) (int, error) {
	order := byte(wire.StartInNamespaces)
	if s.program.lack.Has(wire.Namespaces) {
		order = wire.StartPlain
	}
	if err := s.proc.send([]byte{order}, fds...); err != nil {
		return 0, err
	}
	if err := s.proc.control.SetReadDeadline(time.Now().Add(startTime)); err != nil {
		return 0, fmt.Errorf("cannot wait for starter: %w", err)
	}
	answer := make([]byte, wire.MaxStartAnswer)
	n, err := s.proc.control.Read(answer)
	if err == nil && n < 4 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		s.proc.end()
		return 0, fmt.Errorf("cannot wait for starter: %w: %s", err, s.proc.words())
	}
	if pid := binary.BigEndian.Uint32(answer); pid != 0 {
		return int(pid), nil
	}
	return 0, startError(clip(string(answer[4:n]), wire.MaxStartAnswer))
}

// thread is one thread that lives as long as a pool: the kernel sends the signal at the parent's death when the thread
// that cloned dies, and the runtime ends other threads when it likes.
type thread struct {
	work chan func()
	done chan struct{}
}

func newThread() *thread {
	t := &thread{work: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(t.done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for f := range t.work {
			f()
		}
	}()
	return t
}

// do runs f on the thread, and waits for its end.
func (t *thread) do(f func()) {
	done := make(chan struct{})
	t.work <- func() { defer close(done); f() }
	<-done
}

func (t *thread) close() {
	close(t.work)
	<-t.done
}
