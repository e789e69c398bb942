package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
)

// eventView is one entry of the record. Name, Actor and Detail are a stranger's text.
type eventView struct {
	Seq                      uint64
	When, Word               string
	Job, Name, Actor, Detail string
	Reason                   string
	Found                    int
	Version                  string // of the policies by which a file was treated
}

// eventOf shows an entry. One that is not what was read before says only that.
func eventOf(p *page, l index.Line) eventView {
	if l.Broken {
		return eventView{Seq: l.Seq, Word: p.say("kind.broken")}
	}
	v := eventView{
		Seq: l.Seq, When: when(l.Time), Word: kindText(p, l.Kind), Job: l.Job, Name: l.Name, Actor: l.Actor, Detail: cut(l.Detail, maxReason), Found: found(l.Findings),
	}
	if l.Version > 0 {
		v.Version = p.say("policies.treated", "Number", strconv.Itoa(l.Version))
	}
	if l.Reason != "" {
		v.Reason = reasonText(p, l.Reason)
	}
	return v
}

func kindText(p *page, k audit.Kind) string {
	if text, err := p.T("kind." + string(k)); err == nil {
		return text
	}
	return p.say("kind.unknown")
}

// auditPage is the record: how it is, and what is searched for in it.
type auditPage struct {
	Chain  chainView
	Q      query
	Kinds  []choice
	Events []eventView
	More   pager
}

func (c *Console) audit(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "audit.title")
	c.told(r, p)
	q, shown, err := c.recordQuery(r)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	lines, err := c.index.Search(r.Context(), q, place(r.URL), pageSize)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	kinds := make([]string, 0, len(audit.Kinds()))
	for _, k := range audit.Kinds() {
		kinds = append(kinds, string(k))
	}
	body := auditPage{Chain: chainOf(p, c.chain.state(r.Context())), Q: shown, Kinds: choose(p, "kind.", kinds, r.URL.Query().Get("kind")), More: pageLink(p, r.URL, lines.Next)}
	for _, l := range lines.Lines {
		body.Events = append(body.Events, eventOf(p, l))
	}
	p.Body = body
	c.show(w, r, http.StatusOK, "audit", p)
}

// recordQuery reads what is searched for: a file's number, a hash, a person ("@name"), else a part of a file's name.
func (c *Console) recordQuery(r *http.Request) (index.Query, query, error) {
	v := r.URL.Query()
	text := typed(v.Get("q"))
	var q index.Query
	shown := query{Text: text}
	shown.From, shown.To = period(v.Get("from"), v.Get("to"), &q.From, &q.To)
	if k := audit.Kind(v.Get("kind")); slices.Contains(audit.Kinds(), k) {
		q.Kinds = []audit.Kind{k}
	}
	switch {
	case text == "":
	case isHash(text):
		q.Hash = text
	case strings.HasPrefix(text, "@"):
		q.Actor = text[1:]
	default:
		_, err := c.index.File(r.Context(), index.Scope{All: true}, text)
		if err == nil {
			q.Job = text
		} else if _, err := c.accounts.Get(r.Context(), text); err == nil {
			q.Actor = text
		} else {
			q.Text = text
		}
	}
	return q, shown, nil
}

// doVerify checks the record anew, now.
func (c *Console) doVerify(w http.ResponseWriter, r *http.Request) {
	c.chain.again(r.Context())
	http.Redirect(w, r, "/audit", http.StatusSeeOther)
}

// life is a file's biography.
func (c *Console) life(w http.ResponseWriter, r *http.Request) {
	f, ok := c.fileFor(w, r, account.See)
	if !ok {
		return
	}
	lines, err := c.index.Life(r.Context(), f)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p := c.page(r, "life.title")
	var events []eventView
	for _, l := range lines {
		events = append(events, eventOf(p, l))
	}
	p.Body = struct {
		ID, Name string
		Events   []eventView
	}{f.ID, f.Name, events}
	c.show(w, r, http.StatusOK, "life", p)
}

// sum is one line of a report.
type sum struct {
	Text   string
	Number int
}

// monthPage is the report of one month.
type monthPage struct {
	Month, Era    string
	Sums, Reasons []sum
	Chart         chart
	Chain         string
}

func (c *Console) month(w http.ResponseWriter, r *http.Request) {
	now := c.now().In(japan())
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, japan())
	if t, err := time.ParseInLocation("2006-01", r.URL.Query().Get("month"), japan()); err == nil {
		first = t
	}
	behind := first.AddDate(0, 1, 0)
	tallies, err := c.index.Tallies(r.Context(), scope(sessionOf(r).account, account.See), first, behind)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p := c.page(r, "month.title")
	body := monthPage{
		Month: first.Format("2006-01"), Era: eraMonth(p, first.Year(), first.Month()),
		Chart: chartOf(p, tallies, first, int(behind.Sub(first)/(24*time.Hour))), Chain: chainOf(p, c.chain.state(r.Context())).Text,
	}
	body.Sums, body.Reasons = sums(p, tallies)
	p.Body = body
	c.show(w, r, http.StatusOK, "month", p)
}

// sums adds up how the files of a month stand.
func sums(p *page, tallies []index.Tally) (all, reasons []sum) {
	count := map[string]int{}
	why := map[string]int{}
	for _, t := range tallies {
		if t.State == index.NotTaken {
			continue
		}
		count["received"] += t.Files
		switch {
		case t.State == index.Sent && t.Exception:
			count["exception"] += t.Files
		case t.State == index.Sent:
			count["clean"] += t.Files
		case t.State == index.Rejected:
			count["rejected"] += t.Files
		case t.State == index.Held && t.Verdict == "blocked":
			count["blocked"] += t.Files
		case t.State == index.Held || t.State == index.Requested:
			count["held"] += t.Files
		}
		if t.Reason != "" && t.State != index.Sent {
			why[t.Reason] += t.Files
		}
	}
	for _, id := range []string{"received", "clean", "held", "blocked", "rejected", "exception"} {
		all = append(all, sum{p.say("month." + id), count[id]})
	}
	for reason, n := range why {
		reasons = append(reasons, sum{reasonText(p, reason), n})
	}
	slices.SortFunc(reasons, func(a, b sum) int {
		if a.Number != b.Number {
			return b.Number - a.Number
		}
		return strings.Compare(a.Text, b.Text)
	})
	return all, reasons
}
