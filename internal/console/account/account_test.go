package account_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
)

// world is a store with a record and a clock of the test's.
type world struct {
	*account.Store
	dir string

	mu     sync.Mutex
	now    time.Time
	events []audit.Event
	refuse error // what the record answers
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), now: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	s, err := account.Open(t.Context(), w.dir, account.Options{
		Cost: account.Cost{Memory: 64, Passes: 1},
		Now:  func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now },
		Record: func(_ context.Context, e audit.Event) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.refuse == nil {
				w.events = append(w.events, e)
			}
			return w.refuse
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w.Store = s
	return w
}

func (w *world) later(d time.Duration) { w.mu.Lock(); w.now = w.now.Add(d); w.mu.Unlock() }

const good = "ふじさんと みずうみ 2026"

func (w *world) make(t *testing.T, name, office string, roles ...account.Role) {
	t.Helper()
	a := account.Account{Name: name, Office: office, Roles: roles, Preview: true}
	if err := w.Create(t.Context(), "admin", a, good); err != nil {
		t.Fatal(err)
	}
}

func (w *world) try(t *testing.T, at account.Attempt) account.Result {
	t.Helper()
	if !at.From.IsValid() {
		at.From = netip.MustParseAddr("127.0.0.1")
	}
	_, r, err := w.SignIn(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// last returns the newest event on record.
func (w *world) last() audit.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.events[len(w.events)-1]
}

func TestFirstAdministrator(t *testing.T) {
	w := open(t)
	info, err := os.Stat(filepath.Join(w.dir, "accounts.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	first, err := w.SetupToken(t.Context())
	if err != nil || first == "" {
		t.Fatal(first, err)
	}
	token, err := w.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	who := account.Account{Name: "Ｋａｎｒｉ", Display: "管理 太郎"}
	for _, bad := range []string{"", first, token + "x"} {
		if err := w.Setup(t.Context(), bad, who, good); !errors.Is(err, account.ErrToken) {
			t.Errorf("token %q: %v", bad, err)
		}
	}
	if err := w.Setup(t.Context(), token, who, good); err != nil {
		t.Fatal(err)
	}
	if err := w.Setup(t.Context(), token, account.Account{Name: "second"}, good); !errors.Is(err, account.ErrToken) {
		t.Errorf("the token holds twice: %v", err)
	}
	if again, err := w.SetupToken(t.Context()); again != "" || err != nil {
		t.Errorf("a token although there is an administrator: %q, %v", again, err)
	}
	a, err := w.Get(t.Context(), "KANRI")
	if err != nil || a.Name != "kanri" || !a.Can(account.Accounts, "") || a.MustChange {
		t.Errorf("%+v, %v", a, err)
	}
	if r := w.try(t, account.Attempt{Name: "kanri", Password: good}); r != account.MustEnrol {
		t.Errorf("an administrator without a second factor: %v", r)
	}
	rescue, err := w.RescueToken(t.Context())
	if err != nil || rescue == "" {
		t.Fatal(rescue, err)
	}
	w.later(25 * time.Hour)
	if err := w.Setup(t.Context(), rescue, account.Account{Name: "late"}, good); !errors.Is(err, account.ErrToken) {
		t.Errorf("an old token holds: %v", err)
	}
}

func TestNothingWithoutRecord(t *testing.T) {
	w := open(t)
	w.make(t, "sato", "総務課", account.Staff)
	w.refuse = errors.New("disk full")
	ctx := t.Context()
	before, err := w.Get(ctx, "sato")
	if err != nil {
		t.Fatal(err)
	}
	changed := before
	changed.Roles = []account.Role{account.Operator}
	for what, do := range map[string]func() error{
		"create": func() error {
			return w.Create(ctx, "admin", account.Account{Name: "x", Office: "a", Roles: before.Roles}, good)
		},
		"update":   func() error { return w.Update(ctx, "admin", changed) },
		"disable":  func() error { return w.Disable(ctx, "admin", "sato") },
		"password": func() error { return w.SetPassword(ctx, "admin", "sato", good+"!") },
		"totp":     func() error { return w.ResetTOTP(ctx, "admin", "sato") },
	} {
		if err := do(); !errors.Is(err, w.refuse) {
			t.Errorf("%s: %v", what, err)
		}
	}
	after, err := w.Get(ctx, "sato")
	if err != nil || after.Version != before.Version || !slices.Equal(after.Roles, before.Roles) {
		t.Errorf("changed without record: %+v, %v", after, err)
	}
	if all, _ := w.List(ctx, ""); len(all) != 1 {
		t.Errorf("%d accounts", len(all))
	}
}

func TestPasswordLife(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	w.make(t, "sato", "総務課", account.Staff)
	if r := w.try(t, account.Attempt{Name: "SATO", Password: good}); r != account.MustChange {
		t.Fatalf("an initial password: %v", r)
	}
	a, err := w.Get(ctx, "sato")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "short", good, "aaaaaaaaaaaaaaaa", "sato-password-12", strings.Repeat("長い", 400)} {
		if err := w.ChangePassword(ctx, "sato", good, bad); !errors.Is(err, account.ErrPassword) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := w.ChangePassword(ctx, "sato", "wrong", "an entirely new one"); !errors.Is(err, account.ErrPassword) {
		t.Errorf("without the old one: %v", err)
	}
	if err := w.ChangePassword(ctx, "sato", good, "ａｎ entirely new one"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := w.Current(ctx, "sato", a.Version); ok || err != nil {
		t.Errorf("a session outlives the password: %v", err)
	}
	if r := w.try(t, account.Attempt{Name: "sato", Password: "an entirely new one"}); r != account.Signed {
		t.Errorf("after the change: %v", r)
	}
	if r := w.try(t, account.Attempt{Name: "sato", Password: good}); r != account.Wrong {
		t.Errorf("the old password: %v", r)
	}
	if err := w.Disable(ctx, "admin", "sato"); err != nil {
		t.Fatal(err)
	}
	if r := w.try(t, account.Attempt{Name: "sato", Password: "an entirely new one"}); r != account.Wrong {
		t.Errorf("disabled: %v", r)
	}
}

func TestRoles(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	for _, c := range []struct {
		a    account.Account
		want error
	}{
		{account.Account{Name: "a b", Office: "x", Roles: []account.Role{account.Staff}}, account.ErrName},
		{account.Account{Name: "a\u202eb", Office: "x", Roles: []account.Role{account.Staff}}, account.ErrName},
		{account.Account{Name: "a", Display: "a\nadmin signed in", Office: "x", Roles: []account.Role{account.Staff}}, account.ErrName},
		{account.Account{Name: "a", Office: "x/y", Roles: []account.Role{account.Staff}}, account.ErrOffice},
		{account.Account{Name: "a", Roles: []account.Role{account.Staff}}, account.ErrOffice},
		{account.Account{Name: "a", Office: "x"}, account.ErrRole},
		{account.Account{Name: "a", Office: "x", Roles: []account.Role{"root"}}, account.ErrRole},
		{account.Account{Name: "a", Office: "x", Roles: []account.Role{account.Auditor, account.Admin}}, account.ErrRole},
	} {
		if err := w.Create(ctx, "admin", c.a, good); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.a, err, c.want)
		}
	}
	staff := account.Account{Office: "総務課", Roles: []account.Role{account.Staff}}
	approver := account.Account{Office: "総務課", Roles: []account.Role{account.Approver}, Approves: []string{"税務課"}}
	auditor := account.Account{Roles: []account.Role{account.Auditor}, Preview: true, Download: true}
	admin := account.Account{Roles: []account.Role{account.Admin}}
	for _, c := range []struct {
		a      account.Account
		right  account.Right
		office string
		want   bool
	}{
		{staff, account.Drop, "総務課", true}, {staff, account.See, "税務課", false}, {staff, account.Review, "総務課", false},
		{approver, account.Approve, "税務課", true}, {approver, account.Approve, "総務課", false}, {approver, account.Request, "税務課", false},
		{auditor, account.See, "税務課", true}, {auditor, account.Record, "", true}, {auditor, account.Preview, "x", true},
		{auditor, account.Download, "x", false}, {auditor, account.Review, "x", false}, {auditor, account.Accounts, "", false},
		{admin, account.Approve, "税務課", true}, {admin, account.Preview, "税務課", false}, {admin, account.Download, "税務課", false},
	} {
		if got := c.a.Can(c.right, c.office); got != c.want {
			t.Errorf("%v %s %q: %v", c.a.Roles, c.right, c.office, got)
		}
	}
	for _, right := range []account.Right{account.Drop, account.Password, account.Request, account.Review, account.Approve, account.Delete,
		account.Download, account.Policies, account.Accounts, account.Settings} {
		if auditor.Can(right, "") {
			t.Errorf("an auditor may %s", right)
		}
	}
}

func TestLastAdministrator(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	w.make(t, "one", "", account.Admin)
	if err := w.Disable(ctx, "two", "one"); !errors.Is(err, account.ErrLast) {
		t.Errorf("the last administrator was disabled: %v", err)
	}
	w.make(t, "two", "", account.Admin)
	if err := w.Disable(ctx, "Ｔｗｏ", "two"); !errors.Is(err, account.ErrOwn) {
		t.Errorf("disabled the own account: %v", err)
	}
	if err := w.Disable(ctx, "two", "one"); err != nil {
		t.Error(err)
	}
	if e := w.last(); e.Kind != audit.Account || e.Actor != "two" || e.Name != "one" || !strings.Contains(e.Detail, "disabled") {
		t.Errorf("record: %+v", e)
	}
	if err := w.Create(ctx, "two", account.Account{Name: "ＯＮＥ", Roles: []account.Role{account.Admin}}, good); !errors.Is(err, account.ErrExists) {
		t.Errorf("a second spelling: %v", err)
	}
}

// TestGuesses is the flood: 10,000 guesses from one address and from 200. None gets in, at most 100 an hour are looked at, a
// name that is not there is answered alike, and the person gets in from a browser that is known.
func TestGuesses(t *testing.T) {
	for _, addresses := range []int{1, 200} {
		t.Run(fmt.Sprint(addresses), func(t *testing.T) {
			w := open(t)
			ctx := t.Context()
			w.make(t, "kanri", "", account.Admin)
			if err := w.ChangePassword(ctx, "kanri", good, "the real one is long"); err != nil {
				t.Fatal(err)
			}
			a, err := w.Get(ctx, "kanri")
			if err != nil {
				t.Fatal(err)
			}
			home := account.Attempt{Name: "kanri", Password: "the real one is long", From: netip.MustParseAddr("192.0.2.1")}
			if home.Device, err = w.Welcome(ctx, a, home, "password"); err != nil {
				t.Fatal(err)
			}
			counts := map[string]map[account.Result]int{}
			for _, name := range []string{"kanri", "nobody"} {
				counts[name] = map[account.Result]int{}
				for i := range 5000 {
					from := netip.AddrFrom4([4]byte{198, 51, 100, byte(i % addresses)})
					counts[name][w.try(t, account.Attempt{Name: name, Password: fmt.Sprint("guess number ", i), From: from})]++
				}
			}
			for name, c := range counts {
				if c[account.Wrong] > 100 || c[account.Wrong]+c[account.Locked] != 5000 {
					t.Errorf("%s: %v", name, c)
				}
			}
			if k, n := counts["kanri"][account.Wrong], counts["nobody"][account.Wrong]; k != n {
				t.Errorf("%d guesses at a name that is there, %d at one that is not", k, n)
			}
			stranger := home
			stranger.Device, stranger.From = "", netip.MustParseAddr("203.0.113.9")
			if r := w.try(t, stranger); r != account.Locked {
				t.Errorf("the right password from an unknown browser: %v", r)
			}
			if r := w.try(t, home); r != account.MustEnrol {
				t.Errorf("the real administrator: %v", r)
			}
			told := 0
			w.mu.Lock()
			for _, e := range w.events {
				if e.Kind == audit.SignIn && strings.Contains(e.Detail, "kept out") {
					told++
				}
			}
			w.mu.Unlock()
			if told != 1 {
				t.Errorf("the record tells %d times of the flood", told)
			}
			w.later(time.Hour + time.Second)
			if r := w.try(t, stranger); r != account.MustEnrol {
				t.Errorf("an hour later: %v", r)
			}
		})
	}
}

// TestStolenBrowser: a browser that is known has few guesses, and none at other accounts.
func TestStolenBrowser(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	w.make(t, "sato", "総務課", account.Staff)
	w.make(t, "suzuki", "総務課", account.Staff)
	a, err := w.Get(ctx, "sato")
	if err != nil {
		t.Fatal(err)
	}
	device, err := w.Welcome(ctx, a, account.Attempt{Name: "sato"}, "password")
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for i := range 200 {
		if w.try(t, account.Attempt{Name: "sato", Password: fmt.Sprint("guess", i), Device: device}) == account.Wrong {
			looked++
		}
	}
	if looked != 10 {
		t.Errorf("%d guesses from a known browser", looked)
	}
	looked = 0
	for i := range 200 {
		if w.try(t, account.Attempt{Name: "suzuki", Password: fmt.Sprint("guess", i), Device: device}) == account.Wrong {
			looked++
		}
	}
	if looked != 60 {
		t.Errorf("%d guesses at another account", looked)
	}
}

func TestCrowd(t *testing.T) {
	w := open(t)
	w.make(t, "sato", "総務課", account.Staff)
	results := make([]account.Result, 300)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			_, r, err := w.SignIn(t.Context(), account.Attempt{Name: fmt.Sprint("name", i), Password: "x", From: netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})})
			if err != nil {
				t.Error(err)
			}
			results[i] = r
		})
	}
	all.Wait()
	for i, r := range results {
		if r != account.Wrong && r != account.Busy {
			t.Errorf("guess %d: %v", i, r)
		}
	}
	if r := w.try(t, account.Attempt{Name: "sato", Password: good}); r != account.MustChange {
		t.Errorf("after the crowd: %v", r)
	}
}

func TestSessions(t *testing.T) {
	w := open(t)
	s := w.Sessions()
	if err := s.Commit("token", []byte("data"), w.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if b, ok, err := s.Find("token"); string(b) != "data" || !ok || err != nil {
		t.Errorf("%q %v %v", b, ok, err)
	}
	if _, ok, _ := s.Find("other"); ok {
		t.Error("another token finds it")
	}
	w.later(2 * time.Hour)
	if _, ok, _ := s.Find("token"); ok {
		t.Error("found after its end")
	}
	if err := w.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	raw, err := os.ReadFile(filepath.Join(w.dir, "accounts.db"))
	if err != nil || strings.Contains(string(raw), "token\x00") {
		t.Error("the token lies in the file", err)
	}
}

func TestLoan(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	w.make(t, "boss", "税務課", account.Approver)
	w.make(t, "sato", "総務課", account.Staff)
	l := account.Loan{Lender: "boss", Name: "sato", Since: w.now.Add(time.Hour), Until: w.now.Add(25 * time.Hour)}
	if err := w.Lend(ctx, "boss", account.Loan{Lender: "sato", Name: "boss", Since: l.Since, Until: l.Until}); !errors.Is(err, account.ErrLoan) {
		t.Errorf("who has no right lends it: %v", err)
	}
	if err := w.Lend(ctx, "boss", l); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		wait time.Duration
		want bool
	}{{0, false}, {2 * time.Hour, true}, {24 * time.Hour, false}} {
		w.later(c.wait)
		a, err := w.Get(ctx, "sato")
		if err != nil || a.Can(account.Approve, "税務課") != c.want || a.NeedsSecond() != c.want {
			t.Errorf("after %v: %+v, %v", c.wait, a, err)
		}
	}
}
