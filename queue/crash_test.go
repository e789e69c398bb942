package queue_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/durable"
	"sekisho/queue"
)

// The crash test is two processes. The one that is killed takes files from claims/ into the spool, sanitises them (writes
// a second file into the job's folder) and sends them (links a file into effects/, which must be new or its own). The test
// kills it at random points, damages the store of the queue now and then, and counts at the end.
const crashDirEnv = "SEKISHO_QUEUE_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(fullEnv); dir != "" {
		if err := meetFullDisk(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(crashDirEnv); dir != "" {
		if err := victim(dir); err != nil {
			fmt.Fprintln(os.Stderr, "victim:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// victim works until there is nothing left to do, and then says so.
func victim(dir string) error {
	h, err := buildHouse(dir, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})), nil)
	if err != nil {
		return err
	}
	defer h.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	v := &work{house: h, root: root}
	if err := v.takeClaims(ctx); err != nil {
		return err
	}
	var group sync.WaitGroup
	group.Go(func() { h.queue.KeepReconciled(ctx, h.spool, v.stage, 300*time.Millisecond) })
	failed := make(chan error, 2)
	for stage, handler := range map[string]queue.Handler{"sanitise": v.sanitise, "send": v.send} {
		group.Go(func() {
			if err := h.queue.Consume(ctx, stage, 2, handler); err != nil {
				failed <- err
			}
		})
	}
	fmt.Println("ready")
	for !v.idle() {
		if len(failed) > 0 {
			return <-failed
		}
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Println("idle")
	cancel()
	group.Wait()
	return nil
}

type work struct {
	*house
	root *os.Root
}

func (v *work) takeClaims(ctx context.Context) error {
	claims, err := fs.ReadDir(v.root.FS(), "claims")
	if err != nil {
		return err
	}
	for _, c := range claims {
		id := queue.ID(c.Name())
		_, ended := v.ledger.Ended(id, 0)
		if err := v.accept(id, "content of "+c.Name()); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if ended { // it crossed, and only the claim was not yet removed: the folder made again goes
			if err := v.spool.Remove(id); err != nil {
				return err
			}
		} else if err := v.queue.Publish(ctx, "sanitise", id, 0); err != nil {
			return err
		}
		if err := v.root.Remove("claims/" + c.Name()); err != nil {
			return err
		}
	}
	return nil
}

func (v *work) stage(job queue.Job) string {
	if v.spool.Has(job.ID, "rebuilt") {
		return "send"
	}
	return "sanitise"
}

func (v *work) sanitise(ctx context.Context, m queue.Message) queue.Outcome {
	if _, err := v.spool.Job(m.ID); errors.Is(err, fs.ErrNotExist) {
		return queue.Done()
	}
	if !v.spool.Has(m.ID, "rebuilt") {
		original, err := v.spool.ReadFile(m.ID, queue.OriginalFile, 1<<20)
		if err != nil {
			return queue.RetryAfter(50 * time.Millisecond)
		}
		if err := v.spool.WriteFile(m.ID, "rebuilt", bytes.ToUpper(original)); err != nil {
			return queue.RetryAfter(50 * time.Millisecond)
		}
	}
	if err := v.queue.Publish(ctx, "send", m.ID, m.Generation); err != nil {
		return queue.RetryAfter(50 * time.Millisecond)
	}
	return queue.Done()
}

func (v *work) send(ctx context.Context, m queue.Message) queue.Outcome {
	content, err := v.spool.ReadFile(m.ID, "rebuilt", 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return queue.Done()
	}
	if err != nil {
		return queue.RetryAfter(50 * time.Millisecond)
	}
	if err := v.effect(m.ID, content); err != nil {
		return queue.RetryAfter(50 * time.Millisecond)
	}
	if _, err := v.ledger.End(ctx, m.ID, m.Generation, queue.Sent); err != nil {
		return queue.RetryAfter(50 * time.Millisecond)
	}
	v.spool.Remove(m.ID)
	return queue.Done()
}

// effect releases the file, once: a name that is taken was taken by this job before a crash.
func (v *work) effect(id queue.ID, content []byte) error {
	f, err := durable.Begin(v.root, "effects/"+string(id), 0o600)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.CommitNew(); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func (v *work) idle() bool {
	for range v.spool.List() {
		return false
	}
	return true
}

func crashKills() int {
	if n, err := strconv.Atoi(os.Getenv("SEKISHO_KILLS")); err == nil && n > 0 {
		return n
	}
	return 36
}

func TestKilledAtRandomPoints(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, d := range []string{"claims", "effects"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	jobs, broken, panics := 0, 0, 0
	for kill := range crashKills() {
		for range 8 {
			claim := filepath.Join(dir, "claims", string(jobID(jobs)))
			if err := os.WriteFile(claim, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			jobs++
		}
		if !runVictim(t, dir, time.Duration(rng.IntN(160))*time.Millisecond, true) {
			panics++
		}
		if kill%4 == 3 {
			damageStore(t, filepath.Join(dir, "nats"), rng)
			broken++
		}
	}
	start := time.Now()
	patience := 20*time.Second + time.Duration(jobs)*100*time.Millisecond // the backlog grows with the kills
	for tries := 0; !runVictim(t, dir, patience, false); tries++ {
		if panics++; tries == 3 {
			t.Fatal("the damaged store is not set aside")
		}
	}
	t.Logf("%d jobs, %d kills, %d damaged stores of which %d made the server panic; the last run took %v",
		jobs, crashKills(), broken, panics, time.Since(start))
	checkEffects(t, dir, jobs)
	checkLedger(t, dir, jobs)
}

// runVictim starts the victim and, when kill is set, kills it after d; otherwise it must be idle by then. It reports
// whether the victim ended otherwise than by a panic of the NATS server over a damaged store, which nobody can catch.
func runVictim(t *testing.T, dir string, d time.Duration, kill bool) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d+20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), crashDirEnv+"="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if kill {
		timer := time.AfterFunc(d, func() { cmd.Process.Kill() }) // SIGKILL; from the first instruction on
		defer timer.Stop()
	}
	said := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said = lines.Text()
	}
	err = cmd.Wait()
	if text := stderr.String(); strings.Contains(text, "\npanic: ") && strings.Contains(text, "nats-server/v2/server.") {
		return false
	}
	if code := cmd.ProcessState.ExitCode(); code > 0 {
		t.Fatalf("victim failed: %v\n%s", err, stderr.String())
	}
	if !kill && (said != "idle" || err != nil) {
		t.Fatalf("victim did not finish: %v, said %q\n%s", err, said, stderr.String())
	}
	return true
}

// damageStore deletes the store of the queue, or cuts or flips some of it.
func damageStore(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	var files []string
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return nil
	})
	if len(files) == 0 || rng.IntN(3) == 0 {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		return
	}
	for range 3 {
		p := files[rng.IntN(len(files))]
		b, err := os.ReadFile(p)
		if err != nil || len(b) == 0 {
			continue
		}
		if rng.IntN(2) == 0 {
			b = b[:rng.IntN(len(b))]
		} else {
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		}
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func checkEffects(t *testing.T, dir string, jobs int) {
	t.Helper()
	for n := range jobs {
		want := strings.ToUpper("content of " + string(jobID(n)))
		got, err := os.ReadFile(filepath.Join(dir, "effects", string(jobID(n))))
		if err != nil {
			t.Errorf("lost: %v", err)
		} else if string(got) != want {
			t.Errorf("job %d came out as %q", n, got)
		}
	}
}

// checkLedger: each job ended exactly once, in all that was ever written.
func checkLedger(t *testing.T, dir string, jobs int) {
	t.Helper()
	ends := map[string]int{}
	segments, _ := filepath.Glob(filepath.Join(dir, "ledger", "*.jsonl"))
	for _, p := range segments {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for raw := range bytes.Lines(b) {
			var line struct {
				Kind string `json:"k"`
				ID   string `json:"id"`
			}
			if err := json.Unmarshal(raw, &line); err != nil {
				t.Fatal(err)
			}
			if line.Kind == "end" {
				ends[line.ID]++
			}
		}
	}
	for n := range jobs {
		if got := ends[string(jobID(n))]; got != 1 {
			t.Errorf("job %d ended %d times", n, got)
		}
	}
	if len(ends) != jobs {
		t.Errorf("%d jobs ended, %d were accepted", len(ends), jobs)
	}
}
