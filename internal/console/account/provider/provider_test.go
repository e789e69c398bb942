package provider_test

import (
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/console/account/provider"
)

// people is the provider's storage with groups.
type people struct {
	*storage.Storage
	users storage.UserStore
}

// The provider asks its storage for more than one interface: the extra ones are part of *storage.Storage.
var _ op.Storage = people{}

func (p people) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	err := p.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin)
	if u := p.users.GetUserByID(subject); err == nil && u != nil && u.IsAdmin {
		info.AppendClaims("groups", []string{"everybody", "sekisho-staff"})
	}
	return err
}

// server is a real provider of OpenID Connect, with two people.
func server(t *testing.T) *httptest.Server {
	t.Helper()
	var handler http.Handler
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "users.json")
	write(t, file, `{
		"id1": {"ID": "id1", "Username": "sato", "Password": "himitsu", "FirstName": "花子", "LastName": "佐藤", "Email": "sato@example.lg.jp", "IsAdmin": true},
		"id2": {"ID": "id2", "Username": "guest", "Password": "himitsu", "FirstName": "客", "LastName": "人"}}`)
	users, err := storage.StoreFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	clients := map[string]*storage.Client{"sekisho": storage.WebClient("sekisho", "client-secret", "https://console.example"+provider.CallbackPath)}
	old := slog.Default() // the example server replaces the logger of the process
	handler = exampleop.SetupServer(s.URL, people{storage.NewStorageWithClients(users, clients), users}, slog.New(slog.DiscardHandler), false)
	slog.SetDefault(old)
	return s
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, s *httptest.Server, change func(*config.OIDC)) *provider.Provider {
	t.Helper()
	dir := t.TempDir()
	cfg := config.OIDC{
		Issuer: s.URL, ClientID: "sekisho", SecretFile: filepath.Join(dir, "secret"), CA: filepath.Join(dir, "ca.pem"),
		NameClaim: "preferred_username", GroupsClaim: "groups", Timeout: config.Duration(time.Minute),
	}
	write(t, cfg.SecretFile, "client-secret\n")
	write(t, cfg.CA, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	if change != nil {
		change(&cfg)
	}
	p, err := provider.Open(cfg, "https://console.example")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// browse signs in at the provider as a person does, and returns what the browser comes back with.
func browse(t *testing.T, s *httptest.Server, address, user, password string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back url.Values
	client := s.Client()
	client.Jar = jar
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == "console.example" {
			back = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}
	res, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	at := res.Request.URL
	res, err = client.PostForm(s.URL+"/login/username", url.Values{"id": {at.Query().Get("authRequestID")}, "username": {user}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return back
}

func TestProvider(t *testing.T) {
	s := server(t)
	p := open(t, s, nil)
	begin := func() (url.Values, provider.Pending) {
		t.Helper()
		address, pending, err := p.Begin(t.Context())
		if err != nil || !strings.HasPrefix(address, s.URL) {
			t.Fatal(address, err)
		}
		back := browse(t, s, address, "sato", "himitsu")
		if back.Get("code") == "" {
			t.Fatalf("the browser comes back with %v", back)
		}
		return back, pending
	}
	back, pending := begin()
	who, err := p.Finish(t.Context(), pending, back)
	if err != nil || who.Name != "sato" || who.Subject != s.URL+" id1" || len(who.Groups) != 2 || who.Mail != "sato@example.lg.jp" || who.Second {
		t.Fatalf("%+v, %v", who, err)
	}
	denied := func(what string, w provider.Pending, answer url.Values) {
		t.Helper()
		if who, err := p.Finish(t.Context(), w, answer); !errors.Is(err, account.ErrDenied) {
			t.Errorf("%s: %+v, %v", what, who, err)
		}
	}
	denied("a second time", pending, back)
	denied("no session", provider.Pending{}, url.Values{"code": {"x"}, "state": {""}})
	back, pending = begin()
	other := pending
	other.State = "another"
	denied("another browser", other, back)
	other = pending
	other.Verifier += "x"
	denied("a stolen code", other, back)
	back, pending = begin()
	pending.Nonce = "another"
	denied("another sign-in's token", pending, back)
	back, pending = begin()
	back.Set("iss", "https://evil.example")
	denied("another provider", pending, back)
	denied("an error", pending, url.Values{"state": {pending.State}, "error": {"access_denied"}})

	away := open(t, s, func(c *config.OIDC) { c.Issuer = "https://127.0.0.1:1" })
	if _, _, err := away.Begin(t.Context()); err == nil || errors.Is(err, account.ErrDenied) {
		t.Errorf("a provider that is away: %v", err)
	}
}

// TestLetIn: what the provider says becomes an account, and a name that went to somebody else does not open it.
func TestLetIn(t *testing.T) {
	s := server(t)
	p := open(t, s, nil)
	store, err := account.Open(t.Context(), t.TempDir(), account.Options{
		Record: func(context.Context, audit.Event) error { return nil }, Cost: account.Cost{Memory: 64, Passes: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	rules := []account.Rule{{Group: "sekisho-staff", Roles: []account.Role{account.Staff}, Office: "総務課"}}
	come := func(user string) account.Person {
		t.Helper()
		address, pending, err := p.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		who, err := p.Finish(t.Context(), pending, browse(t, s, address, user, "himitsu"))
		if err != nil {
			t.Fatal(err)
		}
		return who
	}
	sato := come("sato")
	a, r, err := store.LetIn(t.Context(), sato, rules)
	if err != nil || r != account.Signed || a.Name != "sato" || a.Source != "oidc" || !a.Can(account.Drop, "総務課") {
		t.Errorf("%v %+v %v", r, a, err)
	}
	if _, r, err := store.LetIn(t.Context(), come("guest"), rules); r != account.Wrong || err != nil {
		t.Errorf("who is in no group: %v, %v", r, err)
	}
	taken := sato
	taken.Subject = s.URL + " id9"
	if _, r, err := store.LetIn(t.Context(), taken, rules); r != account.Wrong || err != nil {
		t.Errorf("another person of that name: %v, %v", r, err)
	}
	rules[0].Roles = []account.Role{account.Approver}
	if _, r, err := store.LetIn(t.Context(), sato, rules); r != account.MustEnrol || err != nil {
		t.Errorf("an approver without a second factor: %v, %v", r, err)
	}
	sato.Second = true
	if a, r, err := store.LetIn(t.Context(), sato, rules); r != account.Signed || err != nil || !a.Can(account.Approve, "総務課") {
		t.Errorf("an approver with a second factor there: %v, %v", r, err)
	}
}
