package pipeline

import (
	"crypto/ed25519"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"sekisho/queue"
	"sekisho/sanitize"
	"sekisho/transfer/manifest"
)

func openTestRoot(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// TestHeldPackageKeepsItsNumber: a package that was sealed and is then held, because the receiver refuses it say, takes
// its number with it. The next start must not give it to another package: the receiver would take that for a replay.
func TestHeldPackageKeepsItsNumber(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	spool, err := queue.OpenSpool(openTestRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	ledger, err := queue.OpenLedger(openTestRoot(t), queue.LedgerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	state := openTestRoot(t)
	g := &Gateway{spool: spool, ledger: ledger, waiting: newShares(1), tell: func(Ended) {}, log: slog.New(slog.DiscardHandler)}
	if g.sealer, err = openSealer(state, spool, key); err != nil {
		t.Fatal(err)
	}
	in, err := spool.Begin("held-0001")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "x"); err != nil {
		t.Fatal(err)
	}
	job, err := in.Commit(queue.Job{Route: "default", Name: "a.txt", Policy: "standard", Received: time.Now().UTC(), ModTime: time.Now().UTC()})
	if err != nil {
		t.Fatal(err)
	}
	hash := strings.Repeat("0", 64)
	given, err := g.sealer.seal(job.ID, manifest.Manifest{
		ID: string(job.ID), Route: "default", Name: "a.txt", Type: "txt", Policy: "standard", Engine: "1", Original: hash, Rebuilt: hash, Created: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	g.ended(t.Context(), job, queue.Held, Ended{Verdict: sanitize.Held, Reason: sanitize.ReasonVerify})
	if spool.Has(job.ID, headerFile) {
		t.Fatal("the folder of the job is still there")
	}
	if err := g.sealer.cell.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := openSealer(state, spool, key)
	if err != nil {
		t.Fatal(err)
	}
	defer again.cell.Close()
	if again.last != given {
		t.Errorf("after a start the newest number is %d, and %d was given", again.last, given)
	}
}
