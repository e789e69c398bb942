package console

import (
	"errors"
	"net/http"
	"time"

	"sekisho/internal/console/account"
)

// sure reports whether a person has just proved again who it is: by a new code of the second factor, or by the password where there
// is none. It answers itself when not.
func (c *Console) sure(w http.ResponseWriter, r *http.Request) bool {
	a := sessionOf(r).account
	var result account.Result
	var err error
	if a.TOTP {
		result, err = c.accounts.CheckTOTP(r.Context(), attempt(r, a.Name, ""), r.PostFormValue("code"))
	} else {
		_, result, err = c.accounts.SignIn(r.Context(), attempt(r, a.Name, r.PostFormValue("password")))
	}
	if err != nil {
		c.failed(w, r, err)
		return false
	}
	if result == account.Wrong || result == account.Locked || result == account.Busy {
		c.problem(w, r, http.StatusForbidden, "sure")
		return false
	}
	return true
}

// loanRow is one loan of the right to approve.
type loanRow struct{ Name, Since, Until string }

// lendPage is the page on which an approver lends the right to approve.
type lendPage struct {
	May         bool // the person has a right to lend
	Given, Have []loanRow
}

func (c *Console) lend(w http.ResponseWriter, r *http.Request) { c.showLend(w, r, http.StatusOK, "") }

func (c *Console) showLend(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	a := sessionOf(r).account
	loans, err := c.accounts.Loans(r.Context(), a.Name)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p := c.page(r, "lend.title")
	p.Here = "/me/lend"
	c.told(r, p)
	if wrong != "" {
		p.Said = &said{Look: "bad", Text: p.say(wrong), Code: "SK-C-LEND"}
	}
	body := lendPage{May: a.Has(account.Approver)}
	for _, l := range loans {
		row := loanRow{l.Name, dayOf(l.Since), dayOf(l.Until.Add(-time.Second))}
		if l.Lender == a.Name {
			body.Given = append(body.Given, row)
		} else {
			row.Name = l.Lender
			body.Have = append(body.Have, row)
		}
	}
	p.Body = body
	c.show(w, r, status, "lend", p)
}

// dayOf writes the day of a moment, in Japan.
func dayOf(t time.Time) string { return t.In(japan()).Format(time.DateOnly) }

// doLend lends the own right, from the beginning of one day to the end of another.
func (c *Console) doLend(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	if !a.Has(account.Approver) {
		c.problem(w, r, http.StatusForbidden, "forbidden")
		return
	}
	since, ok := day(r.PostFormValue("since"))
	until, ok2 := day(r.PostFormValue("until"))
	if !ok || !ok2 {
		c.showLend(w, r, http.StatusUnprocessableEntity, "lend.refused")
		return
	}
	if !c.sure(w, r) {
		return
	}
	err := c.accounts.Lend(r.Context(), a.Name, account.Loan{Lender: a.Name, Name: typed(r.PostFormValue("name")), Since: since, Until: until.AddDate(0, 0, 1)})
	wrong := accountError(err)
	if errors.Is(err, account.ErrLoan) {
		wrong = "lend.refused"
	}
	switch {
	case wrong != "":
		c.showLend(w, r, http.StatusUnprocessableEntity, wrong)
	case err != nil:
		c.failed(w, r, err)
	default:
		c.tell(r.Context(), "good", "lend.done")
		http.Redirect(w, r, "/me/lend", http.StatusSeeOther)
	}
}

// doEndLoan takes an own right back.
func (c *Console) doEndLoan(w http.ResponseWriter, r *http.Request) {
	self := sessionOf(r).account.Name
	err := c.accounts.Return(r.Context(), self, self, r.PostFormValue("name"))
	switch {
	case errors.Is(err, account.ErrUnknown):
		c.missing(w, r)
	case err != nil:
		c.failed(w, r, err)
	default:
		c.tell(r.Context(), "good", "lend.ended")
		http.Redirect(w, r, "/me/lend", http.StatusSeeOther)
	}
}
