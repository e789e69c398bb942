package audit_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"sekisho/internal/audit"
)

// fullEnv names the folder in which a process of its own meets the end of the disk. The end is a limit on the size of a
// file: the kernel writes as much of a line as fits, and refuses the rest, as a full disk does.
const fullEnv = "SEKISHO_AUDIT_FULL"

func TestMain(m *testing.M) {
	if dir := os.Getenv(fullEnv); dir != "" {
		if err := meetFullDisk(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// meetFullDisk appends with and without room, and says on stdout how many events it was told are on record.
func meetFullDisk(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	l, err := audit.Open(root, "audit", audit.Options{Signer: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))})
	if err != nil {
		return err
	}
	recorded, refused := 0, 0
	for round := range 6 {
		size := uint64(10_000 + 3000*round)
		if err := limitFiles(size); err != nil {
			return err
		}
		for range 40 {
			if err := l.Append(context.Background(), received(recorded)); err != nil {
				refused++
			} else {
				recorded++
			}
		}
		if err := limitFiles(1 << 40); err != nil { // there is room again: the next event must be taken
			return err
		}
		if err := l.Append(context.Background(), received(recorded)); err != nil {
			return fmt.Errorf("not taken though there is room: %w", err)
		}
		recorded++
	}
	if refused == 0 {
		return errors.New("the disk was never full: the test proves nothing")
	}
	fmt.Print(recorded)
	return l.Close()
}

func limitFiles(size uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: 1 << 40})
}

// What Append said is on record is there, and nothing else, however often the disk was full in the middle of a line.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fullEnv+"="+r.dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var recorded int
	if _, err := fmt.Sscan(string(out), &recorded); err != nil {
		t.Fatal(err)
	}
	r.mustVerify(t, recorded)
}
