package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/policy"
	"sekisho/internal/quarantine"
)

// Gateway is what the interface asks of the gateway.
type Gateway interface {
	Policies

	// Submit takes a file in, on a route or "" for the office's first one. The error wraps ErrTooLarge, ErrNoSpace or ErrRoute when
	// that is why not.
	Submit(ctx context.Context, route, office, folder, name, actor string, r io.Reader) (id string, err error)
	Held(ctx context.Context, id string) (quarantine.Entry, error)
	Again(ctx context.Context, id, actor, reason, policy, password string) error
	Request(ctx context.Context, id string, by quarantine.By) error
	Approve(ctx context.Context, id string, by quarantine.By) (released bool, err error)
	Reject(ctx context.Context, id, actor, reason string) error
	Extend(ctx context.Context, id, actor, reason string, until time.Time) error
	Delete(ctx context.Context, id, actor, reason string) error
	Evidence(ctx context.Context, id, actor, reason, recipient string, w io.Writer) error
	// VerifyRecord checks the whole record. The error wraps audit.ErrTampered or audit.ErrUnanchored when the summary lists what is wrong.
	VerifyRecord(ctx context.Context) (audit.Summary, error)
	// Rescan has what is kept scanned again, and waits for it. The error wraps ErrNotKept where nothing is kept or nothing scans, and ErrRescanning while
	// another one goes on.
	Rescan(ctx context.Context) (Rescanned, error)
	Status(ctx context.Context) Status
}

// Errors of Gateway.Submit.
var (
	ErrTooLarge = errors.New("the file is larger than what is taken in")
	ErrNoSpace  = errors.New("there is no room on the disk")
	ErrRoute    = errors.New("there is no such route")
)

// Errors of Gateway.Rescan.
var (
	ErrNotKept    = errors.New("no originals are kept, or there is no scanner")
	ErrRescanning = errors.New("another scan goes on")
)

// Options are what the interface works with.
type Options struct {
	Accounts *account.Store
	Index    *index.Index
	Gateway  Gateway
	Log      *slog.Logger
	Version  string                         // of the program
	Limit    int64                          // longest file that is taken in, bytes; 0: the gateway says it
	From     func(*http.Request) netip.Addr // default: the address of the connection
}

// API answers requests below Base.
type API struct {
	opt Options
	mux *http.ServeMux
	doc []byte
}

// Base is where the interface lies.
const Base = "/api/v1"

// New returns the interface.
func New(o Options) (*API, error) {
	if o.From == nil {
		o.From = func(r *http.Request) netip.Addr {
			at, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero address counts as one
			return at.Addr()
		}
	}
	a := &API{opt: o, mux: http.NewServeMux()}
	var err error
	if a.doc, err = document(o.Version); err != nil {
		return nil, err
	}
	for _, r := range routes() {
		a.mux.Handle(r.method+" "+Base+r.path, a.handler(r))
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.refuse(w, r, problemOf(index.ErrUnknown)) })
	return a, nil
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	a.mux.ServeHTTP(w, r)
}

// call is one request of a known person.
type call struct {
	*API
	w     http.ResponseWriter
	r     *http.Request
	route route
	who   account.Account
	file  index.File // of routes about one
}

// handler checks who asks, and for what, before a route does anything.
func (a *API) handler(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{API: a, w: w, r: r, route: rt}
		if err := c.admit(rt); err != nil {
			c.fail(err)
			return
		}
		if err := rt.do(c); err != nil {
			c.fail(err)
		}
	})
}

// Errors of admission.
var (
	errToken     = errors.New("no token, or one that does not hold")
	errForbidden = errors.New("the token does not allow that")
	errInput     = errors.New("the request cannot be read")
	errMedia     = errors.New("the body must be of the type application/json")
	errCode      = errors.New("the one-time code is missing or wrong")
	errLocked    = errors.New("too many wrong one-time codes")
)

// admit finds the person, the right and the file.
func (c *call) admit(rt route) error {
	if rt.open {
		return nil
	}
	held, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return errToken
	}
	var err error
	if c.who, err = c.opt.Accounts.ByToken(c.r.Context(), held); errors.Is(err, account.ErrDenied) {
		return errToken
	} else if err != nil {
		return err
	}
	if rt.right != "" && !c.who.Can(rt.right, "") {
		return errForbidden
	}
	if !strings.Contains(rt.path, "{id}") {
		return nil
	}
	if c.file, err = c.opt.Index.File(c.r.Context(), c.scope(), c.r.PathValue("id")); err != nil {
		return err
	}
	own := c.file.Sender == c.who.Name && (rt.right == account.See || rt.right == account.Password)
	if !own && !c.who.Can(rt.right, c.file.Office) {
		return errForbidden
	}
	return nil
}

// scope is what the person may see.
func (c *call) scope() index.Scope {
	s := c.scopeFor(account.See)
	s.Sender = c.who.Name
	return s
}

// scopeFor is what the person has a right for.
func (c *call) scopeFor(right account.Right) index.Scope {
	offices, all := c.who.Offices(right)
	return index.Scope{All: all, Offices: offices}
}

// maxBody bounds a body of JSON, in bytes.
const maxBody = 64 << 10

// body reads the request's JSON, strictly.
func (c *call) body(v any) error {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errMedia
	}
	dec := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: %v", errInput, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("%w: there is text behind its end", errInput)
	}
	return nil
}

// answer writes v as JSON. Characters that nobody sees, or that turn the direction of reading, are spelled \uXXXX.
func (c *call) answer(status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cannot encode answer: %w", err)
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	c.w.Write(append(audit.EscapeJSON(b), '\n')) // a program that went away misses nothing
	return nil
}

// problem is an error as a program and a person read it.
type problem struct {
	status int
	Code   string `json:"code"`
	Ja     string `json:"ja"`
	En     string `json:"en"`
}

// problems says for each error how it is told. The order matters: an error may be more than one.
var problems = []struct {
	is error
	problem
}{
	{errToken, problem{http.StatusUnauthorized, "token", "トークンが無いか、無効です。", "There is no token, or it does not hold."}},
	{errForbidden, problem{http.StatusForbidden, "forbidden", "このトークンではできません。", "The token does not allow that."}},
	{errCode, problem{http.StatusForbidden, "code", "確認コードが無いか、違います。", "The one-time code is missing or wrong."}},
	{errLocked, problem{http.StatusTooManyRequests, "locked", "確認コードの誤りが続いたため、しばらくできません。", "There were too many wrong one-time codes."}},
	{errMedia, problem{http.StatusUnsupportedMediaType, "media", "本文は application/json で送ってください。", "The body must be application/json."}},
	{errInput, problem{http.StatusBadRequest, "input", "依頼の内容を読み取れません。", "The request cannot be read."}},
	{index.ErrUnknown, problem{http.StatusNotFound, "unknown", "そのようなものはありません。", "There is no such thing."}},
	{fs.ErrNotExist, problem{http.StatusNotFound, "unknown", "そのようなものはありません。", "There is no such thing."}},
	{ErrTooLarge, problem{http.StatusRequestEntityTooLarge, "too-large", "ファイルが大きすぎます。", "The file is too large."}},
	{ErrNoSpace, problem{http.StatusInsufficientStorage, "no-space", "空き容量が足りません。", "There is no room on the disk."}},
	{ErrRoute, problem{http.StatusBadRequest, "route", "その経路はありません。", "There is no such route."}},
	{quarantine.ErrMalware, problem{http.StatusConflict, "malware", "ウイルスが見つかったファイルは通せません。", "A file in which malware was found never crosses."}},
	{quarantine.ErrSamePerson, problem{http.StatusConflict, "same-person", "申請した人とは別の人の承認が要ります。", "A person other than the one who asked must approve."}},
	{quarantine.ErrRole, problem{http.StatusConflict, "role", "次の承認は、別の役割の人が行います。", "The next approval is that of a person in another role."}},
	{quarantine.ErrExceptions, problem{http.StatusConflict, "exceptions", "この設定では原本をそのまま通せません。", "Originals are not released here."}},
	{quarantine.ErrState, problem{http.StatusConflict, "state", "今の状態ではできません。", "It is not possible in the present state."}},
	{quarantine.ErrReason, problem{http.StatusBadRequest, "reason", "理由を書いてください。", "Give a reason that is not too long."}},
	{policy.ErrSamePerson, problem{http.StatusConflict, "same-person", "提案した人とは別の人が有効にします。", "A person other than the one who proposed must activate."}},
	{policy.ErrPending, problem{http.StatusConflict, "pending", "有効にするのを待っている提案があります。", "There is a proposal already."}},
	{policy.ErrNone, problem{http.StatusConflict, "proposal", "その提案はありません。", "There is no such proposal."}},
	{policy.ErrSame, problem{http.StatusBadRequest, "nothing", "変わるところがありません。", "Nothing would change."}},
	{policy.ErrReason, problem{http.StatusBadRequest, "reason", "理由を書いてください。", "Give a reason that is not too long."}},
	{policy.ErrRules, problem{http.StatusBadRequest, "input", "依頼の内容を読み取れません。", "The request cannot be read."}},
	{policy.ErrBusy, problem{http.StatusConflict, "busy", "ほかの試しが続いています。", "Another trial goes on."}},
	{quarantine.ErrUntil, problem{http.StatusBadRequest, "until", "その日までは延ばせません。", "It cannot be kept until that day."}},
	{ErrNotKept, problem{http.StatusConflict, "not-kept", "この設定では再検査できません。原本を残すこと（rescan.keep_originals）と検査エンジンが要ります。", "Nothing can be scanned again here: it takes kept originals (rescan.keep_originals) and a scanner."}},
	{ErrRescanning, problem{http.StatusConflict, "rescanning", "別の再検査が進んでいます。終わってからやり直してください。", "Another scan goes on; ask again when it has ended."}},
	{quarantine.ErrKey, problem{http.StatusConflict, "key", "鍵が合いません。", "The key does not fit."}},
}

// failed is told of an error that is nobody's business outside; the log has it.
var failed = problem{http.StatusInternalServerError, "failed", "処理できませんでした。記録を確認してください。", "It did not work; the log says why."}

func problemOf(err error) problem {
	for _, p := range problems {
		if errors.Is(err, p.is) {
			return p.problem
		}
	}
	return failed
}

// fail answers an error.
func (c *call) fail(err error) {
	p := problemOf(err)
	if p.status == http.StatusInternalServerError && c.r.Context().Err() == nil {
		c.opt.Log.Error("a request of a program failed", "method", c.r.Method, "path", c.r.URL.EscapedPath(), "error", err)
	}
	c.refuse(c.w, c.r, p)
}

func (a *API) refuse(w http.ResponseWriter, _ *http.Request, p problem) {
	var b bytes.Buffer
	json.NewEncoder(&b).Encode(map[string]problem{"error": p}) // of texts: it always encodes
	if p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sekisho"`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.status)
	w.Write(b.Bytes()) // a program that went away misses nothing
}
