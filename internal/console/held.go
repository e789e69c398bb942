package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/durable"
	"sekisho/internal/quarantine"
	"sekisho/sanitize"
)

// heldRow is one held file in the list.
type heldRow struct {
	fileView
	Here bool
}

// heldPage is the list of held files with one of them in full.
type heldPage struct {
	List []heldRow
	More pager
	Item *itemView
}

// may says what the person may do with a held file now.
type may struct{ Password, Treat, Reject, Request, Approve, Extend, Evidence, Delete bool }

// itemView is a held file in full.
type itemView struct {
	fileView
	What, Now, Code string
	Malware         bool
	Since, Until    string
	Type, Declared  string
	Detail, Hash    string
	Scans           []scanView
	Taken           []takenView
	Same            []fileView
	Decisions       []decisionView
	Policies        []choice
	Approval        *approvalView // nil: nobody asked for the original
	May             may
	Preview         *previewView // nil: not for this person, or not of this file
	Any             bool
}

type scanView struct{ Scanner, Word, Detail string }

type decisionView struct{ When, Word, Who, Text string }

// heldStates are those of files that are in quarantine and not decided.
func heldStates() []index.State { return []index.State{index.Held, index.Requested, index.Treating} }

func (c *Console) held(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	p := c.page(r, "held.title")
	c.told(r, p)
	var body heldPage
	if id := r.PathValue("id"); id != "" {
		f, ok := c.fileFor(w, r, account.Review)
		if !ok {
			return
		}
		item, err := c.item(r, p, f)
		if errors.Is(err, fs.ErrNotExist) { // it crossed, or was deleted
			http.Redirect(w, r, "/file/"+f.ID, http.StatusSeeOther)
			return
		}
		if err != nil {
			c.failed(w, r, err)
			return
		}
		body.Item = item
	}
	list, err := c.index.Files(r.Context(), index.Filter{Scope: scope(a, account.Review), States: heldStates()}, place(r.URL), pageSize)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	for _, f := range list.Files {
		body.List = append(body.List, heldRow{viewOf(p, f), body.Item != nil && body.Item.ID == f.ID})
	}
	body.More = pageLink(p, r.URL, list.Next)
	p.Body = body
	c.show(w, r, http.StatusOK, "held", p)
}

// item collects all there is to know about a held file. The error wraps fs.ErrNotExist when it is not held any more.
func (c *Console) item(r *http.Request, p *page, f index.File) (*itemView, error) {
	e, err := c.gateway.Held(r.Context(), f.ID)
	if err != nil {
		return nil, err
	}
	a := sessionOf(r).account
	code, m := message(p, string(e.Item.Reason))
	v := &itemView{
		fileView: viewOf(p, f), What: m.What, Now: m.Now, Code: code, Malware: e.Item.Malware(), Since: when(e.Item.Held), Type: e.Item.Type,
		Declared: e.Item.Declared, Detail: cut(firstLine(e.Item.Detail), maxReason), Hash: e.Item.SHA256, Taken: takenOf(p, auditFindings(e.Item)),
		May: c.allowed(a, f, e),
	}
	v.Any, v.Approval = v.May != may{}, c.approvalOf(p, a, f.Office, e)
	v.Preview = c.previewOf(r, p, f)
	if until := c.keptUntil(e); !until.IsZero() {
		v.Until = when(until)
	}
	for _, s := range e.Item.Scans {
		word := "found"
		if s.Result == "clean" || s.Result == "incomplete" {
			word = s.Result
		}
		v.Scans = append(v.Scans, scanView{s.Scanner, p.say("held.scan." + word), s.Detail})
	}
	for _, d := range e.State.Decisions {
		v.Decisions = append(v.Decisions, decisionView{when(d.Time), p.say("decision." + decisionWord(string(d.What))), d.Actor, decisionText(p, d)})
	}
	v.Policies = policyChoices(p, e.Item.Policy)
	same, err := c.index.Same(r.Context(), scope(a, account.Review), f)
	if err != nil {
		return nil, err
	}
	v.Same = viewsOf(p, same)
	return v, nil
}

// policyChoices are the policies under which a file can be treated again.
func policyChoices(p *page, chosen string) (all []choice) {
	for _, name := range sanitize.PolicyNames() {
		all = append(all, choice{name, p.say("policy." + name), name == chosen})
	}
	return all
}

// decisionWord is the end of the text's id for a decision.
func decisionWord(what string) string {
	switch what {
	case "request", "approve", "reject", "extend":
		return what
	}
	return "instruct"
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// auditFindings returns what was found in a held file.
func auditFindings(i quarantine.Item) []audit.Finding {
	all := make([]audit.Finding, len(i.Findings))
	for n, f := range i.Findings {
		all[n] = audit.Finding{Rule: f.Rule, Action: string(f.Action), Where: f.Where, Count: f.Count}
	}
	return all
}

// keptUntil says when a held file is deleted; zero: never.
func (c *Console) keptUntil(e quarantine.Entry) time.Time {
	keep := c.gateway.Keep()
	if keep <= 0 {
		return time.Time{}
	}
	until := e.Item.Held.Add(keep)
	if e.State.KeepUntil.After(until) {
		until = e.State.KeepUntil
	}
	return until
}

// allowed says what a person may do with a held file: by right, by the state of the file, and never more for malware than to
// reject, keep, take out encrypted and delete it. The gateway checks all of it again.
func (c *Console) allowed(a account.Account, f index.File, e quarantine.Entry) may {
	waiting := e.State.Stage == quarantine.Waiting
	open := waiting || e.State.Stage == quarantine.Requested
	idle := e.State.Stage != quarantine.Instructed && e.State.Stage != quarantine.Treating
	cross := !e.Item.Malware()
	return may{
		Password: open && cross && e.Item.Reason == "encrypted" && a.Can(account.Password, f.Office),
		Treat:    open && cross && a.Can(account.Review, f.Office),
		Reject:   open && a.Can(account.Review, f.Office),
		Request:  waiting && cross && c.gateway.Exceptions() && a.Can(account.Request, f.Office),
		Approve:  c.mayApprove(a, f.Office, e),
		Extend:   idle && c.gateway.Keep() > 0 && a.Can(account.Review, f.Office),
		Evidence: a.Can(account.Download, f.Office),
		Delete:   idle && a.Can(account.Delete, f.Office),
	}
}

// errForbidden says that a person has no right for a decision.
var errForbidden = errors.New("the person has no right for it")

// rightFor returns the right that a decision needs; known says whether there is such a decision.
func rightFor(action string) (right account.Right, known bool) {
	right, known = map[string]account.Right{
		"password": account.Password, "treat": account.Review, "reject": account.Review, "request": account.Request,
		"approve": account.Approve, "extend": account.Review, "evidence": account.Download, "delete": account.Delete,
	}[action]
	return right, known
}

// decision is what a form says about a held file, or about several.
type decision struct {
	action, reason   string
	policy, password string
	until            time.Time
}

// decisionOf reads a decision from a form; wrong is the end of a problem's id when something in it is missing or too long.
func (c *Console) decisionOf(r *http.Request, action string) (d decision, wrong string) {
	d = decision{action: action, reason: strings.TrimSpace(r.PostFormValue("reason")), policy: r.PostFormValue("policy"), password: r.PostFormValue("password")}
	if needs := action != "password" && action != "treat"; needs && d.reason == "" || len([]rune(d.reason)) > maxReason {
		return d, "reason"
	}
	good := true
	switch action {
	case "password":
		d.policy, good = "", d.password != ""
	case "treat":
		_, err := sanitize.PolicyNamed(d.policy)
		good = err == nil
	case "extend":
		days, err := strconv.Atoi(r.PostFormValue("days"))
		good = err == nil && days >= 1 && days <= maxExtend
		d.until = c.now().Add(time.Duration(days) * 24 * time.Hour)
	case "delete":
		good = r.PostFormValue("sure") == "yes"
	}
	if !good {
		return d, "input"
	}
	return d, ""
}

// decide makes a decision that one person alone can make, about one held file. The gateway looks at all of it again and puts it on
// record. The error is errForbidden, or one of the gateway's.
func (c *Console) decide(ctx context.Context, a account.Account, f index.File, d decision) error {
	if right, known := rightFor(d.action); !known || !a.Can(right, f.Office) {
		return errForbidden
	}
	switch d.action {
	case "password", "treat":
		return c.gateway.Again(ctx, f.ID, a.Name, d.reason, d.policy, d.password)
	case "reject":
		return c.gateway.Reject(ctx, f.ID, a.Name, d.reason)
	case "extend":
		return c.gateway.Extend(ctx, f.ID, a.Name, d.reason, d.until)
	case "delete":
		return c.gateway.Delete(ctx, f.ID, a.Name, d.reason)
	}
	return errForbidden
}

// doHeld makes one decision about a held file.
func (c *Console) doHeld(w http.ResponseWriter, r *http.Request) {
	f, ok := c.fileFor(w, r, account.See)
	if !ok {
		return
	}
	a := sessionOf(r).account
	action := r.PathValue("action")
	right, known := rightFor(action)
	if !known {
		c.missing(w, r)
		return
	}
	if !a.Can(right, f.Office) {
		c.problem(w, r, http.StatusForbidden, "forbidden")
		return
	}
	d, wrong := c.decisionOf(r, action)
	if wrong != "" {
		c.problem(w, r, http.StatusUnprocessableEntity, wrong)
		return
	}
	here := "/held/" + f.ID
	switch action {
	case "request":
		c.request(w, r, f, here)
	case "approve":
		c.approve(w, r, f, d.reason)
	case "evidence":
		c.evidence(w, r, f, d.reason)
	case "delete":
		c.decided(w, r, c.decide(r.Context(), a, f, d), "/held", "held.done.delete")
	default:
		c.decided(w, r, c.decide(r.Context(), a, f, d), here, "held.done."+action)
	}
}

// maxExtend is the longest time that a held file is kept on at once, in days.
const maxExtend = 365

// evidence sends a held original, encrypted to a key. It is made in full before the first byte goes, so that an error is an answer.
func (c *Console) evidence(w http.ResponseWriter, r *http.Request, f index.File, reason string) {
	made, err := durable.Scratch(os.TempDir())
	if err != nil {
		c.failed(w, r, err)
		return
	}
	defer made.Close()
	err = c.gateway.Evidence(r.Context(), f.ID, sessionOf(r).account.Name, reason, strings.TrimSpace(r.PostFormValue("recipient")), made)
	if err != nil {
		c.decided(w, r, err, "", "")
		return
	}
	size, err := made.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = made.Seek(0, io.SeekStart)
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="sekisho-%s.age"`, f.ID))
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	out := &patientWriter{w: w, control: http.NewResponseController(w)}
	io.Copy(out, made) // a browser that went away misses nothing
}

// patientWriter gives a receiver time as long as it takes bytes.
type patientWriter struct {
	w       io.Writer
	control *http.ResponseController
}

func (p *patientWriter) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	return p.w.Write(b)
}

// refusal returns the end of a problem's id, and the status of the answer, for an error that says why a decision was not possible;
// "" when the fault is ours.
func refusal(err error) (id string, status int) {
	for _, known := range []struct {
		is     error
		id     string
		status int
	}{
		{errForbidden, "forbidden", http.StatusForbidden}, {errNoPassword, "no-password", http.StatusConflict},
		{ErrRecipient, "input", http.StatusUnprocessableEntity}, {quarantine.ErrMalware, "malware", http.StatusConflict}, {quarantine.ErrSamePerson, "same", http.StatusConflict}, {quarantine.ErrRole, "role", http.StatusConflict},
		{quarantine.ErrExceptions, "exceptions", http.StatusConflict}, {quarantine.ErrState, "state", http.StatusConflict},
		{quarantine.ErrReason, "reason", http.StatusUnprocessableEntity}, {quarantine.ErrKey, "key", http.StatusConflict},
		{quarantine.ErrUntil, "input", http.StatusUnprocessableEntity}, {fs.ErrPermission, "key", http.StatusConflict}, {fs.ErrNotExist, "key", http.StatusConflict},
	} {
		if errors.Is(err, known.is) {
			return known.id, known.status
		}
	}
	return "", 0
}

// decided ends an action: with the page to and a message, or with why it was not possible.
func (c *Console) decided(w http.ResponseWriter, r *http.Request, err error, to, done string) {
	if id, status := refusal(err); id != "" {
		c.log.Info("a decision was not possible", "path", r.URL.Path, "actor", sessionOf(r).account.Name, "error", err)
		c.problem(w, r, status, id)
		return
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if err := c.index.Follow(r.Context()); err != nil { // so that the next page shows it
		c.log.Warn("cannot follow the record", "error", err)
	}
	c.tell(r.Context(), "good", done)
	http.Redirect(w, r, to, http.StatusSeeOther)
}
