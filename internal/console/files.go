package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
)

// The bounds of what a person writes.
const (
	maxQuery  = 200  // runes of a search
	maxReason = 1000 // runes of a reason
)

// cut cuts a text to at most n runes.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// typed returns what a person typed, or somebody wrote into an address for the person: without what nobody sees in it.
func typed(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != '\u3000' || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, cut(s, maxQuery)))
}

// stateChoices are the states that a list can be narrowed to: each with the states of the index, and the verdict, that it means.
func stateChoices() []struct {
	id, text, verdict string
	states            []index.State
} {
	type c = struct {
		id, text, verdict string
		states            []index.State
	}
	return []c{
		{"", "state.any", "", nil},
		{"busy", "state.busy", "", []index.State{index.Working, index.Sending, index.Treating}},
		{"released", "state.released", "", []index.State{index.Sent}},
		{"held", "state.held", "held", []index.State{index.Held}},
		{"blocked", "state.blocked", "blocked", []index.State{index.Held}},
		{"requested", "state.requested", "", []index.State{index.Requested}},
		{"rejected", "state.rejected", "", []index.State{index.Rejected}},
		{"deleted", "state.deleted", "", []index.State{index.Deleted}},
		{"refused", "state.refused", "", []index.State{index.NotTaken}},
	}
}

// query is what the address of a list says, as its form shows it again.
type query struct{ Text, State, Office, From, To string }

// filtered is a query with the filter that it means.
type filtered struct {
	query
	year   int // fiscal year; 0: none
	filter index.Filter
}

// filterOf reads the filter of a list from its address. What cannot be read narrows nothing.
func (c *Console) filterOf(r *http.Request) filtered {
	q := r.URL.Query()
	f := filtered{query: query{Text: typed(q.Get("q")), State: q.Get("state"), Office: typed(q.Get("office"))}}
	f.filter.Scope = scope(sessionOf(r).account, account.See)
	for _, s := range stateChoices() {
		if s.id == f.State {
			f.filter.States, f.filter.Verdict = s.states, s.verdict
		}
	}
	f.filter.Office = f.Office
	switch {
	case isHash(f.Text):
		f.filter.Hash = f.Text
	case strings.HasPrefix(f.Text, "@"):
		if name, err := account.Fold(f.Text[1:]); err == nil {
			f.filter.Sender = name
		}
	default:
		f.filter.Text = f.Text
	}
	if year, err := strconv.Atoi(q.Get("year")); err == nil && year > 2000 && year < 3000 {
		f.year = year
		f.filter.From, f.filter.To = fiscalPeriod(year)
	}
	f.From, f.To = period(q.Get("from"), q.Get("to"), &f.filter.From, &f.filter.To)
	return f
}

// period narrows a time to the days of a form, the last one included, and returns the days that could be read.
func period(fromText, toText string, from, to *time.Time) (shownFrom, shownTo string) {
	if t, ok := day(fromText); ok && t.After(*from) {
		*from, shownFrom = t, fromText
	}
	if t, ok := day(toText); ok {
		if t = t.AddDate(0, 0, 1); to.IsZero() || t.Before(*to) {
			*to = t
		}
		shownTo = toText
	}
	return shownFrom, shownTo
}

// isHash reports whether a text is a SHA-256.
func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// filesPage is the list of files.
type filesPage struct {
	Q                      query
	States, Offices, Years []choice
	Files                  []fileView
	More                   pager
	CSV, XLSX              string // addresses of the whole list; "" for who may not have it
}

func (c *Console) files(w http.ResponseWriter, r *http.Request) {
	if c.liveRows(w, r) {
		return
	}
	f := c.filterOf(r)
	if id := f.Text; len(id) > 8 { // the number of a file leads to it
		if file, err := c.index.File(r.Context(), f.filter.Scope, id); err == nil {
			http.Redirect(w, r, "/file/"+file.ID, http.StatusSeeOther)
			return
		}
	}
	found, err := c.index.Files(r.Context(), f.filter, place(r.URL), pageSize)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p := c.page(r, "files.title")
	body := filesPage{Q: f.query, Files: viewsOf(p, found.Files), More: pageLink(p, r.URL, found.Next)}
	for _, s := range stateChoices() {
		body.States = append(body.States, choice{s.id, p.say(s.text), s.id == f.State})
	}
	if body.Offices, err = c.offices(r, p, f.Office); err != nil {
		c.failed(w, r, err)
		return
	}
	body.Years = years(p, c.now(), f.year)
	if sessionOf(r).account.Can(account.Export, "") {
		u := *r.URL
		q := u.Query()
		q.Del("after")
		u.Path, u.RawQuery = "/files.csv", q.Encode()
		body.CSV = u.RequestURI()
		u.Path = "/files.xlsx"
		body.XLSX = u.RequestURI()
	}
	p.Body = body
	c.show(w, r, http.StatusOK, "files", p)
}

// offices returns the offices that a person may choose from.
func (c *Console) offices(r *http.Request, p *page, chosen string) ([]choice, error) {
	some, all := sessionOf(r).account.Offices(account.See)
	if all {
		values, err := c.index.Values(r.Context())
		if err != nil {
			return nil, err
		}
		some = values.Offices
	}
	choices := []choice{{"", p.say("files.all"), chosen == ""}}
	for _, o := range some {
		choices = append(choices, choice{o, o, o == chosen})
	}
	return choices, nil
}

// years returns the fiscal years to choose from: this one and the four before it.
func years(p *page, now time.Time, chosen int) []choice {
	choices := []choice{{"", p.say("files.all"), chosen == 0}}
	for y := fiscalYear(now); y > fiscalYear(now)-5; y-- {
		choices = append(choices, choice{strconv.Itoa(y), fiscalName(p.Lang, y), y == chosen})
	}
	return choices
}

// choose marks the chosen one of some choices.
func choose(p *page, prefix string, values []string, chosen string) []choice {
	all := []choice{{"", p.say("files.all"), chosen == "" || !slices.Contains(values, chosen)}}
	for _, v := range values {
		all = append(all, choice{v, p.say(prefix + v), v == chosen})
	}
	return all
}
