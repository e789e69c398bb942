package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

//go:generate go run ./generate

// Seccomp kills the process at any system call that package policy does not list, on all threads, from now on.
func Seccomp() error {
	wakePoller()
	program := filter()
	if len(program) == 0 {
		return errors.New("no filter for " + runtime.GOARCH)
	}
	for i := range program {
		if program[i].K == ownPID {
			program[i].K = uint32(os.Getpid())
		}
	}
	return load(program)
}

// load has the kernel put the filter on all threads. One thread that it cannot be put on is an error.
func load(program []unix.SockFilter) error {
	if builtWithCgo {
		return errors.New("built with cgo; build with CGO_ENABLED=0")
	}
	runtime.LockOSThread() // the thread that loads must be one that can gain no privileges
	defer runtime.UnlockOSThread()
	if err := NoNewPrivs(); err != nil {
		return err
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return fmt.Errorf("cannot load filter: %w", errno)
	}
	if thread != 0 {
		return fmt.Errorf("cannot load filter: thread %d has another", thread)
	}
	return nil
}

// wakePoller makes the runtime open the descriptors that timers need, since it cannot open them later.
func wakePoller() { time.AfterFunc(time.Hour, func() {}).Stop() }
