package receiver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"sync"
	"syscall"
	"testing"

	"sekisho/transfer/manifest"
)

func openTestLedger(t testing.TB, dir string) *ledger {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	l, err := openLedger(root)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func opened(id string, n uint64) manifest.Opened {
	p := manifest.Opened{Manifest: manifest.Manifest{ID: id, Gateway: "gateway", Sequence: n, Route: "main"}}
	p.Digest[0], p.Digest[1] = byte(n), byte(n>>8)
	return p
}

// finish takes p through a release.
func finish(t testing.TB, l *ledger, p manifest.Opened) {
	t.Helper()
	if why := l.claim(p); why != "" {
		t.Fatalf("%s: %s", p.ID, why)
	}
	ln, err := l.intend(p, "", "name")
	if err == nil {
		err = l.done(ln)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestNumbersAgainstAPlainSet(t *testing.T) {
	const top = 300
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var s numbers
		plain := map[uint64]bool{}
		for range 250 {
			n := 1 + rng.Uint64N(top)
			if s.has(n) != plain[n] {
				t.Fatalf("seed %d: has(%d) = %v", seed, n, s.has(n))
			}
			if !plain[n] {
				s.add(n, n)
				plain[n] = true
			}
		}
		largest := uint64(0)
		for n := range plain {
			largest = max(largest, n)
		}
		missing := map[uint64]bool{}
		for _, g := range s.gaps() {
			for n := g.from; n <= g.to; n++ {
				missing[n] = true
			}
		}
		for n := uint64(1); n <= largest; n++ {
			if missing[n] == plain[n] {
				t.Fatalf("seed %d: %d is used %v and missing %v", seed, n, plain[n], missing[n])
			}
		}
	}
}

func TestPartsAgainstAPlainMap(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var p part
		plain := make([]bool, 64)
		for range 60 {
			from := rng.Int64N(60)
			to := from + 1 + rng.Int64N(4)
			overlap := false
			for i := from; i < to; i++ {
				overlap = overlap || plain[i]
			}
			if err := p.insert(extent{from, to}); (err != nil) != overlap {
				t.Fatalf("seed %d: insert %d-%d: %v, overlap %v, written %v", seed, from, to, err, overlap, p.written)
			}
			if !overlap {
				for i := from; i < to; i++ {
					plain[i] = true
				}
			}
		}
		got := make([]bool, 64)
		for i, e := range p.written {
			if i > 0 && p.written[i-1].to >= e.from {
				t.Fatalf("seed %d: ranges touch: %v", seed, p.written)
			}
			for k := e.from; k < e.to; k++ {
				got[k] = true
			}
		}
		if !reflect.DeepEqual(got, plain) {
			t.Fatalf("seed %d: %v", seed, p.written)
		}
	}
}

func TestScatteredWritesAreBounded(t *testing.T) {
	var p part
	var err error
	n := 0
	for ; err == nil && n < 10*maxExtents; n++ {
		err = p.insert(extent{int64(2 * n), int64(2*n + 1)})
	}
	if !errors.Is(err, errOverlap) || len(p.written) != maxExtents {
		t.Errorf("%d ranges after %d writes: %v", len(p.written), n, err)
	}
}

func TestLedgerClaims(t *testing.T) {
	l := openTestLedger(t, t.TempDir())
	a, b := opened("a", 1), opened("b", 1)
	other := a
	other.Digest[5] = 1
	if why := l.claim(a); why != "" {
		t.Fatal(why)
	}
	for name, c := range map[string]struct {
		p    manifest.Opened
		want Reason
	}{"the same again": {a, ""}, "another with its number": {b, ReasonSequence}, "another with its id": {other, ReasonReplay}} {
		if got := l.claim(c.p); got != c.want {
			t.Errorf("while claimed, %s: %q, want %q", name, got, c.want)
		}
	}
	if err := l.refuse("a", &a, ReasonHash); err != nil {
		t.Fatal(err)
	}
	if l.known("a") {
		t.Error("a refused package may not be sent again")
	}
	if got := l.claim(b); got != ReasonSequence {
		t.Errorf("the number of a refused package: %q", got)
	}
	finish(t, l, a)
	if !l.known("a") || l.lookup("a").state != ended {
		t.Error("a released package is not known")
	}
}

// TestJournalShortens writes more lines than are kept, and compares what is known before and after a restart.
func TestJournalShortens(t *testing.T) {
	dir := t.TempDir()
	l := openTestLedger(t, dir)
	l.journal.short = -maxKnown / 2 // shortens at once, and then when it has doubled
	for n := range uint64(60) {
		finish(t, l, opened(fmt.Sprint("id-", n), 2*n+1))
	}
	if err := l.refuse("refused", &manifest.Opened{Manifest: manifest.Manifest{Gateway: "gateway", Sequence: 500}}, ReasonJudge); err != nil {
		t.Fatal(err)
	}
	open := opened("open", 1001)
	l.claim(open)
	if _, err := l.intend(open, "dir", "name"); err != nil {
		t.Fatal(err)
	}
	l.journal.short = -maxKnown / 2
	if err := l.journal.shorten(); err != nil {
		t.Fatal(err)
	}
	finish(t, l, opened("after", 1003))
	if err := l.journal.close(); err != nil {
		t.Fatal(err)
	}
	again := openTestLedger(t, dir)
	if !reflect.DeepEqual(l.entries, again.entries) || !reflect.DeepEqual(l.missing(), again.missing()) || !reflect.DeepEqual(l.order, again.order) {
		t.Errorf("before %v\nafter  %v", l.entries, again.entries)
	}
	if len(again.missing()) != 62 || again.lookup("open").place.Path != "dir" {
		t.Errorf("missing %v, open %+v", again.missing(), again.lookup("open"))
	}
}

func TestJournalLinesAtTheSameTime(t *testing.T) {
	dir := t.TempDir()
	l := openTestLedger(t, dir)
	var all sync.WaitGroup
	for n := range uint64(100) {
		all.Go(func() { finish(t, l, opened(fmt.Sprint("id-", n), n+1)) })
	}
	all.Wait()
	if again := openTestLedger(t, dir); len(again.entries) != 100 || len(again.missing()) != 0 {
		t.Errorf("%d entries, missing %v", len(again.entries), again.missing())
	}
}

func TestJournalIsCutAfterItsLastWholeLine(t *testing.T) {
	for _, tail := range []string{"{", `{"k":"done","id":"x"}`, "\x00\x00\x00"} {
		dir := t.TempDir()
		l := openTestLedger(t, dir)
		finish(t, l, opened("one", 1))
		name := filepath.Join(dir, journalName)
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(whole, tail...), 0o600); err != nil {
			t.Fatal(err)
		}
		finish(t, openTestLedger(t, dir), opened("two", 2))
		if again := openTestLedger(t, dir); !again.known("one") || !again.known("two") || again.known("x") {
			t.Errorf("after %q: %v", tail, again.entries)
		}
	}
}

func TestDamagedJournalStopsTheStart(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "hello\n", "unknown kind": `{"k":"new"}` + "\n", "zeroes": "\x00\x00\n", "endless": string(make([]byte, maxLine+1)),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if _, err := openLedger(root); err == nil {
			t.Errorf("%s: started", name)
		}
	}
}

// fullDisk makes every file that grows beyond size bytes fail, as a full disk does, until the returned function is called.
func fullDisk(t *testing.T, size uint64) (empty func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	empty = sync.OnceFunc(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(empty)
	return empty
}

func TestJournalGoesOnAfterAFullDisk(t *testing.T) {
	dir := t.TempDir()
	l := openTestLedger(t, dir)
	finish(t, l, opened("one", 1))
	empty := fullDisk(t, uint64(l.journal.size)+10) // room for a piece of a line
	l.claim(opened("two", 2))
	if _, err := l.intend(opened("two", 2), "", "name"); err == nil {
		t.Fatal("a line was written to a full disk")
	}
	if l.lookup("two").state != claimed {
		t.Error("a line that is not durable was applied")
	}
	empty()
	finish(t, l, opened("two", 2))
	if again := openTestLedger(t, dir); !again.known("one") || !again.known("two") || len(again.missing()) != 0 {
		t.Errorf("%v", again.entries)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"k":"intent","id":"a","g":"g","n":1,"d":"00","r":"main","f":"x"}` + "\n"))
	f.Add([]byte(`{"k":"used","g":"g","n":1,"to":3}` + "\n" + `{"k":"used","g":"g","n":5,"to":5}` + "\n{"))
	f.Add([]byte(`{"k":"refused","id":"a","why":"key"}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalName), text, 0o600); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		l, err := openLedger(root)
		if err != nil {
			return
		}
		defer l.journal.close()
		for _, id := range []string{"a", "b"} {
			p := opened(id, 1<<40)
			if l.claim(p) == "" {
				if _, err := l.intend(p, "", "x"); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
