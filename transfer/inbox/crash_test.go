package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"sekisho/internal/durable"
	"sekisho/transfer/inbox"
	"sekisho/transfer/transfertest"
)

// childEnv holds the folder that this program watches instead of running tests.
const childEnv = "SEKISHO_TEST_INBOX"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := watch(context.Background(), dir, nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// spooler takes files as a gateway does: a durable copy under the job id, once.
type spooler struct{ root *os.Root }

func (s spooler) Refuse(context.Context, inbox.Refusal) {}

func (s spooler) Take(_ context.Context, c inbox.Claim) error {
	in, err := c.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := durable.Begin(s.root, c.ID, 0o600)
	if err != nil {
		return err
	}
	defer out.Abort()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	if err := c.Unchanged(); err != nil {
		return err
	}
	if err := out.CommitNew(); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil // it was committed before a crash
}

// watch works dir/inbox into dir/spool until ctx ends or idle, which may be nil, says so.
func watch(ctx context.Context, dir string, idle chan<- bool) error {
	root, err := os.OpenRoot(filepath.Join(dir, "spool"))
	if err != nil {
		return err
	}
	defer root.Close()
	opt := options(filepath.Join(dir, "inbox"))
	opt.Interval, opt.Settle = 10*time.Millisecond, 5*time.Millisecond
	b, err := inbox.New(opt, spooler{root})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if idle != nil {
		go func() {
			for !b.Idle() && ctx.Err() == nil {
				time.Sleep(5 * time.Millisecond)
			}
			idle <- ctx.Err() == nil
			cancel()
		}()
	}
	b.Run(ctx)
	return nil
}

// TestKilledAtRandom kills the program again and again while files are dropped. Each must be in the spool exactly once, whole.
func TestKilledAtRandom(t *testing.T) {
	const kills, perLife = 25, 6
	dir := t.TempDir()
	for _, d := range []string{"inbox", "spool"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for k := range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env, cmd.Stderr = append(os.Environ(), childEnv+"="+dir), os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for i := range perLife {
			text := fmt.Sprintf("life %d, file %d", k, i)
			want = append(want, text)
			// A finished file appears by a rename: this test is about kills, not about half-written files.
			temp := filepath.Join(dir, "inbox", "new.part")
			write(t, temp, text)
			if err := os.MkdirAll(filepath.Join(dir, "inbox", "課"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(temp, filepath.Join(dir, "inbox", "課", fmt.Sprint(k, "-", i, ".txt"))); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(20_000+rand.IntN(250_000)) * time.Microsecond)
		cmd.Process.Kill()
		cmd.Wait() // it ends only by the kill
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	idle := make(chan bool, 1)
	if err := watch(ctx, dir, idle); err != nil {
		t.Fatal(err)
	}
	if !<-idle {
		t.Fatal("never idle")
	}
	var got []string
	for name, text := range transfertest.Files(t, filepath.Join(dir, "spool")) {
		if name[0] != '.' { // a copy that was cut off has only a temporary name
			got = append(got, text)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d files in the spool for %d dropped", len(got), len(want))
	}
	if left := transfertest.Files(t, filepath.Join(dir, "inbox")); len(left) != 0 {
		t.Errorf("left in the inbox: %q", left)
	}
}
