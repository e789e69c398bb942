package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/arrival"
	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/pipeline"
	"sekisho/sanitize"
	"sekisho/transfer/keyfile"
)

// child is the program that the tests' pools start.
var child string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sekisho-child-")
	if err != nil {
		panic(err)
	}
	child = filepath.Join(dir, "sekisho-child")
	build := exec.Command("go", "build", "-o", child, "sekisho/cmd/sekisho-child")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build the child: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// house is both zones in this process.
type house struct {
	dir      string
	gateway  config.Gateway
	log      *syncBuffer
	releases []config.ReleaseRoute // of the receiver, beside that of the route "default"
	late     time.Duration         // after which the receiver misses the canary; 0: it expects none

	mu    sync.Mutex
	ended []pipeline.Ended
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{dir: t.TempDir(), log: &syncBuffer{}}
	for _, d := range []string{"inbox", "lgwan"} {
		if err := os.Mkdir(filepath.Join(h.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h.gateway = config.DefaultGateway(filepath.Join(h.dir, "state"))
	h.gateway.DiskReserve = 1
	h.gateway.Routes = []config.Route{{
		Name: "default", Inbox: filepath.Join(h.dir, "inbox"),
		Poll: config.Duration(30 * time.Millisecond), Settle: config.Duration(60 * time.Millisecond),
	}}
	h.gateway.Defaults()
	if err := pipeline.EnsureKeys(h.gateway); err != nil {
		t.Fatal(err)
	}
	keys, err := os.OpenRoot(filepath.Join(h.dir, "state/keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	if _, err := keyfile.Ensure(keys, "receiver-host"); err != nil {
		t.Fatal(err)
	}
	return h
}

// run opens both zones, lets do work with them, and stops them.
func (h *house) run(t *testing.T, do func(g *pipeline.Gateway, z *arrival.Zone)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.gateway.Link.Address = listener.Addr().String()
	keys := filepath.Join(h.dir, "state/keys")
	r := config.Receiver{
		State: filepath.Join(h.dir, "state/lgwan"), HostKey: filepath.Join(keys, "receiver-host"),
		Clients: []string{filepath.Join(keys, "link.pub")}, Gateways: []string{filepath.Join(keys, "sign.pub")},
		Routes: []config.ReleaseRoute{{Name: "default", Release: filepath.Join(h.dir, "lgwan")}}, CanaryLate: config.Duration(h.late),
	}
	r.Routes = append(r.Routes, h.releases...)
	r.Defaults()
	log := slog.New(slog.NewTextHandler(h.log, nil))
	zone, err := arrival.Open(r, arrival.Options{Child: child, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := pipeline.OpenGateway(t.Context(), h.gateway, pipeline.Options{Version: "test", Child: child, Log: log, Ended: h.tell})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := zone.Run(ctx, listener); err != nil {
			t.Error(err)
		}
	})
	all.Go(func() {
		if err := gateway.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	do(gateway, zone)
	stop()
	all.Wait()
	if err := gateway.Close(); err != nil {
		t.Error(err)
	}
	if err := zone.Close(); err != nil {
		t.Error(err)
	}
}

func (h *house) tell(e pipeline.Ended) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, e)
}

func (h *house) drop(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, "inbox", name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// idle waits until nothing is left to do.
func (h *house) idle(t *testing.T, g *pipeline.Gateway, z *arrival.Zone) {
	t.Helper()
	for limit := time.Now().Add(60 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if g.Idle() && z.Pending() == 0 && g.Idle() {
			return
		}
	}
	t.Fatalf("not idle after a minute\n%s", h.log.String())
}

// kinds returns the kinds of events on the gateway's record about the file called name, in order.
func (h *house) kinds(t *testing.T, name string) string {
	t.Helper()
	root, err := os.OpenRoot(filepath.Join(h.dir, "state/record"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var all []string
	job := ""
	for e, err := range audit.Read(root, pipeline.RecordName) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == audit.Received && e.Name == name {
			job = e.Job
		}
		if job != "" && e.Job == job {
			all = append(all, string(e.Kind))
		}
	}
	return strings.Join(all, " ")
}

// details returns the details of the events of a kind on the gateway's record.
func (h *house) details(t *testing.T, kind audit.Kind) (all []string) {
	t.Helper()
	root, err := os.OpenRoot(filepath.Join(h.dir, "state/record"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for e, err := range audit.Read(root, pipeline.RecordName) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == kind {
			all = append(all, e.Detail)
		}
	}
	return all
}

// TestRoad: files cross, are held with a notice, and each step is on the record.
func TestRoad(t *testing.T) {
	h := newHouse(t)
	for n := range 6 {
		h.drop(t, fmt.Sprintf("お知らせ%d.txt", n), "住民の皆様へ\n")
	}
	h.drop(t, "tool.exe", "MZ")
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	entries, err := os.ReadDir(filepath.Join(h.dir, "lgwan"))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 6 {
		t.Errorf("%d files released, want 6: %v\n%s", len(entries), entries, h.log.String())
	}
	if got, want := h.kinds(t, "お知らせ3.txt"), "received identified rebuilt verified sealed sent"; got != want {
		t.Errorf("record %q, want %q", got, want)
	}
	if got, want := h.kinds(t, "tool.exe"), "received held"; got != want {
		t.Errorf("record %q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "inbox/_止めたファイル/tool.exe.無害化結果.html")); err != nil {
		t.Error(err)
	}
	held := 0
	for _, e := range h.ended {
		if e.Verdict == sanitize.Held {
			held++
		}
	}
	if len(h.ended) != 7 || held != 1 {
		t.Errorf("told of %d ends, %d held", len(h.ended), held)
	}
}

// TestStopAndGoOn: a gateway that is stopped in the middle goes on where it was, and numbers packages without a gap.
func TestStopAndGoOn(t *testing.T) {
	h := newHouse(t)
	const files = 12
	for n := range files {
		h.drop(t, fmt.Sprintf("%d.txt", n), "本文\n")
	}
	for round := range 4 {
		h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) {
			if round < 3 {
				time.Sleep(time.Duration(60+60*round) * time.Millisecond) // anywhere in the middle
				return
			}
			h.idle(t, g, z)
		})
	}
	numbers := map[string]bool{}
	for _, detail := range h.details(t, audit.Sent) {
		numbers[detail] = true
	}
	for n := 1; n <= files; n++ {
		if !numbers[fmt.Sprintf("sequence %d", n)] {
			t.Errorf("number %d was not sent: %v", n, numbers)
		}
	}
	entries, err := os.ReadDir(filepath.Join(h.dir, "lgwan"))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != files {
		t.Errorf("%d files released, want %d\n%s", len(entries), files, h.log.String())
	}
}

// TestLinkDown: while the receiver is away files wait, and nothing is given up.
func TestLinkDown(t *testing.T) {
	h := newHouse(t)
	h.drop(t, "待つ.txt", "本文\n")
	h.gateway.Link.Address = "127.0.0.1:1"
	log := slog.New(slog.NewTextHandler(h.log, nil))
	g, err := pipeline.OpenGateway(t.Context(), h.gateway, pipeline.Options{Version: "test", Child: child, Log: log, Ended: h.tell})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	if err := g.Run(ctx); err != nil {
		t.Error(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if len(h.ended) != 0 || !strings.Contains(h.log.String(), "link is down") {
		t.Errorf("ended %v\n%s", h.ended, h.log.String())
	}
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	if len(h.ended) != 1 || h.ended[0].Verdict != sanitize.Clean {
		t.Errorf("ended %v", h.ended)
	}
}
