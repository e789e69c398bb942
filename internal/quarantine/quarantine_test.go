package quarantine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"sekisho/internal/durable"
	"sekisho/internal/quarantine"
	"sekisho/sanitize"
)

const secret = "秘密の内容 needle-5f1c"

// place is a store with both keys, and a clock that the test moves.
type place struct {
	dir     string
	root    *os.Root
	review  age.Identity
	gateway age.Identity
	opt     quarantine.Options
	now     time.Time
}

func newKey(t testing.TB) (age.Identity, age.Recipient) {
	t.Helper()
	private, public, err := quarantine.NewKey(time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := quarantine.ParseKey(private)
	if err != nil || len(ids) != 1 {
		t.Fatalf("%d keys, %v", len(ids), err)
	}
	r, err := quarantine.ParsePublic(public)
	if err != nil {
		t.Fatal(err)
	}
	return ids[0], r
}

func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{dir: t.TempDir(), now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	p.root = root
	var review, gateway age.Recipient
	p.review, review = newKey(t)
	p.gateway, gateway = newKey(t)
	p.opt = quarantine.Options{
		Review: []age.Recipient{review}, Gateway: gateway, Exceptions: true, Now: func() time.Time { return p.now },
	}
	return p
}

func (p *place) store() *quarantine.Store { return quarantine.Open(p.root, p.opt) }

func item(id, content string) quarantine.Item {
	sum := sha256.Sum256([]byte(content))
	return quarantine.Item{
		Job: id, Route: "総務課", Name: "請求書.xlsm", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Policy: "standard",
		Verdict: sanitize.Held, Reason: sanitize.ReasonEncrypted, Findings: []sanitize.Finding{{Rule: "xlsx/macro", Count: 1}},
		Scans: []quarantine.Scan{{Scanner: "clamd", Of: "original", Result: "clean"}},
	}
}

func hold(t testing.TB, s *quarantine.Store, it quarantine.Item, content string) {
	t.Helper()
	if err := s.Hold(t.Context(), it, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s *quarantine.Store, id string) quarantine.Entry {
	t.Helper()
	e, err := s.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func wantStage(t testing.TB, s *quarantine.Store, id string, want quarantine.Stage) {
	t.Helper()
	if got := get(t, s, id).State.Stage; got != want {
		t.Fatalf("stage %q, want %q", got, want)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func read(t testing.TB, r io.ReadCloser) string {
	t.Helper()
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHold(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	e := get(t, s, "job-000001")
	if e.Item.Name != "請求書.xlsm" || !e.Item.Held.Equal(p.now) || e.State.Stage != quarantine.Waiting {
		t.Errorf("%+v", e)
	}
	original, err := s.Original("job-000001", p.review)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, original); got != secret {
		t.Errorf("%q", got)
	}
	_, err = s.Original("job-000001", p.gateway)
	wantErr(t, err, quarantine.ErrKey)
	_, err = s.Original("job-000001")
	wantErr(t, err, quarantine.ErrKey)
	needle(t, p.dir, "needle-5f1c")
}

// needle fails when the text stands in any file below dir.
func needle(t *testing.T, dir, text string) {
	t.Helper()
	seen := 0
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		if seen++; bytes.Contains(b, []byte(text)) {
			t.Errorf("%s holds %q in the clear", path, text)
		}
		return nil
	})
	if seen == 0 {
		t.Error("no file was looked at")
	}
}

func TestHoldTwiceIsOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	it := item("job-000001", secret)
	hold(t, s, it, secret)
	before := get(t, s, it.Job)
	p.now = p.now.Add(time.Hour)
	if err := s.Hold(t.Context(), it, iotestErr{}); err != nil { // the original is not read again
		t.Fatal(err)
	}
	if after := get(t, s, it.Job); !after.Item.Held.Equal(before.Item.Held) {
		t.Error("the second Hold changed the item")
	}
	wantErr(t, s.Hold(t.Context(), item(it.Job, "other"), strings.NewReader("other")), quarantine.ErrDifferent)
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("cannot be read") }

func TestHoldChecksWhatItReads(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	for _, content := range []string{"", secret[:5], secret + "x", strings.ToUpper(secret)} {
		wantErr(t, s.Hold(t.Context(), item("job-000001", secret), strings.NewReader(content)), quarantine.ErrDamaged)
	}
	if err := s.Hold(t.Context(), item("job-000001", secret), iotestErr{}); err == nil {
		t.Error("held what cannot be read")
	}
	_, err := s.Get("job-000001")
	wantErr(t, err, fs.ErrNotExist)
	hold(t, s, item("job-000001", secret), secret) // and it can be held then
}

func TestHoldRefuses(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for name, change := range map[string]func(*quarantine.Item){
		"id": func(i *quarantine.Item) { i.Job = "../../x" }, "verdict": func(i *quarantine.Item) { i.Verdict = sanitize.Clean },
		"reason": func(i *quarantine.Item) { i.Reason = "" }, "hash": func(i *quarantine.Item) { i.SHA256 = "" },
		"size": func(i *quarantine.Item) { i.Size = -1 },
	} {
		it := item("job-000001", secret)
		change(&it)
		if err := p.store().Hold(t.Context(), it, strings.NewReader(secret)); err == nil {
			t.Errorf("%s: held", name)
		}
	}
	p.opt.Review = nil
	if err := p.store().Hold(t.Context(), item("job-000001", secret), strings.NewReader(secret)); err == nil {
		t.Error("held without a key, so in the clear")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p = newPlace(t)
	wantErr(t, p.store().Hold(ctx, item("job-000001", secret), strings.NewReader(secret)), context.Canceled)
}

func TestListAndSweep(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	for n := range 5 {
		hold(t, s, item(fmt.Sprintf("job-%06d", n), secret), secret)
	}
	for _, name := range []string{"job-000009/original.age", "job-000001/" + durable.TempPrefix + "x", "other/x"} {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(p.dir, "job-000004", "item.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for _, err := range s.List() {
		if err != nil {
			wantErr(t, err, quarantine.ErrDamaged)
			bad++
			continue
		}
		good++
	}
	if good != 4 || bad != 1 {
		t.Errorf("%d items, %d damaged", good, bad)
	}
	for name, want := range map[string]bool{
		"job-000009": false, "job-000001/" + durable.TempPrefix + "x": false, "other/x": true, "job-000004": true,
	} {
		if _, err := os.Lstat(filepath.Join(p.dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReject(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	wantErr(t, s.Reject("job-000001", " \u3000\u200b", ""), quarantine.ErrActor)
	if err := s.Reject("job-000001", "田中", "不要"); err != nil {
		t.Fatal(err)
	}
	e := get(t, s, "job-000001")
	if e.State.Stage != quarantine.Rejected || len(e.State.Decisions) != 1 || e.State.Decisions[0].Actor != "田中" {
		t.Errorf("%+v", e.State)
	}
	wantErr(t, s.Reject("job-000001", "田中", ""), quarantine.ErrState)
	wantErr(t, s.Request("job-000001", quarantine.By{Actor: "田中", Reason: "x"}), quarantine.ErrState)
	wantErr(t, s.Instruct("job-000001", "田中", "", "standard", "", p.review), quarantine.ErrState)
	wantErr(t, s.Reject("job-000002", "田中", ""), fs.ErrNotExist)
}

func TestException(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	wantErr(t, s.Approve("job-000001", quarantine.By{Actor: "佐藤", Code: quarantine.CodeChecked}, p.review), quarantine.ErrState)
	wantErr(t, s.Request("job-000001", quarantine.By{Actor: "Tanaka", Reason: " "}), quarantine.ErrReason)
	if err := s.Request("job-000001", quarantine.By{Actor: "Tanaka", Reason: "期限が今日"}); err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{"Tanaka", "tanaka", " TANAKA ", "ＴＡＮＡＫＡ", "Tan\u200baka", "Ta naka", "Tanaka\ufe0f", "Ｔanaka\u202e"} {
		wantErr(t, s.Approve("job-000001", quarantine.By{Actor: same, Code: quarantine.CodeChecked}, p.review), quarantine.ErrSamePerson)
	}
	wantErr(t, s.Approve("job-000001", quarantine.By{Actor: "", Code: quarantine.CodeChecked}, p.review), quarantine.ErrActor)
	wantErr(t, s.Approve("job-000001", quarantine.By{Actor: "佐藤", Code: quarantine.CodeChecked}, p.gateway), quarantine.ErrKey)
	wantStage(t, s, "job-000001", quarantine.Requested)
	if err := s.Approve("job-000001", quarantine.By{Actor: "佐藤", Code: quarantine.CodeChecked}, p.review); err != nil {
		t.Fatal(err)
	}
	taken, err := s.Take("job-000001", p.gateway)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, taken.Original); got != secret || !taken.Exception || taken.Requester != "Tanaka" || taken.Actor != "佐藤" {
		t.Errorf("%q, %+v", got, taken.Instruction)
	}
}

func TestExceptionNeverForMalwareNorWhereForbidden(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	blocked := item("job-000001", secret)
	blocked.Verdict, blocked.Reason = sanitize.Blocked, sanitize.ReasonMalware
	s := p.store()
	hold(t, s, blocked, secret)
	wantErr(t, s.Request(blocked.Job, quarantine.By{Actor: "田中", Reason: "x"}), quarantine.ErrMalware)
	wantErr(t, s.Instruct(blocked.Job, "田中", "", "render", "", p.review), quarantine.ErrMalware)
	if err := os.WriteFile(filepath.Join(p.dir, blocked.Job, "state.json"), []byte(
		`{"version":1,"stage":"requested","generation":0,"since":"2026-01-01T00:00:00Z","decisions":[{"what":"request","actor":"a","time":"2026-01-01T00:00:00Z"}]}`),
		0o600); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Approve(blocked.Job, quarantine.By{Actor: "佐藤", Code: quarantine.CodeChecked}, p.review), quarantine.ErrMalware)

	hold(t, s, item("job-000002", secret), secret)
	if err := s.Request("job-000002", quarantine.By{Actor: "田中", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	p.opt.Exceptions = false // the configuration changed in between
	wantErr(t, p.store().Approve("job-000002", quarantine.By{Actor: "佐藤", Code: quarantine.CodeChecked}, p.review), quarantine.ErrExceptions)
	if err := s.Approve("job-000002", quarantine.By{Actor: "佐藤", Code: quarantine.CodeChecked}, p.review); err != nil {
		t.Fatal(err)
	}
	_, err := p.store().Take("job-000002", p.gateway) // and the gateway asks its own
	wantErr(t, err, quarantine.ErrExceptions)
}

func TestTreatAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	it := item("job-000001", secret)
	hold(t, s, it, secret)
	wantErr(t, s.Instruct(it.Job, "田中", "", "standard", "パスワード", p.gateway), quarantine.ErrKey)
	wantStage(t, s, it.Job, quarantine.Waiting)
	if err := s.Instruct(it.Job, "田中", "電話で確認", "standard", "パスワードneedle", p.review); err != nil {
		t.Fatal(err)
	}
	needle(t, p.dir, "パスワードneedle")
	wantErr(t, s.Instruct(it.Job, "田中", "", "render", "", p.review), quarantine.ErrState)
	wantErr(t, s.Delete(it.Job), quarantine.ErrState)
	for range 2 { // the gateway is stopped after the first
		if got := pending(t, s); len(got) != 1 || got[0] != it.Job {
			t.Fatalf("pending %v", got)
		}
		taken, err := s.Take(it.Job, p.gateway)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, taken.Original); got != secret || taken.Generation != 1 || taken.Password != "パスワードneedle" {
			t.Errorf("%q, %+v", got, taken.Instruction)
		}
		if again, err := quarantine.Unseal(taken.Sealed, p.gateway); err != nil || again.Password != taken.Password {
			t.Errorf("%+v, %v", again, err)
		}
		wantStage(t, s, it.Job, quarantine.Treating)
	}
	if err := s.Accepted(it.Job, 1); err != nil {
		t.Fatal(err)
	}
	if got := pending(t, s); len(got) != 0 {
		t.Fatalf("pending %v", got)
	}
	it.Generation, it.Reason = 1, sanitize.ReasonMalformed
	if err := s.Hold(t.Context(), it, iotestErr{}); err != nil { // the file is there already
		t.Fatal(err)
	}
	e := get(t, s, it.Job)
	if e.State.Stage != quarantine.Waiting || e.Item.Reason != sanitize.ReasonMalformed || len(e.State.Decisions) != 1 {
		t.Errorf("%+v", e)
	}
	if err := s.Instruct(it.Job, "佐藤", "", "render", "", p.review); err != nil {
		t.Fatal(err)
	}
	taken, err := s.Take(it.Job, p.gateway)
	if err != nil || taken.Generation != 2 {
		t.Fatalf("%+v, %v", taken.Instruction, err)
	}
	taken.Original.Close()
	for _, gen := range []int{0, 1, 3} {
		if err := s.MarkReleased(it.Job, gen); err != nil {
			t.Fatal(err)
		}
		wantStage(t, s, it.Job, quarantine.Treating)
	}
	if err := errors.Join(s.Accepted(it.Job, 2), s.MarkReleased(it.Job, 2)); err != nil {
		t.Fatal(err)
	}
	wantStage(t, s, it.Job, quarantine.Released)
	if err := errors.Join(s.Delete(it.Job), s.MarkReleased(it.Job, 2)); err != nil {
		t.Fatal(err)
	}
}

func pending(t testing.TB, s *quarantine.Store) []string {
	t.Helper()
	var ids []string
	for e, err := range s.Pending() {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.Item.Job)
	}
	return ids
}

func TestFailedInstructionGoesBackToPeople(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	for n, damage := range []func(path string) error{
		os.Remove,
		func(path string) error { return os.WriteFile(path, []byte("age-encryption.org/v1\nx"), 0o600) },
		func(path string) error { // of another item
			b, err := os.ReadFile(filepath.Join(p.dir, "job-000099", "release.age"))
			return errors.Join(err, os.WriteFile(path, b, 0o600))
		},
	} {
		if n == 2 {
			hold(t, s, item("job-000099", secret), secret)
			if err := s.Instruct("job-000099", "田中", "", "standard", "", p.review); err != nil {
				t.Fatal(err)
			}
		}
		id := fmt.Sprintf("job-%06d", n)
		hold(t, s, item(id, secret), secret)
		if err := s.Instruct(id, "田中", "", "standard", "", p.review); err != nil {
			t.Fatal(err)
		}
		if err := damage(filepath.Join(p.dir, id, "release.age")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Take(id, p.gateway); err == nil {
			t.Fatalf("%d: taken", n)
		}
		if err := s.Failed(id, get(t, s, id).State.Generation); err != nil {
			t.Fatal(err)
		}
		wantStage(t, s, id, quarantine.Waiting)
		if err := s.Instruct(id, "田中", "", "standard", "", p.review); err != nil {
			t.Fatal(err)
		}
		taken, err := s.Take(id, p.gateway)
		if err != nil || taken.Generation != 2 {
			t.Fatalf("%d: %+v, %v", n, taken.Instruction, err)
		}
		taken.Original.Close()
	}
}

// An instruction opens its own file and no other.
func TestInstructionOpensOneFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	hold(t, s, item("job-000002", secret+"2"), secret+"2")
	if err := s.Instruct("job-000001", "田中", "", "standard", "", p.review); err != nil {
		t.Fatal(err)
	}
	taken, err := s.Take("job-000001", p.gateway)
	if err != nil {
		t.Fatal(err)
	}
	taken.Original.Close()
	if r, err := s.Original("job-000002", age.NewInjectedFileKeyIdentity(taken.FileKey)); err == nil {
		b, err := io.ReadAll(r)
		t.Errorf("the other file was opened: %q, %v", b, err)
		r.Close()
	}
}

// Only one of many processes decides. Each goroutine has a store of its own, and flock tells their open folders apart.
func TestOneDecisionWins(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	hold(t, p.store(), item("job-000001", secret), secret)
	var mu sync.Mutex
	won := 0
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			s := quarantine.Open(p.root, p.opt)
			var err error
			if actor := fmt.Sprintf("人%d", n); n%2 == 0 {
				err = s.Reject("job-000001", actor, "")
			} else {
				err = s.Instruct("job-000001", actor, "", "render", "", p.review)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, quarantine.ErrState) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if e := get(t, p.store(), "job-000001"); won != 1 || len(e.State.Decisions) != 1 {
		t.Errorf("%d decisions won, %d are written", won, len(e.State.Decisions))
	}
}

func TestExpiredAndDelete(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	hold(t, s, item("job-000002", secret), secret)
	if err := s.Instruct("job-000002", "田中", "", "standard", "", p.review); err != nil {
		t.Fatal(err)
	}
	p.now = p.now.Add(24 * time.Hour)
	hold(t, s, item("job-000003", secret), secret)
	p.now = p.now.Add(time.Hour)
	var got []string
	for id, err := range s.Expired(24 * time.Hour) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, id)
	}
	if len(got) != 1 || got[0] != "job-000001" {
		t.Fatalf("expired %v", got)
	}
	if err := s.Delete("job-000001"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(p.dir, "job-000001")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left: %v", err)
	}
	wantErr(t, s.Delete("job-000001"), fs.ErrNotExist)
}

func TestChangedOriginalIsFound(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	path := filepath.Join(p.dir, "job-000001", "original.age")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := s.Original("job-000001", p.review)
		if err != nil {
			continue
		}
		if text, err := io.ReadAll(r); err == nil {
			t.Fatalf("byte %d changed, read %q", i, text)
		}
		r.Close()
	}
}

// TestKilled kills a process that holds files, again and again: what it said is held is whole, and what it had not
// finished can be held anew.
func TestKilled(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	_, public := newKey(t)
	kills := 20
	for n := range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victimEnv+"="+p.dir, fmt.Sprintf("%s_KEY=%s", victimEnv, public))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(20+n*7)*time.Millisecond, func() { cmd.Process.Kill() })
		said, _ := io.ReadAll(out)
		cmd.Wait()
		timer.Stop()
		if err := p.store().Sweep(); err != nil {
			t.Fatal(err)
		}
		for _, id := range strings.Fields(string(said)) {
			if _, err := p.store().Get(id); err != nil {
				t.Errorf("said to be held, and is not: %v", err)
			}
		}
	}
	held := 0
	for e, err := range p.store().List() {
		if err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(filepath.Join(p.dir, e.Item.Job, "original.age")); err != nil || info.Size() < e.Item.Size {
			t.Errorf("%s: %v", e.Item.Job, err)
		}
		held++
	}
	t.Logf("%d kills, %d held", kills, held)
	if held == 0 {
		t.Error("nothing was held: the test proves nothing")
	}
}

const victimEnv = "SEKISHO_QUARANTINE_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimEnv); dir != "" {
		fmt.Fprintln(os.Stderr, victim(dir, os.Getenv(victimEnv+"_KEY")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// victim holds files until it is killed, and says which are held.
func victim(dir, key string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	public, err := quarantine.ParsePublic(key)
	if err != nil {
		return err
	}
	s := quarantine.Open(root, quarantine.Options{Review: []age.Recipient{public}})
	content := strings.Repeat("x", 300_000)
	for n := 0; ; n++ {
		it := item(fmt.Sprintf("job-%06d", n), content)
		if err := s.Hold(context.Background(), it, strings.NewReader(content)); err != nil {
			return err
		}
		fmt.Println(it.Job)
	}
}

func FuzzUnseal(f *testing.F) {
	private, public, err := quarantine.NewKey(time.Unix(0, 0))
	if err != nil {
		f.Fatal(err)
	}
	ids, err := quarantine.ParseKey(private)
	if err != nil {
		f.Fatal(err)
	}
	to, err := quarantine.ParsePublic(public)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"version":1,"job":"job-000001","generation":1,"policy":"render","actor":"a","file_key":"AAAA"}`), true)
	f.Add([]byte("age-encryption.org/v1\n-> X25519 x\ny\n--- z\n"), false)
	f.Fuzz(func(t *testing.T, b []byte, wrap bool) {
		if wrap {
			var out bytes.Buffer
			w, err := age.Encrypt(&out, to)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(b)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			b = out.Bytes()
		}
		if in, err := quarantine.Unseal(b, ids[0]); err == nil && (!wrap || in.Version != 1) {
			t.Errorf("unsealed %q", b)
		}
	})
}

func TestExtend(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	until := p.now.Add(100 * 24 * time.Hour)
	for _, bad := range []time.Time{p.now, p.now.Add(-time.Hour), p.now.Add(400 * 24 * time.Hour)} {
		wantErr(t, s.Extend("job-000001", "田中", "", bad), quarantine.ErrUntil)
	}
	if err := s.Extend("job-000001", "田中", "照会中", until); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Extend("job-000001", "田中", "", until.Add(-time.Hour)), quarantine.ErrUntil)
	for days, want := range map[int]int{99: 0, 101: 1} {
		p.now = until.Add(time.Duration(days-100) * 24 * time.Hour)
		n := 0
		for _, err := range s.Expired(24 * time.Hour) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != want {
			t.Errorf("after %d days %d items are expired", days, n)
		}
	}
}

// TestMay: what would not be possible is told before, with the error of trying it, and changes nothing.
func TestMay(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	wantErr(t, s.May("job-000001", quarantine.DidApprove, quarantine.By{Actor: "乙", Reason: ""}), quarantine.ErrState)
	wantErr(t, s.May("job-000001", quarantine.DidRequest, quarantine.By{Actor: "甲", Reason: " "}), quarantine.ErrReason)
	wantErr(t, s.May("job-000001", quarantine.DidReject, quarantine.By{Actor: "", Reason: "x"}), quarantine.ErrActor)
	wantErr(t, s.May("job-000009", quarantine.DidReject, quarantine.By{Actor: "甲", Reason: "x"}), fs.ErrNotExist)
	if err := s.Request("job-000001", quarantine.By{Actor: "甲", Reason: "業務"}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.May("job-000001", quarantine.DidApprove, quarantine.By{Actor: " 甲\u200b", Reason: ""}), quarantine.ErrSamePerson)
	if err := s.May("job-000001", quarantine.DidApprove, quarantine.By{Actor: "乙", Reason: "よい"}); err != nil {
		t.Error(err)
	}
	bad := item("job-000002", secret)
	bad.Verdict, bad.Reason = sanitize.Blocked, sanitize.ReasonMalware
	hold(t, s, bad, secret)
	for _, what := range []quarantine.What{quarantine.DidRequest, quarantine.DidApprove, quarantine.DidInstruct} {
		if err := s.May("job-000002", what, quarantine.By{Actor: "乙", Reason: "業務"}); err == nil {
			t.Errorf("%s of malware", what)
		}
	}
	if e := get(t, s, "job-000001"); len(e.State.Decisions) != 1 {
		t.Errorf("%+v", e.State)
	}
}
