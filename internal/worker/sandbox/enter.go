package sandbox

import (
	"errors"
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"sekisho/internal/worker/wire"
)

// Enter puts the whole process into the sandbox. A process that was born inside Landlock does not enter it again. Enter
// returns the layers that the kernel did not give, and why.
func Enter(landlocked bool) (wire.Set, error) {
	landlock := Landlock
	if landlocked {
		landlock = Landlocked
	}
	var missing wire.Set
	var errs []error
	for _, layer := range []struct {
		name  wire.Layer
		enter func() error
	}{
		{wire.DeathKill, DeathSignal},
		{wire.Rlimits, Rlimits},
		{wire.NoNewPrivs, NoNewPrivs},
		{wire.Landlock, landlock},
		{wire.Seccomp, Seccomp},
	} {
		if err := layer.enter(); err != nil {
			missing = missing.With(layer.name)
			errs = append(errs, fmt.Errorf("cannot enter layer %s: %w", layer.name, err))
		}
	}
	return missing, errors.Join(errs...)
}

// DeathSignal has the kernel kill the process when its parent dies. The parent of a child is the pool's process.
func DeathSignal() error { return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0) }

// NoNewPrivs gives up, for the whole process, every privilege that exec could bring. Landlock and seccomp spread it
// to all threads: each sets it on, or copies it to, the threads it covers.
func NoNewPrivs() error {
	if builtWithCgo {
		return errors.New("built with cgo; build with CGO_ENABLED=0")
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// Landlock forbids all threads to open, make, rename or remove any file, to bind or connect a TCP socket, and to reach
// a process or an abstract socket outside. What an old kernel does not know of is left out, but files are the least.
func Landlock() error {
	if _, err := LandlockVersion(); err != nil {
		return err
	}
	return landlock.V7.BestEffort().Restrict()
}

// LandlockBut does what Landlock does, but leaves one program that can be started, and therefore read, and files and
// folders that can be read. Those that are not there are left out.
func LandlockBut(program string, reads ...string) error {
	if _, err := LandlockVersion(); err != nil {
		return err
	}
	start := landlock.AccessFSSet(ll.AccessFSExecute | ll.AccessFSReadFile)
	rules := []landlock.Rule{landlock.PathAccess(start, program)}
	for _, path := range reads {
		rules = append(rules, readRule(path).IgnoreIfMissing())
	}
	return landlock.V7.BestEffort().Restrict(rules...)
}

// readRule allows to read a file, or all files of a folder and its listing.
func readRule(path string) landlock.FSRule {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return landlock.PathAccess(landlock.AccessFSSet(ll.AccessFSReadFile), path)
	}
	return landlock.PathAccess(landlock.AccessFSSet(ll.AccessFSReadFile|ll.AccessFSReadDir), path)
}

// Landlocked fails when the process can open a folder.
func Landlocked() error {
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	if err != unix.EACCES {
		return fmt.Errorf("opening a folder does not fail as it must: %w", err)
	}
	return nil
}

// LandlockVersion returns the version of Landlock that the kernel offers, at least 1.
func LandlockVersion() (int, error) {
	v, err := ll.LandlockGetABIVersion()
	if err != nil || v < 1 {
		return 0, fmt.Errorf("kernel without Landlock: %w", err)
	}
	return v, nil
}
