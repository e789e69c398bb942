package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sekisho/queue"
)

// fullEnv names the folder in which a process of its own meets the end of the disk. The end is a limit on the size of a
// file: the kernel writes as much as fits, and refuses the rest, as a full disk does.
const fullEnv = "SEKISHO_QUEUE_FULL"

func limitFiles(size uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: 1 << 40})
}

// meetFullDisk ends jobs and takes files in, with and without room, and says on stdout what it was told is done.
func meetFullDisk(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	h := &house{dir: dir}
	defer h.Close()
	var err error
	if h.spool, err = openIn(h, "spool", queue.OpenSpool); err != nil {
		return err
	}
	h.ledger, err = openIn(h, "ledger", func(r *os.Root) (*queue.Ledger, error) {
		return queue.OpenLedger(r, queue.LedgerOptions{SegmentBytes: 4000})
	})
	if err != nil {
		return err
	}
	h.onClose(func() { h.ledger.Close() })
	job, refused := 0, 0
	for _, size := range []uint64{0, 30, 100, 1500, 3333} {
		for _, limit := range []uint64{size, 1 << 40} {
			if err := limitFiles(limit); err != nil {
				return err
			}
			for range 20 {
				job++
				if refuses(h, jobID(job)) {
					refused++
				}
			}
		}
	}
	if refused == 0 {
		return errors.New("the disk was never full: the test proves nothing")
	}
	return nil
}

// refuses takes a job in and ends it, says what was done, and reports whether either was refused.
func refuses(h *house, id queue.ID) bool {
	_, endErr := h.ledger.End(context.Background(), id, 0, queue.Sent)
	takeErr := h.accept(id, strings.Repeat("x", 2000))
	fmt.Println(id, endErr == nil, takeErr == nil)
	return endErr != nil || takeErr != nil
}

// What was said to be done is there after the disk was full, and nothing else.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fullEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	ledger := openLedger(t, filepath.Join(dir, "ledger"), queue.LedgerOptions{})
	spool := openSpool(t, filepath.Join(dir, "spool"))
	lines := 0
	for said := range strings.Lines(string(out)) {
		var id queue.ID
		var wantEnd, wantJob bool
		if _, err := fmt.Sscan(said, &id, &wantEnd, &wantJob); err != nil {
			t.Fatal(err)
		}
		lines++
		if _, ended := ledger.Ended(id, 0); ended != wantEnd {
			t.Errorf("%s: ended %v, said %v", id, ended, wantEnd)
		}
		job, err := spool.Job(id)
		if (err == nil) != wantJob || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, said %v", id, err, wantJob)
		}
		if original, err := spool.ReadFile(id, queue.OriginalFile, 1<<20); wantJob && (err != nil || int64(len(original)) != job.Size) {
			t.Errorf("%s: %d bytes, %v", id, len(original), err)
		}
	}
	if lines != 200 {
		t.Errorf("%d jobs", lines)
	}
	if n := segments(t, filepath.Join(dir, "ledger")); n > 20 {
		t.Errorf("%d segments", n)
	}
}
