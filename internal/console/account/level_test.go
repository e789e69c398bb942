package account_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
)

// slowBook is a directory that takes its time over a name that it knows.
type slowBook struct{ account.Directory }

func (slowBook) Authenticate(_ context.Context, name, _ string) (account.Person, error) {
	if name == "sato" {
		time.Sleep(20 * time.Millisecond) // as a comparison on another machine does
	}
	return account.Person{}, account.ErrDenied
}

// TestLevel: a wrong sign-in takes the same least time for a name of an account here, of the directory, and of nobody.
func TestLevel(t *testing.T) {
	const least = 300 * time.Millisecond
	s, err := account.Open(t.Context(), t.TempDir(), account.Options{
		Record: func(context.Context, audit.Event) error { return nil }, Cost: account.Cost{Memory: 64, Passes: 1}, Directory: slowBook{}, Refusal: least,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Create(t.Context(), "test", account.Account{Name: "hanako", Office: "総務課", Roles: []account.Role{account.Staff}}, "a long first password"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hanako", "sato", "nobody", "no name at all"} {
		begun := time.Now()
		_, r, err := s.SignIn(t.Context(), account.Attempt{Name: name, Password: "a wrong password", From: netip.MustParseAddr("192.0.2.1")})
		if took := time.Since(begun); r != account.Wrong || err != nil || took < least {
			t.Errorf("%s: %v, %v after %v, want no less than %v", name, r, err, took, least)
		}
	}
	begun := time.Now()
	if _, r, err := s.SignIn(t.Context(), account.Attempt{Name: "hanako", Password: "a long first password", From: netip.MustParseAddr("192.0.2.1")}); r != account.MustChange || err != nil {
		t.Errorf("the right one: %v, %v after %v", r, err, time.Since(begun))
	}
}
