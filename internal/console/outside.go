package console

import (
	"encoding/json"
	"errors"
	"net/http"

	"sekisho/internal/console/account"
	"sekisho/internal/console/account/provider"
)

// keyOutside is the key under which a session keeps what it is at the provider for.
const keyOutside = "outside"

// visit is what a session keeps while its browser is at the provider.
type visit struct {
	provider.Pending
	Next string
}

// startOutside sends a browser to the provider of OpenID Connect. It is a GET, because browsers hold the target of a form's
// redirect against form-action; it changes nothing but the session of who asks.
func (c *Console) startOutside(w http.ResponseWriter, r *http.Request) {
	if c.outside == nil {
		c.missing(w, r)
		return
	}
	to, pending, err := c.outside.Begin(r.Context())
	if err != nil {
		c.failed(w, r, err)
		return
	}
	kept, err := json.Marshal(visit{pending, local(r.URL.Query().Get("next"))})
	if err != nil {
		c.failed(w, r, err)
		return
	}
	c.sessions.Put(r.Context(), keyOutside, string(kept))
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// doOutside takes a browser that comes back. What its session kept serves once.
func (c *Console) doOutside(w http.ResponseWriter, r *http.Request) {
	if c.outside == nil {
		c.missing(w, r)
		return
	}
	var v visit
	if kept := c.sessions.PopString(r.Context(), keyOutside); kept != "" {
		if err := json.Unmarshal([]byte(kept), &v); err != nil {
			c.failed(w, r, err)
			return
		}
	}
	who, err := c.outside.Finish(r.Context(), v.Pending, r.URL.Query())
	if err != nil && !errors.Is(err, account.ErrDenied) {
		c.failed(w, r, err)
		return
	}
	a, result := account.Account{}, account.Wrong
	if err == nil {
		a, result, err = c.accounts.LetIn(r.Context(), who, c.rules)
		if err != nil {
			c.failed(w, r, err)
			return
		}
	}
	switch result {
	case account.Signed:
		c.entered(w, r, a, "oidc", v.Next)
	case account.MustChange, account.MustEnrol:
		c.advance(w, r, a, "oidc", v.Next)
	case account.NeedSecond:
		if err := c.begin(r.Context(), a, stageSecond, "oidc"); err != nil {
			c.failed(w, r, err)
			return
		}
		http.Redirect(w, r, "/second"+nextQuery(v.Next), http.StatusSeeOther)
	default:
		p := c.page(r, "signin.title")
		p.Here = "/signin"
		p.Said = &said{Look: "bad", Text: p.say("signin.refused"), More: p.say("signin.help"), Code: "SK-C-OUTSIDE"}
		p.Body = c.signinForm("", local(v.Next))
		c.show(w, r, http.StatusForbidden, "signin", p)
	}
}
