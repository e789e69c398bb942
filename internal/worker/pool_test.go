package worker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/sanitize"
)

// children are the programs that TestMain builds.
var children struct{ real, judge, hostile, naked, lacking, bare string }

// asParent tells a copy of the test program which child to start, and to do nothing else.
const asParent = "WORKER_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(asParent) != "" {
		os.Exit(m.Run())
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "worker")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		os.Chmod(dir, 0o755)
		children.real = build(dir, "real", "sekisho/cmd/sekisho-child", "")
		children.judge = build(dir, "sekisho-judge", "sekisho/cmd/sekisho-judge", "")
		children.hostile = build(dir, "hostile", "sekisho/internal/worker/testdata/hostile", "")
		children.naked = build(dir, "naked", "sekisho/internal/worker/testdata/hostile", "-X main.without=seccomp")
		children.lacking = build(dir, "lacking", "sekisho/internal/worker/testdata/hostile", "-X main.without=landlock")
		children.bare = filepath.Join(dir, "bare") // for benchmarks alone, which build it
		return m.Run()
	}())
}

func build(dir, name, pkg, ldflags string) string {
	path := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w "+ldflags, "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		panic(name + ": " + err.Error() + "\n" + string(out))
	}
	return path
}

// pool starts a pool over a child program, with small limits.
func pool(t testing.TB, child string, change ...func(*Options)) *Pool {
	t.Helper()
	o := Options{Child: child, Ready: 1, Grace: time.Second, Limits: sanitize.Limits{
		Time: 10 * time.Second, Memory: 256 << 20, FileSize: 8 << 20,
	}}
	for _, c := range change {
		c(&o)
	}
	p, err := NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// request makes a request over files in a folder of the test.
func newRequest(t testing.TB, input string) Request {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "in")
	if err := os.WriteFile(path, []byte(input), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	return Request{Input: in, Output: out, Policy: sanitize.Standard()}
}

func mustRebuild(t *testing.T, p *Pool, req Request) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := p.Rebuild(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func output(t *testing.T, req Request) string {
	t.Helper()
	b, err := os.ReadFile(req.Output.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEcho(t *testing.T) {
	p := pool(t, children.hostile)
	for range 3 {
		req := newRequest(t, "echo\nこんにちは")
		r := mustRebuild(t, p, req)
		if r.Reason != "" || output(t, req) != "こんにちは" || r.Size != 15 {
			t.Fatalf("%+v, output %q", r, output(t, req))
		}
		if r.MaxRSS < 1<<20 || r.MaxRSS > 64<<20 || r.Elapsed <= 0 {
			t.Errorf("resident %d, elapsed %v", r.MaxRSS, r.Elapsed)
		}
	}
}

func TestRealChild(t *testing.T) {
	p := pool(t, children.real)
	req := newRequest(t, "\x7fELF\x02\x01\x01"+strings.Repeat("\x00", 100))
	r := mustRebuild(t, p, req)
	if !errors.Is(r.Err(), sanitize.ErrUnsupported) || r.Reason != sanitize.ReasonUnsupported {
		t.Errorf("%+v", r)
	}
}

// TestJudge has the judging program beside the child program do what it can do, and nothing else.
func TestJudge(t *testing.T) {
	if got := JudgeBeside(children.real); got != children.judge {
		t.Fatalf("judge beside %s is %q", children.real, got)
	}
	if got := JudgeBeside(filepath.Join(t.TempDir(), "child")); got != "" {
		t.Errorf("judge in an empty folder is %q", got)
	}
	p := pool(t, children.hostile, func(o *Options) { o.Judge = children.judge })
	req := newRequest(t, "plain text\n")
	if r, err := p.Verify(t.Context(), req); err != nil || r.Reason != "" || r.Report.Type != "txt" {
		t.Errorf("text: %+v, %v", r, err)
	}
	req = newRequest(t, "\x7fELF\x02\x01\x01")
	if r, err := p.Verify(t.Context(), req); err != nil || r.Reason != sanitize.ReasonVerify {
		t.Errorf("program: %+v, %v", r, err)
	}
	req = newRequest(t, "echo\nrebuilt by the other program")
	if r := mustRebuild(t, p, req); r.Reason != "" || output(t, req) != "rebuilt by the other program" {
		t.Errorf("rebuild: %+v", r)
	}
	req = newRequest(t, "plain text\n")
	if r := mustRebuild(t, pool(t, children.judge), req); r.Reason == "" || output(t, req) != "" {
		t.Errorf("rebuild by the judge: %+v", r)
	}
}

func TestFailures(t *testing.T) {
	p := pool(t, children.hostile)
	for _, c := range []struct {
		input  string
		reason sanitize.Reason
		kind   error
		detail string
	}{
		{"panic", sanitize.ReasonCrash, nil, "panic: as asked"},
		{"goroutine-panic", sanitize.ReasonCrash, nil, "panic: as asked"},
		{"exit", sanitize.ReasonCrash, nil, "exit status 0"},
		{"overflow", sanitize.ReasonCrash, nil, "stack overflow"},
		{"allocate", sanitize.ReasonLimit, sanitize.ErrLimit, ""},
		{"flood-stderr", sanitize.ReasonCrash, nil, "flood"},
		{"garbage", sanitize.ReasonCrash, nil, ""},
		{"huge-response", sanitize.ReasonCrash, nil, "at most"},
		{"unknown-field", sanitize.ReasonCrash, nil, "unknown field"},
		{"bad-rule", sanitize.ReasonCrash, nil, "nonsense"},
		{"bad-kind", sanitize.ReasonCrash, nil, "nonsense"},
		{"silent", sanitize.ReasonCrash, nil, ""},
		{"write-much", sanitize.ReasonLimit, sanitize.ErrLimit, "too long"},
		{"encrypted", sanitize.ReasonEncrypted, sanitize.ErrEncrypted, "needs a password"},
	} {
		t.Run(c.input, func(t *testing.T) {
			req := newRequest(t, c.input)
			r := mustRebuild(t, p, req)
			if r.Reason != c.reason || r.Kind != c.kind || !strings.Contains(r.Detail, c.detail) {
				t.Errorf("reason %q kind %v detail %.2000q", r.Reason, r.Kind, r.Detail)
			}
			if got := output(t, req); got != "" {
				t.Errorf("output of %d bytes", len(got))
			}
			if len(r.Detail) > 40<<10 {
				t.Errorf("detail of %d bytes", len(r.Detail))
			}
			again := newRequest(t, "echo\nnext")
			if r := mustRebuild(t, p, again); r.Reason != "" || output(t, again) != "next" {
				t.Errorf("next file: %+v", r)
			}
		})
	}
}

// TestOnce proves that a pool for one file starts no child ahead of need but the first, and one more when that is asked for.
func TestOnce(t *testing.T) {
	p := pool(t, children.hostile, func(o *Options) { o.Once = true })
	waiting := len(living(t))
	for n := range 3 {
		req := newRequest(t, "echo\nfile")
		if r := mustRebuild(t, p, req); r.Reason != "" || output(t, req) != "file" {
			t.Fatalf("file %d: %+v", n, r)
		}
		if left := len(living(t)); left != waiting-1 {
			t.Errorf("after file %d there are %d processes, there were %d with the first child", n, left, waiting)
		}
	}
}
