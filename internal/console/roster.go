package console

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/console/account"
)

// rosterTime is how long a list of accounts may take to be applied: each first password is hashed.
const rosterTime = 15 * time.Minute

// rosterPage is the page of the list of accounts: before a list is chosen, what it would do, and what it did.
type rosterPage struct {
	Wrong   []string // what is wrong, line by line
	Plan    bool     // the rest says what the list would do
	Create  []personRow
	Update  []rosterChange
	Disable []personRow
	Same    int
	List    string // as account.WriteList writes it, to be sent again
	Sum     string
	Leavers bool
	Given   []account.Given // first passwords, shown once
	Any     bool            // there is something to do
}

// rosterChange is one account that would be changed, with a line for each difference.
type rosterChange struct {
	Name, Display string
	Lines         []rosterLine
}

// rosterLine is one difference. Texts of a person stand for themselves.
type rosterLine struct{ What, Old, New string }

func (c *Console) roster(w http.ResponseWriter, r *http.Request) {
	c.showRoster(w, r, http.StatusOK, rosterPage{}, "", "")
}

func (c *Console) showRoster(w http.ResponseWriter, r *http.Request, status int, body rosterPage, look, id string) {
	p := c.page(r, "roster.title")
	p.Here = rosterPath
	if id != "" {
		p.Said = &said{Look: look, Text: p.say(id)}
		if look == "bad" {
			p.Said.Code = "SK-C-LIST"
		}
	}
	p.Body = body
	c.show(w, r, status, "roster", p)
}

const rosterPath = "/people/list"

// rosterCSV writes the accounts that are kept here, to be changed in a spreadsheet and brought back.
func (c *Console) rosterCSV(w http.ResponseWriter, r *http.Request) {
	all, err := c.accounts.List(r.Context(), "")
	var local []account.Account
	for _, a := range all {
		if a.Source == "local" {
			local = append(local, a)
		}
	}
	var out bytes.Buffer
	if err == nil {
		err = account.WriteList(&out, local)
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="sekisho-people.csv"`)
	w.Write(out.Bytes()) // a browser that went away misses nothing
}

// doRoster says what a list would do. Nothing is changed.
func (c *Console) doRoster(w http.ResponseWriter, r *http.Request) {
	file, _, err := r.FormFile("file")
	if err != nil {
		c.showRoster(w, r, http.StatusUnprocessableEntity, rosterPage{}, "bad", "roster.unreadable")
		return
	}
	defer file.Close()
	list, wrong, err := account.ReadList(file)
	if errors.Is(err, account.ErrList) {
		c.log.Info("a list of accounts cannot be read", "error", err)
		c.showRoster(w, r, http.StatusUnprocessableEntity, rosterPage{}, "bad", "roster.unreadable")
		return
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if len(wrong) > 0 {
		p := c.page(r, "roster.title")
		var lines []string
		for _, l := range wrong {
			id := accountError(l.Err)
			if id == "" {
				id = "roster.cell"
			}
			lines = append(lines, p.say("roster.line", "Line", strconv.Itoa(l.Line), "What", p.say(id)))
		}
		c.showRoster(w, r, http.StatusUnprocessableEntity, rosterPage{Wrong: lines}, "bad", "roster.wrong")
		return
	}
	c.planRoster(w, r, list, r.PostFormValue("leavers") == "yes", "")
}

// planRoster shows what a list would do. before says why it is shown again.
func (c *Console) planRoster(w http.ResponseWriter, r *http.Request, list []account.Account, leavers bool, before string) {
	plan, err := c.accounts.Plan(r.Context(), sessionOf(r).account.Name, list, leavers)
	if id := accountError(err); id != "" {
		c.showRoster(w, r, http.StatusUnprocessableEntity, rosterPage{}, "bad", id)
		return
	}
	var again strings.Builder
	if err == nil {
		err = account.WriteList(&again, list)
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p := c.page(r, "roster.title")
	body := rosterPage{
		Plan: true, Same: plan.Same, Sum: plan.Sum, Leavers: leavers, List: strings.TrimPrefix(again.String(), "\uFEFF"),
		Any: len(plan.Create)+len(plan.Update)+len(plan.Disable) > 0,
	}
	row := func(a account.Account) personRow {
		return personRow{Name: a.Name, Display: a.Display, Office: a.Office, Roles: rolesText(p, a)}
	}
	for _, one := range plan.Create {
		body.Create = append(body.Create, row(one.New))
	}
	for _, one := range plan.Disable {
		body.Disable = append(body.Disable, row(one.Old))
	}
	for _, one := range plan.Update {
		body.Update = append(body.Update, rosterChange{one.New.Name, one.New.Display, differences(p, one)})
	}
	status, look := http.StatusOK, ""
	if before != "" {
		status, look = http.StatusConflict, "warn"
	}
	c.showRoster(w, r, status, body, look, before)
}

// differences says what a change changes.
func differences(p *page, change account.Change) (lines []rosterLine) {
	yes := map[bool]string{true: p.say("roster.yes"), false: p.say("roster.no")}
	of := func(a account.Account) []string {
		return []string{a.Display, a.Office, rolesText(p, a), strings.Join(a.Approves, p.say("comma")), a.Mail, yes[a.Preview], yes[a.Download], yes[a.Disabled]}
	}
	was, is := of(change.Old), of(change.New)
	for i, id := range []string{"people.display", "people.office", "people.roles", "people.approves", "roster.mail", "people.preview", "people.download", "people.disabled"} {
		if was[i] != is[i] {
			lines = append(lines, rosterLine{p.say(id), was[i], is[i]})
		}
	}
	return lines
}

// doApplyRoster does what the person saw that a list would do. The first passwords are shown once, also when it came to an end
// before the end of the list.
func (c *Console) doApplyRoster(w http.ResponseWriter, r *http.Request) {
	list, wrong, err := account.ReadList(strings.NewReader(r.PostFormValue("list")))
	if errors.Is(err, account.ErrList) || len(wrong) > 0 {
		c.showRoster(w, r, http.StatusUnprocessableEntity, rosterPage{}, "bad", "roster.unreadable")
		return
	}
	end, control := time.Now().Add(rosterTime), http.NewResponseController(w)
	if err == nil {
		err = errors.Join(control.SetReadDeadline(end), control.SetWriteDeadline(end))
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), rosterTime)
	defer cancel()
	leavers := r.PostFormValue("leavers") == "yes"
	given, err := c.accounts.Apply(ctx, sessionOf(r).account.Name, list, leavers, r.PostFormValue("sum"))
	switch {
	case errors.Is(err, account.ErrPlan):
		c.planRoster(w, r, list, leavers, "roster.changed")
	case err != nil:
		c.log.Error("a list of accounts was not applied to its end", "error", err)
		c.showRoster(w, r, http.StatusConflict, rosterPage{Given: given}, "bad", "roster.broke")
	default:
		c.showRoster(w, r, http.StatusOK, rosterPage{Given: given}, "good", "roster.done")
	}
}
