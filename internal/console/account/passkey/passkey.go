// Package passkey lets a person sign in with a key that the own device or a security key holds (Web Authentication Level 3). The
// device asks for a fingerprint, a face or a PIN, so one passkey is both factors; nothing of it can be typed into a false page.
//
//	Register: options ─► browser ─► answer, checked ─► kept with the account
//	SignIn:   options ─► browser ─► answer, checked ─► the account
//
// A passkey is bound to the name of the console's host, which must be a name, not a number.
package passkey

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"sekisho/internal/console/account"
)

// ErrHost says that people reach the console by a number, or not by TLS: then there are no passkeys.
var ErrHost = errors.New("passkeys need the console to have a host name, and https")

// patience is how long a person may take.
const patience = 5 * time.Minute

// Keys registers and checks passkeys.
type Keys struct {
	web   *webauthn.WebAuthn
	store *account.Store
}

// Open returns the passkeys of the console that people reach at base.
func Open(base string, store *account.Store) (*Keys, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return nil, ErrHost
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil, ErrHost
	}
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: patience, TimeoutUVD: patience}
	web, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Sekisho 関所", RPOrigins: []string{"https://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot use passkeys: %w", err)
	}
	return &Keys{web, store}, nil
}

// user is an account as the library wants it.
type user struct {
	account.Account
	keys []webauthn.Credential
}

// handle is the number by which a device knows an account. It says nothing about the person.
func handle(name string) []byte {
	sum := sha256.Sum256([]byte("sekisho passkey " + name))
	return sum[:]
}

func (u user) WebAuthnID() []byte                         { return handle(u.Name) }
func (u user) WebAuthnName() string                       { return u.Name }
func (u user) WebAuthnDisplayName() string                { return u.Display }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

// user loads the passkeys of an account.
func (k *Keys) user(ctx context.Context, a account.Account) (user, error) {
	all, err := k.store.Passkeys(ctx, a.Name)
	if err != nil {
		return user{}, err
	}
	u := user{Account: a}
	for _, one := range all {
		var c webauthn.Credential
		if err := json.Unmarshal(one.Credential, &c); err != nil {
			return user{}, fmt.Errorf("cannot read passkey: %w", err)
		}
		u.keys = append(u.keys, c)
	}
	return u, nil
}

// Ceremony is what goes to the browser (navigator.credentials takes it, as JSON), and what its session keeps until the answer.
type Ceremony struct {
	Options []byte
	Session []byte
}

func ceremony(options, session any) (Ceremony, error) {
	o, err := json.Marshal(options)
	s, err2 := json.Marshal(session)
	if err := errors.Join(err, err2); err != nil {
		return Ceremony{}, fmt.Errorf("cannot encode passkey options: %w", err)
	}
	return Ceremony{o, s}, nil
}

// Register begins to give a person, who is signed in, another passkey.
func (k *Keys) Register(ctx context.Context, a account.Account) (Ceremony, error) {
	u, err := k.user(ctx, a)
	if err != nil {
		return Ceremony{}, err
	}
	options, session, err := k.web.BeginRegistration(u, webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, fmt.Errorf("cannot begin with a passkey: %w", err)
	}
	return ceremony(options, session)
}

// Registered takes the browser's answer. The session serves once: the caller has forgotten it by now. The error wraps
// account.ErrDenied when the answer is not a good one.
func (k *Keys) Registered(ctx context.Context, a account.Account, label string, session, answer []byte) error {
	var s webauthn.SessionData
	if err := json.Unmarshal(session, &s); err != nil {
		return fmt.Errorf("%w: there is no session", account.ErrDenied)
	}
	u, err := k.user(ctx, a)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return fmt.Errorf("%w: %v", account.ErrDenied, err)
	}
	made, err := k.web.CreateCredential(u, s, parsed)
	if err != nil {
		return fmt.Errorf("%w: %v", account.ErrDenied, err)
	}
	kept, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("cannot encode passkey: %w", err)
	}
	return k.store.AddPasskey(ctx, a.Name, account.Passkey{ID: made.ID, Label: label, Credential: kept})
}

// SignIn begins a sign-in of whoever has a passkey here.
func (k *Keys) SignIn(context.Context) (Ceremony, error) {
	options, session, err := k.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("cannot begin with a passkey: %w", err)
	}
	return ceremony(options, session)
}

// SignedIn takes the browser's answer and returns the person. The session serves once. The error wraps account.ErrDenied when
// the answer is not a good one, or the account is disabled.
func (k *Keys) SignedIn(ctx context.Context, session, answer []byte) (account.Account, error) {
	var s webauthn.SessionData
	if err := json.Unmarshal(session, &s); err != nil {
		return account.Account{}, fmt.Errorf("%w: there is no session", account.ErrDenied)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return account.Account{}, fmt.Errorf("%w: %v", account.ErrDenied, err)
	}
	var found user
	used, err := k.web.ValidateDiscoverableLogin(func(id, given []byte) (webauthn.User, error) {
		a, err := k.store.PasskeyOwner(ctx, id)
		if err == nil && (a.Disabled || !bytes.Equal(handle(a.Name), given)) {
			err = account.ErrUnknown
		}
		if err != nil {
			return nil, err
		}
		found, err = k.user(ctx, a)
		return found, err
	}, s, parsed)
	if err != nil {
		return account.Account{}, fmt.Errorf("%w: %v", account.ErrDenied, err)
	}
	if used.Authenticator.CloneWarning {
		return account.Account{}, fmt.Errorf("%w: the passkey was copied", account.ErrDenied)
	}
	kept, err := json.Marshal(used)
	if err != nil {
		return account.Account{}, fmt.Errorf("cannot encode passkey: %w", err)
	}
	return found.Account, k.store.UsedPasskey(ctx, used.ID, kept)
}
