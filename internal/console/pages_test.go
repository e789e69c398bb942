package console

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
)

const longPassword = "a long password of a test"

// world is a console over TLS with its people, and a record that its index follows.
type world struct {
	t      *testing.T
	url    string
	server *httptest.Server
	made   *Console
	people *account.Store
	index  *index.Index
	record *audit.Log
	ahead  atomic.Int64 // seconds that the clock of the console is ahead
}

// openWorld opens a console. set changes its options before it is made.
func openWorld(t *testing.T, set func(*world, *Options)) *world {
	t.Helper()
	return openWorldOf(t, account.Options{}, set)
}

// openWorldOf opens a console whose accounts have these options too.
func openWorldOf(t *testing.T, people account.Options, set func(*world, *Options)) *world {
	t.Helper()
	w := &world{t: t}
	root, err := os.OpenRoot(t.TempDir())
	w.must(err)
	t.Cleanup(func() { root.Close() })
	w.record, err = audit.Open(root, "audit", audit.Options{})
	w.must(err)
	t.Cleanup(func() { w.record.Close() })
	dir := t.TempDir()
	people.Record = func(ctx context.Context, e audit.Event) error { return w.record.Append(ctx, e) }
	people.Cost, people.Now = account.Cost{Memory: 64, Passes: 1}, w.now
	w.people, err = account.Open(t.Context(), dir, people)
	w.must(err)
	t.Cleanup(func() { w.people.Close() })
	w.index, err = index.Open(t.Context(), dir, index.Options{Record: root, Log: "audit", Office: func(_, path string) string {
		first, _, _ := strings.Cut(path, "/")
		return first
	}})
	w.must(err)
	t.Cleanup(func() { w.index.Close() })
	var pages http.Handler
	w.server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { pages.ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	w.url = w.server.URL
	o := Options{Log: slog.New(slog.DiscardHandler), Accounts: w.people, Index: w.index, Gateway: nowhere{}, Now: w.now}
	if set != nil {
		set(w, &o)
	}
	c, err := New(o)
	w.must(err)
	w.made, pages = c, c.Handler()
	return w
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load()) * time.Second) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// client is somebody's browser. It follows no redirect by itself.
type client struct {
	*http.Client
	w      *world
	secret string // of the second factor
}

func (w *world) browser() *client {
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &client{Client: &http.Client{
		Jar: jar, Transport: w.server.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, w: w}
}

// reply is what came back.
type reply struct {
	status int
	to     string // Location
	body   string
}

func (b *client) do(method, path, kind string, body io.Reader, head ...string) reply {
	b.w.t.Helper()
	r, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.url+path, body)
	b.w.must(err)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	res, err := b.Do(r)
	b.w.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	b.w.must(err)
	return reply{res.StatusCode, res.Header.Get("Location"), string(text)}
}

func (b *client) get(path string) reply { b.w.t.Helper(); return b.do("GET", path, "", nil) }

func (b *client) post(path string, form url.Values, head ...string) reply {
	b.w.t.Helper()
	return b.do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), head...)
}

// send posts a form with a file.
func (b *client) send(path string, form url.Values, name, content string) reply {
	b.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for k, values := range form {
		for _, v := range values {
			b.w.must(m.WriteField(k, v))
		}
	}
	part, err := m.CreateFormFile("file", name)
	b.w.must(err)
	_, err = io.WriteString(part, content)
	b.w.must(err)
	b.w.must(m.Close())
	return b.do("POST", path, m.FormDataContentType(), &body)
}

// signIn makes an account and returns its person's browser, all the way in.
func (w *world) signIn(a account.Account) *client {
	w.t.Helper()
	w.must(w.people.Create(w.t.Context(), "test", a, longPassword+" at first"))
	b := w.browser()
	at := b.post("/signin", url.Values{"name": {a.Name}, "password": {longPassword + " at first"}})
	if at.to != "/password" {
		w.t.Fatalf("%s: %+v", a.Name, at)
	}
	at = b.post("/password", url.Values{"old": {longPassword + " at first"}, "password": {longPassword}, "again": {longPassword}})
	if at.to == "/enrol?next=%2Fme" {
		b.secret = between(b.get("/enrol").body, "<code>", "</code>")
		at = b.post("/enrol", url.Values{"code": {w.code(b.secret)}, "next": {"/me"}})
	}
	if at.to != "/me" {
		w.t.Fatalf("%s: %+v", a.Name, at)
	}
	return b
}

// code returns the one-time code of a secret now (RFC 6238).
func (w *world) code(secret string) string {
	w.t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	w.must(err)
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(w.now().Unix()/30)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7FFF_FFFF%1_000_000)
}

// between returns what is between two texts.
func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// want fails when an answer is not of this status, or does not hold a text.
func (w *world) want(r reply, status int, texts ...string) {
	w.t.Helper()
	if r.status != status {
		w.t.Errorf("status %d, want %d: %s", r.status, status, between(r.body, "<main", "</main>"))
	}
	for _, text := range texts {
		if !strings.Contains(r.body, text) {
			w.t.Errorf("%q is not in %s", text, between(r.body, "<main", "</main>"))
		}
	}
}

// files puts files of two offices on the record, one with a name that a sheet could take for a formula.
func (w *world) files(n int) {
	w.t.Helper()
	var all []audit.Event
	for i := range n {
		office, name := []string{"総務課", "税務課"}[i%2], fmt.Sprintf("=HYPERLINK(%d).docx", i)
		all = append(all, audit.Event{
			Kind: audit.Received, Job: fmt.Sprintf("job-%04d", i), Route: "r", Path: office + "/x", Name: name, Policy: "standard", SizeIn: 10,
			SHA256In: strings.Repeat("a", 64),
		})
	}
	w.must(w.record.Append(w.t.Context(), all...))
	w.must(w.index.Follow(w.t.Context()))
}

// TestXLSX: the list is a workbook with every row that the person may export, and texts only.
func TestXLSX(t *testing.T) {
	w := openWorld(t, nil)
	w.files(2*index.MaxPage + 3) // three pages
	auditor := w.signIn(account.Account{Name: "kansa", Office: "監査", Roles: []account.Role{account.Auditor}})
	w.want(auditor.get("/files?office=総務課"), 200, `href="/files.csv?office=%E7%B7%8F%E5%8B%99%E8%AA%B2"`, `href="/files.xlsx?office=%E7%B7%8F%E5%8B%99%E8%AA%B2"`)
	rows := func(path string) [][]string {
		t.Helper()
		got := auditor.get(path)
		book, err := excelize.OpenReader(strings.NewReader(got.body))
		if err != nil {
			t.Fatalf("%s: %d %v", path, got.status, err)
		}
		defer book.Close()
		all, err := book.GetRows(book.GetSheetName(0))
		w.must(err)
		for i := range all {
			cell := fmt.Sprintf("E%d", i+1)
			if formula, err := book.GetCellFormula(book.GetSheetName(0), cell); formula != "" || err != nil {
				t.Fatalf("%s is the formula %q, %v", cell, formula, err)
			}
		}
		return all
	}
	all := rows("/files.xlsx")
	if len(all) != 1+2*index.MaxPage+3 || all[0][0] != "受付番号" || !strings.HasPrefix(all[1][4], "=HYPERLINK(") {
		t.Errorf("%d rows, the first %q", len(all), all[:2])
	}
	if some := rows("/files.xlsx?office=総務課"); len(some) != 1+index.MaxPage+2 {
		t.Errorf("%d rows of one office", len(some))
	}
	w.want(auditor.get("/files.csv?q=HYPERLINK(1)"), 200, `"'=HYPERLINK(1).docx"`)
	staff := w.signIn(account.Account{Name: "shokuin", Office: "総務課", Roles: []account.Role{account.Staff}})
	w.want(staff.get("/files.xlsx"), 403)
	if page := staff.get("/files"); strings.Contains(page.body, "files.xlsx") {
		t.Error("who may not export is led to it")
	}
	if got := w.browser().get("/files.xlsx"); got.to != "/signin?next=%2Ffiles.xlsx" {
		t.Errorf("nobody: %+v", got)
	}
}
