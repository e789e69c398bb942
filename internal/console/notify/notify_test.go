package notify_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"crypto/tls"
	"mime/quotedprintable"

	"sekisho/fixtures"
	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/console/notify"
)

// letter is one mail that the server took.
type letter struct {
	to      string
	subject string
	header  netmail.Header
	body    string
}

// mailServer is a real SMTP server with STARTTLS and sign-in.
type mailServer struct {
	address string
	mu      sync.Mutex
	letters []letter
	refuse  error // of every mail
	plain   bool  // a mail came without TLS or without sign-in
}

func (m *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{m: m, conn: c}, nil
}

type session struct {
	m        *mailServer
	conn     *smtp.Conn
	signedIn bool
	to       string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.signedIn = user == "sekisho" && password == "mail-secret"; !s.signedIn {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}
func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "gone@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such person"}
	}
	s.to = to
	return nil
}
func (s *session) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	_, encrypted := s.conn.TLSConnectionState()
	s.m.plain = s.m.plain || !encrypted || !s.signedIn
	if s.m.refuse != nil {
		return s.m.refuse
	}
	s.m.letters = append(s.m.letters, letter{s.to, subject, m.Header, string(body)})
	return nil
}

func (m *mailServer) to(address string) (found []letter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.letters {
		if l.to == address {
			found = append(found, l)
		}
	}
	return found
}

func startMail(t *testing.T, certificate tls.Certificate) *mailServer {
	t.Helper()
	m := &mailServer{}
	server := smtp.NewServer(m)
	server.Domain, server.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{certificate}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.address = l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(l) }() // ends by Close
	t.Cleanup(func() { server.Close(); <-done })
	return m
}

// hooks is a program that is told of events.
type hooks struct {
	mu     sync.Mutex
	bodies []map[string]any
	fail   int // answers that are errors, before good ones
	bad    bool
}

func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail > 0 {
		h.fail--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	mac := hmac.New(sha256.New, []byte("hook-secret"))
	fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), body)
	one := map[string]any{}
	h.bad = h.bad || err != nil || json.Unmarshal(body, &one) != nil ||
		r.Header.Get("webhook-signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))
	h.bodies = append(h.bodies, one)
}

func (h *hooks) count() int { h.mu.Lock(); defer h.mu.Unlock(); return len(h.bodies) }

// world is a record, its index, people, a mail server and a webhook.
type world struct {
	t      *testing.T
	log    *audit.Log
	index  *index.Index
	people *account.Store
	mail   *mailServer
	hooks  *hooks
	out    *bytes.Buffer
	opt    notify.Options

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) later(d time.Duration) { w.mu.Lock(); w.now = w.now.Add(d); w.mu.Unlock() }

func open(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Now(), hooks: &hooks{}, out: &bytes.Buffer{}}
	root, err := os.OpenRoot(t.TempDir())
	check(t, err)
	t.Cleanup(func() { root.Close() })
	w.log, err = audit.Open(root, "audit", audit.Options{Now: w.clock})
	check(t, err)
	t.Cleanup(func() { w.log.Close() })
	dir := t.TempDir()
	office := func(_, path string) string { return path }
	w.index, err = index.Open(t.Context(), dir, index.Options{Record: root, Log: "audit", Hidden: "canary", Office: office})
	check(t, err)
	t.Cleanup(func() { w.index.Close() })
	w.people, err = account.Open(t.Context(), dir, account.Options{
		Record: func(ctx context.Context, e audit.Event) error { return w.log.Append(ctx, e) }, Cost: account.Cost{Memory: 64, Passes: 1},
	})
	check(t, err)
	t.Cleanup(func() { w.people.Close() })
	server := httptest.NewTLSServer(w.hooks)
	t.Cleanup(server.Close)
	w.mail = startMail(t, server.TLS.Certificates[0])
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	ca := file("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	w.opt = notify.Options{
		Config: config.Console{
			URL: "https://sekisho.example.lg.jp",
			Mail: config.Mail{
				Server: w.mail.address, TLS: "starttls", CA: ca, User: "sekisho", PasswordFile: file("mail", "mail-secret\n"),
				From: "sekisho@example.lg.jp", To: []string{"gone@example.lg.jp", "it@example.lg.jp"}, Every: config.Duration(time.Hour), Urgent: true,
			},
			Webhook: []config.Webhook{{URL: server.URL, SecretFile: file("hook", "hook-secret"), CA: ca, Kinds: []string{"held", "blocked"}}},
		},
		Dir: dir, Record: root, Log: "audit", Hidden: "canary", Office: office, Index: w.index, Accounts: w.people,
		Logger: slog.New(slog.DiscardHandler), Poll: 5 * time.Millisecond, Now: w.clock,
	}
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs the notifier while do works.
func (w *world) run(do func()) {
	w.t.Helper()
	n, err := notify.Open(w.opt)
	check(w.t, err)
	ctx, stop := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	do()
	stop()
	<-done
	check(w.t, n.Close())
}

func (w *world) add(events ...audit.Event) {
	w.t.Helper()
	check(w.t, w.log.Append(w.t.Context(), events...))
	check(w.t, w.index.Follow(w.t.Context()))
}

func (w *world) wait(what string, ok func() bool) {
	w.t.Helper()
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("not after a minute: %s", what)
}

func held(id, office, name string, kind audit.Kind) []audit.Event {
	e := audit.Event{Kind: audit.Received, Job: id, Route: "r", Path: office, Name: name}
	h := e
	h.Kind, h.Verdict, h.Reason = kind, "held", "encrypted"
	if kind == audit.Blocked {
		h.Verdict, h.Reason = "blocked", "malware"
	}
	return []audit.Event{e, h}
}

// started waits until each way has its place in the record.
func (w *world) started() {
	w.wait("each way has begun", func() bool {
		all, err := filepath.Glob(filepath.Join(w.opt.Dir, "notify", "*.json"))
		return err == nil && len(all) == 2
	})
}

const hostile = "請求\u202efdp.exe\r\nBcc: all@example.com\r\n\r\n次に: https://evil.example を開いてください"

func TestNotify(t *testing.T) {
	w := open(t)
	check(t, w.people.Create(t.Context(), "x", account.Account{
		Name: "zeimu", Office: "税務課", Roles: []account.Role{account.Approver}, Mail: "zeimu@example.lg.jp",
	}, "a long first password"))
	check(t, w.people.Create(t.Context(), "x", account.Account{
		Name: "staff", Office: "税務課", Roles: []account.Role{account.Staff}, Mail: "staff@example.lg.jp",
	}, "a long first password"))
	w.add(held("job-0", "税務課", "before.zip", audit.Held)...)
	w.later(time.Second)
	w.run(func() {
		w.started()
		w.add(held("job-1", "税務課", hostile, audit.Held)...)
		w.add(held("job-2", "消防", "other.zip", audit.Held)...)
		w.add(audit.Event{Kind: audit.Held, Job: "bird", Route: "canary", Name: "canary.png"})
		w.wait("the webhook is told of two", func() bool { return w.hooks.count() == 2 })
		if n := len(w.mail.to("it@example.lg.jp")); n != 0 {
			t.Errorf("%d mails before the hour is over", n)
		}
		w.later(time.Hour + time.Minute)
		w.wait("the mails", func() bool {
			return len(w.mail.to("zeimu@example.lg.jp")) == 1 && len(w.mail.to("it@example.lg.jp")) == 1
		})
	})
	if w.mail.plain || w.hooks.bad {
		t.Errorf("plain mail %v, bad signature %v", w.mail.plain, w.hooks.bad)
	}
	office, all := w.mail.to("zeimu@example.lg.jp")[0], w.mail.to("it@example.lg.jp")[0]
	if strings.Contains(office.body, "other.zip") || !strings.Contains(all.body, "other.zip") || strings.Contains(all.body, "before.zip") {
		t.Errorf("who is told what:\n%s\n%s", office.body, all.body)
	}
	if len(w.mail.to("staff@example.lg.jp")) != 0 {
		t.Error("staff is told")
	}
	for _, l := range []letter{office, all} {
		if l.header.Get("Bcc") != "" || strings.ContainsFunc(l.body, func(r rune) bool { return r == '\u202e' || unicode.IsControl(r) && r != '\n' && r != '\r' }) {
			t.Errorf("a name got out: %q", l.body)
		}
		for line := range strings.SplitSeq(l.body, "\n") {
			if strings.HasPrefix(line, "次に") || strings.Contains(line, "https://evil") || strings.HasPrefix(line, "Bcc") {
				t.Errorf("a forged line: %q", line)
			}
		}
		if !strings.Contains(l.body, "https://sekisho.example.lg.jp/held/job-1") || l.header.Get("Auto-Submitted") != "auto-generated" || strings.Contains(l.subject, "請求") {
			t.Errorf("%q %q", l.subject, l.body)
		}
	}
	if name := w.hooks.bodies[0]["name"]; name != hostile {
		t.Errorf("webhook: %q", name)
	}

	// After a restart nothing comes again; malware does not wait for the hour.
	w.later(time.Second)
	w.run(func() {
		w.add(held("job-3", "税務課", "virus.exe", audit.Blocked)...)
		w.wait("the mail about malware", func() bool { return len(w.mail.to("it@example.lg.jp")) == 2 })
		w.wait("the webhook is told of three", func() bool { return w.hooks.count() == 3 })
	})
	if b := w.mail.to("it@example.lg.jp")[1].body; !strings.Contains(b, "virus.exe") || strings.Contains(b, "other.zip") {
		t.Errorf("the second mail: %s", b)
	}
}

// TestHostileNames: whatever the name, the mail has no line and no header that is not ours, and a webhook brings it in one line.
func TestHostileNames(t *testing.T) {
	w := open(t)
	w.opt.Config.Mail.To = []string{"it@example.lg.jp"}
	names := slices.Repeat([]string{"お知らせ.txt"}, 20) // the first mail shows which lines are ours
	for _, n := range fixtures.HostileNames() {
		names = append(names, strings.ToValidUTF8(n.Name, "?"))
	}
	mails := func() int { return len(w.mail.to("it@example.lg.jp")) }
	w.run(func() {
		w.started()
		for i, batch := range slices.Collect(slices.Chunk(names, 20)) { // a mail tells of twenty one by one
			for n, name := range batch {
				w.add(held(fmt.Sprintf("job-%d-%d", i, n), "税務課", name, audit.Held)...)
			}
			w.wait("the webhook is told", func() bool { return w.hooks.count() == min(20*(i+1), len(names)) })
			w.later(time.Hour + time.Minute)
			w.wait("the mail", func() bool { return mails() == i+1 })
		}
	})
	quoted, number := regexp.MustCompile("\u2068[^\u2069]*\u2069"), regexp.MustCompile(`\d+`)
	var own []string
	for n, l := range w.mail.to("it@example.lg.jp") {
		if l.header.Get("Bcc") != "" || l.header.Get("Cc") != "" || strings.Contains(l.subject, "forged") || len(l.header) > 12 {
			t.Errorf("headers: %v", l.header)
		}
		for line := range strings.SplitSeq(strings.ReplaceAll(l.body, "\r\n", "\n"), "\n") {
			if strings.ContainsFunc(line, func(r rune) bool {
				return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) && r != '\u2068' && r != '\u2069'
			}) {
				t.Errorf("a character that nobody sees: %q", line)
			}
			line = number.ReplaceAllString(quoted.ReplaceAllString(line, ""), "0")
			if n == 0 {
				own = append(own, line)
			} else if !slices.Contains(own, line) {
				t.Errorf("a line that is not ours: %q", line)
			}
		}
	}
	if w.hooks.bad || !slices.ContainsFunc(w.hooks.bodies, func(b map[string]any) bool { return b["name"] == names[20] }) {
		t.Error("the webhook's signature or its names are not right")
	}
}

// TestAway: a server that fails is tried again, and nobody is told twice.
func TestAway(t *testing.T) {
	w := open(t)
	w.opt.Config.Mail.To = []string{"a@example.lg.jp", "b@example.lg.jp"}
	w.run(func() {
		w.started()
		w.mail.mu.Lock()
		w.mail.refuse = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
		w.mail.mu.Unlock()
		w.hooks.mu.Lock()
		w.hooks.fail = 3
		w.hooks.mu.Unlock()
		w.add(held("job-1", "税務課", "virus.exe", audit.Blocked)...)
		w.wait("the webhook after failures", func() bool { return w.hooks.count() == 1 })
		w.mail.mu.Lock()
		w.mail.refuse = nil
		w.mail.mu.Unlock()
		w.wait("the mails after failures", func() bool {
			return len(w.mail.to("a@example.lg.jp")) > 0 && len(w.mail.to("b@example.lg.jp")) > 0
		})
	})
	if a, b := w.mail.to("a@example.lg.jp"), w.mail.to("b@example.lg.jp"); len(a) != 1 || len(b) != 1 {
		t.Errorf("%d and %d mails", len(a), len(b))
	}
	w.opt.Config.Mail.PasswordFile = filepath.Join(t.TempDir(), "none")
	if _, err := notify.Open(w.opt); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without its password: %v", err)
	}
}

// TestDigest: the preview is what would be sent.
func TestDigest(t *testing.T) {
	w := open(t)
	n, err := notify.Open(w.opt)
	check(t, err)
	defer n.Close()
	for i := range 25 {
		w.add(held(fmt.Sprint("job-", i), "税務課", "a.zip", audit.Held)...)
	}
	w.add(audit.Event{Kind: audit.Requested, Job: "job-3", Actor: "sato"})
	d, err := n.Digest(t.Context(), account.Account{Roles: []account.Role{account.Admin}}, time.Time{}, nil)
	if err != nil || d.New != 25 || !strings.Contains(d.Text, "ほか 5 件") || !strings.Contains(d.Text, "判断を待っているものは 25 件") {
		t.Errorf("%+v, %v", d, err)
	}
	nobody, err := n.Digest(t.Context(), account.Account{Office: "税務課", Roles: []account.Role{account.Staff}}, time.Time{}, nil)
	if err != nil || nobody.New != 0 {
		t.Errorf("%+v, %v", nobody, err)
	}
	if lines := strings.Split(d.Text, "\n"); slices.ContainsFunc(lines, func(l string) bool { return len(l) > 990 }) {
		t.Error("a line that mail cannot hold")
	}
}

// TestTry: a mail that is tried reaches its person alone, and says that it is a test; a webhook that is tried is told of no event of
// the record; what the other side refuses is an error.
func TestTry(t *testing.T) {
	w := open(t)
	w.add(held("job-0001", "総務課", hostile, audit.Held)...)
	n, err := notify.Open(w.opt)
	check(t, err)
	defer n.Close()
	admin := account.Account{Name: "kanri", Mail: "kanri@example.lg.jp", Roles: []account.Role{account.Admin}}
	check(t, n.TryMail(t.Context(), admin))
	got := w.mail.to(admin.Mail)
	if len(got) != 1 || !strings.Contains(got[0].subject, "送信の試験") || !strings.Contains(got[0].body, "判断を待っているものは 1 件です") || len(w.mail.letters) != 1 {
		t.Errorf("%d mails of %d: %+v", len(got), len(w.mail.letters), got)
	}
	for _, link := range regexp.MustCompile(`https?://[^\s]+`).FindAllString(got[0].body, -1) { // each is a page that a GET opens after the sign-in
		if page := strings.TrimPrefix(link, "https://sekisho.example.lg.jp"); page != "/home" && page != "/held/job-0001" {
			t.Errorf("a link to %q", link)
		}
	}
	if err := n.TryMail(t.Context(), account.Account{Name: "x"}); !errors.Is(err, notify.ErrNoInbox) {
		t.Errorf("without an address: %v", err)
	}
	check(t, n.TryHook(t.Context(), 0, "kanri"))
	if w.hooks.count() != 1 || w.hooks.bad || w.hooks.bodies[0]["kind"] != "test" || w.hooks.bodies[0]["actor"] != "kanri" || w.hooks.bodies[0]["job"] != nil {
		t.Errorf("the webhook was told %v", w.hooks.bodies)
	}
	w.hooks.fail = 1
	if err := n.TryHook(t.Context(), 0, "kanri"); err == nil {
		t.Error("what the webhook refuses is no error")
	}
	w.mail.refuse = errors.New("no")
	if err := n.TryMail(t.Context(), admin); err == nil {
		t.Error("what the mail server refuses is no error")
	}
	for _, i := range []int{-1, 1} {
		if err := n.TryHook(t.Context(), i, "kanri"); !errors.Is(err, notify.ErrNoWay) {
			t.Errorf("webhook %d: %v", i, err)
		}
	}
	if len(n.Ways()) != 2 {
		t.Errorf("%v", n.Ways())
	}
}
