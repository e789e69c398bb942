package console

import (
	"context"
	"encoding/pem"
	"io"
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

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/console/account/provider"
	"sekisho/internal/console/index"
)

// nowhere is a gateway that a sign-in does not ask anything.
type nowhere struct{ Gateway }

// single is a console with a real provider of OpenID Connect beside it.
type single struct {
	console, provider *httptest.Server
	people            *account.Store
}

func openSingle(t *testing.T) *single {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &single{}
	var op, pages http.Handler
	s.provider = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { op.ServeHTTP(w, r) }))
	t.Cleanup(s.provider.Close)
	s.console = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { pages.ServeHTTP(w, r) }))
	t.Cleanup(s.console.Close)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		must(os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	users, err := storage.StoreFromFile(write("users.json", `{"id1": {"ID": "id1", "Username": "sato", "Password": "himitsu", "FirstName": "花子", "LastName": "佐藤", "Email": "staff"},
		"id2": {"ID": "id2", "Username": "guest", "Password": "himitsu", "FirstName": "客", "LastName": "人", "Email": "guest"}}`))
	must(err)
	clients := map[string]*storage.Client{"sekisho": storage.WebClient("sekisho", "client-secret", s.console.URL+provider.CallbackPath)}
	old := slog.Default() // the example server replaces the logger of the process
	op = exampleop.SetupServer(s.provider.URL, storage.NewStorageWithClients(users, clients), slog.New(slog.DiscardHandler), false)
	slog.SetDefault(old)
	p, err := provider.Open(config.OIDC{
		Issuer: s.provider.URL, ClientID: "sekisho", SecretFile: write("secret", "client-secret"), Timeout: config.Duration(time.Minute),
		CA:        write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.provider.Certificate().Raw}))),
		NameClaim: "preferred_username", GroupsClaim: "email", // the provider of this test has no groups
	}, s.console.URL)
	must(err)
	root, err := os.OpenRoot(t.TempDir())
	must(err)
	t.Cleanup(func() { root.Close() })
	s.people, err = account.Open(t.Context(), dir, account.Options{
		Record: func(context.Context, audit.Event) error { return nil }, Cost: account.Cost{Memory: 64, Passes: 1},
	})
	must(err)
	t.Cleanup(func() { s.people.Close() })
	x, err := index.Open(t.Context(), dir, index.Options{Record: root, Log: "audit", Office: func(r, _ string) string { return r }})
	must(err)
	t.Cleanup(func() { x.Close() })
	c, err := New(Options{
		Log: slog.New(slog.DiscardHandler), Accounts: s.people, Index: x, Gateway: nowhere{}, Outside: p,
		Rules: []account.Rule{{Group: "staff", Roles: []account.Role{account.Staff}, Office: "総務課"}},
	})
	must(err)
	pages = c.Handler()
	return s
}

// browser returns a client that trusts both servers, and follows no redirect by itself.
func (s *single) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := s.console.Client() // the certificate of test servers is one
	return &http.Client{Jar: jar, Transport: client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// follow gets an address and goes on as long as it is sent on, up to one that begins with stop.
func follow(t *testing.T, b *http.Client, at, stop string) (*url.URL, int, string) {
	t.Helper()
	for range 20 {
		res, err := b.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		to, err := res.Location()
		if err != nil || strings.HasPrefix(to.String(), stop) {
			if to == nil {
				to = res.Request.URL
			}
			return to, res.StatusCode, string(body)
		}
		at = to.String()
	}
	t.Fatal("sent on for ever")
	return nil, 0, ""
}

// visitProvider goes from the console to the provider, signs in there, and returns the address that leads back.
func (s *single) visitProvider(t *testing.T, b *http.Client, user string) string {
	t.Helper()
	back := s.console.URL + provider.CallbackPath
	login, _, _ := follow(t, b, s.console.URL+"/signin/start?next=/me", back)
	res, err := b.PostForm(s.provider.URL+"/login/username", url.Values{"id": {login.Query().Get("authRequestID")}, "username": {user}, "password": {"himitsu"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	to, err := res.Location()
	if err != nil {
		t.Fatalf("the provider answers %d", res.StatusCode)
	}
	at, _, _ := follow(t, b, to.String(), back)
	return at.String()
}

// TestOutside: a person whom the provider knows gets in, with the roles of the rules, and only in the browser that began.
func TestOutside(t *testing.T) {
	s := openSingle(t)
	b := s.browser(t)
	if _, _, page := follow(t, b, s.console.URL+"/signin", "x"); !strings.Contains(page, "/signin/start") {
		t.Error("the page does not lead to the provider")
	}
	back := s.visitProvider(t, b, "sato")
	if _, status, _ := follow(t, s.browser(t), back, "x"); status != http.StatusForbidden {
		t.Errorf("another browser with the address: %d", status)
	}
	at, status, page := follow(t, b, back, "x")
	if at.Path != "/me" || status != http.StatusOK || !strings.Contains(page, "総務課") {
		t.Errorf("%s %d", at, status)
	}
	a, err := s.people.Get(t.Context(), "sato")
	if err != nil || a.Source != "oidc" || !a.Can(account.Drop, "総務課") {
		t.Errorf("%+v, %v", a, err)
	}
	if _, status, _ := follow(t, b, back, "x"); status != http.StatusForbidden {
		t.Errorf("a second time: %d", status)
	}
	other := s.browser(t)
	if _, status, page := follow(t, other, s.visitProvider(t, other, "guest"), "x"); status != http.StatusForbidden || !strings.Contains(page, "SK-C-OUTSIDE") {
		t.Errorf("who has no role: %d", status)
	}
	if _, status, _ := follow(t, other, s.console.URL+"/me", s.console.URL+"/signin"); status != http.StatusSeeOther {
		t.Errorf("and is inside: %d", status)
	}
}
