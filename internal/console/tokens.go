package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"sekisho/internal/console/account"
)

// tokenDays are the lives of a token to choose from, in days.
func tokenDays() []int { return []int{30, 90, 365} }

// tokenRow is one token of a program.
type tokenRow struct{ ID, Label, Roles, Until, Used string }

// tokensPage is the page of the own tokens.
type tokensPage struct {
	List  []tokenRow
	Roles []choice
	Days  []int
	Label string
	Made  string // the new token, shown once
}

// tokenRows lists the tokens of a person.
func (c *Console) tokenRows(r *http.Request, p *page, name string) ([]tokenRow, error) {
	all, err := c.accounts.Tokens(r.Context(), name)
	rows := make([]tokenRow, len(all))
	for i, t := range all {
		rows[i] = tokenRow{t.ID, t.Label, rolesText(p, account.Account{Roles: t.Roles}), when(t.Expiry), when(t.Used)}
	}
	return rows, err
}

func (c *Console) tokens(w http.ResponseWriter, r *http.Request) {
	c.showTokens(w, r, http.StatusOK, tokensPage{}, "")
}

func (c *Console) showTokens(w http.ResponseWriter, r *http.Request, status int, body tokensPage, wrong string) {
	a := sessionOf(r).account
	p := c.page(r, "tokens.title")
	p.Here = "/me/tokens"
	c.told(r, p)
	if wrong != "" {
		p.Said = &said{Look: "bad", Text: p.say(wrong), Code: "SK-C-TOKEN"}
	}
	var err error
	if body.List, err = c.tokenRows(r, p, a.Name); err != nil {
		c.failed(w, r, err)
		return
	}
	for _, role := range a.Roles {
		body.Roles = append(body.Roles, choice{string(role), p.say("role." + string(role)), false})
	}
	body.Days = tokenDays()
	p.Body = body
	c.show(w, r, status, "tokens", p)
}

// doToken makes a token for a program and shows it, once.
func (c *Console) doToken(w http.ResponseWriter, r *http.Request) {
	a, label := sessionOf(r).account, typed(r.PostFormValue("label"))
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || !slices.Contains(tokenDays(), days) {
		c.showTokens(w, r, http.StatusUnprocessableEntity, tokensPage{Label: label}, "tokens.refused")
		return
	}
	if !c.sure(w, r) {
		return
	}
	var roles []account.Role
	for _, role := range r.PostForm["role"] {
		roles = append(roles, account.Role(role))
	}
	made, err := c.accounts.MakeToken(r.Context(), a.Name, label, roles, c.now().AddDate(0, 0, days))
	switch {
	case errors.Is(err, account.ErrTokens):
		c.showTokens(w, r, http.StatusUnprocessableEntity, tokensPage{Label: label}, "tokens.refused")
	case err != nil:
		c.failed(w, r, err)
	default:
		c.showTokens(w, r, http.StatusOK, tokensPage{Made: made}, "")
	}
}

// doEndToken ends an own token.
func (c *Console) doEndToken(w http.ResponseWriter, r *http.Request) {
	c.endToken(w, r, sessionOf(r).account.Name, "/me/tokens")
}

// doEndTokenOf ends a token of another person.
func (c *Console) doEndTokenOf(w http.ResponseWriter, r *http.Request) {
	if a, ok := c.named(w, r); ok {
		c.endToken(w, r, a.Name, personPath(a.Name))
	}
}

func (c *Console) endToken(w http.ResponseWriter, r *http.Request, name, to string) {
	err := c.accounts.RemoveToken(r.Context(), sessionOf(r).account.Name, name, r.PostFormValue("id"))
	switch {
	case errors.Is(err, account.ErrUnknown):
		c.missing(w, r)
	case err != nil:
		c.failed(w, r, err)
	default:
		c.tell(r.Context(), "good", "tokens.ended")
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}
