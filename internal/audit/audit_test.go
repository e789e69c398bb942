package audit_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/audit"
)

// record is a log in a folder of its own, with a clock that the test moves.
type record struct {
	dir  string
	root *os.Root
	now  time.Time
	key  ed25519.PrivateKey
	opt  audit.Options
}

func newRecord(t testing.TB) *record {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	r := &record{dir: dir, root: root, now: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	r.key = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	r.opt = audit.Options{Signer: r.key, Now: func() time.Time { return r.now }}
	return r
}

func (r *record) open(t testing.TB) *audit.Log {
	t.Helper()
	l, err := audit.Open(r.root, "audit", r.opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func (r *record) verify() (audit.Summary, error) {
	return audit.Verify(context.Background(), r.root, "audit", audit.VerifyOptions{Key: r.key.Public().(ed25519.PublicKey)})
}

func (r *record) mustVerify(t testing.TB, entries int) audit.Summary {
	t.Helper()
	s, err := r.verify()
	if err != nil || s.Entries != uint64(entries) {
		t.Fatalf("%d entries, want %d; %v; %+v", s.Entries, entries, err, s.Problems)
	}
	return s
}

func (r *record) newest(t testing.TB) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(r.dir, "audit-*.jsonl"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	return names[len(names)-1]
}

func received(n int) audit.Event {
	return audit.Event{
		Kind: audit.Received, Job: fmt.Sprintf("job-%06d", n), Route: "総務課", Name: "報告書.docx", SizeIn: int64(n),
		SHA256In: strings.Repeat("a", 64), Findings: []audit.Finding{{Rule: "docx/macro", Action: "removed", Where: "vba", Count: 2}},
	}
}

func add(t testing.TB, l *audit.Log, events ...audit.Event) {
	t.Helper()
	if err := l.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

func TestAppendAndRead(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	add(t, l, received(1), received(2))
	add(t, l, received(3))
	var got []audit.Entry
	for e, err := range audit.Read(r.root, "audit") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(got) != 3 {
		t.Fatalf("%d entries", len(got))
	}
	for i, e := range got {
		if e.Seq != uint64(i+1) || e.Job != fmt.Sprintf("job-%06d", i+1) || !e.Time.Equal(r.now) || len(e.Findings) != 1 {
			t.Errorf("entry %d: %+v", i, e)
		}
		if i > 0 && e.Prev != got[i-1].Hash {
			t.Errorf("entry %d does not continue", i)
		}
	}
	if h := l.Head(); h.Seq != 3 || h.Hash != got[2].Hash {
		t.Errorf("head %+v", h)
	}
	r.mustVerify(t, 3)
}

func TestChainGoesOnOverMonthsAndFiles(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.opt.MaxFile = 2000
	l := r.open(t)
	n := 0
	for _, month := range []time.Month{11, 12, 13} {
		r.now = time.Date(2026, month, 20, 0, 0, 0, 0, time.UTC)
		for range 7 {
			n++
			add(t, l, received(n))
		}
	}
	r.now = time.Date(2026, 12, 31, 14, 59, 0, 0, time.UTC) // the clock goes back; in Japan it is still December
	add(t, l, received(n+1))
	s := r.mustVerify(t, n+1)
	if s.Files < 6 {
		t.Errorf("%d files", s.Files)
	}
	if !strings.HasSuffix(r.newest(t), "-000000000022-202612.jsonl") {
		t.Errorf("newest is %s", r.newest(t))
	}
	l.Close()
	l = r.open(t)
	add(t, l, received(n+2))
	r.mustVerify(t, n+2)
}

// A line can be checked with nothing but SHA-256.
func TestHashIsOfTheBytesBeforeIt(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	add(t, r.open(t), received(1))
	b, err := os.ReadFile(r.newest(t))
	if err != nil {
		t.Fatal(err)
	}
	body, rest, _ := strings.Cut(string(b), `,"hash":"`)
	if want := sha(body) + "\"}\n"; rest != want {
		t.Errorf("hash %q, want %q", rest, want)
	}
	var any map[string]any
	if err := json.Unmarshal(b, &any); err != nil || any["name"] != "報告書.docx" {
		t.Errorf("not plain JSON: %v, %v", err, any)
	}
}

func TestHostileTextCannotForgeALine(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	names := []string{
		"a\n{\"seq\":9}", "a\r\nb", "\u202Egpj.exe", "\u2066x\u2069", "\xff\xfe", "a\x00b", "\u2028", "\U000E0041", "<script>",
		strings.Repeat("名", 10_000), `"},"hash":"`, "\u200B", "葛\U000E0100",
	}
	for _, name := range names {
		add(t, l, audit.Event{Kind: audit.Received, Name: name, Detail: name, Findings: []audit.Finding{{Where: name}}})
	}
	r.mustVerify(t, len(names))
	b, err := os.ReadFile(r.newest(t))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n != len(names) {
		t.Errorf("%d lines for %d events", n, len(names))
	}
	for _, bad := range []string{"\u202E", "\u2066", "\u2028", "\u200B", "\x00", "\r", "\U000E0041"} {
		if strings.Contains(string(b), bad) {
			t.Errorf("%q stands raw in the record", bad)
		}
	}
	n := 0
	for e, err := range audit.Read(r.root, "audit") {
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(names[n], "\uFFFD"); e.Name != want && len(want) < 4000 {
			t.Errorf("name %q came back as %q", want, e.Name)
		}
		n++
	}
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	if err := l.Append(t.Context(), audit.Event{Kind: "invented"}); err == nil {
		t.Error("a kind that is none was recorded")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Append(ctx, received(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("done context: %v", err)
	}
	add(t, l)
	r.mustVerify(t, 0)
}

// Many callers, and another process in the shape of a second Log, append to one record.
func TestAppendTogether(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	logs := []*audit.Log{r.open(t), r.open(t)}
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			for range 5 {
				if err := logs[n%2].Append(context.Background(), received(n), received(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	r.mustVerify(t, 400)
}

// A crash between the lines and the head leaves lines that nobody vouches for; one within the lines leaves half a line.
func TestRecovery(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	add(t, l, received(1))
	old, err := os.ReadFile(filepath.Join(r.dir, "audit.head"))
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, received(2))
	l.Close()
	if err := os.WriteFile(filepath.Join(r.dir, "audit.head"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	appendTo(t, r.newest(t), `{"seq":3,"time":"2026`)
	if _, err := r.verify(); !errors.Is(err, audit.ErrTampered) {
		t.Errorf("before recovery: %v", err)
	}
	l = r.open(t)
	r.mustVerify(t, 3)
	var last audit.Entry
	for e, err := range audit.Read(r.root, "audit") {
		if err != nil {
			t.Fatal(err)
		}
		last = e
	}
	if last.Kind != audit.Recovered || last.Detail != "entries after the head: 1; bytes of an unfinished line: 21" {
		t.Errorf("%+v", last)
	}
	add(t, l, received(4))
	r.mustVerify(t, 4)
	l.Close()
	r.open(t)
	r.mustVerify(t, 4)
}

func TestUnanchored(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	add(t, l, received(1))
	old, err := os.ReadFile(filepath.Join(r.dir, "audit.head"))
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, received(2))
	if err := os.WriteFile(filepath.Join(r.dir, "audit.head"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.verify(); !errors.Is(err, audit.ErrUnanchored) || errors.Is(err, audit.ErrTampered) {
		t.Errorf("%v", err)
	}
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// A log whose end does not agree with its head is not opened: nothing may be released that is not recorded.
func TestOpenRefusesDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, r *record){
		"head gone":   func(t *testing.T, r *record) { remove(t, filepath.Join(r.dir, "audit.head")) },
		"file gone":   func(t *testing.T, r *record) { remove(t, r.newest(t)) },
		"cut short":   func(t *testing.T, r *record) { truncate(t, r.newest(t), 100) },
		"empty":       func(t *testing.T, r *record) { truncate(t, r.newest(t), 0) },
		"head broken": func(t *testing.T, r *record) { truncate(t, filepath.Join(r.dir, "audit.head"), 10) },
		"other key": func(t *testing.T, r *record) {
			r.opt.Signer = ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", ed25519.SeedSize)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t)
			l := r.open(t)
			add(t, l, received(1), received(2))
			l.Close()
			damage(t, r)
			if _, err := audit.Open(r.root, "audit", r.opt); !errors.Is(err, audit.ErrTampered) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// While the disk fails nothing counts as recorded, and when it is back the record goes on by itself.
func TestFailureAndRecovery(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	add(t, l, received(1))
	head := filepath.Join(r.dir, "audit.head")
	saved, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	remove(t, head)
	if err := os.MkdirAll(filepath.Join(head, "x"), 0o700); err != nil { // the head cannot be written
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), received(2)); err == nil {
		t.Fatal("recorded without a head")
	}
	if err := os.RemoveAll(head); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(head, saved, 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, l, received(2))
	r.mustVerify(t, 2)
}

func TestRollbackIsFoundByAnAnchor(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	add(t, l, received(1))
	snapshot := map[string][]byte{}
	for _, p := range []string{r.newest(t), filepath.Join(r.dir, "audit.head")} {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		snapshot[p] = b
	}
	add(t, l, received(2))
	anchor := l.Head()
	l.Close()
	if _, err := audit.Verify(t.Context(), r.root, "audit", audit.VerifyOptions{Anchors: []audit.Head{anchor}}); err != nil {
		t.Fatal(err)
	}
	for p, b := range snapshot {
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.mustVerify(t, 1) // in itself it is whole
	check := func() {
		t.Helper()
		_, err := audit.Verify(t.Context(), r.root, "audit", audit.VerifyOptions{Anchors: []audit.Head{anchor}})
		if !errors.Is(err, audit.ErrTampered) {
			t.Errorf("the anchor does not show it: %v", err)
		}
	}
	check()
	add(t, r.open(t), received(3)) // another history of the same length
	check()
}

func BenchmarkAppend(b *testing.B) {
	for _, workers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			r := newRecord(b)
			l := r.open(b)
			work := make(chan int, b.N)
			for n := range b.N {
				work <- n
			}
			close(work)
			b.ResetTimer()
			var group sync.WaitGroup
			for range workers {
				group.Go(func() {
					for n := range work {
						if err := l.Append(context.Background(), received(n)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			group.Wait()
		})
	}
}
