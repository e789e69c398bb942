package console

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"sekisho/internal/console/account"
)

// The cookies. A name with __Host- is taken by browsers only from this host, over TLS, for all of it.
const (
	sessionCookie = "__Host-sekisho"
	deviceCookie  = "__Host-sekisho-device"
)

// How long a session lasts, whatever is done in it, and how long when nothing is, where nobody configured it.
const (
	sessionLife = 10 * time.Hour
	sessionIdle = 30 * time.Minute
)

// The stages of a sign-in. Only a session at stageFull opens pages; at any other it opens the page of that stage alone.
const (
	stageSecond = "second" // the second factor is asked for
	stageChange = "change" // the password must be changed
	stageEnrol  = "enrol"  // a second factor must be enrolled
	stageFull   = "full"
)

// The keys of what a session keeps.
const (
	keyName    = "name"
	keyVersion = "version"
	keyStage   = "stage"
	keySeen    = "seen"
	keyMethod  = "method"
	keySaid    = "said"
)

// session is who a request comes from.
type session struct {
	account account.Account
	stage   string
	full    bool
	method  string // how the person signed in, for the record
}

type sessionKey struct{}

// sessionOf returns the session of a request, or nil.
func sessionOf(r *http.Request) *session {
	s, _ := r.Context().Value(sessionKey{}).(*session)
	return s
}

// newSessions returns what keeps sessions: the token in a cookie, the rest with the accounts.
func newSessions(accounts *account.Store, life time.Duration) *scs.SessionManager {
	m := scs.New()
	m.Store = accounts.Sessions()
	m.Lifetime = life
	m.Cookie.Name, m.Cookie.Path = sessionCookie, "/"
	m.Cookie.Secure, m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Persist = true, true, http.SameSiteLaxMode, false
	return m
}

// known finds out who a request comes from. A session whose account changed, or that was idle for long, is none.
func (c *Console) known(next http.Handler) http.Handler {
	load := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		name := c.sessions.GetString(ctx, keyName)
		if name == "" {
			next.ServeHTTP(w, r)
			return
		}
		a, ok, err := c.accounts.Current(ctx, name, c.sessions.GetInt64(ctx, keyVersion))
		if err != nil {
			c.failed(w, r, err)
			return
		}
		now := c.now()
		seen := time.Unix(c.sessions.GetInt64(ctx, keySeen), 0)
		if !ok || now.Sub(seen) > c.idle {
			if err := c.sessions.Destroy(ctx); err != nil {
				c.failed(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		if now.Sub(seen) > time.Minute { // not at each request: it is a write
			c.sessions.Put(ctx, keySeen, now.Unix())
		}
		stage := c.sessions.GetString(ctx, keyStage)
		if stage == stageFull && a.Source != "oidc" && a.NeedsSecond() && !a.TOTP && a.Passkeys == 0 {
			stage = stageEnrol // was lent the right to approve since
		}
		s := &session{account: a, stage: stage, full: stage == stageFull, method: c.sessions.GetString(ctx, keyMethod)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, sessionKey{}, s)))
	})
	return c.sessions.LoadAndSave(load)
}

// begin begins the session anew at a stage: under a new token, so that nobody who knew the old one has it (fixation).
func (c *Console) begin(ctx context.Context, a account.Account, stage, method string) error {
	if err := c.sessions.RenewToken(ctx); err != nil {
		return err
	}
	c.sessions.Put(ctx, keyName, a.Name)
	c.sessions.Put(ctx, keyVersion, a.Version)
	c.sessions.Put(ctx, keyStage, stage)
	c.sessions.Put(ctx, keySeen, c.now().Unix())
	c.sessions.Put(ctx, keyMethod, method)
	return nil
}

// attempt describes who tries to sign in.
func attempt(r *http.Request, name, password string) account.Attempt {
	at := account.Attempt{Name: name, Password: password}
	if cookie, err := r.Cookie(deviceCookie); err == nil {
		at.Device = cookie.Value
	}
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		at.From = from.Addr()
	}
	return at
}

// entered ends a sign-in: on the record, with a browser that is known from now on.
func (c *Console) entered(w http.ResponseWriter, r *http.Request, a account.Account, method, to string) {
	device, err := c.accounts.Welcome(r.Context(), a, attempt(r, a.Name, ""), method)
	if err == nil {
		err = c.begin(r.Context(), a, stageFull, method)
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: deviceCookie, Value: device, Path: "/", MaxAge: 365 * 24 * 60 * 60, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, local(to), http.StatusSeeOther)
}

// advance takes a person who has proved who it is to what must be done next, and at last inside.
func (c *Console) advance(w http.ResponseWriter, r *http.Request, a account.Account, method, to string) {
	stage, page := "", ""
	switch {
	case a.MustChange:
		stage, page = stageChange, "/password"
	case a.NeedsSecond() && !a.TOTP && a.Passkeys == 0:
		stage, page = stageEnrol, "/enrol"
	default:
		c.entered(w, r, a, method, to)
		return
	}
	if err := c.begin(r.Context(), a, stage, method); err != nil {
		c.failed(w, r, err)
		return
	}
	http.Redirect(w, r, page+nextQuery(to), http.StatusSeeOther)
}

// local returns the address to go on to, when it is one of this console; else its first page. What a form or an address
// brings must not lead a person elsewhere.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsAny(to, "\\\r\n\t") || u.Path == "/signout" || u.Path == "/signin" {
		return "/"
	}
	clean := url.URL{Path: u.Path, RawQuery: u.RawQuery}
	return clean.String()
}

// nextQuery carries an address on to the next page.
func nextQuery(to string) string {
	if to = local(to); to == "/" {
		return ""
	}
	return "?next=" + url.QueryEscape(to)
}

// tell keeps a message for the next page.
func (c *Console) tell(ctx context.Context, look, id string) {
	c.sessions.Put(ctx, keySaid, look+" "+id)
}

// told takes the message that the last action left.
func (c *Console) told(r *http.Request, p *page) {
	look, id, ok := strings.Cut(c.sessions.PopString(r.Context(), keySaid), " ")
	if ok {
		p.Said = &said{Look: look, Text: p.say(id)}
	}
}
