package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/notice"
	"sekisho/internal/quarantine"
	"sekisho/sanitize"
)

// File is one file as a program reads it. Names and Detail are a stranger's text; Shown is the name with everything visible.
type File struct {
	ID         string     `json:"id"`
	Received   time.Time  `json:"received"`
	Changed    time.Time  `json:"changed"`
	Ended      *time.Time `json:"ended,omitempty"`
	Route      string     `json:"route"`
	Office     string     `json:"office"`
	Path       string     `json:"path"`
	Name       string     `json:"name"`
	Shown      string     `json:"shown"`
	Sender     string     `json:"sender,omitempty"`
	Policy     string     `json:"policy"`
	Type       string     `json:"type"`
	State      string     `json:"state"`
	Verdict    string     `json:"verdict,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	Code       string     `json:"code,omitempty"` // of the reason, as on a notice
	Detail     string     `json:"detail,omitempty"`
	Findings   int        `json:"findings"`
	Exception  bool       `json:"exception"`
	Requester  string     `json:"requester,omitempty"`
	SizeIn     int64      `json:"size_in"`
	SizeOut    int64      `json:"size_out,omitempty"`
	SHA256In   string     `json:"sha256_in,omitempty"`
	SHA256Out  string     `json:"sha256_out,omitempty"`
	OutputName string     `json:"output_name,omitempty"`
}

func fileOf(f index.File) File {
	v := File{
		ID: f.ID, Received: f.Received, Changed: f.Changed, Route: f.Route, Office: f.Office, Path: f.Path, Name: f.Name,
		Shown: notice.Visible(f.Name), Sender: f.Sender, Policy: f.Policy, Type: f.Type, State: string(f.State), Verdict: f.Verdict,
		Reason: f.Reason, Detail: f.Detail, Findings: f.Findings, Exception: f.Exception, Requester: f.Requester, SizeIn: f.SizeIn,
		SizeOut: f.SizeOut, SHA256In: f.SHA256In, SHA256Out: f.SHA256Out, OutputName: f.OutName,
	}
	if !f.Ended.IsZero() {
		v.Ended = &f.Ended
	}
	if f.Reason != "" {
		v.Code = notice.Lookup(f.Reason).Code
	}
	return v
}

// filesOf makes a list, which is never null in JSON.
func filesOf(all []index.File) []File {
	files := make([]File, len(all))
	for i, f := range all {
		files[i] = fileOf(f)
	}
	return files
}

func (c *call) openapi() error {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.Write(c.doc) // a program that went away misses nothing
	return nil
}

func (c *call) me() error {
	roles := make([]string, len(c.who.Roles))
	for i, r := range c.who.Roles {
		roles[i] = string(r)
	}
	return c.answer(http.StatusOK, map[string]any{"name": c.who.Name, "display": c.who.Display, "office": c.who.Office, "roles": roles})
}

// limitOf reads the length of a page.
func limitOf(q url.Values) (int, error) {
	if !q.Has("limit") {
		return 50, nil
	}
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > index.MaxPage {
		return 0, fmt.Errorf("%w: limit", errInput)
	}
	return n, nil
}

// afterOf reads the place of a page.
func afterOf(q url.Values) (string, error) {
	after := q.Get("after")
	if n, err := strconv.ParseInt(after, 10, 64); after != "" && (err != nil || n < 1) {
		return "", fmt.Errorf("%w: after", errInput)
	}
	return after, nil
}

// period reads from and to (RFC 3339).
func period(q url.Values) (from, to time.Time, err error) {
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		if !q.Has(name) {
			continue
		}
		if *at, err = time.Parse(time.RFC3339, q.Get(name)); err != nil {
			return from, to, fmt.Errorf("%w: %s", errInput, name)
		}
	}
	return from, to, nil
}

func (c *call) files() error {
	q := c.r.URL.Query()
	f := index.Filter{
		Scope: c.scope(), Office: q.Get("office"), Verdict: q.Get("verdict"), Reason: q.Get("reason"), Type: q.Get("type"),
		Sender: q.Get("sender"), Text: q.Get("q"), Hash: q.Get("hash"),
	}
	for _, s := range q["state"] {
		if !slices.Contains(index.States(), index.State(s)) {
			return fmt.Errorf("%w: state", errInput)
		}
		f.States = append(f.States, index.State(s))
	}
	limit, err := limitOf(q)
	after, err2 := afterOf(q)
	var err3 error
	f.From, f.To, err3 = period(q)
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	page, err := c.opt.Index.Files(c.r.Context(), f, after, limit)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"files": filesOf(page.Files), "next": page.Next})
}

func (c *call) one() error { return c.answer(http.StatusOK, fileOf(c.file)) }

func (c *call) same() error {
	all, err := c.opt.Index.Same(c.r.Context(), c.scope(), c.file)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"files": filesOf(all)})
}

// entry is one entry of the record.
type entry struct {
	Broken bool `json:"broken"` // it is not there any more as it was read
	audit.Entry
	Hash string `json:"hash"`
}

func entriesOf(lines []index.Line) []entry {
	all := make([]entry, len(lines))
	for i, l := range lines {
		all[i] = entry{l.Broken, l.Entry, l.Hash}
	}
	return all
}

func (c *call) life() error {
	lines, err := c.opt.Index.Life(c.r.Context(), c.file)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"entries": entriesOf(lines)})
}

func (c *call) record() error {
	q := c.r.URL.Query()
	s := index.Query{Actor: q.Get("actor"), Job: q.Get("job"), Hash: q.Get("hash"), Text: q.Get("q")}
	for _, k := range q["kind"] {
		if !slices.Contains(audit.Kinds(), audit.Kind(k)) {
			return fmt.Errorf("%w: kind", errInput)
		}
		s.Kinds = append(s.Kinds, audit.Kind(k))
	}
	limit, err := limitOf(q)
	after, err2 := afterOf(q)
	var err3 error
	s.From, s.To, err3 = period(q)
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	found, err := c.opt.Index.Search(c.r.Context(), s, after, limit)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"entries": entriesOf(found.Lines), "next": found.Next})
}

func (c *call) counts() error {
	n, err := c.opt.Index.Counts(c.r.Context(), c.scope())
	if err != nil {
		return err
	}
	states := map[string]int{}
	for _, s := range index.States() {
		states[string(s)] = n.State[s]
	}
	return c.answer(http.StatusOK, map[string]any{"states": states, "blocked": n.Blocked})
}

// submit takes the body in as one file, into the folder of the person's office.
func (c *call) submit() error {
	q := c.r.URL.Query()
	name := q.Get("name")
	if strings.TrimSpace(name) == "" || !c.who.Can(account.Drop, c.who.Office) {
		return fmt.Errorf("%w: name", errInput)
	}
	if c.opt.Limit > 0 && c.r.ContentLength > c.opt.Limit { // before any of it is read
		c.w.Header().Set("Connection", "close")
		return ErrTooLarge
	}
	id, err := c.opt.Gateway.Submit(c.r.Context(), q.Get("route"), c.who.Office, q.Get("folder"), name, c.who.Name, c.r.Body)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, map[string]any{"id": id})
}

// decision is the body of an action.
type decision struct {
	Reason     string    `json:"reason"`
	Policy     string    `json:"policy"`
	Password   string    `json:"password"`
	Until      time.Time `json:"until"`
	Recipient  string    `json:"recipient"`
	Code       string    `json:"code"` // one-time
	ReasonCode string    `json:"reason_code"`
}

// decision reads the body of an action. A reason that it must have is not empty.
func (c *call) decision() (d decision, err error) {
	if err := c.body(&d); err != nil {
		return d, err
	}
	if slices.Contains(c.route.body, "reason") && strings.TrimSpace(d.Reason) == "" {
		return d, quarantine.ErrReason
	}
	return d, nil
}

// decide reads the body, does the action, and answers with the file's number.
func (c *call) decide(do func(d decision) error) error {
	d, err := c.decision()
	if err != nil {
		return err
	}
	if err := do(d); err != nil {
		return err
	}
	return c.answer(http.StatusAccepted, map[string]any{"id": c.file.ID})
}

func (c *call) password() error {
	return c.decide(func(d decision) error {
		if d.Password == "" {
			return fmt.Errorf("%w: password", errInput)
		}
		return c.opt.Gateway.Again(c.r.Context(), c.file.ID, c.who.Name, d.Reason, "", d.Password)
	})
}

func (c *call) treat() error {
	return c.decide(func(d decision) error {
		if !slices.Contains(sanitize.PolicyNames(), d.Policy) {
			return fmt.Errorf("%w: policy", errInput)
		}
		return c.opt.Gateway.Again(c.r.Context(), c.file.ID, c.who.Name, d.Reason, d.Policy, d.Password)
	})
}

func (c *call) reject() error {
	return c.decide(func(d decision) error {
		return c.opt.Gateway.Reject(c.r.Context(), c.file.ID, c.who.Name, d.Reason)
	})
}

func (c *call) request() error {
	return c.decide(func(d decision) error {
		return c.opt.Gateway.Request(c.r.Context(), c.file.ID, c.by(d))
	})
}

// approve wants a one-time code of the person, now.
func (c *call) approve() error {
	return c.decide(func(d decision) error {
		if err := c.oneTime(d.Code); err != nil {
			return err
		}
		_, err := c.opt.Gateway.Approve(c.r.Context(), c.file.ID, c.by(d))
		return err
	})
}

// by says who decides about the file, in which roles, and why.
func (c *call) by(d decision) quarantine.By {
	by := quarantine.By{Actor: c.who.Name, Code: quarantine.Code(d.ReasonCode), Reason: d.Reason}
	for _, role := range c.who.ApprovesAs(c.file.Office) {
		by.Roles = append(by.Roles, quarantine.Role(role))
	}
	return by
}

func (c *call) extend() error {
	return c.decide(func(d decision) error {
		return c.opt.Gateway.Extend(c.r.Context(), c.file.ID, c.who.Name, d.Reason, d.Until)
	})
}

func (c *call) remove() error {
	return c.decide(func(d decision) error {
		return c.opt.Gateway.Delete(c.r.Context(), c.file.ID, c.who.Name, d.Reason)
	})
}

// evidence answers with the original, encrypted to the recipient.
func (c *call) evidence() error {
	d, err := c.decision()
	if err != nil {
		return err
	}
	w := &lateWriter{w: c.w}
	err = c.opt.Gateway.Evidence(c.r.Context(), c.file.ID, c.who.Name, d.Reason, d.Recipient, w)
	if err != nil && w.begun {
		c.opt.Log.Error("an original could not be taken out whole", "job", c.file.ID, "error", err)
		panic(http.ErrAbortHandler) // the other side must see that it is not whole
	}
	return err
}

// writePause is how long the other side may take none of a file.
const writePause = time.Minute

// lateWriter sets the headers of a file with its first byte: until then an error can still be told. The other side has time as
// long as it takes bytes.
type lateWriter struct {
	w     http.ResponseWriter
	begun bool
}

func (l *lateWriter) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", "application/octet-stream")
		l.w.Header().Set("Content-Disposition", `attachment; filename="evidence.age"`)
	}
	err := http.NewResponseController(l.w).SetWriteDeadline(time.Now().Add(writePause))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return l.w.Write(b)
}
