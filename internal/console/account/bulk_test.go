package account_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/console/account"
)

const april = `名前,表示名,所属,役割,承認する所属,中身の確認,原本の取り出し,メール,停止
sato,佐藤 花子,税務課,職員 承認者,税務課、総務課,○,,sato@example.lg.jp,
new.one,新人,総務課,職員,,,,,
stays,残る人,総務課,staff,,,,,
`

func read(t *testing.T, b []byte) []account.Account {
	t.Helper()
	list, wrong, err := account.ReadList(bytes.NewReader(b))
	if err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	}
	return list
}

func TestBulk(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	w.make(t, "kanri", "", account.Admin)
	w.make(t, "sato", "総務課", account.Staff)
	w.make(t, "leaver", "総務課", account.Staff)
	if err := w.Create(ctx, "kanri", account.Account{Name: "stays", Display: "残る人", Office: "総務課", Roles: []account.Role{account.Staff}}, good); err != nil {
		t.Fatal(err)
	}
	sjis, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(april))
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, []byte("\uFEFF"+april))
	if again := read(t, sjis); len(again) != 3 || again[0].Display != list[0].Display {
		t.Errorf("Shift_JIS: %+v", again)
	}
	if a := list[0]; !slices.Equal(a.Roles, []account.Role{account.Staff, account.Approver}) || len(a.Approves) != 2 || !a.Preview || a.Download {
		t.Errorf("%+v", a)
	}
	before := len(w.events)
	p, err := w.Plan(ctx, "kanri", list, true)
	if err != nil || len(p.Create) != 1 || len(p.Update) != 1 || len(p.Disable) != 1 || p.Same != 1 || p.Disable[0].Old.Name != "leaver" {
		t.Fatalf("%+v, %v", p, err)
	}
	if len(w.events) != before {
		t.Error("the dry run is on record")
	}
	if _, err := w.Apply(ctx, "kanri", list, false, p.Sum); !errors.Is(err, account.ErrPlan) {
		t.Errorf("another plan than the one seen: %v", err)
	}
	given, err := w.Apply(ctx, "kanri", list, true, p.Sum)
	if err != nil || len(given) != 1 || given[0].Name != "new.one" || len(given[0].Password) != 24 {
		t.Fatalf("%+v, %v", given, err)
	}
	if r := w.try(t, account.Attempt{Name: "new.one", Password: given[0].Password}); r != account.MustChange {
		t.Errorf("the new one: %v", r)
	}
	if a, err := w.Get(ctx, "leaver"); !a.Disabled || err != nil {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := w.Get(ctx, "kanri"); a.Disabled || err != nil {
		t.Errorf("who applied it is out: %+v, %v", a, err)
	}
	if p, err := w.Plan(ctx, "kanri", list, true); err != nil || len(p.Create)+len(p.Update)+len(p.Disable) != 0 {
		t.Errorf("a second time: %+v, %v", p, err)
	}

	all, err := w.List(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := account.WriteList(&b, all); err != nil {
		t.Fatal(err)
	}
	if p, err := w.Plan(ctx, "kanri", read(t, b.Bytes()), true); err != nil || p.Same != len(all) {
		t.Errorf("what is written is not what is read: %+v, %v", p, err)
	}
}

func TestBadList(t *testing.T) {
	head, _, _ := strings.Cut(april, "\n")
	for _, bad := range []string{"", "a,b\n", strings.Replace(april, "役割", "権限", 1), head + "\nx,y\n", "\xff\xfe\xfd\x80"} {
		if _, _, err := account.ReadList(strings.NewReader(bad)); !errors.Is(err, account.ErrList) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	_, wrong, err := account.ReadList(strings.NewReader(head + `
a b,x,総務課,職員,,,,,
ok,x,総務課,職員,,,,,
OK,x,総務課,職員,,,,,
c,x,総務課,社長,,,,,
d,x,総務課,職員,,たぶん,,,
e,"x
admin signed in",総務課,職員,,,,,
`))
	if err != nil || len(wrong) != 5 || wrong[0].Line != 2 || !errors.Is(wrong[1].Err, account.ErrExists) {
		t.Errorf("%+v, %v", wrong, err)
	}
}

func TestTokens(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	w.make(t, "sato", "総務課", account.Staff, account.Operator)
	until := w.now.Add(30 * 24 * time.Hour)
	for _, c := range []struct {
		label  string
		roles  []account.Role
		expiry time.Time
	}{
		{"", []account.Role{account.Staff}, until}, {"x\n", nil, until}, {"x", []account.Role{account.Admin}, until},
		{"x", []account.Role{account.Staff}, w.now}, {"x", []account.Role{account.Staff}, w.now.Add(400 * 24 * time.Hour)},
	} {
		if _, err := w.MakeToken(ctx, "sato", c.label, c.roles, c.expiry); !errors.Is(err, account.ErrTokens) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	held, err := w.MakeToken(ctx, "sato", "複合機", []account.Role{account.Staff}, until)
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.ByToken(ctx, held)
	if err != nil || a.Name != "sato" || !a.Can(account.Drop, "総務課") || a.Can(account.Review, "総務課") {
		t.Errorf("%+v, %v", a, err)
	}
	for _, bad := range []string{"", "sekisho_", held + "x", held[:len(held)-1]} {
		if _, err := w.ByToken(ctx, bad); !errors.Is(err, account.ErrDenied) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if strings.Contains(w.last().Detail, held) {
		t.Error("the token is on record")
	}
	all, err := w.Tokens(ctx, "sato")
	if err != nil || len(all) != 1 || all[0].Used.IsZero() {
		t.Fatalf("%+v, %v", all, err)
	}
	w.later(31 * 24 * time.Hour)
	if _, err := w.ByToken(ctx, held); !errors.Is(err, account.ErrDenied) {
		t.Errorf("after its end: %v", err)
	}
	w.later(-31 * 24 * time.Hour)
	if err := w.RemoveToken(ctx, "sato", "other", all[0].ID); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := w.RemoveToken(ctx, "sato", "sato", all[0].ID); err != nil {
		t.Error(err)
	}
	if _, err := w.ByToken(ctx, held); !errors.Is(err, account.ErrDenied) {
		t.Errorf("removed: %v", err)
	}
}

// TestInitialPassword: it is one that an account takes, and not the same twice.
func TestInitialPassword(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p := account.InitialPassword()
		if err := account.CheckPassword("shokuin", p); err != nil || len(p) != 24 || seen[p] {
			t.Errorf("%q: %v", p, err)
		}
		seen[p] = true
	}
}
