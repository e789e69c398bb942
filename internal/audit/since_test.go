package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// follow reads what is behind a place and returns the sequence numbers, the new place and what could not be read.
func follow(root *os.Root, from Position) (seqs []uint64, to Position, broken int, err error) {
	to = from
	for p, err := range Since(root, "audit", from) {
		if errors.Is(err, ErrTampered) && p.File != "" {
			broken++
			continue
		}
		if err != nil {
			return seqs, to, broken, err
		}
		seqs, to = append(seqs, p.Seq), p.Position()
	}
	return seqs, to, broken, nil
}

func TestSince(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if seqs, _, _, err := follow(root, Position{}); len(seqs) != 0 || err != nil {
		t.Errorf("an empty record: %v, %v", seqs, err)
	}
	log, err := Open(root, "audit", Options{MaxFile: 600}) // two or three entries a file
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var at Position
	for round := range 5 {
		for i := range 3 {
			if err := log.Append(t.Context(), Event{Kind: Received, Job: fmt.Sprint("job-", round, i)}); err != nil {
				t.Fatal(err)
			}
		}
		seqs, to, _, err := follow(root, at)
		if err != nil || len(seqs) != 3 || seqs[0] != at.Seq+1 {
			t.Fatalf("round %d: %v, %v", round, seqs, err)
		}
		at = to
	}
	all := 0
	for p, err := range Since(root, "audit", Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := At(root, "audit", p.File, p.Start, p.End)
		if err != nil || e.Hash != p.Hash {
			t.Errorf("entry %d at its place: %v", p.Seq, err)
		}
		if _, err := At(root, "audit", p.File, p.Start+1, p.End); !errors.Is(err, ErrTampered) {
			t.Errorf("beside its place: %v", err)
		}
		all++
	}
	if all != 15 {
		t.Errorf("%d entries", all)
	}
	if _, err := At(root, "audit", "../audit.head", 0, 10); !errors.Is(err, ErrTampered) {
		t.Errorf("a file that is not of the log: %v", err)
	}

	// Half a line of a writer is not an entry yet; a changed one is told and passed.
	path := filepath.Join(dir, at.File)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(b, `{"seq":16,`...), 0o600); err != nil {
		t.Fatal(err)
	}
	if seqs, _, broken, err := follow(root, at); len(seqs) != 0 || broken != 0 || err != nil {
		t.Errorf("half a line: %v, %d, %v", seqs, broken, err)
	}
	b[20] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if seqs, _, broken, err := follow(root, Position{}); len(seqs) != 14 || broken != 1 || err != nil {
		t.Errorf("a changed line: %v, %d, %v", seqs, broken, err)
	}
	gone := at
	gone.Hash = firstPrev
	if _, _, _, err := follow(root, gone); !errors.Is(err, ErrTampered) {
		t.Errorf("a place that is not there: %v", err)
	}
}
