// Package policy says which system calls a child of a worker pool may make, and assembles the filter for the kernel.
// Children hold the assembled filter as a table (sandbox/filter_*.go, written by sandbox/generate): to assemble it takes
// a fifth of the time that a child takes to start.
package policy

import (
	"fmt"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"sekisho/internal/worker/wire"
)

// threadFlags are the flags with which the Go runtime starts a thread (runtime/os_linux.go, cloneFlags); on some
// machines it also sets the thread's own storage (runtime/sys_linux_amd64.s). Any other clone would be a process.
const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM |
	unix.CLONE_THREAD

// OwnPID stands in the filter for the process id of the child, which is put in its place when the filter is loaded.
const OwnPID = 0x5e715400

// Filter assembles the filter for the machine that it runs on.
func Filter() ([]bpf.RawInstruction, error) {
	p := policy()
	instructions, err := p.Assemble()
	if err != nil {
		return nil, fmt.Errorf("cannot assemble filter: %w", err)
	}
	raw, err := bpf.Assemble(instructions)
	if err != nil {
		return nil, fmt.Errorf("cannot assemble filter: %w", err)
	}
	return raw, nil
}

// policy lists the system calls of a process that computes: it moves bytes between the descriptors it has, gets and
// returns memory that cannot be executed, and runs threads of its own.
func policy() seccomp.Policy {
	return seccomp.Policy{
		DefaultAction: seccomp.ActionKillProcess,
		Syscalls: []seccomp.SyscallGroup{{
			Action: seccomp.ActionAllow,
			Names: []string{
				"futex", "read", "write", "pread64", "close", // most frequent first: the filter is a chain
				"munmap", "madvise", "epoll_pwait", "nanosleep", "clock_gettime", "sched_yield",
				"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", // of the process itself: preemption
				"getpid", "gettid", "getrandom", "restart_syscall", "exit", "exit_group",
			},
			NamesWithCondtions: []seccomp.NameWithConditions{
				{Name: "mmap", Conditions: noExec()},
				{Name: "mprotect", Conditions: noExec()},
				{Name: "clone", Conditions: equal(0, threadFlags)},
				{Name: "clone", Conditions: equal(0, threadFlags|unix.CLONE_SETTLS)},
				{Name: "tgkill", Conditions: equal(0, OwnPID)},
				{Name: "recvmsg", Conditions: equal(0, wire.ControlFD)},
				{Name: "prlimit64", Conditions: equal(0, 0)},           // of itself: lower its limits for one file
				{Name: "prctl", Conditions: equal(0, unix.PR_SET_VMA)}, // names of memory areas
			},
		}},
	}
}

// noExec demands that argument 2, the protection, does not ask for executable memory.
func noExec() seccomp.ArgumentConditions {
	return seccomp.ArgumentConditions{{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.PROT_EXEC}}
}

func equal(argument uint32, value uint64) seccomp.ArgumentConditions {
	return seccomp.ArgumentConditions{{Argument: argument, Operation: seccomp.Equal, Value: value}}
}
