package worker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

func TestTimeout(t *testing.T) {
	p := pool(t, children.hostile, func(o *Options) { o.Grace = 200 * time.Millisecond })
	for _, verb := range []string{"loop", "loop-all", "obey-deadline"} {
		t.Run(verb, func(t *testing.T) {
			req := newRequest(t, verb)
			req.Policy.Limits.Time = 200 * time.Millisecond
			r := mustRebuild(t, p, req)
			if r.Reason != sanitize.ReasonTimeout || r.Elapsed < 200*time.Millisecond || r.Elapsed > time.Minute {
				t.Errorf("%+v", r)
			}
		})
	}
	stillWorks(t, p)
}

// TestProcessorTime has a child use up its processor time on two processors before its time is over.
func TestProcessorTime(t *testing.T) {
	p := pool(t, children.hostile, func(o *Options) { o.Grace = 30 * time.Second })
	req := newRequest(t, "loop-all\n"+strings.Repeat("large", smallFile))
	req.Policy.Limits.Time = 100 * time.Millisecond
	r := mustRebuild(t, p, req)
	if r.Reason != sanitize.ReasonLimit || !errors.Is(r.Err(), sanitize.ErrLimit) {
		t.Errorf("%+v", r)
	}
}

// TestKilledFromOutside kills the child that works on a file, as the kernel does when the machine has no memory left. Another
// gets the file, and begins it anew.
func TestKilledFromOutside(t *testing.T) {
	p := pool(t, children.hostile, func(o *Options) { o.Limits.Time = time.Minute })
	for _, c := range []struct {
		name   string
		kills  int
		reason sanitize.Reason
		detail string
	}{
		{"once", 1, "", ""},
		{"twice", 2, "", ""},
		{"always", attempts, sanitize.ReasonCrash, "killed from outside"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := newRequest(t, "half\nthe whole file")
			done := make(chan Result)
			go func() { done <- mustRebuild(t, p, req) }()
			pid := 0
			for n := 1; n <= c.kills; n++ {
				pid = awaitHalf(t, req.Output.Name(), pid)
				if c.reason == "" && n == c.kills { // the next child is to answer
					rewrite(t, req.Input.Name(), "echo")
				}
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			r := <-done
			if r.Reason != c.reason || !strings.Contains(r.Detail, c.detail) {
				t.Errorf("%+v", r)
			}
			want := "the whole file"
			if c.reason != "" {
				want = ""
			}
			if got := output(t, req); got != want {
				t.Errorf("output of %d bytes: %.40q", len(got), got)
			}
		})
	}
	stillWorks(t, p)
}

// awaitHalf waits until a child other than the last has written something to the file path, and returns its process id.
func awaitHalf(t *testing.T, path string, last int) int {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			continue
		}
		for _, pid := range living(t) {
			if n, err := strconv.Atoi(pid); err == nil && n != last && hasOpen(pid, path) {
				return n
			}
		}
	}
	t.Fatal("no child writes")
	return 0
}

// hasOpen reports whether the process has the file path open.
func hasOpen(pid, path string) bool {
	links, _ := filepath.Glob(filepath.Join("/proc", pid, "fd", "*")) // none of a process that is dead
	return slices.ContainsFunc(links, func(link string) bool {
		to, err := os.Readlink(link)
		return err == nil && to == path
	})
}

// rewrite puts head in the place of the first bytes of the file path.
func rewrite(t *testing.T, path, head string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(head), 0); err != nil {
		t.Fatal(err)
	}
}

func TestAllocateOnce(t *testing.T) {
	p := pool(t, children.hostile)
	r := mustRebuild(t, p, newRequest(t, "allocate-once"))
	if r.Reason != sanitize.ReasonLimit || r.MaxRSS > 256<<20 {
		t.Errorf("%+v", r)
	}
}

func TestTransient(t *testing.T) {
	p := pool(t, children.hostile)
	req := newRequest(t, "transient")
	if r, err := p.Rebuild(t.Context(), req); !sanitize.IsTransient(err) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestVerifyAndIdentify(t *testing.T) {
	p := pool(t, children.hostile)
	for content, reason := range map[string]sanitize.Reason{"good": "", "bad": sanitize.ReasonVerify} {
		req := newRequest(t, content)
		req.Format = "docx"
		r, err := p.Verify(t.Context(), req)
		if err != nil || r.Reason != reason || r.Report.Type != "docx" {
			t.Errorf("%s: %+v, %v", content, r, err)
		}
	}
	req := newRequest(t, "x")
	req.Name = "NAME"
	if r, err := p.Identify(t.Context(), req); err != nil || r.Report.Type != "name" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCallerGivesUp(t *testing.T) {
	p := pool(t, children.hostile)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if r, err := p.Rebuild(ctx, newRequest(t, "loop")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v, %v", r, err)
	}
	stillWorks(t, p)
}

// TestWaitingChildDies kills the child that waits; the next file must not notice.
func TestWaitingChildDies(t *testing.T) {
	p := pool(t, children.hostile)
	for range 5 {
		c, err := p.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.proc.Kill(); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() { p.offer(offer{child: c}, time.Second) })
		for range 3 {
			stillWorks(t, p)
		}
		wg.Wait()
	}
}

// TestStarterDies kills the process that clones the children; the next file must not notice.
func TestStarterDies(t *testing.T) {
	p := pool(t, children.hostile)
	for range 5 {
		p.starter.mu.Lock()
		err := p.starter.proc.proc.Kill()
		p.starter.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			stillWorks(t, p)
		}
	}
}

// TestChildDiesWithParent starts a pool in another process and kills that.
func TestChildDiesWithParent(t *testing.T) {
	if os.Getenv(asParent) != "" {
		p, err := NewPool(Options{Child: os.Getenv(asParent), Ready: 1})
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("\nchildren " + strings.Join(living(t), " ") + "\n")
		select {
		case <-p.stop.Done():
		case <-time.After(time.Minute):
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestChildDiesWithParent$")
	cmd.Env = append(os.Environ(), asParent+"="+children.hostile)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n := 0
	for !strings.Contains(string(buf[:n]), "children ") || buf[n-1] != '\n' {
		k, err := out.Read(buf[n:])
		if err != nil {
			t.Fatalf("%v: %s", err, buf[:n])
		}
		n += k
	}
	_, list, _ := strings.Cut(string(buf[:n]), "children ")
	cmd.Process.Kill()
	cmd.Wait()
	pids := strings.Fields(list)
	if len(pids) == 0 {
		t.Fatal("no children")
	}
	for _, pid := range pids {
		awaitDeath(t, pid)
	}
}

func awaitDeath(t *testing.T, pid string) {
	t.Helper()
	for range 500 {
		b, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("child %s outlives its parent", pid)
}

func TestClosed(t *testing.T) {
	p, err := NewPool(Options{Child: children.hostile, Ready: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Rebuild(t.Context(), newRequest(t, "echo")); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestBadRequests(t *testing.T) {
	p := pool(t, children.hostile)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, spoil := range map[string]func(*Request){
		"no input":        func(r *Request) { r.Input = nil },
		"no output":       func(r *Request) { r.Output = nil },
		"input is device": func(r *Request) { r.Input = null },
		"output not empty": func(r *Request) {
			if _, err := r.Output.WriteString("x"); err != nil {
				t.Fatal(err)
			}
		},
		"too much": func(r *Request) { r.Name = strings.Repeat("x", wire.MaxRequest) },
	} {
		t.Run(name, func(t *testing.T) {
			req := newRequest(t, "echo\nx")
			spoil(&req)
			if r, err := p.Rebuild(t.Context(), req); err == nil {
				t.Errorf("%+v", r)
			}
		})
	}
	stillWorks(t, p)
}

func TestNoPool(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, wants string
		options     Options
	}{
		{"no child", "no child program", Options{}},
		{"missing child", "no such file", Options{Child: filepath.Join(t.TempDir(), "none")}},
		{"not a program", "exec format error", Options{Child: text}},
		{"other program", "cannot start child", Options{Child: "/bin/true"}},
		{"unknown layer", "no layer is called", Options{Child: children.real, AcceptMissing: []string{"magic"}}},
		{"missing layer", "[landlock]", Options{Child: children.lacking}},
		{"other layer accepted", "[landlock]", Options{Child: children.lacking, AcceptMissing: []string{"seccomp"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := NewPool(c.options)
			if err == nil {
				p.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.wants) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAcceptedLayer(t *testing.T) {
	p := pool(t, children.lacking, func(o *Options) { o.AcceptMissing = []string{"landlock"} })
	stillWorks(t, p)
}

func TestNoNamespaces(t *testing.T) {
	p := pool(t, children.hostile)
	p.starter.drop()
	p.program.dropNamespaces()
	c, err := p.starter.start()
	if err != nil {
		t.Fatal(err)
	}
	defer c.end()
	if missing, err := c.awaitReady(); err != nil || missing != wire.Set(0).With(wire.Namespaces) {
		t.Errorf("missing %v, %v", missing.List(), err)
	}
}

// TestRefusedNamespaces asks for what no kernel gives, as one that gives no name spaces would answer.
func TestRefusedNamespaces(t *testing.T) {
	p := pool(t, children.hostile)
	p.starter.mu.Lock()
	p.program.attr.UidMappings[0].HostID = 1<<32 - 1 // nobody may be this user
	p.starter.mu.Unlock()
	p.starter.drop()
	if _, err := p.first(); err == nil || !strings.Contains(err.Error(), "[namespaces]") {
		t.Errorf("%v", err)
	}
	p.accepted = p.accepted.With(wire.Namespaces)
	c, err := p.first()
	if err != nil {
		t.Fatal(err)
	}
	c.end()
}

func TestManyAtOnce(t *testing.T) {
	p := pool(t, children.hostile, func(o *Options) { o.Ready = 3 })
	verbs := []string{"echo\nx", "panic", "exit", "echo\nx", "encrypted"}
	want := []sanitize.Reason{"", "crash", "crash", "", "encrypted"}
	var wg sync.WaitGroup
	for i := range 50 {
		req := newRequest(t, verbs[i%5])
		wg.Go(func() {
			if r, err := p.Rebuild(t.Context(), req); err != nil || r.Reason != want[i%5] {
				t.Errorf("%d: %+v, %v", i, r, err)
			}
		})
	}
	wg.Wait()
}

func TestLayers(t *testing.T) {
	layers, err := Layers(t.Context(), children.real)
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != len(wire.Layers()) {
		t.Errorf("%d layers, want %d", len(layers), len(wire.Layers()))
	}
	for _, l := range layers {
		if !l.Holds || l.Evidence == "" {
			t.Errorf("%+v", l)
		}
		t.Logf("%-15s %s", l.Name, l.Evidence)
	}
}

func TestLayersOfOtherProgram(t *testing.T) {
	if layers, err := Layers(t.Context(), "/bin/true"); err == nil {
		t.Errorf("%+v", layers)
	}
}

// TestNothingIsLeft counts descriptors, goroutines and child processes before and after many files of every kind of end. The
// keeper of ready children may be at any step of its work at both counts, so a few more are no leak; what every file, or
// every file of one kind, leaves behind is ten.
func TestNothingIsLeft(t *testing.T) {
	const rounds, slack = 10, 5
	p := pool(t, children.hostile)
	verbs := []string{"echo\nx", "panic", "exit", "garbage", "encrypted"}
	use := func() {
		for _, verb := range verbs {
			req := newRequest(t, verb)
			mustRebuild(t, p, req)
			req.Input.Close()
			req.Output.Close()
		}
	}
	use()
	before := holdings(t)
	for range rounds {
		use()
	}
	var after [3]int
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		after = holdings(t)
		if after[0] <= before[0]+slack && after[1] <= before[1]+slack && after[2] <= before[2]+slack {
			return
		}
	}
	t.Errorf("descriptors, goroutines, children: %v before, %v after", before, after)
}

func holdings(t *testing.T) [3]int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return [3]int{len(fds), runtime.NumGoroutine(), len(living(t))}
}
