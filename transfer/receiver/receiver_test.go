package receiver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/transfer/manifest"
	"sekisho/transfer/receiver"
	"sekisho/transfer/sftplink"
	"sekisho/transfer/transfertest"
)

// send puts packages through and waits for their end.
func send(t *testing.T, z *transfertest.Zone, packages ...sftplink.Package) {
	t.Helper()
	link := z.Dial(t)
	for _, p := range packages {
		if err := link.Send(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
	z.Settle(t)
}

func start(t *testing.T, edit func(*receiver.Options)) *transfertest.Zone {
	t.Helper()
	z := transfertest.NewZone(t)
	opt := z.Options(t)
	if edit != nil {
		edit(&opt)
	}
	z.Start(t, opt)
	return z
}

func TestReleasesUnderItsNameInItsFolder(t *testing.T) {
	z := start(t, nil)
	send(t, z, transfertest.Package(t, 1, "様式第1号.txt", "本文", func(m *manifest.Manifest) { m.Path = "総務課/申請" }))
	const name = "総務課/申請/様式第1号.txt"
	if got := z.Released(t); len(got) != 1 || got[name] != "本文" {
		t.Fatalf("released %q", got)
	}
	info, err := os.Stat(filepath.Join(z.Release, name))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC); !info.ModTime().Equal(want) || info.Mode() != 0o644 {
		t.Errorf("mtime %v, mode %v", info.ModTime(), info.Mode())
	}
	e := z.Events(receiver.Released)
	if len(e) != 1 || e[0].Path != "総務課/申請" || e[0].Name != "様式第1号.txt" || e[0].Manifest.Sequence != 1 {
		t.Errorf("events %+v", e)
	}
	if left := transfertest.Files(t, filepath.Join(z.Spool, "in")); len(left) != 0 {
		t.Errorf("spool holds %q", left)
	}
	if left, _ := os.ReadDir(filepath.Join(z.Release, ".sekisho")); len(left) != 1 {
		t.Errorf("stage holds %v", left)
	}
}

func TestStagingElsewhereLeavesReleaseFoldersToStaff(t *testing.T) {
	stage := t.TempDir()
	if err := os.WriteFile(filepath.Join(stage, "Not Ours"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stage, "package-000009"), nil, 0o600); err != nil { // staged before a crash
		t.Fatal(err)
	}
	root, err := os.OpenRoot(stage)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	z := transfertest.NewZone(t)
	for n := 1; n <= 2; n++ {
		opt := z.Options(t)
		opt.Stages = map[string]*os.Root{transfertest.Route: root}
		stop := z.Start(t, opt)
		send(t, z, transfertest.Package(t, n, "a.txt", fmt.Sprint(n), nil))
		stop()
	}
	entries, err := os.ReadDir(z.Release)
	if err != nil || len(entries) != 2 {
		t.Errorf("release folder: %v, %v", entries, err)
	}
	if got := z.Released(t); got["a.txt"] != "1" || got["a (2).txt"] != "2" {
		t.Errorf("released %q", got)
	}
	left, err := os.ReadDir(stage)
	if err != nil || len(left) != 2 {
		t.Errorf("stage: %v, %v", left, err)
	}
}

func TestNeverOverwrites(t *testing.T) {
	z := start(t, nil)
	if err := os.WriteFile(filepath.Join(z.Release, "a.tar.gz"), []byte("staff's own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(z.Release, "b.txt")); err != nil {
		t.Fatal(err)
	}
	send(t, z,
		transfertest.Package(t, 1, "a.tar.gz", "one", nil), transfertest.Package(t, 2, "a.tar.gz", "two", nil),
		transfertest.Package(t, 3, "b.txt", "three", nil),
		transfertest.Package(t, 4, strings.Repeat("あ", 83)+".pdf", "four", nil),
		transfertest.Package(t, 5, strings.Repeat("あ", 83)+".pdf", "five", nil))
	if err := os.Remove(filepath.Join(z.Release, "b.txt")); err != nil {
		t.Fatal(err)
	}
	got := z.Released(t)
	values := slices.Sorted(maps.Values(got))
	if want := []string{"five", "four", "one", "staff's own", "three", "two"}; !slices.Equal(values, want) {
		t.Fatalf("released %q", got)
	}
	if got["a.tar.gz"] != "staff's own" || got["b (2).txt"] != "three" || got["a.tar (2).gz"] == "" || got["a.tar (3).gz"] == "" {
		t.Errorf("released %q", got)
	}
}

// TestFoldersLeadNowhere puts files and links where folders have to be.
func TestFoldersLeadNowhere(t *testing.T) {
	z := start(t, nil)
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(z.Release, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", filepath.Join(z.Release, "loop")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(z.Release, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for i, dir := range []string{"link", "loop", "file/below"} {
		send(t, z, transfertest.Package(t, i+1, "x.txt", dir, func(m *manifest.Manifest) { m.Path = dir }))
	}
	if left, _ := os.ReadDir(outside); len(left) != 0 {
		t.Errorf("wrote outside: %v", left)
	}
	for dir, body := range map[string]string{"link (2)": "link", "loop (2)": "loop", "file (2)/below": "file/below"} {
		if b, err := os.ReadFile(filepath.Join(z.Release, dir, "x.txt")); err != nil || string(b) != body {
			t.Errorf("%s: %q, %v", dir, b, err)
		}
	}
}

// raw is a package whose bytes are given, whatever they are.
func raw(id string, b []byte) sftplink.Package {
	return sftplink.Package{ID: id, Header: b[:1], Body: bytes.NewReader(b[1:]), Length: int64(len(b) - 1)}
}

func TestRefusesWhatIsNotAsTheGatewaySentIt(t *testing.T) {
	whole := func() []byte { return transfertest.Bytes(t, transfertest.Package(t, 1, "a.txt", "the body", nil)) }
	head := len(whole()) - len("the body")
	change := func(at int) []byte { b := whole(); b[at] ^= 1; return b }
	foreign := transfertest.PackageOf(t, transfertest.ForeignKey(), 1, "a.txt", "the body", nil)
	for name, c := range map[string]struct {
		id     string
		bytes  []byte
		reason receiver.Reason
	}{
		"no package":         {"package-000001", []byte("%PDF-1.7 and more, to be longer than the fixed part of a header"), receiver.ReasonFormat},
		"one byte":           {"package-000001", []byte("S"), receiver.ReasonFormat},
		"manifest altered":   {"package-000001", change(80), receiver.ReasonSignature},
		"signature altered":  {"package-000001", change(head - 1), receiver.ReasonSignature},
		"body altered":       {"package-000001", change(head + 2), receiver.ReasonHash},
		"header truncated":   {"package-000001", whole()[:head-10], receiver.ReasonFormat},
		"body truncated":     {"package-000001", whole()[:head+3], receiver.ReasonLength},
		"body missing":       {"package-000001", whole()[:head], receiver.ReasonLength},
		"more than the body": {"package-000001", append(whole(), "more"...), receiver.ReasonLength},
		"foreign key":        {"package-000001", transfertest.Bytes(t, foreign), receiver.ReasonKey},
		"another id":         {"package-000099", whole(), receiver.ReasonReplay},
	} {
		t.Run(name, func(t *testing.T) {
			z := start(t, nil)
			send(t, z, raw(c.id, c.bytes))
			if got := z.Released(t); len(got) != 0 {
				t.Errorf("released %q", got)
			}
			e := z.Events(receiver.Refused)
			if len(e) != 1 || e[0].Reason != c.reason || e[0].ID != c.id || e[0].Detail == "" {
				t.Errorf("events %+v", e)
			}
			if kept := transfertest.Files(t, filepath.Join(z.Spool, "refused")); kept[c.id+".pkg"] != string(c.bytes) {
				t.Errorf("set aside: %d files", len(kept))
			}
			// The gateway's own package is not kept out by what somebody made of it.
			send(t, z, transfertest.Package(t, 1, "a.txt", "the body", nil))
			if got := z.Released(t); got["a.txt"] != "the body" {
				t.Errorf("released then %q", got)
			}
		})
	}
}

func TestRefusedPackagesAreKeptWithinLimits(t *testing.T) {
	z := start(t, func(o *receiver.Options) { o.Limits.Refused = 3 })
	for i := range 6 {
		send(t, z, raw(transfertest.ID(i), []byte("no package")))
	}
	kept := transfertest.Files(t, filepath.Join(z.Spool, "refused"))
	if len(kept) != 3 || kept["package-000005.pkg"] == "" {
		t.Errorf("kept %q", kept)
	}
	if e := z.Events(receiver.Refused); len(e) != 6 {
		t.Errorf("recorded %d refusals", len(e))
	}
}

func TestNumbersAndIDsServeOnce(t *testing.T) {
	z := start(t, nil)
	send(t, z, transfertest.Package(t, 1, "a.txt", "one", nil))
	send(t, z, transfertest.Package(t, 1, "a.txt", "one", nil)) // a lost answer
	if d := z.Events(receiver.Duplicate); len(d) != 1 || d[0].ID != transfertest.ID(1) {
		t.Errorf("duplicates %+v", d)
	}
	send(t, z, transfertest.Package(t, 2, "b.txt", "two", func(m *manifest.Manifest) { m.Sequence = 1 }))
	e := z.Events(receiver.Refused)
	if len(e) != 1 || e[0].Reason != receiver.ReasonSequence {
		t.Errorf("refused %+v", e)
	}
	if got := z.Released(t); len(got) != 1 || got["a.txt"] != "one" {
		t.Errorf("released %q", got)
	}
}

func TestMissingNumbers(t *testing.T) {
	z := transfertest.NewZone(t)
	stop := z.Start(t, z.Options(t))
	for _, n := range []int{2, 3, 7} {
		send(t, z, transfertest.Package(t, n, "a.txt", "x", nil))
	}
	want := "1-1 4-6"
	if got := gaps(z.Receiver); got != want {
		t.Errorf("missing %s, want %s", got, want)
	}
	stop()
	z.Start(t, z.Options(t))
	if got := gaps(z.Receiver); got != want {
		t.Errorf("missing after a restart %s, want %s", got, want)
	}
	for _, n := range []int{1, 4, 5, 6} {
		send(t, z, transfertest.Package(t, n, "a.txt", "x", nil))
	}
	if got := gaps(z.Receiver); got != "" {
		t.Errorf("missing %s, want none", got)
	}
}

func gaps(r *receiver.Receiver) string {
	var out []string
	for _, g := range r.Missing() {
		out = append(out, fmt.Sprintf("%d-%d", g.From, g.To))
	}
	return strings.Join(out, " ")
}

func TestJudgeSeesWhatIsReleasedAndDecides(t *testing.T) {
	var calls atomic.Int32
	z := start(t, func(o *receiver.Options) {
		o.Check = func(_ context.Context, f *os.File, m manifest.Manifest) error {
			b, err := io.ReadAll(f)
			if err != nil {
				t.Error(err)
			}
			if _, err := f.WriteAt([]byte("x"), 0); err == nil {
				t.Error("the judge can write")
			}
			switch {
			case string(b) == "evil":
				return errors.New("hidden script")
			case string(b) == "later" && calls.Add(1) == 1:
				return fmt.Errorf("no worker: %w", receiver.ErrLater)
			}
			return nil
		}
	})
	send(t, z, transfertest.Package(t, 1, "a.txt", "evil", nil), transfertest.Package(t, 2, "b.txt", "later", nil))
	if got := z.Released(t); len(got) != 1 || got["b.txt"] != "later" {
		t.Errorf("released %q", got)
	}
	e := z.Events(receiver.Refused)
	if len(e) != 1 || e[0].Reason != receiver.ReasonJudge || e[0].Detail != "hidden script" || e[0].Manifest.Name != "a.txt" {
		t.Errorf("refused %+v", e)
	}
	if left, _ := os.ReadDir(filepath.Join(z.Release, ".sekisho")); len(left) != 1 {
		t.Errorf("stage holds %v", left)
	}
}

func TestRoutesAndExceptionsAreClosedByDefault(t *testing.T) {
	exception := func(m *manifest.Manifest) { m.Marks = []string{manifest.MarkException} }
	z := start(t, nil)
	send(t, z, transfertest.Package(t, 1, "a.txt", "x", exception),
		transfertest.Package(t, 2, "b.txt", "x", func(m *manifest.Manifest) { m.Route = "other" }))
	var reasons []string
	for _, e := range z.Events(receiver.Refused) {
		reasons = append(reasons, string(e.Reason))
	}
	slices.Sort(reasons)
	if !slices.Equal(reasons, []string{"exception", "route"}) || len(z.Released(t)) != 0 {
		t.Errorf("refused for %v, released %v", reasons, z.Released(t))
	}
	z = start(t, func(o *receiver.Options) { o.Exceptions = true })
	send(t, z, transfertest.Package(t, 1, "a.txt", "x", exception))
	if got := z.Released(t); got["a.txt"] != "x" {
		t.Errorf("with exceptions allowed: %q", got)
	}
}

func TestNoRecordNoRelease(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	z := transfertest.NewZone(t)
	opt := z.Options(t)
	record := opt.Record
	opt.Record = func(ctx context.Context, e receiver.Event) error {
		if broken.Load() {
			return errors.New("disk full")
		}
		return record(ctx, e)
	}
	z.Start(t, opt)
	if err := z.Dial(t).Send(context.Background(), transfertest.Package(t, 1, "a.txt", "x", nil)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	if got := z.Released(t); len(got) != 0 {
		t.Fatalf("released without a record: %q", got)
	}
	broken.Store(false)
	z.Settle(t)
	if got := z.Released(t); got["a.txt"] != "x" {
		t.Errorf("released %q", got)
	}
}

func TestReleaseFolderMustBeTheOneThatReleasesWereBegunIn(t *testing.T) {
	z := transfertest.NewZone(t)
	stop := z.Start(t, z.Options(t))
	send(t, z, transfertest.Package(t, 1, "a.txt", "x", nil))
	stop()
	journal, err := os.OpenFile(filepath.Join(z.Spool, "journal"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(journal, `{"k":"intent","id":"package-000002","g":"00","n":9,"d":"00","r":%q,"f":"b.txt"}`+"\n", transfertest.Route)
	journal.Close()
	if err := os.Rename(z.Release, z.Release+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(z.Release, 0o755); err != nil { // an empty mount point
		t.Fatal(err)
	}
	if _, err := receiver.New(z.Options(t)); err == nil || !strings.Contains(err.Error(), "not the folder") {
		t.Errorf("error %v", err)
	}
}
