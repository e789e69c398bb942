package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sekisho/internal/worker/wire"
)

// startTime is how long a child may take to be ready, on a machine that is busy with others.
const startTime = 20 * time.Second

// process is one child.
type process struct {
	proc    *os.Process
	control *os.File // our end of the socket pair
	stderr  *tail
	lack    wire.Set // layers that it was cloned without

	once   sync.Once
	state  *os.ProcessState
	killed bool // by us, not by itself or the kernel
}

// awaitReady waits until the child is in the sandbox, and returns the layers that it lacks.
func (c *process) awaitReady() (wire.Set, error) {
	var msg [2]byte
	if err := c.control.SetReadDeadline(time.Now().Add(startTime)); err != nil {
		return 0, fmt.Errorf("cannot wait for child: %w", err)
	}
	if _, err := io.ReadFull(c.control, msg[:]); err != nil {
		return 0, fmt.Errorf("child is not ready: %w", err)
	}
	if msg[0] != wire.Version {
		return 0, fmt.Errorf("child speaks version %d, not %d: it is of another release", msg[0], wire.Version)
	}
	return wire.Set(msg[1]) | c.lack, nil
}

// send sends a message and descriptors.
func (c *process) send(msg []byte, fds ...int) error {
	raw, err := c.control.SyscallConn()
	if err != nil {
		return fmt.Errorf("cannot send request: %w", err)
	}
	var n int
	var sendErr error
	err = raw.Write(func(fd uintptr) bool {
		n, sendErr = unix.SendmsgN(int(fd), msg, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL)
		return sendErr != unix.EAGAIN
	})
	if err := errors.Join(err, sendErr); err != nil {
		return fmt.Errorf("cannot send request: %w", err)
	}
	if n < len(msg) {
		return fmt.Errorf("cannot send request: %d of %d bytes", n, len(msg))
	}
	return nil
}

// lastBreath is how long a child that closed its socket may take to be dead by itself: the kernel closes the socket
// of a dying process before it says how it died.
const lastBreath = time.Second

// end kills the child if it lives, waits until it is dead, and returns how it died. It may be called again.
func (c *process) end() *os.ProcessState { return c.endWithin(0) }

// endWithin gives the child some time to die by itself, then does what end does.
func (c *process) endWithin(patience time.Duration) *os.ProcessState {
	c.once.Do(func() {
		kill := time.AfterFunc(patience, func() { c.proc.Kill() }) // fails when it is dead already
		c.state, _ = c.proc.Wait()
		c.killed = !kill.Stop()
		c.control.Close()
		c.stderr.wait()
	})
	return c.state
}

// words returns what the child wrote to its stderr, after its end.
func (c *process) words() string { return c.stderr.String() }

// resident returns the largest resident size of the child so far, in bytes, while it lives; else 0. The figure that
// the kernel gives at its end also counts what it shared with us between clone and exec.
func (c *process) resident() int64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(c.proc.Pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if !found || len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// peak returns what the kernel says, at its end, of the largest resident size of a child, in bytes.
func peak(state *os.ProcessState) int64 {
	if state == nil {
		return 0
	}
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		return r.Maxrss << 10
	}
	return 0
}
