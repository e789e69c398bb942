package api_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/api"
	"sekisho/internal/console/index"
	"sekisho/internal/policy"
	"sekisho/internal/quarantine"
	"sekisho/sanitize"
)

// desk is the gateway of these tests: it notes what it is asked. The real one is tested where it is (internal/pipeline), and
// both together in fixtures.
type desk struct {
	asked    []string
	err      error
	policies *policy.Store
}

func (d *desk) Policies() *policy.Store { return d.policies }
func (d *desk) TryHeld(_ context.Context, actor string, r policy.Rules, days int) error {
	return d.note("try", actor, r.Links, days)
}
func (d *desk) Trial() policy.Trial {
	now := policy.Outcome{Policy: "standard", Verdict: "clean", Findings: []sanitize.Finding{{Rule: "zip/encrypted", Count: 2}}}
	return policy.Trial{Actor: "admin", Begun: time.Now(), Total: 2, Files: []policy.TrialFile{{Job: "job-tax", Name: hostile, Now: now, Then: now}, {Job: "job-fire", Name: hostile, Why: policy.WhyKey}}}
}

func (d *desk) note(what string, words ...any) error {
	d.asked = append(d.asked, strings.TrimSpace(what+" "+fmt.Sprintln(words...)))
	return d.err
}

func (d *desk) Submit(_ context.Context, route, office, folder, name, actor string, r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	return "job-new", d.note("submit", route, office, folder, name, actor, string(b))
}
func (d *desk) Held(_ context.Context, id string) (quarantine.Entry, error) {
	now := time.Now()
	return quarantine.Entry{
		Item: quarantine.Item{Version: 1, Job: id, Name: hostile, Reason: "encrypted", Verdict: "held", Detail: hostile, Findings: []sanitize.Finding{{Rule: "zip/encrypted", Count: 1}},
			Scans: []quarantine.Scan{{Scanner: "clamd", Result: "clean", Detail: hostile, Time: now}}},
		State: quarantine.State{Version: 1, Stage: quarantine.Waiting, KeepUntil: now, Decisions: []quarantine.Decision{{What: quarantine.DidExtend, Actor: "admin", Reason: hostile, Time: now}}},
	}, nil
}
func (d *desk) VerifyRecord(context.Context) (audit.Summary, error) {
	return audit.Summary{Problems: []audit.Problem{{File: "audit-1.jsonl", Line: 3, What: "changed"}}}, fmt.Errorf("cannot vouch: %w", audit.ErrTampered)
}
func (d *desk) Rescan(context.Context) (api.Rescanned, error) {
	return api.Rescanned{Schema: 1, Scanned: 2, Found: []api.RescannedFile{{Job: "job-tax", Name: hostile, Where: "released", Sent: time.Now()}}}, d.err
}
func (d *desk) Status(context.Context) api.Status {
	return api.Status{Checks: []api.StatusCheck{{Name: "disk", OK: true}}, Figures: []api.StatusFigure{{Name: "queue", Value: 1.5}}}
}
func (d *desk) Again(_ context.Context, id, actor, reason, policy, password string) error {
	return d.note("again", id, actor, reason, policy, password)
}
func (d *desk) Request(_ context.Context, id string, by quarantine.By) error {
	return d.note("request", id, by.Actor, by.Reason)
}
func (d *desk) Approve(_ context.Context, id string, by quarantine.By) (bool, error) {
	return true, d.note("approve", id, by.Actor, by.Roles, by.Code, by.Reason)
}
func (d *desk) Reject(_ context.Context, id, actor, reason string) error {
	return d.note("reject", id, actor, reason)
}
func (d *desk) Extend(_ context.Context, id, actor, reason string, until time.Time) error {
	return d.note("extend", id, actor, reason, until.Format(time.DateOnly))
}
func (d *desk) Delete(_ context.Context, id, actor, reason string) error {
	return d.note("delete", id, actor, reason)
}
func (d *desk) Evidence(_ context.Context, id, actor, reason, recipient string, w io.Writer) error {
	if err := d.note("evidence", id, actor, reason, recipient); err != nil {
		return err
	}
	_, err := io.WriteString(w, "age-encryption.org/v1")
	return err
}

// world is the interface over a real record, index and accounts.
type world struct {
	t      *testing.T
	server *httptest.Server
	desk   *desk
	people *account.Store
	tokens map[string]string
	router routers.Router
	doc    *openapi3.T
	good   map[string]bool // operations that have answered without an error, as described
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const hostile = "請求\u202efdp.exe\n{\"state\":\"sent\"}"

func open(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, desk: &desk{}, tokens: map[string]string{}, good: map[string]bool{}}
	ctx, dir := t.Context(), t.TempDir()
	root, err := os.OpenRoot(t.TempDir())
	check(t, err)
	t.Cleanup(func() { root.Close() })
	log, err := audit.Open(root, "audit", audit.Options{})
	check(t, err)
	t.Cleanup(func() { log.Close() })
	people, err := account.Open(ctx, dir, account.Options{
		Record: func(ctx context.Context, e audit.Event) error { return log.Append(ctx, e) }, Cost: account.Cost{Memory: 64, Passes: 1},
	})
	check(t, err)
	t.Cleanup(func() { people.Close() })
	w.people = people
	for name, roles := range map[string][]account.Role{
		"staff": {account.Staff}, "other": {account.Staff}, "approver": {account.Approver}, "admin": {account.Admin}, "auditor": {account.Auditor},
		"admin2": {account.Admin},
	} {
		a := account.Account{Name: name, Office: "税務課", Roles: roles, Download: true}
		if name == "other" {
			a.Office = "消防"
		}
		check(t, people.Create(ctx, "x", a, "a long first password"))
		w.tokens[name], err = people.MakeToken(ctx, name, "test", roles, time.Now().Add(time.Hour))
		check(t, err)
	}
	var events []audit.Event
	for id, office := range map[string]string{"job-tax": "税務課", "job-fire": "消防"} {
		events = append(events, audit.Event{Kind: audit.Received, Job: id, Route: "r", Path: office, Name: hostile, SHA256In: strings.Repeat("a", 64)},
			audit.Event{Kind: audit.Held, Job: id, Route: "r", Path: office, Name: hostile, Verdict: "held", Reason: "encrypted",
				Findings: []audit.Finding{{Rule: "zip/encrypted", Action: "held", Count: 1}}})
	}
	check(t, log.Append(ctx, events...))
	x, err := index.Open(ctx, dir, index.Options{Record: root, Log: "audit", Office: func(_, path string) string { return path }})
	check(t, err)
	t.Cleanup(func() { x.Close() })
	check(t, x.Follow(ctx))
	folder, err := os.OpenRoot(t.TempDir())
	check(t, err)
	t.Cleanup(func() { folder.Close() })
	w.desk.policies, err = policy.Open(folder, policy.Options{Record: func(ctx context.Context, e audit.Event) error { return log.Append(ctx, e) }})
	check(t, err)
	a, err := api.New(api.Options{Accounts: people, Index: x, Gateway: w.desk, Log: slog.New(slog.DiscardHandler), Version: "test", Limit: 1000})
	check(t, err)
	w.server = httptest.NewServer(a)
	t.Cleanup(w.server.Close)
	w.describe()
	return w
}

// describe reads the interface's own description, which every answer is held against.
func (w *world) describe() {
	w.t.Helper()
	_, text := w.do("", "GET", "/openapi.json", "", nil)
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	check(w.t, err)
	check(w.t, doc.Validate(w.t.Context()))
	doc.Servers = openapi3.Servers{{URL: w.server.URL + api.Base}}
	w.doc = doc
	w.router, err = gorillamux.NewRouter(doc)
	check(w.t, err)
}

// do makes a request and holds its answer against the description.
func (w *world) do(who, method, path, kind string, body []byte) (int, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+api.Base+path, bytes.NewReader(body))
	check(w.t, err)
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+w.tokens[who])
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultClient.Do(req)
	check(w.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	check(w.t, err)
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		w.t.Errorf("%s %s: headers %v", method, path, res.Header)
	}
	if w.router != nil {
		w.described(req, res, text)
	}
	return res.StatusCode, string(text)
}

func (w *world) described(req *http.Request, res *http.Response, text []byte) {
	w.t.Helper()
	route, params, err := w.router.FindRoute(req)
	if err != nil {
		if res.StatusCode < 400 {
			w.t.Errorf("%s %s is not described: %v", req.Method, req.URL, err)
		}
		return
	}
	err = openapi3filter.ValidateResponse(w.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(text)),
	})
	if err != nil {
		w.t.Errorf("%s %s answers %d, and not as described: %v", req.Method, req.URL, res.StatusCode, err)
	}
	w.good[route.Operation.OperationID] = w.good[route.Operation.OperationID] || res.StatusCode < 300
}

func (w *world) post(who, path string, fields map[string]string) (int, string) {
	w.t.Helper()
	b, err := json.Marshal(fields)
	check(w.t, err)
	return w.do(who, "POST", path, "application/json", b)
}

// TestWho: each action, by who may and who may not. What is of another office answers as what does not exist.
func TestWho(t *testing.T) {
	w := open(t)
	for _, c := range []struct {
		who, method, path, body string
		want                    int
	}{
		{"", "GET", "/files", "", 401}, {"nobody", "GET", "/files", "", 401}, {"staff", "GET", "/nothing", "", 404},
		{"staff", "GET", "/me", "", 200}, {"staff", "GET", "/counts", "", 200}, {"staff", "GET", "/files?state=held&limit=1&q=EXE", "", 200},
		{"staff", "GET", "/files/job-tax", "", 200}, {"staff", "GET", "/files/job-fire", "", 404}, {"staff", "GET", "/files/job-none", "", 404},
		{"other", "GET", "/files/job-tax", "", 404}, {"auditor", "GET", "/files/job-fire", "", 200}, {"admin", "GET", "/files/job-tax/same", "", 200},
		{"staff", "GET", "/record", "", 403}, {"auditor", "GET", "/record?kind=held&limit=1", "", 200}, {"auditor", "GET", "/files/job-tax/record", "", 200},
		{"staff", "GET", "/files/job-tax/record", "", 403}, {"staff", "GET", "/files?state=odd", "", 400}, {"staff", "GET", "/files?limit=9999", "", 400},
		{"staff", "GET", "/files?after=x", "", 400}, {"staff", "GET", "/files?from=yesterday", "", 400}, {"auditor", "GET", "/record?kind=odd", "", 400},
		{"staff", "POST", "/files/job-tax/password", `{"password":"himitsu"}`, 202}, {"other", "POST", "/files/job-tax/password", `{"password":"x"}`, 404},
		{"staff", "POST", "/files/job-tax/password", `{}`, 400}, {"staff", "POST", "/files/job-tax/password", `{"password":"x","admin":true}`, 400},
		{"staff", "POST", "/files/job-tax/password", `{"password":"x"}{}`, 400},
		{"staff", "POST", "/files/job-tax/reject", `{"reason":"x"}`, 403}, {"auditor", "POST", "/files/job-tax/reject", `{"reason":"x"}`, 403},
		{"approver", "POST", "/files/job-tax/reject", `{"reason":"x"}`, 202}, {"approver", "POST", "/files/job-tax/reject", `{"reason":" "}`, 400}, {"approver", "POST", "/files/job-tax/evidence", `{"recipient":"age1x"}`, 400},
		{"approver", "POST", "/files/job-fire/reject", `{"reason":"x"}`, 404},
		{"staff", "POST", "/files/job-tax/request", `{"reason":"x"}`, 202}, {"approver", "POST", "/files/job-tax/request", `{"reason":"x"}`, 403},
		{"approver", "POST", "/files/job-tax/approve", `{"code":"000000"}`, 403}, {"staff", "POST", "/files/job-tax/approve", `{"code":"000000"}`, 403},
		{"admin", "POST", "/files/job-tax/treat", `{"policy":"render"}`, 202}, {"admin", "POST", "/files/job-tax/treat", `{"policy":"lax"}`, 400},
		{"admin", "POST", "/files/job-tax/extend", `{"until":"2030-01-02T00:00:00Z"}`, 202}, {"admin", "POST", "/files/job-tax/extend", `{"until":"soon"}`, 400},
		{"approver", "POST", "/files/job-tax/delete", `{"reason":"x"}`, 403}, {"admin", "POST", "/files/job-tax/delete", `{"reason":"x"}`, 202},
		{"approver", "POST", "/files/job-tax/evidence", `{"recipient":"age1x","reason":"x"}`, 200}, {"staff", "POST", "/files/job-tax/evidence", `{"recipient":"age1x","reason":"x"}`, 403},
		{"approver", "GET", "/held?limit=1", "", 200}, {"staff", "GET", "/held", "", 403}, {"admin", "GET", "/files/job-tax/held", "", 200},
		{"approver", "GET", "/files/job-fire/held", "", 404}, {"staff", "GET", "/files/job-tax/held", "", 403},
		{"auditor", "POST", "/record/verify", "", 200}, {"staff", "POST", "/record/verify", "", 403}, {"admin", "POST", "/rescan", "", 200},
		{"auditor", "POST", "/rescan", "", 403}, {"approver", "POST", "/rescan", "", 403}, {"auditor", "GET", "/status", "", 200}, {"staff", "GET", "/status", "", 403},
		{"auditor", "GET", "/policies", "", 200}, {"staff", "GET", "/policies", "", 403}, {"admin", "GET", "/policies?version=9", "", 404}, {"admin", "GET", "/policies?version=x", "", 400},
		{"auditor", "POST", "/policies/propose", `{"reason":"x","rules":{}}`, 403}, {"admin", "POST", "/policies/propose", `{"reason":"x"}`, 400},
		{"admin", "POST", "/policies/propose", `{"reason":"x","rules":{"lniks":true}}`, 400}, {"admin", "POST", "/policies/propose", `{"rules":{"links":true}}`, 400},
		{"admin", "POST", "/policies/propose", `{"reason":"x","rules":{"routes":{"r":"lax"}}}`, 400}, {"admin", "POST", "/policies/propose", `{"reason":"x","rules":{"links":true}}`, 202},
		{"admin", "POST", "/policies/propose", `{"reason":"x","rules":{}}`, 409}, {"admin", "POST", "/policies/activate", `{"proposal":"x","reason":"x","code":"000000"}`, 403},
		{"auditor", "POST", "/policies/withdraw", `{"proposal":"x"}`, 403}, {"admin", "POST", "/policies/withdraw", `{"proposal":"x"}`, 409}, {"auditor", "GET", "/policies", "", 200},
		{"admin", "POST", "/policies/try", `{"rules":{"links":true},"days":7}`, 202}, {"admin", "POST", "/policies/try", `{"days":7}`, 400}, {"admin", "POST", "/policies/try", `{"proposal":"x","days":7}`, 409},
		{"auditor", "GET", "/policies/trial", "", 200}, {"approver", "GET", "/policies/trial", "", 403},
		{"auditor", "POST", "/files?name=a.txt", "text", 403}, {"approver", "POST", "/files?name=a.txt", "text", 403},
		{"staff", "POST", "/files", "text", 400}, {"staff", "POST", "/files?name=a.txt&folder=sub", "text", 201}, {"admin", "GET", "/accounts", "", 404},
	} {
		kind := "application/json"
		if c.path == "/files" || strings.HasPrefix(c.path, "/files?name") {
			kind = "application/octet-stream"
		}
		if got, text := w.do(c.who, c.method, c.path, kind, []byte(c.body)); got != c.want {
			t.Errorf("%s %s %s %s: %d, want %d; %s", c.who, c.method, c.path, c.body, got, c.want, text)
		}
	}
	w.do("", "GET", "/openapi.json", "", nil)
	w.allGood()
	if got := strings.Join(w.desk.asked, "\n"); got != strings.TrimSpace(`
again job-tax staff   himitsu
reject job-tax approver x
request job-tax staff x
again job-tax admin  render
extend job-tax admin  2030-01-02
delete job-tax admin x
evidence job-tax approver x age1x
try admin true 7
submit  税務課 sub a.txt staff text`) {
		t.Errorf("the gateway was asked:\n%s", got)
	}
	if got, _ := w.do("staff", "POST", "/files/job-tax/password", "text/plain", []byte(`{"password":"x"}`)); got != 415 {
		t.Errorf("a form of a page: %d", got)
	}
	if got, _ := w.do("staff", "POST", "/files?name=a.txt", "application/octet-stream", make([]byte, 1001)); got != 413 {
		t.Errorf("a file that is too large: %d", got)
	}
	if _, text := w.do("approver", "GET", "/held", "", nil); strings.Contains(text, "job-fire") || !strings.Contains(text, "job-tax") || strings.Contains(text, "\u202e") {
		t.Errorf("what an approver of one office sees held: %s", text)
	}
	big := []byte(`{"password":"` + strings.Repeat("x", 100_000) + `"}`)
	if got, _ := w.do("staff", "POST", "/files/job-tax/password", "application/json", big); got != 400 {
		t.Errorf("a long body: %d", got)
	}
}

// allGood fails when an operation has not answered without an error, as described.
func (w *world) allGood() {
	w.t.Helper()
	for path, item := range w.doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !w.good[op.OperationID] && op.OperationID != "approve" && op.OperationID != "activate" && op.OperationID != "withdraw" { // TestApprove, TestPolicies
				w.t.Errorf("%s %s was not seen to answer as described", method, path)
			}
		}
	}
}

// TestErrors: what the gateway refuses is told with its code, and what is nobody's business is not.
func TestErrors(t *testing.T) {
	w := open(t)
	for err, want := range map[error]string{
		quarantine.ErrMalware: "malware", quarantine.ErrSamePerson: "same-person", quarantine.ErrState: "state", quarantine.ErrExceptions: "exceptions",
		quarantine.ErrReason: "reason", fs.ErrNotExist: "unknown", io.ErrClosedPipe: "failed",
	} {
		w.desk.err = fmt.Errorf("cannot do it in /secret/place: %w", err)
		_, text := w.post("staff", "/files/job-tax/request", map[string]string{"reason": "x"})
		if !strings.Contains(text, `"code":"`+want+`"`) || strings.Contains(text, "/secret") {
			t.Errorf("%v: %s", err, text)
		}
	}
}

// TestHostileName: a name can neither end a text nor turn it, and what is shown of it can be seen.
func TestHostileName(t *testing.T) {
	w := open(t)
	for _, path := range []string{"/files", "/files/job-tax", "/files/job-tax/record"} {
		_, text := w.do("auditor", "GET", path, "", nil)
		if strings.Contains(text, "\u202e") || strings.Count(text, "\n") != 1 || !strings.Contains(text, `\u202e`) {
			t.Errorf("%s: %q", path, text)
		}
	}
	var f api.File
	_, text := w.do("auditor", "GET", "/files/job-tax", "", nil)
	check(t, json.Unmarshal([]byte(text), &f))
	if f.Name != hostile || !strings.Contains(f.Shown, "‹U+202E›") || f.Code != "SK-H-ENCRYPTED" || f.State != "held" {
		t.Errorf("%+v", f)
	}
}

// enrol gives a person a second factor. code is the one-time code of a step; that of the step now is used up.
func (w *world) enrol(name string) (now int64, code func(step int64) string) {
	w.t.Helper()
	key, err := w.people.EnrolTOTP(w.t.Context(), name)
	check(w.t, err)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Secret)
	check(w.t, err)
	now = time.Now().Unix() / 30
	code = func(step int64) string { // RFC 4226, section 5.3
		mac := hmac.New(sha1.New, secret)
		check(w.t, binary.Write(mac, binary.BigEndian, step))
		sum := mac.Sum(nil)
		return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7FFFFFFF%1_000_000)
	}
	ok, err := w.people.ConfirmTOTP(w.t.Context(), name, code(now))
	if !ok || err != nil {
		w.t.Fatal(ok, err)
	}
	return now, code
}

// TestPolicies: a program brings nothing into force without a one-time code, and nothing that its own person proposed.
func TestPolicies(t *testing.T) {
	w := open(t)
	now, own := w.enrol("admin")
	_, other := w.enrol("admin2")
	id := func() string {
		var p struct{ Proposal struct{ ID string } }
		_, text := w.do("auditor", "GET", "/policies", "", nil)
		check(t, json.Unmarshal([]byte(text), &p))
		return p.Proposal.ID
	}
	propose := func() {
		t.Helper()
		if got, text := w.do("admin", "POST", "/policies/propose", "application/json", []byte(`{"reason":"x","rules":{"links":true}}`)); got != 202 {
			t.Fatal(got, text)
		}
	}
	propose()
	if got, text := w.post("admin2", "/policies/withdraw", map[string]string{"proposal": id()}); got != 202 {
		t.Error(got, text)
	}
	propose()
	for _, c := range []struct {
		who, code string
		want      int
	}{{"admin2", "", 403}, {"admin2", "000000", 403}, {"auditor", "000000", 403}, {"admin", own(now + 1), 409}, {"admin2", other(now + 1), 202}} {
		if got, text := w.post(c.who, "/policies/activate", map[string]string{"proposal": id(), "reason": "確かめた", "code": c.code}); got != c.want {
			t.Errorf("%s: %d, want %d: %s", c.who, got, c.want, text)
		}
	}
	if v := w.desk.policies.Active(); v.Number != 1 || !v.Rules().Links || v.Rules().Comments || v.Activator != "admin2" {
		t.Errorf("%+v", v)
	}
	w.do("auditor", "GET", "/policies", "", nil)
	if !w.good["activate"] || !w.good["withdraw"] {
		t.Error("activate or withdraw was not seen to answer as described")
	}
}

// TestApprove: a program is nobody's second person: the approval wants the person's one-time code, once.
func TestApprove(t *testing.T) {
	w := open(t)
	now, code := w.enrol("approver")
	for _, c := range []struct {
		code string
		want int
	}{{code(now), 403}, {"", 403}, {code(now + 1), 202}, {code(now + 1), 403}} {
		if got, text := w.post("approver", "/files/job-tax/approve", map[string]string{"code": c.code, "reason": "確認した", "reason_code": "checked"}); got != c.want {
			t.Errorf("%d, want %d: %s", got, c.want, text)
		}
	}
	if !w.good["approve"] {
		t.Error("approve was not seen to answer as described")
	}
	if len(w.desk.asked) != 1 || w.desk.asked[0] != "approve job-tax approver [approver] checked 確認した" {
		t.Errorf("%q", w.desk.asked)
	}
	last := 0
	for range 100 {
		last, _ = w.post("approver", "/files/job-tax/approve", map[string]string{"code": "000000"})
	}
	if last != 429 {
		t.Errorf("100 wrong codes: %d", last)
	}
}
