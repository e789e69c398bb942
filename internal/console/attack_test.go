package console

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/notify"
	"sekisho/internal/policy"
	"sekisho/internal/quarantine"
)

// trap is a gateway that notes each decision that comes through to it. An attack must not bring one.
type trap struct {
	Gateway
	mu       sync.Mutex
	sprung   []string
	policies *policy.Store // whose every change is one that came through
}

func (g *trap) spring(words ...string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sprung = append(g.sprung, strings.Join(words, " "))
	return nil
}

func (g *trap) Routes(string) []string { return []string{"web"} }
func (g *trap) Limit() int64           { return 1 << 20 }
func (g *trap) Exceptions() bool       { return true }
func (g *trap) Keep() time.Duration    { return time.Hour }
func (g *trap) Folder(string) string   { return "" }
func (g *trap) Try(context.Context) []Tried {
	return []Tried{{Part: "link", State: "linked", OK: true}}
}
func (g *trap) Tested(_ context.Context, actor, _ string) error {
	return g.spring("tested", actor)
}
func (g *trap) Status(context.Context) Status { return Status{} }
func (g *trap) VerifyRecord(context.Context) (audit.Summary, error) {
	return audit.Summary{}, nil
}
func (g *trap) HasOriginal(string) bool { return true }
func (g *trap) Held(context.Context, string) (quarantine.Entry, error) {
	return quarantine.Entry{}, fs.ErrNotExist
}
func (g *trap) Submit(_ context.Context, s Submission, _ io.Reader) (string, error) {
	return "job-new", g.spring("submit", s.Name)
}
func (g *trap) Again(_ context.Context, id, actor, _, _, _ string) error {
	return g.spring("again", id, actor)
}
func (g *trap) Request(_ context.Context, id string, by quarantine.By) error {
	return g.spring("request", id, by.Actor)
}
func (g *trap) Approve(_ context.Context, id string, by quarantine.By) (bool, error) {
	return true, g.spring("approve", id, by.Actor)
}
func (g *trap) Policies() *policy.Store       { return g.policies }
func (g *trap) Configured() map[string]string { return map[string]string{"web": "standard"} }
func (g *trap) Trial() policy.Trial           { return policy.Trial{} }
func (g *trap) EndTrial()                     { g.spring("end of a trial") }
func (g *trap) TryHeld(_ context.Context, actor string, _ policy.Rules, _ int) error {
	return g.spring("try", actor)
}
func (g *trap) TryFile(_ context.Context, actor string, _ policy.Rules, _, _ string, _ io.Reader) error {
	return g.spring("try file", actor)
}
func (g *trap) Next(quarantine.Entry) (quarantine.Role, int, int) { return quarantine.Anyone, 0, 1 }
func (g *trap) Reject(_ context.Context, id, actor, _ string) error {
	return g.spring("reject", id, actor)
}
func (g *trap) Extend(_ context.Context, id, actor, _ string, _ time.Time) error {
	return g.spring("extend", id, actor)
}
func (g *trap) Delete(_ context.Context, id, actor, _ string) error {
	return g.spring("delete", id, actor)
}
func (g *trap) Evidence(_ context.Context, id, actor, _, _ string, _ io.Writer) error {
	return g.spring("evidence", id, actor)
}
func (g *trap) Preview(_ context.Context, id, actor string) (Preview, error) {
	return Preview{}, g.spring("preview", id, actor)
}

// row says how one route is attacked.
type row struct {
	form  string   // that would do something, or the query of a page; {id} is the number of a file
	paths []string // the ends that {action} or {side}/{n} stand for
	id    string   // the field of the form that names something of another person
	own   bool     // it is for everybody who is signed in, about the own things
	gone  int      // the status where there is no such thing; 0: 404
}

// rows has a row for every route of the console: a new one needs one, or TestEveryRoute fails.
func rows() map[string]row {
	decisions := []string{"password", "treat", "reject", "request", "approve", "extend", "evidence", "delete", "nothing"}
	return map[string]row{
		"GET /signin": {}, "POST /signin": {form: "name=hanako&password=x"}, "GET /signin/start": {}, "GET /signin/oidc": {},
		"POST /signin/passkey/begin": {}, "POST /signin/passkey": {form: "answer={}"}, "GET /setup": {}, "POST /setup": {form: "token=x&name=evil&password=x&again=x"},
		"POST /signout": {}, "POST /language": {form: "language=en&next=/"}, "GET /second": {}, "POST /second": {form: "code=000000"},
		"GET /enrol": {own: true}, "POST /enrol": {form: "code=000000", own: true}, "GET /password": {own: true}, "POST /password": {form: "old=x&password=y&again=y", own: true},
		"GET /{$}": {own: true}, "GET /me": {own: true}, "POST /me/passkeys/begin": {form: "code=000000", own: true},
		"POST /me/passkeys": {form: "label=x&answer={}", own: true}, "POST /me/passkeys/remove": {id: "id", own: true},
		"GET /me/lend": {}, "POST /me/lend": {form: "name=hanako&since=2026-04-01&until=2026-04-02"}, "POST /me/lend/end": {id: "name", own: true},
		"GET /me/tokens": {own: true}, "POST /me/tokens": {form: "label=x&role=staff&days=30", own: true}, "POST /me/tokens/end": {id: "id", own: true},
		"GET /live": {}, "GET /drop": {}, "POST /drop": {form: "path=x"},
		"GET /file/{id}": {}, "GET /file/{id}/json": {}, "POST /file/{id}/password": {form: "password=x"}, "POST /file/{id}/request": {form: "reason=x"},
		"POST /file/{id}/preview": {own: true}, "GET /file/{id}/preview/{side}/{n}": {paths: []string{"before/1", "after/1", "before/0", "x/1"}, own: true},
		"GET /home": {}, "GET /files": {}, "GET /files.csv": {}, "GET /files.xlsx": {}, "GET /held": {}, "GET /held/{id}": {},
		"POST /held/{id}/{action}": {form: "reason=x&password=x&policy=render&days=1&sure=yes&code=000000&recipient=age1x", paths: decisions},
		"GET /held/bulk":           {}, "POST /held/bulk": {form: "id={id}", gone: 422},
		"POST /held/bulk/{action}": {form: "id={id}&reason=x&password=x&policy=render&days=1&sure=yes", paths: []string{"password", "treat", "reject", "extend", "delete"}, gone: 422},
		"GET /approvals":           {}, "GET /audit": {}, "POST /audit/verify": {}, "GET /audit/file/{id}": {}, "GET /audit/month": {}, "GET /status": {},
		"GET /policy": {}, "POST /policy/propose": {form: "reason=x&links=yes"}, "POST /policy/activate": {form: "proposal=x&reason=x&code=000000"},
		"POST /policy/withdraw": {form: "proposal=x"}, "POST /policy/try": {form: "days=7"}, "POST /policy/try/end": {},
		"GET /people": {}, "GET /people/list": {}, "GET /people/list.csv": {}, "POST /people/list": {form: "list=x"}, "POST /people/list/apply": {form: "list=x&sum=y"},
		"GET /people/look": {form: "name=hanako"}, "GET /people/new": {}, "POST /people/new": {form: "name=evil&office=x&role=admin"},
		"GET /people/edit": {form: "name=hanako"}, "POST /people/edit": {form: "name=hanako&office=x&role=admin"}, "POST /people/password": {form: "name=hanako"},
		"POST /people/second": {form: "name=hanako"}, "POST /people/token/end": {form: "name=hanako&id=x"}, "POST /people/disable": {form: "name=hanako&disabled=yes"},
		"GET /setup/guide": {}, "POST /setup/guide": {}, "GET /notices": {}, "POST /notices/{way}": {form: "n=0", paths: []string{"mail", "webhook", "nothing"}},
		"/": {},
	}
}

// fortress is a console with people of every role, in an office that is not the one of the file "job-0000".
type fortress struct {
	*world
	trap  *trap
	staff map[account.Role]*client
}

func openFortress(t *testing.T) *fortress {
	t.Helper()
	f := &fortress{trap: &trap{}, staff: map[account.Role]*client{}}
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	f.trap.policies, err = policy.Open(root, policy.Options{Record: func(_ context.Context, e audit.Event) error { return f.trap.spring("policy", e.Actor, e.Detail) }})
	if err != nil {
		t.Fatal(err)
	}
	f.world = openWorld(t, func(w *world, o *Options) {
		o.Gateway, o.Guide = f.trap, f.trap
		notices, err := notify.Open(notify.Options{
			Dir: w.t.TempDir(), Index: o.Index, Accounts: o.Accounts, Office: func(_, path string) string { return path }, Logger: o.Log, Now: o.Now,
		})
		w.must(err)
		w.t.Cleanup(func() { notices.Close() })
		o.Notices = notices
	})
	f.files(2)
	f.signIn(account.Account{Name: "hanako", Office: "総務課", Roles: []account.Role{account.Staff}})
	for _, r := range account.Roles() {
		f.staff[r] = f.signIn(account.Account{Name: "x-" + string(r), Office: "税務課", Roles: []account.Role{r}, Preview: r != account.Auditor, Download: true})
	}
	return f
}

// shots are the requests of a route about the file with the number id: method, addresses and form.
func (r pageRoute) shots(t *testing.T, how *row, id string) (method string, paths []string) {
	t.Helper()
	how.form = strings.ReplaceAll(how.form, "{id}", id)
	method, path, ok := strings.Cut(r.pattern, " ")
	if !ok {
		return http.MethodGet, []string{"/no-such-page"}
	}
	path = strings.ReplaceAll(strings.TrimSuffix(path, "{$}"), "{id}", id)
	before, _, open := strings.Cut(path, "{")
	if !open {
		return method, []string{path}
	}
	if len(how.paths) == 0 {
		t.Fatalf("%s: its row has no ends", r.pattern)
	}
	for _, end := range how.paths {
		paths = append(paths, before+end)
	}
	return method, paths
}

// fire sends one request. It reads no more than 1 MiB of the answer, and of an endless one nothing.
func (b *client) fire(method, path string, how row, head ...string) (reply, http.Header) {
	b.w.t.Helper()
	ctx, cancel := context.WithTimeout(b.w.t.Context(), time.Minute)
	defer cancel()
	var body io.Reader
	if method == http.MethodGet || method == http.MethodHead {
		path += "?" + how.form
	} else {
		body = strings.NewReader(how.form)
	}
	r, err := http.NewRequestWithContext(ctx, method, b.w.url+strings.TrimSuffix(path, "?"), body)
	b.w.must(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	res, err := b.Do(r)
	b.w.must(err)
	defer res.Body.Close()
	var text []byte
	if res.Header.Get("Content-Type") != "text/event-stream" {
		text, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
		b.w.must(err)
	}
	return reply{res.StatusCode, res.Header.Get("Location"), string(text)}, res.Header
}

// each attacks every route, and fails when one has no row, a row has no route, or an attack came through to the gateway.
func (f *fortress) each(attack func(r pageRoute, how row)) {
	f.t.Helper()
	known := rows()
	for _, r := range f.made.table {
		how, ok := known[r.pattern]
		if !ok {
			f.t.Errorf("%s has no row: say in rows how it is attacked", r.pattern)
			continue
		}
		attack(r, how)
	}
	if len(f.trap.sprung) > 0 {
		f.t.Errorf("came through: %q", f.trap.sprung)
	}
}

// TestEveryRoute: each route that the console has is in its table, and each in the table has a row.
func TestEveryRoute(t *testing.T) {
	f := openFortress(t)
	var patterns []string
	f.each(func(r pageRoute, _ row) { patterns = append(patterns, r.pattern) })
	for pattern := range rows() {
		if !slices.Contains(patterns, pattern) {
			t.Errorf("%s is no route any more", pattern)
		}
	}
	if direct := handledDirectly(t); len(direct) != 4 { // static files, the icon, the table, programs
		t.Errorf("routes past the table: %q", direct)
	}
}

// handledDirectly lists the patterns that Console.routes gives to a mux by its own hand.
func handledDirectly(t *testing.T) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), "console.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || name.Sel.Name != "Handle" && name.Sel.Name != "HandleFunc" {
			return true
		}
		if text, ok := call.Args[0].(*ast.BasicLit); ok {
			pattern, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, pattern)
		}
		return true
	})
	return found
}

// TestNobody: who is not signed in, or only half, sees no page but those of the sign-in, and changes nothing.
func TestNobody(t *testing.T) {
	f := openFortress(t)
	half := f.browser()
	if to := half.post("/signin", url.Values{"name": {"x-admin"}, "password": {longPassword}}).to; to != "/second" {
		t.Fatalf("half way: %q", to)
	}
	f.each(func(r pageRoute, how row) {
		if r.stage == "" {
			return
		}
		method, paths := r.shots(t, &how, "job-0000")
		for _, path := range paths {
			got, _ := f.browser().fire(method, path, how)
			if refused := got.status == http.StatusUnauthorized || got.status == http.StatusSeeOther && strings.HasPrefix(got.to, "/signin"); !refused {
				t.Errorf("nobody, %s %s: %d to %q", method, path, got.status, got.to)
			}
			if r.stage == stageSecond {
				continue
			}
			if got, _ := half.fire(method, path, how); got.status != http.StatusSeeOther || got.to != "/second" {
				t.Errorf("half way in, %s %s: %d to %q", method, path, got.status, got.to)
			}
		}
	})
}

// TestEveryRole: who lacks the right of a route is refused, whatever the role. Of all the roles, who audits changes nothing.
func TestEveryRole(t *testing.T) {
	f := openFortress(t)
	before, err := f.people.List(t.Context(), "")
	f.must(err)
	f.each(func(r pageRoute, how row) {
		for role, who := range f.staff {
			a := account.Account{Office: "税務課", Roles: []account.Role{role}, Preview: true, Download: true}
			if r.stage != stageFull || how.own || r.right != "" && a.Can(r.right, "") && role != account.Auditor {
				continue
			}
			method, paths := r.shots(t, &how, "job-0001") // of the own office
			if role == account.Auditor && (method == http.MethodGet || r.pattern == "POST /audit/verify") && a.Can(r.right, "") {
				continue // reading is what they are for, and so is checking the record
			}
			for _, path := range paths {
				if strings.HasSuffix(path, "/nothing") {
					continue
				}
				if got, _ := who.fire(method, path, how); got.status != http.StatusForbidden {
					t.Errorf("%s, %s %s: %d", role, method, path, got.status)
				}
			}
		}
	})
	after, err := f.people.List(t.Context(), "")
	f.must(err)
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("the accounts changed:\n%v\n%v", before, after)
	}
}

// TestOtherOffices: what is of another office, or of another person, is answered exactly as what is not there (IDOR).
func TestOtherOffices(t *testing.T) {
	f := openFortress(t)
	label, err := f.people.MakeToken(t.Context(), "hanako", "x", []account.Role{account.Staff}, f.now().Add(time.Hour))
	f.must(err)
	tokens, err := f.people.Tokens(t.Context(), "hanako")
	f.must(err)
	foreign := map[string]string{"id": tokens[0].ID, "name": "hanako"}
	tried := 0
	f.each(func(r pageRoute, how row) {
		if !strings.Contains(r.pattern+how.form, "{id}") && how.id == "" {
			return
		}
		for _, role := range []account.Role{account.Staff, account.Counter, account.Approver} {
			var got [2][]reply
			for i, id := range []string{"job-0000", "job-none"} {
				shot := how
				method, paths := r.shots(t, &shot, id)
				if how.id != "" {
					shot.form = how.id + "=" + []string{foreign[how.id], "0000000000000000"}[i]
				}
				for _, path := range paths {
					one, _ := f.staff[role].fire(method, path, shot)
					one.body = strings.ReplaceAll(one.body, id, "ID")
					got[i] = append(got[i], one)
				}
			}
			a := account.Account{Office: "税務課", Roles: []account.Role{role}}
			for n := range got[0] {
				tried++
				want := cmp.Or(how.gone, http.StatusNotFound)
				if r.right != "" && !a.Can(r.right, "") {
					want = http.StatusForbidden
				}
				if got[0][n] != got[1][n] || got[0][n].status != want {
					t.Errorf("%s, %s: %d for what is of another, %d for what is not there, want %d", role, r.pattern, got[0][n].status, got[1][n].status, want)
				}
			}
		}
	})
	if tried < 60 {
		t.Errorf("only %d tries", tried)
	}
	if _, err := f.people.ByToken(t.Context(), label); err != nil {
		t.Errorf("the other person's token: %v", err)
	}
}

// TestOtherSites: what a page of another origin has a browser send is refused at every route that changes something (CSRF), and a
// page that is only looked at changes nothing.
func TestOtherSites(t *testing.T) {
	f := openFortress(t)
	admin := f.staff[account.Admin]
	posts := map[string]bool{}
	for _, r := range f.made.table {
		if method, path, _ := strings.Cut(r.pattern, " "); method == http.MethodPost {
			posts[path] = true
		}
	}
	f.each(func(r pageRoute, how row) {
		method, paths := r.shots(t, &how, "job-0000")
		for _, path := range paths {
			_, pattern, _ := strings.Cut(r.pattern, " ")
			if method == http.MethodGet {
				continue
			}
			for _, head := range [][]string{
				{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://www.example.com"}, {"Origin", "null"},
				{"Origin", "http" + strings.TrimPrefix(f.url, "https")}, {"Origin", f.url + ".example.com"}, {"Sec-Fetch-Site", "cross-site", "Origin", f.url},
			} {
				if got, _ := admin.fire(method, path, how, head...); got.status != http.StatusForbidden {
					t.Errorf("%s %s with %q: %d", method, path, head, got.status)
				}
			}
			for _, other := range []string{http.MethodGet, http.MethodHead} {
				if slices.ContainsFunc(f.made.table, func(o pageRoute) bool { return o.pattern == "GET "+pattern }) {
					continue // a page of its own
				}
				if got, _ := admin.fire(other, path, how); got.status != http.StatusMethodNotAllowed && got.status != http.StatusNotFound {
					t.Errorf("%s %s: %d", other, path, got.status)
				}
			}
			for _, other := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace, "PROPFIND"} {
				if got, _ := admin.fire(other, path, row{}); got.status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s: %d", other, path, got.status)
				}
			}
		}
	})
	if got := admin.get("/me"); got.status != http.StatusOK {
		t.Errorf("somebody else ended the session: %d", got.status)
	}
}

// firstPage bounds a page with what it loads, in bytes; there are no fonts.
const firstPage = 300 << 10

// TestEveryPage: what each page says about itself to the browser, and how much of it there is.
func TestEveryPage(t *testing.T) {
	f := openFortress(t)
	beside := 0
	for _, a := range f.made.assets {
		beside += len(a.data)
	}
	f.each(func(r pageRoute, how row) {
		method, paths := r.shots(t, &how, "job-0001")
		if method != http.MethodGet {
			return
		}
		for _, path := range paths {
			got, h := f.staff[account.Admin].fire(method, path, how)
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
			} {
				if h.Get(name) != want {
					t.Errorf("%s: %s: %q, want %q", path, name, h.Get(name), want)
				}
			}
			csp := h.Get("Content-Security-Policy")
			if !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") || h.Get("Permissions-Policy") == "" {
				t.Errorf("%s: %q %q", path, csp, h.Get("Permissions-Policy"))
			}
			if got.status >= 500 {
				t.Errorf("%s: %d", path, got.status)
			}
			if size := len(got.body) + beside; size > firstPage {
				t.Errorf("%s: %d bytes with what it loads", path, size)
			}
		}
	})
}
