// Package provider lets people in whom a provider of OpenID Connect knows: authorization code flow with PKCE (RFC 7636), state
// and nonce, over TLS only.
//
//	Begin ─► browser goes to the provider ─► browser comes back with a code ─► Finish: code ─► ID token, checked ─► Person
//
// A person is who the provider says by issuer and subject; the name is what people read. Package account keeps the two together,
// so that nobody takes an account over by taking its name.
package provider

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"sekisho/internal/config"
	"sekisho/internal/console/account"
)

// CallbackPath is where the provider sends a browser back to, below the console's address.
const CallbackPath = "/signin/oidc"

// Provider is one provider of OpenID Connect.
type Provider struct {
	cfg      config.OIDC
	secret   string
	redirect string
	client   *http.Client

	mu    sync.Mutex
	found *oidc.Provider // nil before it was reached
}

// Pending is what the session of a browser keeps while it is at the provider.
type Pending struct{ State, Nonce, Verifier string }

// Open reads what the configuration names; base is the address by which people reach the console. Nothing is asked yet.
func Open(cfg config.OIDC, base string) (*Provider, error) {
	secret, err := os.ReadFile(cfg.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read secret of the provider: %w", err)
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CA != "" {
		pem, err := os.ReadFile(cfg.CA)
		if err != nil {
			return nil, fmt.Errorf("cannot read certificate: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("cannot read certificate: %s holds none", cfg.CA)
		}
	}
	redirect, err := url.JoinPath(base, CallbackPath)
	if err != nil {
		return nil, fmt.Errorf("cannot use address of the console: %w", err)
	}
	return &Provider{
		cfg: cfg, secret: strings.TrimSpace(string(secret)), redirect: redirect,
		client: &http.Client{
			Timeout: time.Duration(cfg.Timeout), Transport: &http.Transport{TLSClientConfig: t, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
			CheckRedirect: func(r *http.Request, _ []*http.Request) error {
				return errors.New("the provider answers with another address")
			},
		},
	}, nil
}

// discover asks the provider once where its parts are. A provider that is away is asked again by the next person.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The context also serves for the keys, which are fetched later.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("cannot reach provider: %w", err)
	}
	for _, address := range []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL} {
		if !strings.HasPrefix(address, "https://") {
			return nil, fmt.Errorf("cannot use provider: %q is not reached by TLS", address)
		}
	}
	p.found = found
	return found, nil
}

func (p *Provider) flow(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.secret, Endpoint: found.Endpoint(), RedirectURL: p.redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// Begin returns the address to send the browser to, and what its session keeps until Finish.
func (p *Provider) Begin(ctx context.Context) (string, Pending, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", Pending{}, err
	}
	w := Pending{random(), random(), oauth2.GenerateVerifier()}
	return p.flow(found).AuthCodeURL(w.State, oidc.Nonce(w.Nonce), oauth2.S256ChallengeOption(w.Verifier)), w, nil
}

func random() string {
	var b [24]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// claims are the parts of an ID token that are looked at, besides those that the library checks.
type claims struct {
	Name  string `json:"name"`
	Mail  string `json:"email"`
	Party string `json:"azp"`
}

// Finish takes the answer with which a browser comes back. w is what its session kept, which the caller has forgotten by now: it
// serves once. The error wraps account.ErrDenied when the provider, or this, says no; another one means that it cannot be told.
func (p *Provider) Finish(ctx context.Context, w Pending, answer url.Values) (account.Person, error) {
	if w.State == "" || subtle.ConstantTimeCompare([]byte(w.State), []byte(answer.Get("state"))) != 1 {
		return account.Person{}, fmt.Errorf("%w: the answer is not for this browser", account.ErrDenied)
	}
	if iss := answer.Get("iss"); iss != "" && iss != p.cfg.Issuer { // RFC 9207
		return account.Person{}, fmt.Errorf("%w: the answer is of another provider", account.ErrDenied)
	}
	if answer.Get("error") != "" || answer.Get("code") == "" {
		return account.Person{}, fmt.Errorf("%w: the provider says %q", account.ErrDenied, answer.Get("error"))
	}
	found, err := p.discover(ctx)
	if err != nil {
		return account.Person{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.flow(found).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(w.Verifier))
	if refused := new(oauth2.RetrieveError); errors.As(err, &refused) && refused.Response.StatusCode < 500 {
		return account.Person{}, fmt.Errorf("%w: the provider refuses the code: %s", account.ErrDenied, refused.ErrorCode)
	}
	if err != nil {
		return account.Person{}, fmt.Errorf("cannot ask provider: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID}).Verify(ctx, raw)
	if err != nil {
		return account.Person{}, fmt.Errorf("%w: %v", account.ErrDenied, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(w.Nonce)) != 1 {
		return account.Person{}, fmt.Errorf("%w: the token is for another sign-in", account.ErrDenied)
	}
	return p.person(ctx, found, id, token)
}

// person reads who somebody is, from the ID token and from what the provider says on top.
func (p *Provider) person(ctx context.Context, found *oidc.Provider, id *oidc.IDToken, token *oauth2.Token) (account.Person, error) {
	var c claims
	all := map[string]any{}
	if err := errors.Join(id.Claims(&c), id.Claims(&all)); err != nil {
		return account.Person{}, fmt.Errorf("%w: the token cannot be read: %v", account.ErrDenied, err)
	}
	if len(id.Audience) > 1 && c.Party != p.cfg.ClientID {
		return account.Person{}, fmt.Errorf("%w: the token is for another program", account.ErrDenied)
	}
	if found.UserInfoEndpoint() != "" {
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return account.Person{}, fmt.Errorf("cannot ask provider about the person: %w", err)
		}
		if info.Subject != id.Subject {
			return account.Person{}, fmt.Errorf("%w: the provider speaks of two persons", account.ErrDenied)
		}
		more := map[string]any{}
		if err := errors.Join(info.Claims(&more), info.Claims(&c)); err != nil {
			return account.Person{}, fmt.Errorf("cannot read what the provider says: %w", err)
		}
		for k, v := range more {
			if _, signed := all[k]; !signed {
				all[k] = v
			}
		}
	}
	who := account.Person{
		Source: "oidc", Subject: id.Issuer + " " + id.Subject, Name: text(all[p.cfg.NameClaim]), Display: c.Name, Mail: c.Mail,
		Groups: texts(all[p.cfg.GroupsClaim]), Second: slices.Contains(texts(all["amr"]), "mfa"), // RFC 8176
	}
	if p.cfg.OfficeClaim != "" {
		who.Office = text(all[p.cfg.OfficeClaim])
	}
	if who.Name == "" || id.Subject == "" {
		return who, fmt.Errorf("%w: the provider gives no %s", account.ErrDenied, p.cfg.NameClaim)
	}
	return who, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// maxTexts bounds a list in a token.
const maxTexts = 2000

// texts reads a list of texts, or one text.
func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	list, _ := v.([]any)
	var all []string
	for _, one := range list[:min(len(list), maxTexts)] {
		if s, ok := one.(string); ok {
			all = append(all, s)
		}
	}
	return all
}
