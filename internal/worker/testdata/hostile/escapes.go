package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// escaped is what an escape writes to its output when it succeeded.
const escaped = "ESCAPED"

// escapes returns the ways out that are tried, by name. The argument says what to try it on.
func escapes() map[string]func(arg string, out io.Writer) error {
	all := map[string]func(arg string, out io.Writer) error{
		"descriptors":     listDescriptors,
		"wrong-direction": wrongDirection,
		"hold":            func(string, io.Writer) error { time.Sleep(time.Second); return nil },
	}
	for name, try := range attempts() {
		all[name] = func(arg string, out io.Writer) error {
			if err := try(arg); err != nil {
				return err
			}
			_, err := io.WriteString(out, escaped)
			return err
		}
	}
	return all
}

func attempts() map[string]func(arg string) error {
	all := map[string]func(arg string) error{}
	for _, group := range []map[string]func(string) error{files(), network(), processes(), kernel(), paths(), families(), mounts()} {
		maps.Copy(all, group)
	}
	return all
}

func open(path string, flags int) error {
	_, err := unix.Openat(unix.AT_FDCWD, path, flags, 0o600)
	return err
}

func files() map[string]func(string) error {
	return map[string]func(string) error{
		"open":          func(path string) error { return open(path, unix.O_RDONLY) },
		"open-write":    func(path string) error { return open(path, unix.O_WRONLY) },
		"openat2":       func(path string) error { _, err := unix.Openat2(-100, path, &unix.OpenHow{}); return err },
		"create":        func(path string) error { return open(path+".new", unix.O_CREAT|unix.O_WRONLY) },
		"tmpfile":       func(string) error { return open("/tmp", unix.O_TMPFILE|unix.O_RDWR) },
		"read-folder":   func(string) error { return open("/", unix.O_RDONLY|unix.O_DIRECTORY) },
		"own-memory":    func(string) error { return open("/proc/self/mem", unix.O_RDWR) },
		"other-environ": func(string) error { return open("/proc/1/environ", unix.O_RDONLY) },
		"other-files":   func(pid string) error { return open("/proc/"+pid+"/fd/0", unix.O_RDONLY) },
		"other-root":    func(pid string) error { return open("/proc/"+pid+"/root/etc/passwd", unix.O_RDONLY) },
		"unlink":        func(path string) error { return unix.Unlink(path) },
		"rename":        func(path string) error { return unix.Rename(path, path+".moved") },
		"link":          func(path string) error { return unix.Link(path, path+".link") },
		"symlink":       func(path string) error { return unix.Symlink("/", path+".sym") },
		"mkdir":         func(path string) error { return unix.Mkdir(path+".dir", 0o700) },
		"mkfifo":        func(path string) error { return unix.Mknod(path+".fifo", unix.S_IFIFO|0o600, 0) },
		"truncate":      func(path string) error { return unix.Truncate(path, 0) },
		"stat":          func(path string) error { return unix.Stat(path, &unix.Stat_t{}) },
		"chmod":         func(path string) error { return unix.Chmod(path, 0o777) },
		"setxattr":      func(path string) error { return unix.Setxattr(path, "user.x", []byte("x"), 0) },
		"chroot":        func(string) error { return unix.Chroot("/") },
		"handle":        func(path string) error { _, _, err := unix.NameToHandleAt(-100, path, 0); return err },
		"inotify":       func(string) error { _, err := unix.InotifyInit1(0); return err },
		"fanotify":      func(string) error { _, err := unix.FanotifyInit(0, 0); return err },
	}
}

func network() map[string]func(string) error {
	return map[string]func(string) error{
		"tcp":      func(port string) error { return connect(unix.SOCK_STREAM, port) },
		"udp":      func(port string) error { return connect(unix.SOCK_DGRAM, port) },
		"listen":   func(string) error { return bind() },
		"raw":      func(string) error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, 1); return err },
		"packet":   func(string) error { _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); return err },
		"netlink":  func(string) error { _, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, 0); return err },
		"unix":     connectUnix,
		"vsock":    func(string) error { _, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0); return err },
		"alg":      func(string) error { _, err := unix.Socket(unix.AF_ALG, unix.SOCK_SEQPACKET, 0); return err },
		"pair":     func(string) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
		"send-fds": func(string) error { return unix.Sendmsg(3, []byte{0}, unix.UnixRights(0), nil, 0) },
	}
}

func connect(kind int, port string) error {
	fd, err := unix.Socket(unix.AF_INET, kind, 0)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: n, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	_, err = unix.Write(fd, []byte(escaped))
	return err
}

func bind() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: 8080}); err != nil {
		return err
	}
	return unix.Listen(fd, 1)
}

func connectUnix(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
}

func processes() map[string]func(string) error {
	return map[string]func(string) error{
		"exec":       func(string) error { return unix.Exec("/bin/true", []string{"true"}, nil) },
		"fork":       func(string) error { return raw(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0) },
		"clone3":     func(string) error { var args [88]byte; return raw(unix.SYS_CLONE3, address(&args[0]), 88, 0) },
		"kill":       func(pid string) error { return unix.Kill(number(pid), unix.SIGTERM) },
		"kill-all":   func(string) error { return unix.Kill(-1, unix.SIGTERM) },
		"tgkill":     func(pid string) error { return unix.Tgkill(number(pid), number(pid), unix.SIGTERM) },
		"ptrace":     func(pid string) error { return unix.PtraceAttach(number(pid)) },
		"read-other": readOther,
		"pidfd":      func(pid string) error { _, err := unix.PidfdOpen(number(pid), 0); return err },
		"unshare":    func(string) error { return unix.Unshare(unix.CLONE_NEWUSER) },
		"setns":      func(string) error { return unix.Setns(0, 0) },
		"setuid":     func(string) error { return raw(unix.SYS_SETUID, 0, 0, 0) },
		"priority":   func(string) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -20) },
		"more-files": func(string) error { return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 999, Max: 999}) },
		"undumpable": func(string) error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) },
		"no-death":   func(string) error { return unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) },
	}
}

func readOther(pid string) error {
	var buf [8]byte
	local := []unix.Iovec{{Base: &buf[0], Len: 8}}
	_, err := unix.ProcessVMReadv(number(pid), local, []unix.RemoteIovec{{Base: 0x400000, Len: 8}}, 0)
	return err
}

func kernel() map[string]func(string) error {
	zero := func(nr uintptr) func(string) error { return func(string) error { return raw(nr, 0, 0, 0) } }
	return map[string]func(string) error{
		"mount":       func(string) error { return unix.Mount("none", "/mnt", "tmpfs", 0, "") },
		"umount":      func(string) error { return unix.Unmount("/proc", unix.MNT_DETACH) },
		"pivot":       func(string) error { return unix.PivotRoot("/", "/") },
		"hostname":    func(string) error { return unix.Sethostname([]byte("x")) },
		"memfd":       func(string) error { _, err := unix.MemfdCreate("x", 0); return err },
		"io-uring":    func(string) error { var p [120]byte; return raw(unix.SYS_IO_URING_SETUP, 1, address(&p[0]), 0) },
		"add-key":     func(string) error { _, err := unix.AddKey("user", "x", []byte("x"), -4); return err },
		"keyctl":      func(string) error { _, err := unix.KeyctlGetKeyringID(-4, true); return err },
		"bpf":         zero(unix.SYS_BPF),
		"perf":        zero(unix.SYS_PERF_EVENT_OPEN),
		"userfaultfd": zero(unix.SYS_USERFAULTFD),
		"shm":         zero(unix.SYS_SHMGET),
		"mq":          zero(unix.SYS_MQ_OPEN),
		"personality": zero(unix.SYS_PERSONALITY),
		"module":      zero(unix.SYS_FINIT_MODULE),
		"reboot":      zero(unix.SYS_REBOOT),
		"x32":         func(string) error { return raw(0x40000000|unix.SYS_GETUID, 0, 0, 0) },
		"map-code":    func(string) error { return mapCode(unix.PROT_READ | unix.PROT_EXEC) },
		"make-code":   makeCode,
		"ioctl":       func(string) error { return unix.IoctlSetInt(2, unix.TIOCSTI, 0) },
		"new-filter":  func(string) error { return raw(unix.SYS_SECCOMP, 0, 0, 0) },
	}
}

// paths are what lies in every process's /proc and /sys.
func paths() map[string]func(string) error {
	all := map[string]func(string) error{
		"by-handle":   func(path string) error { return byHandle(path) },
		"fd-again":    func(string) error { return open("/proc/self/fd/3", unix.O_RDWR) },
		"memfd-exec":  memfdExec,
		"program":     func(string) error { return open("/proc/self/exe", unix.O_RDONLY) },
		"clear-refs":  func(string) error { return open("/proc/self/clear_refs", unix.O_WRONLY) },
		"uid-map":     func(string) error { return open("/proc/self/uid_map", unix.O_WRONLY) },
		"oom":         func(string) error { return open("/proc/self/oom_score_adj", unix.O_WRONLY) },
		"timer-slack": func(string) error { return open("/proc/self/timerslack_ns", unix.O_WRONLY) },
	}
	for name, path := range map[string]string{
		"core-pattern": "/proc/sys/kernel/core_pattern", "modprobe": "/proc/sys/kernel/modprobe", "sysrq": "/proc/sysrq-trigger",
		"kcore": "/proc/kcore", "keys": "/proc/keys", "kmsg": "/dev/kmsg", "mem": "/dev/mem", "tty": "/dev/tty", "fuse": "/dev/fuse",
		"cgroup": "/sys/fs/cgroup/cgroup.procs", "root-again": "/proc/1/root/etc/shadow", "cwd": "/proc/self/cwd", "mounts": "/proc/self/mountinfo",
		"net-route": "/proc/net/route", "shadow": "/etc/shadow", "hosts": "/etc/hosts",
	} {
		all["proc-"+name] = func(string) error { return open(path, unix.O_RDONLY) }
	}
	return all
}

func byHandle(path string) error {
	handle, mount, err := unix.NameToHandleAt(unix.AT_FDCWD, path, 0)
	if err != nil {
		return err
	}
	_, err = unix.OpenByHandleAt(mount, handle, unix.O_RDONLY)
	return err
}

// memfdExec runs a program that never was a file.
func memfdExec(string) error {
	fd, err := unix.MemfdCreate("x", 0)
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, []byte("#!/bin/true\n")); err != nil {
		return err
	}
	empty, argv := []byte{0}, [2]uintptr{}
	_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(fd), address(&empty[0]), uintptr(unsafe.Pointer(&argv[0])), 0, unix.AT_EMPTY_PATH, 0)
	return errno
}

// families are the kinds of sockets that have been ways into kernels.
func families() map[string]func(string) error {
	all := map[string]func(string) error{}
	for name, family := range map[string]int{
		"inet6": unix.AF_INET6, "bluetooth": unix.AF_BLUETOOTH, "can": unix.AF_CAN, "tipc": unix.AF_TIPC, "rds": unix.AF_RDS, "xdp": unix.AF_XDP,
		"key": unix.AF_KEY, "nfc": unix.AF_NFC, "smc": unix.AF_SMC, "llc": unix.AF_LLC, "kcm": unix.AF_KCM, "qipcrtr": unix.AF_QIPCRTR,
		"rxrpc": unix.AF_RXRPC, "ax25": unix.AF_AX25, "appletalk": unix.AF_APPLETALK, "x25": unix.AF_X25, "pppox": unix.AF_PPPOX,
	} {
		all["family-"+name] = func(string) error { _, err := unix.Socket(family, unix.SOCK_DGRAM, 0); return err }
	}
	return all
}

// mounts are the newer calls around file systems, and others that change the machine.
func mounts() map[string]func(string) error {
	all := map[string]func(string) error{
		"open-tree":  func(string) error { _, err := unix.OpenTree(unix.AT_FDCWD, "/", unix.OPEN_TREE_CLONE); return err },
		"fsopen":     func(string) error { _, err := unix.Fsopen("tmpfs", 0); return err },
		"namespaces": func(string) error { return unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID) },
		"clock-set":  func(string) error { return unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{Sec: 1}) },
		"dup-other":  func(string) error { return raw(unix.SYS_PIDFD_GETFD, 0, 0, 0) },
		"write-self": func(string) error { return raw(unix.SYS_PROCESS_VM_WRITEV, 1, 0, 0) },
		"affinity":   func(string) error { return raw(unix.SYS_SCHED_SETSCHEDULER, 1, 1, 0) },
		"caps":       func(string) error { return unix.Prctl(unix.PR_CAPBSET_DROP, 0, 0, 0, 0) },
		"no-seccomp": func(string) error { return unix.Prctl(unix.PR_SET_SECCOMP, 0, 0, 0, 0) },
		"privileges": func(string) error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) },
		"splice":     func(string) error { return raw(unix.SYS_SPLICE, 3, 0, 4) },
		"dup":        func(string) error { _, err := unix.Dup(3); return err },
	}
	for name, nr := range map[string]uintptr{
		"move-mount": unix.SYS_MOVE_MOUNT, "mount-setattr": unix.SYS_MOUNT_SETATTR, "fsconfig": unix.SYS_FSCONFIG, "swapon": unix.SYS_SWAPON,
		"kexec": unix.SYS_KEXEC_LOAD, "acct": unix.SYS_ACCT, "quotactl": unix.SYS_QUOTACTL, "iopl": unix.SYS_IOPL, "ldt": unix.SYS_MODIFY_LDT,
		"syslog": unix.SYS_SYSLOG, "io-uring-enter": unix.SYS_IO_URING_ENTER, "aio": unix.SYS_IO_SETUP, "kcmp": unix.SYS_KCMP,
		"request-key": unix.SYS_REQUEST_KEY, "landlock": unix.SYS_LANDLOCK_CREATE_RULESET, "secret": unix.SYS_MEMFD_SECRET,
		"timer": unix.SYS_TIMER_CREATE, "signalfd": unix.SYS_SIGNALFD4, "semaphore": unix.SYS_SEMGET, "messages": unix.SYS_MSGGET,
		"vmsplice": unix.SYS_VMSPLICE, "madvise-other": unix.SYS_PROCESS_MADVISE, "migrate": unix.SYS_MIGRATE_PAGES,
	} {
		all[name] = func(string) error { return raw(nr, 0, 0, 0) }
	}
	return all
}

func mapCode(prot int) error {
	_, err := unix.Mmap(-1, 0, 4096, prot, unix.MAP_PRIVATE|unix.MAP_ANON)
	return err
}

func makeCode(string) error {
	b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
}

// raw makes a system call; where it makes a new process, that ends at once.
func raw(nr, a, b, c uintptr) error {
	r, _, errno := unix.RawSyscall(nr, a, b, c)
	if errno != 0 {
		return errno
	}
	if nr == unix.SYS_CLONE && r == 0 {
		unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	}
	return nil
}

func address(p *byte) uintptr { return uintptr(unsafe.Pointer(p)) }

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// listDescriptors writes which descriptors the process has: reading nothing from one says whether it is there.
func listDescriptors(_ string, out io.Writer) error {
	var list []string
	for fd := range 1024 {
		if _, err := unix.Read(fd, nil); !errors.Is(err, unix.EBADF) {
			list = append(list, fmt.Sprint(fd))
		} else if _, err := unix.Write(fd, nil); !errors.Is(err, unix.EBADF) {
			list = append(list, fmt.Sprint(fd, "w"))
		}
	}
	_, err := io.WriteString(out, strings.Join(list, " "))
	return err
}

// wrongDirection tries, on every descriptor above the control socket, to write to the input and to read the output.
func wrongDirection(_ string, out io.Writer) error {
	wrote, read := 0, 0
	for fd := 4; fd < 64; fd++ {
		if _, err := unix.Pread(fd, make([]byte, 1), 0); err == nil {
			read++
			if _, err := unix.Write(fd, []byte(escaped)); err == nil {
				wrote++
			}
		}
	}
	_, err := fmt.Fprintf(out, "readable %d, of them writable %d", read, wrote)
	return err
}
