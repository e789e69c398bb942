package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
)

// bulkPath is the page on which a person decides about several held files at once.
const bulkPath = "/held/bulk"

// The bounds of one decision about several files.
const (
	maxBulk  = 200             // files
	bulkTime = 5 * time.Minute // of all of them together
)

// bulkReasons are the reasons to which the list can be narrowed.
func bulkReasons() []string {
	return []string{"encrypted", "unsupported", "ambiguous", "mismatch", "malformed", "limit", "timeout", "crash", "malware", "policy", "verify"}
}

// bulkPage is one of three pages: the list to choose from, what can be decided about the chosen files, and what came of it.
type bulkPage struct {
	Text             string // of the filter
	Offices, Reasons []choice
	List             []fileView
	More             pager
	All              int  // how many files the filter keeps, at most maxBulk
	Over             bool // whether it keeps more

	Chosen   []fileView
	Locked   int // of those, with a password
	Malware  int // of those, with malware
	Policies []choice
	May      may

	Done       []bulkDone
	Good, Left int
}

// bulkDone is what came of a decision about one file.
type bulkDone struct {
	fileView
	OK        bool
	Word, Why string
}

// bulkFilter reads the filter of the list from the address, or from the form that keeps it.
func bulkFilter(a account.Account, q url.Values) (index.Filter, string) {
	text := typed(q.Get("q"))
	f := index.Filter{Scope: scope(a, account.Review), States: heldStates(), Text: text, Office: typed(q.Get("office"))}
	if reason := q.Get("reason"); slices.Contains(bulkReasons(), reason) {
		f.Reason = reason
	}
	return f, text
}

// bulk lists held files to choose from.
func (c *Console) bulk(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "bulk.title")
	f, text := bulkFilter(sessionOf(r).account, r.URL.Query())
	body := bulkPage{Text: text, Reasons: choose(p, "reason.", bulkReasons(), f.Reason)}
	list, err := c.index.Files(r.Context(), f, place(r.URL), pageSize)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	all, err := c.index.Files(r.Context(), f, "", maxBulk)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if body.Offices, err = c.offices(r, p, f.Office); err != nil {
		c.failed(w, r, err)
		return
	}
	body.List, body.More, body.All, body.Over = viewsOf(p, list.Files), pageLink(p, r.URL, list.Next), len(all.Files), all.Next != ""
	p.Body = body
	c.show(w, r, http.StatusOK, "bulk", p)
}

// chosen returns the held files that a form names: each by its number, or all that its filter keeps. What the person may not see
// is not among them.
func (c *Console) chosen(r *http.Request) ([]index.File, error) {
	a := sessionOf(r).account
	if r.PostFormValue("all") == "yes" {
		f, _ := bulkFilter(a, r.PostForm)
		page, err := c.index.Files(r.Context(), f, "", maxBulk)
		return page.Files, err
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	var files []index.File
	seen := map[string]bool{}
	for _, id := range r.PostForm["id"] {
		if seen[id] || len(files) == maxBulk {
			continue
		}
		seen[id] = true
		f, err := c.index.File(r.Context(), scope(a, account.Review), id)
		if errors.Is(err, index.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// doBulk shows the chosen files and what can be decided about them. It changes nothing.
func (c *Console) doBulk(w http.ResponseWriter, r *http.Request) {
	files, err := c.chosen(r)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if len(files) == 0 {
		c.problem(w, r, http.StatusUnprocessableEntity, "bulk")
		return
	}
	p := c.page(r, "bulk.title")
	p.Here = bulkPath
	a := sessionOf(r).account
	body := bulkPage{Chosen: viewsOf(p, files), Policies: policyChoices(p, "")}
	for _, f := range files {
		if f.Reason == "encrypted" {
			body.Locked++
		}
		if f.Verdict == "blocked" {
			body.Malware++
		}
		body.May.Delete = body.May.Delete || a.Can(account.Delete, f.Office)
		body.May.Password = body.May.Password || f.Reason == "encrypted" && a.Can(account.Password, f.Office)
	}
	body.May.Reject, body.May.Treat, body.May.Extend = true, body.Malware < len(files), c.gateway.Keep() > 0
	p.Body = body
	c.show(w, r, http.StatusOK, "bulk", p)
}

// doApplyBulk makes one decision about each of the chosen files, one after the other, each as if it were alone: with the right that
// it needs, the rules of its state, and its line on record. What came of each is shown. When the browser goes away, those that were
// not reached stay as they are.
func (c *Console) doApplyBulk(w http.ResponseWriter, r *http.Request) {
	action := r.PathValue("action")
	if !slices.Contains([]string{"password", "treat", "reject", "extend", "delete"}, action) {
		c.missing(w, r)
		return
	}
	d, wrong := c.decisionOf(r, action)
	if wrong != "" {
		c.problem(w, r, http.StatusUnprocessableEntity, wrong)
		return
	}
	files, err := c.chosen(r)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if len(files) == 0 {
		c.problem(w, r, http.StatusUnprocessableEntity, "bulk")
		return
	}
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(bulkTime + writeTime)); err != nil {
		c.failed(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), bulkTime)
	defer cancel()
	p := c.page(r, "bulk.title")
	p.Here = bulkPath
	var body bulkPage
	for _, f := range files {
		one := bulkDone{fileView: viewOf(p, f)}
		switch err := c.decideOne(ctx, sessionOf(r).account, f, d); {
		case err == nil:
			one.OK, one.Word = true, p.say("held.done."+d.action)
			body.Good++
		default:
			id, _ := refusal(err)
			if id == "" {
				c.log.Error("a decision about one of several failed", "job", f.ID, "error", err)
				id = "failed"
			}
			one.Word, one.Why = p.say("error."+id+".title"), p.say("error."+id+".what")
			body.Left++
		}
		body.Done = append(body.Done, one)
	}
	if err := c.index.Follow(r.Context()); err != nil {
		c.log.Warn("cannot follow the record", "error", err)
	}
	p.Said = &said{Look: "good", Text: p.say("bulk.done", "N", body.Good)}
	if body.Left > 0 {
		p.Said = &said{Look: "warn", Text: p.say("bulk.done", "N", body.Good), More: p.say("bulk.left", "N", body.Left)}
	}
	p.Body = body
	c.show(w, r, http.StatusOK, "bulk", p)
}

// decideOne is decide for one of several files. A password is for those alone that wait for one.
func (c *Console) decideOne(ctx context.Context, a account.Account, f index.File, d decision) error {
	if d.action == "password" && f.Verdict != "blocked" && f.Reason != "encrypted" {
		return errNoPassword
	}
	return c.decide(ctx, a, f, d)
}

// errNoPassword says that a file waits for no password.
var errNoPassword = errors.New("the file waits for no password")
