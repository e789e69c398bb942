package worker

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// socketPair returns two connected sockets: ours, which knows deadlines, and a child's.
func socketPair(kind int) (*os.File, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make socket pair: %w", err)
	}
	return pair(fds, "control")
}

// stderrPipe returns the two ends of a pipe: ours, which knows deadlines, and the one that a child writes to.
func stderrPipe() (*os.File, *os.File, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, fmt.Errorf("cannot make pipe: %w", err)
	}
	return pair(fds, "stderr")
}

// pair makes files of two descriptors. Only the first does not block: the second is for a process that waits in the
// kernel.
func pair(fds [2]int, name string) (*os.File, *os.File, error) {
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, fmt.Errorf("cannot make %s: %w", name, err)
	}
	return os.NewFile(uintptr(fds[0]), name), os.NewFile(uintptr(fds[1]), name), nil
}
