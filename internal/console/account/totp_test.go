package account

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/internal/audit"
)

// TestCode: the table of RFC 6238, appendix B, cut to six digits.
func TestCode(t *testing.T) {
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := code([]byte("12345678901234567890"), at/totpStep); got != want {
			t.Errorf("%d: %s, want %s", at, got, want)
		}
	}
}

func TestSecondFactor(t *testing.T) {
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	ctx := t.Context()
	s, err := Open(ctx, t.TempDir(), Options{
		Cost: Cost{64, 1}, Now: func() time.Time { return now }, Record: func(context.Context, audit.Event) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const password = "correct horse battery"
	if err := s.Create(ctx, "x", Account{Name: "kanri", Roles: []Role{Admin}}, password); err != nil {
		t.Fatal(err)
	}
	key, err := s.EnrolTOTP(ctx, "kanri")
	if err != nil || !strings.HasPrefix(key.URI, "otpauth://totp/Sekisho:kanri?") {
		t.Fatal(key, err)
	}
	secret, err := base32Text.DecodeString(key.Secret)
	if err != nil {
		t.Fatal(err)
	}
	at := func() int64 { return now.Unix() / totpStep }
	if ok, err := s.ConfirmTOTP(ctx, "kanri", "000000"); ok || err != nil {
		t.Errorf("any code confirms: %v", err)
	}
	if ok, err := s.ConfirmTOTP(ctx, "kanri", code(secret, at())); !ok || err != nil {
		t.Fatal(ok, err)
	}
	try := Attempt{Name: "kanri", Password: password, From: netip.MustParseAddr("192.0.2.1")}
	if _, r, err := s.SignIn(ctx, try); r != NeedSecond || err != nil {
		t.Errorf("without the code: %v, %v", r, err)
	}
	check := func(what, given string, want Result) {
		t.Helper()
		if got, err := s.CheckTOTP(ctx, try, given); got != want || err != nil {
			t.Errorf("%s: %v, want %v; %v", what, got, want, err)
		}
	}
	check("the code that confirmed", code(secret, at()), Wrong)
	now = now.Add(time.Minute)
	fresh := code(secret, at())
	check("full-width, with a space", strings.Map(func(r rune) rune { return r - '0' + '０' }, fresh[:3])+" "+fresh[3:], Signed)
	check("a second time", fresh, Wrong)
	check("an older one", code(secret, at()-1), Wrong)
	check("too new", code(secret, at()+2), Wrong)
	last := Signed
	for range 100 {
		if last, err = s.CheckTOTP(ctx, try, "000000"); err != nil {
			t.Fatal(err)
		}
	}
	if last != Locked {
		t.Errorf("100 wrong codes: %v", last)
	}
	if err := s.ResetTOTP(ctx, "other", "kanri"); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Get(ctx, "kanri"); a.TOTP || err != nil {
		t.Errorf("%+v, %v", a, err)
	}
}
