package policy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/sanitize"
)

// diary is a record that notes what is put on it.
type diary struct {
	events []audit.Event
	err    error
}

func (d *diary) record(_ context.Context, e audit.Event) error {
	if d.err == nil {
		d.events = append(d.events, e)
	}
	return d.err
}

func openStore(t testing.TB, dir string, d *diary) *Store {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	s, err := Open(root, Options{Record: d.record})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, err, is error) {
	t.Helper()
	if !errors.Is(err, is) {
		t.Errorf("%v, want %v", err, is)
	}
}

// pending returns the ID of the proposal.
func pending(t testing.TB, s *Store) string {
	t.Helper()
	p, ok, err := s.Proposal()
	if err != nil || !ok {
		t.Fatalf("no proposal: %v", err)
	}
	return p.ID()
}

// TestTwoPeople: nobody brings the own proposal into force, in no spelling of the name; what a second person brings is what that
// person has seen; and all of it is on record under the names.
func TestTwoPeople(t *testing.T) {
	d, dir, ctx := &diary{}, t.TempDir(), t.Context()
	s := openStore(t, dir, d)
	r := Shipped()
	want(t, s.Propose(ctx, "sato", "x", r, None), ErrSame)
	r.Links, r.Routes = false, map[string]string{"総務課": "strict"}
	want(t, s.Propose(ctx, " ", "x", r, None), ErrActor)
	want(t, s.Propose(ctx, "sato", " ", r, None), ErrReason)
	bad := r
	bad.Routes = map[string]string{"総務課": "lax"}
	want(t, s.Propose(ctx, "sato", "x", bad, None), ErrRules)
	must(t, s.Propose(ctx, "sato", "外部リンクで事故があった", r, None))
	want(t, s.Propose(ctx, "tanaka", "x", Rules{}, None), ErrPending)
	id := pending(t, s)
	for _, same := range []string{"sato", "SATO", "ｓａｔｏ", " sato", "sato\u200b"} {
		want(t, s.Activate(ctx, same, "よい", id), ErrSamePerson)
	}
	want(t, s.Activate(ctx, "", "よい", id), ErrActor)
	want(t, s.Activate(ctx, "tanaka", "", id), ErrReason)
	want(t, s.Activate(ctx, "tanaka", "よい", "0123"), ErrNone)
	if s.Active().Number != 0 || len(d.events) != 1 {
		t.Fatalf("version %d, %d events", s.Active().Number, len(d.events))
	}
	must(t, s.Withdraw(ctx, "tanaka", id))
	want(t, s.Activate(ctx, "tanaka", "よい", id), ErrNone)
	r.Comments = false
	must(t, s.Propose(ctx, "sato", "コメントも", r, None))
	want(t, s.Activate(ctx, "tanaka", "よい", id), ErrNone) // it is another one than the one seen
	must(t, s.Activate(ctx, "tanaka", "よい", pending(t, s)))
	v := s.Active()
	if v.Number != 1 || v.Rules().Links || v.Rules().Comments || v.Activator != "tanaka" || v.Proposal.Actor != "sato" {
		t.Errorf("%+v", v)
	}
	last := d.events[len(d.events)-1]
	for _, w := range []string{"version 1", "sato", "links: on -> off", "comments: on -> off", `route "総務課": as configured -> strict`, "よい"} {
		if !strings.Contains(last.Detail, w) {
			t.Errorf("%q is not on record: %s", w, last.Detail)
		}
	}
	if last.Kind != audit.Config || last.Actor != "tanaka" || len(d.events) != 4 {
		t.Errorf("%d events, the last %+v", len(d.events), last)
	}
	if _, ok, err := s.Proposal(); ok || err != nil {
		t.Error("what came into force is still proposed", err)
	}
	again := openStore(t, dir, d)
	if got := again.Active(); got.Number != 1 || len(Diff(got.Rules(), r)) != 0 {
		t.Errorf("after a restart: %+v", got)
	}
}

// TestBack: going back is a new version with the choices of the old one, and needs two people too.
func TestBack(t *testing.T) {
	d, ctx := &diary{}, t.Context()
	s := openStore(t, t.TempDir(), d)
	must(t, s.Propose(ctx, "sato", "x", Rules{}, None))
	must(t, s.Activate(ctx, "tanaka", "x", pending(t, s)))
	want(t, s.Propose(ctx, "sato", "x", Rules{}, 7), fs.ErrNotExist)
	must(t, s.Propose(ctx, "sato", "困った", Rules{}, 0))
	want(t, s.Activate(ctx, "sato", "x", pending(t, s)), ErrSamePerson)
	must(t, s.Activate(ctx, "tanaka", "x", pending(t, s)))
	if v := s.Active(); v.Number != 2 || v.Proposal.Back != 0 || len(Diff(v.Rules(), Shipped())) != 0 {
		t.Errorf("%+v", v)
	}
	if v, err := s.Version(1); err != nil || v.Rules().Links {
		t.Errorf("version 1 is no more what it was: %+v, %v", v, err)
	}
}

// TestNotRecorded: what cannot be put on record does not happen.
func TestNotRecorded(t *testing.T) {
	d, ctx := &diary{}, t.Context()
	s := openStore(t, t.TempDir(), d)
	must(t, s.Propose(ctx, "sato", "x", Rules{}, None))
	d.err = errors.New("the disk is full")
	want(t, s.Activate(ctx, "tanaka", "x", pending(t, s)), d.err)
	want(t, s.Withdraw(ctx, "tanaka", pending(t, s)), d.err)
	if s.Active().Number != 0 {
		t.Error("it is in force")
	}
}

// TestDamaged: a version that cannot be read, or that one person alone made, is in force nowhere, and no other is in its place.
func TestDamaged(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"cut":           func(s string) string { return s[:len(s)/2] },
		"empty":         func(string) string { return "" },
		"unknown key":   func(s string) string { return strings.Replace(s, `"links"`, `"linsk"`, 1) },
		"text behind":   func(s string) string { return s + "{}" },
		"one person":    func(s string) string { return strings.Replace(s, `"tanaka"`, `"SATO"`, 1) },
		"other number":  func(s string) string { return strings.Replace(s, `"number": 1`, `"number": 2`, 1) },
		"a lax policy":  func(s string) string { return strings.Replace(s, `"strict"`, `"lax"`, 1) },
		"another chain": func(s string) string { return strings.Replace(s, `"base": 0`, `"base": 4`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			d, dir, ctx := &diary{}, t.TempDir(), t.Context()
			s := openStore(t, dir, d)
			must(t, s.Propose(ctx, "sato", "x", Rules{Routes: map[string]string{"a": "strict"}}, None))
			must(t, s.Activate(ctx, "tanaka", "x", pending(t, s)))
			path := dir + "/" + versionFile(1)
			text, err := os.ReadFile(path)
			must(t, err)
			if change(string(text)) == string(text) {
				t.Fatal("nothing is changed")
			}
			must(t, os.WriteFile(path, []byte(change(string(text))), 0o600))
			root, err := os.OpenRoot(dir)
			must(t, err)
			defer root.Close()
			_, err = Open(root, Options{Record: d.record})
			want(t, err, ErrDamaged)
		})
	}
}

// TestApply: no choice keeps more than the shipped standard, and none touches strict.
func TestApply(t *testing.T) {
	loosest := Rules{}
	for _, s := range Switches() {
		*s.Of(&loosest) = true
	}
	got, shipped := loosest.Apply(sanitize.Standard()), sanitize.Standard()
	got.Pixels, got.HoldWhole = false, false // these take away
	got.AllowRenamed = false                 // and this one is about names
	if got != shipped {
		t.Errorf("the loosest rules: %+v, shipped %+v", got, shipped)
	}
	if Shipped().Apply(sanitize.Standard()) != sanitize.Standard() || Shipped().Apply(sanitize.Render()) != sanitize.Render() {
		t.Error("the shipped rules change a shipped policy")
	}
	if loosest.Apply(sanitize.Strict()) != sanitize.Strict() {
		t.Error("strict is not what it was")
	}
	for _, s := range Switches() {
		one := Shipped()
		*s.Of(&one) = !*s.Of(&one)
		if one.Apply(sanitize.Standard()) == sanitize.Standard() {
			t.Errorf("%s changes nothing", s.Name)
		}
		if d := Diff(Shipped(), one); len(d) != 1 || d[0].Name != s.Name {
			t.Errorf("%s: %+v", s.Name, d)
		}
	}
}

// changer proposes and activates version after version in the folder that the environment names, and says each that is in force.
func changer() {
	root, err := os.OpenRoot(os.Getenv("SEKISHO_POLICY_CHANGER"))
	if err != nil {
		panic(err)
	}
	s, err := Open(root, Options{Record: (&diary{}).record})
	if err != nil {
		panic(err)
	}
	for {
		r := s.Active().Rules()
		r.Links = !r.Links
		if p, ok, _ := s.Proposal(); ok {
			r = p.Rules
		} else if err := s.Propose(context.Background(), "sato", "x", r, None); err != nil {
			panic(err)
		}
		p, _, _ := s.Proposal()
		if err := s.Activate(context.Background(), "tanaka", "x", p.ID()); err != nil {
			panic(err)
		}
		fmt.Println(s.Active().Number)
	}
}

func TestMain(m *testing.M) {
	if os.Getenv("SEKISHO_POLICY_CHANGER") != "" {
		changer()
	}
	os.Exit(m.Run())
}

// TestKilled: a program that is killed while it activates leaves the version of before or the next one, and every earlier one.
func TestKilled(t *testing.T) {
	dir, said := t.TempDir(), 0
	for range 25 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SEKISHO_POLICY_CHANGER="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		first := true
		for lines.Scan() {
			if _, err := fmt.Sscan(lines.Text(), &said); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			if first {
				first = false
				time.AfterFunc(time.Duration(rand.IntN(10_000))*time.Microsecond, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait() // killed
		s := openStore(t, dir, &diary{})
		if n := s.Active().Number; n < said || n > said+1 {
			t.Fatalf("version %d is in force, it was said to be %d", n, said)
		}
	}
	s := openStore(t, dir, &diary{})
	for n := range s.Active().Number + 1 {
		if v, err := s.Version(n); err != nil || v.Number != n {
			t.Errorf("version %d: %v", n, err)
		}
	}
	t.Logf("%d versions in 25 rounds", s.Active().Number)
}
