package passkey_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/account/passkey"
)

const base = "https://sekisho.example.lg.jp"

// world is a store with two people, and the passkeys.
func world(t *testing.T) (*account.Store, *passkey.Keys, map[string]account.Account) {
	t.Helper()
	store, err := account.Open(t.Context(), t.TempDir(), account.Options{
		Record: func(context.Context, audit.Event) error { return nil }, Cost: account.Cost{Memory: 64, Passes: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	people := map[string]account.Account{}
	for _, name := range []string{"kanri", "other"} {
		if err := store.Create(t.Context(), "x", account.Account{Name: name, Roles: []account.Role{account.Admin}}, "a long first password"); err != nil {
			t.Fatal(err)
		}
		if people[name], err = store.Get(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := passkey.Open(base, store)
	if err != nil {
		t.Fatal(err)
	}
	return store, keys, people
}

// device is a security key with one credential.
type device struct {
	party virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	cred  virtualwebauthn.Credential
}

func newDevice(origin string) *device {
	d := &device{
		party: virtualwebauthn.RelyingParty{Name: "Sekisho", ID: "sekisho.example.lg.jp", Origin: origin},
		auth:  virtualwebauthn.NewAuthenticator(), cred: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2),
	}
	return d
}

func (d *device) register(t *testing.T, keys *passkey.Keys, a account.Account) error {
	t.Helper()
	c, err := keys.Register(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	options, err := virtualwebauthn.ParseAttestationOptions(string(c.Options))
	if err != nil {
		t.Fatal(err)
	}
	d.auth.Options.UserHandle = []byte(options.UserID)
	err = keys.Registered(t.Context(), a, "机の鍵", c.Session, []byte(virtualwebauthn.CreateAttestationResponse(d.party, d.auth, d.cred, *options)))
	if err == nil {
		d.auth.AddCredential(d.cred)
	}
	return err
}

func (d *device) answer(t *testing.T, c passkey.Ceremony) []byte {
	t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(string(c.Options))
	if err != nil {
		t.Fatal(err)
	}
	d.cred.Counter++
	return []byte(virtualwebauthn.CreateAssertionResponse(d.party, d.auth, d.cred, *options))
}

func begin(t *testing.T, keys *passkey.Keys) passkey.Ceremony {
	t.Helper()
	c, err := keys.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPasskey(t *testing.T) {
	store, keys, people := world(t)
	d := newDevice(base)
	if err := d.register(t, keys, people["kanri"]); err != nil {
		t.Fatal(err)
	}
	if a, err := store.Get(t.Context(), "kanri"); a.Passkeys != 1 || err != nil {
		t.Errorf("%+v, %v", a, err)
	}
	c := begin(t, keys)
	answer := d.answer(t, c)
	a, err := keys.SignedIn(t.Context(), c.Session, answer)
	if err != nil || a.Name != "kanri" {
		t.Fatalf("%+v, %v", a, err)
	}
	denied := func(what string, session, answer []byte) {
		t.Helper()
		if a, err := keys.SignedIn(t.Context(), session, answer); !errors.Is(err, account.ErrDenied) {
			t.Errorf("%s: %+v, %v", what, a, err)
		}
	}
	denied("an old answer", begin(t, keys).Session, answer)
	denied("no session", nil, answer)
	denied("no answer", c.Session, []byte("{}"))
	c = begin(t, keys)
	denied("somebody else's handle", c.Session, func() []byte {
		thief := *d
		thief.auth.Options.UserHandle = []byte("another person's number, of 32 b")
		return thief.answer(t, c)
	}())
	c = begin(t, keys)
	phished := *d
	phished.party.Origin = "https://sekisho.example.lg.jp.evil.example"
	denied("an answer given to another page", c.Session, phished.answer(t, c))
	c = begin(t, keys)
	copied := *d
	copied.cred.Counter = 0
	good := d.answer(t, c)
	if _, err := keys.SignedIn(t.Context(), c.Session, good); err != nil {
		t.Fatal(err)
	}
	c = begin(t, keys)
	denied("a copy", c.Session, copied.answer(t, c))
	if err := store.Disable(t.Context(), "other", "kanri"); err != nil {
		t.Fatal(err)
	}
	c = begin(t, keys)
	denied("disabled", c.Session, d.answer(t, c))
}

func TestRegister(t *testing.T) {
	store, keys, people := world(t)
	d := newDevice("https://evil.example")
	if err := d.register(t, keys, people["kanri"]); !errors.Is(err, account.ErrDenied) {
		t.Errorf("made for another page: %v", err)
	}
	d = newDevice(base)
	d.auth.Options.UserNotVerified = true
	if err := d.register(t, keys, people["kanri"]); !errors.Is(err, account.ErrDenied) {
		t.Errorf("a device that asked for nothing: %v", err)
	}
	d = newDevice(base)
	if err := d.register(t, keys, people["kanri"]); err != nil {
		t.Fatal(err)
	}
	if err := d.register(t, keys, people["other"]); err == nil {
		t.Error("one passkey opens two accounts")
	}
	all, err := store.Passkeys(t.Context(), "kanri")
	if err != nil || len(all) != 1 || all[0].Label != "机の鍵" {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := store.RemovePasskey(t.Context(), "kanri", "other", all[0].ID); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("somebody else's passkey: %v", err)
	}
	if err := store.RemovePasskey(t.Context(), "kanri", "kanri", all[0].ID); err != nil {
		t.Error(err)
	}
	c := begin(t, keys)
	if _, err := keys.SignedIn(t.Context(), c.Session, d.answer(t, c)); !errors.Is(err, account.ErrDenied) {
		t.Errorf("a passkey that was removed: %v", err)
	}
}

func TestHost(t *testing.T) {
	store, _, _ := world(t)
	for _, bad := range []string{"https://127.0.0.1:8443", "http://sekisho.example.lg.jp", "https://[::1]:8443", ""} {
		if _, err := passkey.Open(bad, store); !errors.Is(err, passkey.ErrHost) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := passkey.Open("https://localhost:8443", store); err != nil {
		t.Error(strings.TrimSpace(err.Error()))
	}
}
