package child

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"sekisho/internal/worker/sandbox"
	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// probeMemory is the memory limit that a probe sets and then tries to pass, in bytes.
const probeMemory = 64 << 20

// probe enters the sandbox layer by layer and tries each from inside: what was possible before must fail after. It ends
// with a forbidden system call, which nothing should return from.
func probe() error {
	control := descriptor(wire.ControlFD)
	if _, err := control.Write([]byte{wire.Version, 0}); err != nil {
		return fmt.Errorf("cannot say that the child is ready: %w", err)
	}
	open, tried := tryNamespaces()
	report := wire.Probe{Namespaces: namespaces(), Open: open, Tried: tried, Layers: map[wire.Layer]wire.Finding{
		wire.DeathKill:  finding(tryDeathSignal()),
		wire.NoNewPrivs: finding(tryNoNewPrivs()),
		wire.Landlock:   finding(tryLandlock()),
		wire.Rlimits:    finding(tryRlimits()),
	}}
	msg, err := wire.Encode(report, wire.MaxResponse)
	if err != nil {
		return err
	}
	if _, err := control.Write(msg); err != nil {
		return fmt.Errorf("cannot tell what was found: %w", err)
	}
	return trySeccomp(control)
}

func finding(evidence string, err error) wire.Finding {
	if err != nil {
		return wire.Finding{Evidence: err.Error()}
	}
	return wire.Finding{Holds: true, Evidence: evidence}
}

func namespaces() map[string]string {
	links := map[string]string{}
	for _, name := range []string{"user", "pid", "net", "mnt", "ipc", "uts"} {
		if link, err := os.Readlink("/proc/self/ns/" + name); err == nil {
			links[name] = link
		}
	}
	return links
}

// tryNamespaces does, before any other layer is there, what name spaces must hold, and returns what was possible.
func tryNamespaces() (possible []string, tried int) {
	acts := map[string]func() error{
		"a packet was sent":        sendPacket,
		"a tmpfs was mounted":      func() error { return unix.Mount("none", "/tmp", "tmpfs", 0, "") },
		"the host name was set":    func() error { return unix.Sethostname([]byte("escaped")) },
		"another process was seen": func() error { return unix.Kill(-1, 0) },
		"a user id was taken":      func() error { return errnoOf(unix.SYS_SETUID, 0) },
		"the clock was set":        func() error { return unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{Sec: -1}) },
		"a root was changed":       func() error { return unix.Chroot("/tmp") },
	}
	for what, act := range acts {
		if act() == nil {
			possible = append(possible, what)
		}
	}
	return possible, len(acts)
}

// sendPacket sends a byte to an address that belongs to nobody (RFC 5737).
func sendPacket() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Sendto(fd, []byte{0}, 0, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{192, 0, 2, 1}})
}

func errnoOf(call, argument uintptr) error {
	if _, _, errno := unix.RawSyscall(call, argument, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func tryDeathSignal() (string, error) {
	if err := sandbox.DeathSignal(); err != nil {
		return "", err
	}
	var signal int32
	if err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0); err != nil {
		return "", err
	}
	if signal != int32(unix.SIGKILL) {
		return "", fmt.Errorf("signal %d is sent, not %d", signal, unix.SIGKILL)
	}
	return "the child is killed when this program ends", nil
}

func tryNoNewPrivs() (string, error) {
	if err := sandbox.NoNewPrivs(); err != nil {
		return "", err
	}
	set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err != nil || set != 1 {
		return "", fmt.Errorf("not set: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil {
		return "", errors.New("it can be taken back")
	}
	return "set; taking it back was tried and fails", nil
}

func tryLandlock() (string, error) {
	if err := openRoot(); err != nil {
		return "", fmt.Errorf("nothing to try it on: %w", err)
	}
	if err := sandbox.Landlock(); err != nil {
		return "", err
	}
	for thread, try := range map[string]func() error{"this thread": openRoot, "another thread": onOtherThread(openRoot)} {
		if err := try(); !errors.Is(err, unix.EACCES) {
			return "", fmt.Errorf("%s opened a folder: %w", thread, err)
		}
	}
	version, err := sandbox.LandlockVersion()
	return fmt.Sprintf("version %d; opening a folder fails on every thread", version), err
}

func openRoot() error {
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// onOtherThread returns f, run on a thread that is not the caller's.
func onOtherThread(f func() error) func() error {
	return func() error {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done := make(chan error)
		go func() { done <- f() }()
		return <-done
	}
}

func tryRlimits() (string, error) {
	if err := sandbox.Rlimits(); err != nil {
		return "", err
	}
	if err := sandbox.Limit(sanitize.Limits{Memory: probeMemory, FileSize: 1, Time: 1}); err != nil {
		return "", err
	}
	if _, err := unix.Mmap(-1, 0, 2*probeMemory, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON); !errors.Is(err, unix.ENOMEM) {
		return "", fmt.Errorf("twice the memory limit was given: %w", err)
	}
	var more []int
	for len(more) < 1000 {
		fd, err := unix.Dup(wire.ControlFD)
		if err != nil {
			break
		}
		more = append(more, fd)
	}
	for _, fd := range more { // the runtime needs some later
		unix.Close(fd)
	}
	if len(more) == 1000 {
		return "", errors.New("descriptors have no limit")
	}
	return fmt.Sprintf("memory over the limit is not given; %d more descriptors are", len(more)), nil
}

func trySeccomp(control descriptor) error {
	if err := sandbox.Seccomp(); err != nil {
		return err
	}
	if _, err := control.Write([]byte{wire.ProbeEntered}); err != nil {
		return fmt.Errorf("cannot tell what was found: %w", err)
	}
	unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	_, err := control.Write([]byte{wire.ProbeSurvived})
	return err
}
