package child

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"sekisho/internal/worker/sandbox"
	"sekisho/internal/worker/wire"
)

// self is the child program, whatever became of its name.
const self = "/proc/self/exe"

// startChildren is the starter: a small process that clones children for the pool, one for each order, until the socket
// is closed. It exists because cloning a process into new name spaces costs more the larger the cloner is, and because
// what all children share is then set up once: the user, network, IPC and host name spaces are the starter's own, empty
// ones, and Landlock is entered before the children are born. No byte of a file comes near it.
//
// Each child is cloned as a sibling: its parent is the pool's process, which waits for it and with which it dies.
func startChildren(args, reads []string) error {
	runtime.LockOSThread() // privileges in the name space belong to the thread
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot keep privileges from children: %w", err)
	}
	if !slices.Contains(args, wire.ProbeArg) && sandbox.LandlockBut(self, reads...) == nil && len(reads) == 0 {
		args = append(args, wire.LandlockedArg)
	}
	for {
		order, files, err := receiveOrder()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		pid, err := clone(order, files, args)
		if err := answerOrder(pid, err); err != nil {
			return err
		}
	}
}

// receiveOrder waits for an order. The files are the child's stderr and socket.
func receiveOrder() (byte, []descriptor, error) {
	buf, oob := make([]byte, 1), make([]byte, unix.CmsgSpace(2*4))
	var n, oobn int
	_, err := retry(func() (int, error) {
		var err error
		n, oobn, _, _, err = unix.Recvmsg(wire.ControlFD, buf, oob, unix.MSG_CMSG_CLOEXEC)
		return n, err
	})
	if err != nil {
		return 0, nil, fmt.Errorf("cannot receive order: %w", err)
	}
	if n == 0 {
		return 0, nil, io.EOF
	}
	files, err := descriptors(oob[:oobn])
	if err == nil && len(files) != 2 {
		err = fmt.Errorf("cannot receive order: %d descriptors", len(files))
	}
	return buf[0], files, err
}

// clone starts one child, and closes the files.
func clone(order byte, files []descriptor, args []string) (int, error) {
	flags := uintptr(unix.CLONE_PARENT)
	if order == wire.StartInNamespaces {
		flags |= unix.CLONE_NEWPID | unix.CLONE_NEWNS
	}
	pid, _, err := syscall.StartProcess(self, append([]string{"sekisho-child"}, args...), &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, uintptr(files[0]), uintptr(files[1])},
		Sys:   &syscall.SysProcAttr{Cloneflags: flags, Setsid: true},
	})
	for _, f := range files {
		unix.Close(int(f))
	}
	return pid, err
}

func answerOrder(pid int, failure error) error {
	answer := binary.BigEndian.AppendUint32(nil, uint32(pid))
	if failure != nil {
		text := failure.Error()
		answer = append(make([]byte, 4), text[:min(len(text), wire.MaxStartAnswer-4)]...)
	}
	if _, err := descriptor(wire.ControlFD).Write(answer); err != nil {
		return fmt.Errorf("cannot answer order: %w", err)
	}
	return nil
}
