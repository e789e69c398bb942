package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// rlimit is a limit of the process on a resource, soft and hard.
type rlimit struct {
	resource int
	value    uint64
}

// maxThreads bounds the threads of all children of a pool together: the runtime uses fewer than ten in each.
const maxThreads = 1024

// maxFiles bounds the descriptors of a child: four from the start, two of the runtime, input and output.
const maxFiles = 16

// Rlimits sets the limits that do not depend on the file. Threads are counted for all processes of a user, so they are
// bounded only in a user name space of our own, where we are also the first process.
func Rlimits() error {
	limits := []rlimit{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_NOFILE, maxFiles},
		{unix.RLIMIT_MEMLOCK, 0},
		{unix.RLIMIT_MSGQUEUE, 0},
	}
	if os.Getpid() == 1 {
		limits = append(limits, rlimit{unix.RLIMIT_NPROC, maxThreads})
	}
	return set(limits)
}

// addressSlack is address space that the runtime reserves and does not use, in bytes.
const addressSlack = 4 << 30

// Limit sets the limits for one file. Memory is what the process may write to: its heap, its stacks and its globals;
// the address space is bounded too, more widely, since the runtime reserves much of it. Limits are only ever lowered.
func Limit(l sanitize.Limits) error {
	return set([]rlimit{
		{unix.RLIMIT_DATA, uint64(l.Memory)},
		{unix.RLIMIT_AS, uint64(l.Memory) + addressSlack},
		{unix.RLIMIT_FSIZE, uint64(l.FileSize)},
		{unix.RLIMIT_CPU, uint64(wire.ProcessorTime(l.Time, runtime.GOMAXPROCS(0)) / time.Second)},
	})
}

func set(limits []rlimit) error {
	for _, l := range limits {
		r := unix.Rlimit{Cur: l.value, Max: l.value}
		if err := unix.Prlimit(0, l.resource, &r, nil); err != nil {
			return fmt.Errorf("cannot limit resource %d: %w", l.resource, err)
		}
	}
	return nil
}
