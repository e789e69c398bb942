package worker

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// starter clones children from one thread that lives as long as the pool: the kernel sends the signal at the parent's
// death when the thread that cloned dies, and the runtime ends other threads when it likes.
type starter struct {
	requests chan func()
	done     chan struct{}
}

func newStarter() *starter {
	s := &starter{requests: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for f := range s.requests {
			f()
		}
	}()
	return s
}

func (s *starter) close() {
	close(s.requests)
	<-s.done
}

// start clones a child. It does not wait until the child is ready.
func (s *starter) start(p *program) (*process, error) {
	type result struct {
		c   *process
		err error
	}
	answer := make(chan result, 1)
	s.requests <- func() {
		c, err := clone(p)
		answer <- result{c, err}
	}
	r := <-answer
	return r.c, r.err
}

// clone starts the program with four descriptors: nothing to read, nowhere to write, stderr, and the socket.
func clone(p *program) (*process, error) {
	ours, theirs, err := socketPair()
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
	attr := p.attr
	proc, err := os.StartProcess(p.path(), p.args, &os.ProcAttr{
		Env:   p.env,
		Files: []*os.File{p.null, p.null, errWrite, theirs},
		Sys:   &attr,
	})
	if err != nil {
		ours.Close()
		errRead.Close()
		return nil, err
	}
	c := &process{proc: proc, control: ours, lack: p.lack, stderr: newTail(errRead)}
	return c, nil
}

// socketPair returns two connected sockets; the first knows deadlines.
func socketPair() (*os.File, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make socket pair: %w", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, fmt.Errorf("cannot make socket pair: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "child"), nil
}

// stderrPipe returns a pipe whose reading end knows deadlines, and whose writing end waits as stderr does anywhere.
func stderrPipe() (*os.File, *os.File, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, fmt.Errorf("cannot make pipe: %w", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, fmt.Errorf("cannot make pipe: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "stderr"), os.NewFile(uintptr(fds[1]), "stderr"), nil
}
