package worker

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/sanitize"
)

// world is what an escaped child could reach: each part notices if it does.
type world struct {
	secret, port, socket, pid string
	touched                   chan string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "outside") // the test's own folders are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &world{
		secret: filepath.Join(dir, "secret"), socket: filepath.Join(dir, "socket"),
		pid: strconv.Itoa(os.Getpid()), touched: make(chan string, 100),
	}
	if err := os.WriteFile(w.secret, []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{os.Chmod(dir, 0o777), os.Chmod(w.secret, 0o666)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w.listen(t, "unix", w.socket)
	tcp := w.listen(t, "tcp", "127.0.0.1:0")
	_, w.port, _ = net.SplitHostPort(tcp.String())
	return w
}

func (w *world) listen(t *testing.T, network, address string) net.Addr {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
			w.touched <- network
		}
	}()
	return l.Addr()
}

// untouched fails the test when something outside was reached.
func (w *world) untouched(t *testing.T) {
	t.Helper()
	select {
	case network := <-w.touched:
		t.Errorf("a child connected over %s", network)
	default:
	}
	if b, err := os.ReadFile(w.secret); err != nil || string(b) != "secret" {
		t.Errorf("secret is now %q, %v", b, err)
	}
	if info, err := os.Stat(w.secret); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("secret is now %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(w.secret))
	if err != nil || len(entries) != 2 {
		t.Errorf("outside are now %v, %v", entries, err)
	}
}

// attempts are the ways out, by what they are tried on. Those that only the system call filter stops are listed apart:
// they reach nothing outside, or only what the name spaces hold.
func (w *world) attempts() []struct{ arg, names, filterOnly string } {
	return []struct{ arg, names, filterOnly string }{
		{w.secret, "open open-write openat2 create rename link symlink mkdir mkfifo truncate unlink", "stat chmod setxattr handle"},
		{"", "tmpfile read-folder own-memory other-environ chroot fanotify", "inotify"},
		{w.pid, "other-files other-root kill ptrace read-other pidfd tgkill", "kill-all"},
		{w.port, "tcp udp listen raw packet", "netlink vsock alg pair send-fds"},
		{w.socket, "", "unix"},
		{"", "exec setns setuid priority more-files", "fork clone3 unshare undumpable no-death"},
		{"", "mount umount pivot hostname bpf userfaultfd module reboot ioctl", "memfd io-uring add-key keyctl perf shm mq"},
		{"", "", "personality x32 map-code make-code new-filter"},
		{w.secret, "by-handle", ""},
		{"", "clear-refs uid-map oom timer-slack", "program fd-again memfd-exec"},
		{"", "proc-core-pattern proc-modprobe proc-sysrq proc-kcore proc-keys proc-kmsg proc-mem proc-tty proc-fuse proc-cgroup", ""},
		{"", "proc-root-again proc-cwd proc-mounts proc-net-route proc-shadow proc-hosts", ""},
		{"", "", "family-inet6 family-bluetooth family-can family-tipc family-rds family-xdp family-key family-nfc family-smc"},
		{"", "", "family-llc family-kcm family-qipcrtr family-rxrpc family-ax25 family-appletalk family-x25 family-pppox"},
		{"", "open-tree fsopen clock-set swapon kexec acct iopl", "write-self namespaces dup-other affinity caps no-seccomp privileges splice dup"},
		{"", "", "move-mount mount-setattr fsconfig quotactl ldt syslog io-uring-enter aio kcmp request-key landlock secret timer"},
		{"", "", "signalfd semaphore messages vmsplice madvise-other migrate"},
	}
}

func TestEscapes(t *testing.T) {
	w, p := newWorld(t), pool(t, children.hostile, func(o *Options) { o.Ready = 4 })
	refused := map[string]string{"x32": "not implemented", "more-files": "not permitted"} // the rest is killed
	tried := 0
	for _, group := range w.attempts() {
		for _, name := range strings.Fields(group.names + " " + group.filterOnly) {
			tried++
			t.Run(name, func(t *testing.T) {
				r := tryEscape(t, p, name, group.arg)
				killed := r.Reason == sanitize.ReasonCrash && strings.Contains(r.Detail, "bad system call")
				if !killed && (refused[name] == "" || !strings.Contains(r.Detail, refused[name])) {
					t.Errorf("%s: not killed: %q %q", name, r.Reason, r.Detail)
				}
				w.untouched(t)
			})
		}
	}
	if tried < 140 {
		t.Errorf("only %d ways out tried", tried)
	}
	stillWorks(t, p)
}

// TestEscapesWithoutFilter tries what the other layers must stop by themselves.
func TestEscapesWithoutFilter(t *testing.T) {
	w, p := newWorld(t), pool(t, children.naked, func(o *Options) { o.Ready = 4 })
	for _, group := range w.attempts() {
		for _, name := range strings.Fields(group.names) {
			t.Run(name, func(t *testing.T) {
				r := tryEscape(t, p, name, group.arg)
				if r.Reason != sanitize.ReasonMalformed {
					t.Errorf("%s: %q %q", name, r.Reason, r.Detail)
				}
				w.untouched(t)
			})
		}
	}
	stillWorks(t, p)
}

func tryEscape(t *testing.T, p *Pool, name, arg string) Result {
	t.Helper()
	req := newRequest(t, name+"\n"+arg)
	r := mustRebuild(t, p, req)
	if r.Reason == "" || strings.Contains(r.Detail, "no verb") || output(t, req) != "" {
		t.Errorf("%s: %+v, output %q", name, r, output(t, req))
	}
	return r
}

func stillWorks(t *testing.T, p *Pool) {
	t.Helper()
	req := newRequest(t, "echo\nstill here")
	if r := mustRebuild(t, p, req); r.Reason != "" || output(t, req) != "still here" {
		t.Errorf("%+v", r)
	}
}

func TestDescriptors(t *testing.T) {
	p := pool(t, children.hostile)
	leak, err := os.Open(os.Args[0]) // one of ours, to be sure that it stays here
	if err != nil {
		t.Fatal(err)
	}
	defer leak.Close()
	req := newRequest(t, "descriptors\n")
	r := mustRebuild(t, p, req)
	// Nothing, nothing, stderr, control; epoll and its wake-up of the runtime; input and output.
	if got := output(t, req); r.Reason != "" || got != "0 1 2w 3 4 5 6 7w" {
		t.Errorf("%+v, descriptors %q", r, got)
	}
	req = newRequest(t, "wrong-direction\n")
	if r := mustRebuild(t, p, req); r.Reason != "" || output(t, req) != "readable 1, of them writable 0" {
		t.Errorf("%+v, %q", r, output(t, req))
	}
}

// TestJobsAtOnce looks for bytes of one file in the output of another.
func TestJobsAtOnce(t *testing.T) {
	p := pool(t, children.hostile, func(o *Options) { o.Ready = 4 })
	var wg sync.WaitGroup
	for i := range 40 {
		req := newRequest(t, fmt.Sprintf("echo\n%s", strings.Repeat(fmt.Sprintf("canary %d ", i), 5000)))
		wg.Go(func() {
			r, err := p.Rebuild(t.Context(), req)
			if err != nil || r.Reason != "" {
				t.Errorf("%d: %+v, %v", i, r, err)
				return
			}
			if left := strings.ReplaceAll(output(t, req), fmt.Sprintf("canary %d ", i), ""); left != "" {
				t.Errorf("%d: holds %.100q", i, left)
			}
		})
	}
	wg.Wait()
}

// TestOtherJobIsOutOfSight has one child look for the other, which has its file open.
func TestOtherJobIsOutOfSight(t *testing.T) {
	p := pool(t, children.naked, func(o *Options) { o.Ready = 2 })
	hold := newRequest(t, "hold\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		if r, err := p.Rebuild(t.Context(), hold); err != nil || r.Reason != "" {
			t.Errorf("%+v, %v", r, err)
		}
	}()
	time.Sleep(100 * time.Millisecond)
	for _, pid := range living(t) {
		for _, name := range []string{"other-files", "other-root", "kill", "ptrace", "read-other"} {
			if r := tryEscape(t, p, name, pid); r.Reason != sanitize.ReasonMalformed {
				t.Errorf("%s on %s: %+v", name, pid, r)
			}
		}
	}
	<-done
}

// living returns the ids of the processes that this process started and that live.
func living(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, path := range paths {
		if b, err := os.ReadFile(path); err == nil {
			pids = append(pids, strings.Fields(string(b))...)
		}
	}
	if len(pids) == 0 {
		t.Fatal("no children seen")
	}
	return pids
}
