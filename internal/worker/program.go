package worker

import (
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"sekisho/internal/worker/wire"
)

// nobody is the user and group that a child is, in the children's user name space and, when the pool's process may
// choose, in the machine's.
const nobody = 65534

// firstFD keeps the program's descriptor clear of those that a child inherits.
const firstFD = 64

// program is the child program, opened once: a newer program in its place is for the next pool.
type program struct {
	fd   int // close-on-exec
	null *os.File
	attr syscall.SysProcAttr // of the starter
	env  []string
	args []string // of the starter
	lack wire.Set // layers that children are started without
}

func openProgram(o Options) (*program, error) {
	f, err := os.Open(o.Child)
	if err != nil {
		return nil, fmt.Errorf("cannot open child program: %w", err)
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, firstFD)
	if err != nil {
		return nil, fmt.Errorf("cannot open child program: %w", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("cannot open child program: %w", err)
	}
	return &program{fd: fd, null: null, args: append([]string{"sekisho-child", wire.StarterArg}, o.Args...), attr: attributes(true), env: environment()}, nil
}

// dropNamespaces makes the next children share the name spaces of the pool's process.
func (p *program) dropNamespaces() {
	p.attr = attributes(false)
	p.lack = p.lack.With(wire.Namespaces)
}

func (p *program) close() error {
	p.null.Close()
	return unix.Close(p.fd)
}

// path names the open program; it is resolved in the child before exec closes the descriptor.
func (p *program) path() string { return "/proc/self/fd/" + strconv.Itoa(p.fd) }

// environment is all that a child sees of ours. A time zone would be read from a file; the number of processors, from
// several, which stay open. A child that waits needs one processor, and starts fewer threads for it.
func environment() []string {
	return []string{
		"TZ=UTC", "GOTRACEBACK=single", "GOMAXPROCS=1",
		"GODEBUG=containermaxprocs=0,updatemaxprocs=0,decoratemappings=0",
	}
}

// run starts the starter, with nothing to read, nowhere to write, a stderr and a socket.
func (p *program) run(stderr, control *os.File) (*os.Process, error) {
	attr := p.attr
	return os.StartProcess(p.path(), p.args, &os.ProcAttr{
		Env: p.env, Files: []*os.File{p.null, p.null, stderr, control}, Sys: &attr,
	})
}

// sharedNamespaces are those of the starter, in which all children live; each child has process and mount name spaces
// of its own besides.
const sharedNamespaces = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC |
	syscall.CLONE_NEWUTS

// canBeAnother reports whether this process may make others that belong to another user: root mostly, but not root in a
// container that dropped its privileges.
func canBeAnother() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData // of 32 capabilities each
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	const need = 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID
	return data[0].Effective&need == need
}

// attributes describes how the starter is cloned. It may make name spaces inside its own; a child may do nothing: it is
// nobody, and loses at exec every capability in its name spaces.
func attributes(namespaces bool) syscall.SysProcAttr {
	root := canBeAnother()
	attr := syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
	if root || namespaces {
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: !root}
	}
	if !namespaces {
		return attr
	}
	uid, gid := os.Geteuid(), os.Getegid()
	if root {
		uid, gid = nobody, nobody
	}
	attr.Cloneflags = sharedNamespaces
	attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: uid, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: gid, Size: 1}}
	attr.GidMappingsEnableSetgroups = root
	return attr
}
