package console

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	"sekisho/internal/console/account"
	"sekisho/internal/console/account/passkey"
	"sekisho/internal/console/account/provider"
	"sekisho/internal/console/index"
	"sekisho/internal/console/notify"
)

// Options are what a console works with.
type Options struct {
	Log      *slog.Logger
	Accounts *account.Store
	Index    *index.Index
	Gateway  Gateway
	Guide    Guide              // nil: there is no page of the first set-up
	Notices  *notify.Notifier   // nil: there is no page about them
	Programs http.Handler       // answers programs, below /api/; nil: nobody does
	Outside  *provider.Provider // of OpenID Connect; nil: none
	Rules    []account.Rule     // what its groups are here
	Passkeys *passkey.Keys      // nil: there are none
	Session  time.Duration      // after which a person signs in again; default 10 h
	Idle     time.Duration      // without a request, after which a person signs in again; default 30 min
	Now      func() time.Time   // default time.Now
}

// Console is the web page of a gateway.
type Console struct {
	log      *slog.Logger
	accounts *account.Store
	index    *index.Index
	gateway  Gateway
	guide    Guide
	notices  *notify.Notifier
	outside  *provider.Provider
	rules    []account.Rule
	passkeys *passkey.Keys
	sessions *scs.SessionManager
	idle     time.Duration
	now      func() time.Time

	texts  map[string]*i18n.Localizer
	pages  map[string]*template.Template
	assets map[string]asset
	chain  *chainWatch

	table    []pageRoute
	previews previews
	watching atomic.Int64 // browsers that are told of changes
	until    atomic.Int64 // when the certificate ends, seconds since 1970; 0: unknown
	handler  http.Handler
}

// New returns a console. Nothing is served before Serve.
func New(o Options) (*Console, error) {
	c := &Console{log: o.Log, accounts: o.Accounts, index: o.Index, gateway: o.Gateway, guide: o.Guide, notices: o.Notices, now: o.Now, idle: cmp.Or(o.Idle, sessionIdle)}
	c.sessions = newSessions(o.Accounts, cmp.Or(o.Session, sessionLife))
	if c.now == nil {
		c.now = time.Now
	}
	c.sessions.ErrorFunc = c.failed
	c.chain = newChainWatch(o.Gateway.VerifyRecord, c.now)
	var err error
	if c.texts, err = loadTexts(); err != nil {
		return nil, err
	}
	if c.pages, err = loadTemplates(); err != nil {
		return nil, err
	}
	if c.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	c.outside, c.rules, c.passkeys = o.Outside, o.Rules, o.Passkeys
	c.handler = c.routes(o.Programs)
	return c, nil
}

// Handler returns what answers requests. They must come over TLS: the cookies are kept for that only.
func (c *Console) Handler() http.Handler { return c.handler }

// pageRoute is one address of the console and what it asks of whoever opens it. The tests attack each that is in Console.table.
type pageRoute struct {
	pattern string        // as package http spells it
	stage   string        // of the sign-in; "": for anybody
	right   account.Right // for some office at least; "": for whoever is at the stage
}

// routes says which address is which page, and who may open it.
func (c *Console) routes(programs http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/", c.static)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/static/"+c.assets["icon.svg"].hash+"/icon.svg", http.StatusMovedPermanently)
	})
	pages := http.NewServeMux()
	add := func(r pageRoute, h http.Handler) {
		c.table = append(c.table, r)
		pages.Handle(r.pattern, h)
	}
	open := func(pattern string, h http.HandlerFunc) { add(pageRoute{pattern: pattern}, h) }
	at := func(pattern, stage string, h http.HandlerFunc) {
		add(pageRoute{pattern: pattern, stage: stage}, c.atStage(stage, h))
	}
	may := func(pattern string, right account.Right, h http.HandlerFunc) {
		add(pageRoute{pattern, stageFull, right}, c.mayUse(right, h))
	}

	open("GET /signin", c.signin)
	open("POST /signin", c.doSignin)
	open("GET /signin/start", c.startOutside)
	open("GET "+provider.CallbackPath, c.doOutside)
	open("POST /signin/passkey/begin", c.beginPasskeySignIn)
	open("POST /signin/passkey", c.doPasskeySignIn)
	open("GET /setup", c.setup)
	open("POST /setup", c.doSetup)
	open("POST /signout", c.signout)
	open("POST /language", c.language)
	at("GET /second", stageSecond, c.second)
	at("POST /second", stageSecond, c.doSecond)
	at("GET /enrol", stageEnrol, c.enrol)
	at("POST /enrol", stageEnrol, c.doEnrol)
	at("GET /password", stageChange, c.password)
	at("POST /password", stageChange, c.doPassword)

	at("GET /{$}", stageFull, c.first)
	at("GET /me", stageFull, c.me)
	at("POST /me/passkeys/begin", stageFull, c.beginPasskey)
	at("POST /me/passkeys", stageFull, c.doPasskey)
	at("POST /me/passkeys/remove", stageFull, c.doRemovePasskey)
	may("GET /me/lend", account.Approve, c.lend)
	may("POST /me/lend", account.Approve, c.doLend)
	at("POST /me/lend/end", stageFull, c.doEndLoan)
	at("GET /me/tokens", stageFull, c.tokens)
	at("POST /me/tokens", stageFull, c.doToken)
	at("POST /me/tokens/end", stageFull, c.doEndToken)
	may("GET /live", account.See, c.live)
	may("GET "+dropPath, account.Drop, c.drop)
	may("POST "+dropPath, account.Drop, c.doDrop)
	may("GET /file/{id}", account.See, c.file)
	may("GET /file/{id}/json", account.See, c.fileJSON)
	may("POST /file/{id}/password", account.Password, c.doFilePassword)
	may("POST /file/{id}/request", account.Request, c.doFileRequest)
	at("POST /file/{id}/preview", stageFull, c.doPreview)
	at("GET /file/{id}/preview/{side}/{n}", stageFull, c.picture)
	may("GET /home", account.Review, c.home)
	may("GET /files", account.See, c.files)
	may("GET /files.csv", account.Export, c.filesCSV)
	may("GET /files.xlsx", account.Export, c.filesXLSX)
	may("GET /held", account.Review, c.held)
	may("GET /held/{id}", account.Review, c.held)
	may("GET "+bulkPath, account.Review, c.bulk)
	may("POST "+bulkPath, account.Review, c.doBulk)
	may("POST "+bulkPath+"/{action}", account.Review, c.doApplyBulk)
	may("POST /held/{id}/{action}", account.See, c.doHeld)
	may("GET /approvals", account.Approve, c.approvals)
	may("GET /audit", account.Record, c.audit)
	may("POST /audit/verify", account.Record, c.doVerify)
	may("GET /audit/file/{id}", account.Record, c.life)
	may("GET /audit/month", account.Record, c.month)
	if c.guide != nil {
		may("GET "+guidePath, account.Settings, c.guidance)
		may("POST "+guidePath, account.Settings, c.doGuide)
	}
	if c.notices != nil {
		may("GET "+noticesPath, account.Settings, c.noticesOf)
		may("POST "+noticesPath+"/{way}", account.Settings, c.doNotice)
	}
	may("GET /status", account.Status, c.status)
	may("GET "+policyPath, account.Status, c.policies)
	may("POST "+policyPath+"/propose", account.Policies, c.doPropose)
	may("POST "+policyPath+"/activate", account.Policies, c.doActivate)
	may("POST "+policyPath+"/withdraw", account.Policies, c.doWithdraw)
	may("POST "+tryPath, account.Policies, c.doTry)
	may("POST "+tryPath+"/end", account.Policies, c.doEndTrial)
	may("GET /people", account.Accounts, c.people)
	may("GET "+rosterPath, account.Accounts, c.roster)
	may("GET "+rosterPath+".csv", account.Accounts, c.rosterCSV)
	may("POST "+rosterPath, account.Accounts, c.doRoster)
	may("POST "+rosterPath+"/apply", account.Accounts, c.doApplyRoster)
	may("GET /people/look", account.Accounts, c.look)
	may("GET /people/new", account.Accounts, c.person)
	may("POST /people/new", account.Accounts, c.doNewPerson)
	may("GET /people/edit", account.Accounts, c.person)
	may("POST /people/edit", account.Accounts, c.doPerson)
	may("POST /people/password", account.Accounts, c.doResetPassword)
	may("POST /people/second", account.Accounts, c.doResetSecond)
	may("POST /people/token/end", account.Accounts, c.doEndTokenOf)
	may("POST /people/disable", account.Accounts, c.doDisable)
	open("/", c.missing)
	mux.Handle("/", c.sameOrigin(c.known(pages)))
	if programs != nil { // they bring a token and no cookie counts, so neither session nor origin is looked at
		mux.Handle("/api/", patient(programs))
	}
	return c.guard(mux)
}

// sameOrigin refuses what a page of another origin has a browser send (CSRF). A page that came without TLS is one of another origin
// too, which package http does not look at where a browser sends no Sec-Fetch-Site.
func (c *Console) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.problem(w, r, http.StatusForbidden, "origin")
	})
	protection.SetDenyHandler(refuse)
	checked := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from := r.Header.Get("Origin"); r.Method == http.MethodPost && from != "" && !strings.HasPrefix(from, "https://") {
			refuse(w, r)
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// atStage lets in whose sign-in is at this stage, and who is all the way in where the page is also for them. Others go to where
// they have to go first.
func (c *Console) atStage(stage string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := sessionOf(r)
		switch {
		case s == nil:
			c.toSignin(w, r)
		case s.stage == stage, s.full && (stage == stageEnrol || stage == stageChange):
			next(w, r)
		case s.full:
			http.Redirect(w, r, "/", http.StatusSeeOther)
		default:
			to := map[string]string{stageSecond: "/second", stageChange: "/password", stageEnrol: "/enrol"}[s.stage]
			http.Redirect(w, r, to, http.StatusSeeOther)
		}
	})
}

// mayUse lets in who has the right for some office at least; for which files, the page itself asks.
func (c *Console) mayUse(right account.Right, next http.HandlerFunc) http.Handler {
	return c.atStage(stageFull, func(w http.ResponseWriter, r *http.Request) {
		if !sessionOf(r).account.Can(right, "") {
			c.problem(w, r, http.StatusForbidden, "forbidden")
			return
		}
		next(w, r)
	})
}

// toSignin sends a person to the sign-in and remembers where to come back to. A program is told so in its own way.
func (c *Console) toSignin(w http.ResponseWriter, r *http.Request) {
	if takesFiles(r) {
		w.Header().Set("Connection", "close") // what it brings is not read
	}
	switch {
	case wantsJSON(r), r.URL.Path == "/live", r.Header.Get(partHeader) != "":
		http.Error(w, `{"error":"signin"}`, http.StatusUnauthorized)
	case r.Method != http.MethodGet:
		http.Redirect(w, r, "/signin", http.StatusSeeOther)
	default:
		http.Redirect(w, r, "/signin"+nextQuery(r.URL.RequestURI()), http.StatusSeeOther)
	}
}

// wantsJSON reports whether a program asks.
func wantsJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

// first goes to the page that a person needs first.
func (c *Console) first(w http.ResponseWriter, r *http.Request) {
	items := navigation(sessionOf(r).account, "")
	to := "/me"
	if len(items) > 0 {
		to = items[0].Path
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// navigation lists the pages of a person, the first one first.
func navigation(a account.Account, here string) []navItem {
	var items []navItem
	for _, n := range []struct {
		path, text string
		right      account.Right
	}{
		{"/home", "nav.home", account.Status}, {"/drop", "nav.drop", account.Drop}, {"/approvals", "nav.approvals", account.Approve},
		{"/held", "nav.held", account.Review}, {"/audit", "nav.audit", account.Record}, {"/files", "nav.files", account.See},
		{"/status", "nav.status", account.Status}, {policyPath, "nav.policies", account.Status}, {"/people", "nav.people", account.Accounts},
		{noticesPath, "nav.notices", account.Settings}, {guidePath, "nav.guide", account.Settings},
	} {
		if a.Can(n.right, "") && (n.path != "/home" || a.Can(account.Review, "")) {
			items = append(items, navItem{Path: n.path, Text: n.text, Here: here == n.path || strings.HasPrefix(here, n.path+"/")})
		}
	}
	return items
}

// language keeps the language that a person chose.
func (c *Console) language(w http.ResponseWriter, r *http.Request) {
	lang := r.PostFormValue("language")
	if lang == "ja" || lang == "en" {
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 60 * 60, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	to := local(r.PostFormValue("next"))
	if to == "/" && sessionOf(r) == nil { // local leads nobody to the sign-in, where this person is
		to = "/signin"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// stopTime is how long requests may go on when the console is told to stop.
const stopTime = 5 * time.Second

// Serve answers on l, with the certificate, until ctx ends.
func (c *Console) Serve(ctx context.Context, l net.Listener, certificate tls.Certificate) error {
	if certificate.Leaf != nil {
		c.until.Store(certificate.Leaf.NotAfter.Unix())
	}
	server := &http.Server{
		Handler: c.handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx }, // ends live rows
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		},
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if server.Shutdown(last) != nil {
			server.Close()
		}
	})
	err := server.ServeTLS(l, "", "")
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("cannot serve the console: %w", err)
}
