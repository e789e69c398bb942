package console

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"

	"sekisho/internal/console/account"
)

// The keys under which a session keeps what it asked a device for. Each serves once.
const (
	keyPasskeyNew    = "passkey-new"
	keyPasskeySignIn = "passkey-signin"
)

// mayPasskey reports whether a person may have passkeys: one who decides, and whose password is kept here. Who comes by a directory
// or a provider is let in by it alone, so that who leaves there is out here.
func (c *Console) mayPasskey(a account.Account) bool {
	return c.passkeys != nil && a.Source == "local" && a.NeedsSecond()
}

// passkeyRow is one passkey on the page of the own settings.
type passkeyRow struct{ ID, Label, When string }

// ownPasskeys lists the passkeys of a person.
func (c *Console) ownPasskeys(r *http.Request, a account.Account) ([]passkeyRow, error) {
	all, err := c.accounts.Passkeys(r.Context(), a.Name)
	rows := make([]passkeyRow, len(all))
	for i, k := range all {
		rows[i] = passkeyRow{base64.RawURLEncoding.EncodeToString(k.ID), k.Label, when(k.Created)}
	}
	return rows, err
}

// toScript answers the script of a page with JSON.
func (c *Console) toScript(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body) // a browser that went away misses nothing
}

// beginPasskey asks the device of a person, who is signed in and shows a new one-time code, for a passkey: a browser that was left
// open is not enough to get one.
func (c *Console) beginPasskey(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	if !c.mayPasskey(a) {
		c.problem(w, r, http.StatusForbidden, "forbidden")
		return
	}
	result, err := c.accounts.CheckTOTP(r.Context(), attempt(r, a.Name, ""), r.PostFormValue("code"))
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if result != account.Signed {
		text, err := json.Marshal(map[string]string{"said": c.page(r, "me.title").say("second.wrong")})
		if err != nil {
			c.failed(w, r, err)
			return
		}
		c.toScript(w, http.StatusUnprocessableEntity, text)
		return
	}
	made, err := c.passkeys.Register(r.Context(), a)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	c.sessions.Put(r.Context(), keyPasskeyNew, made.Session)
	c.toScript(w, http.StatusOK, made.Options)
}

// doPasskey keeps the passkey that a device made.
func (c *Console) doPasskey(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	if !c.mayPasskey(a) {
		c.problem(w, r, http.StatusForbidden, "forbidden")
		return
	}
	session := c.sessions.PopBytes(r.Context(), keyPasskeyNew)
	err := c.passkeys.Registered(r.Context(), a, r.PostFormValue("label"), session, []byte(r.PostFormValue("answer")))
	c.passkeyChanged(w, r, err, "passkey.done")
}

// doRemovePasskey takes an own passkey away.
func (c *Console) doRemovePasskey(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	id, err := base64.RawURLEncoding.DecodeString(r.PostFormValue("id"))
	if err != nil {
		c.missing(w, r)
		return
	}
	c.passkeyChanged(w, r, c.accounts.RemovePasskey(r.Context(), a.Name, a.Name, id), "passkey.removed")
}

// passkeyChanged goes back to the own settings and says what became of it.
func (c *Console) passkeyChanged(w http.ResponseWriter, r *http.Request, err error, done string) {
	look := "good"
	switch {
	case errors.Is(err, account.ErrUnknown):
		c.missing(w, r)
		return
	case errors.Is(err, account.ErrDenied), errors.Is(err, account.ErrPasskeys):
		c.log.Info("a passkey was not taken", "actor", sessionOf(r).account.Name, "error", err)
		look, done = "bad", "passkey.refused"
	case err != nil:
		c.failed(w, r, err)
		return
	}
	c.tell(r.Context(), look, done)
	http.Redirect(w, r, "/me", http.StatusSeeOther)
}

// beginPasskeySignIn asks a device for any passkey of this console.
func (c *Console) beginPasskeySignIn(w http.ResponseWriter, r *http.Request) {
	if c.passkeys == nil {
		c.missing(w, r)
		return
	}
	made, err := c.passkeys.SignIn(r.Context())
	if err != nil {
		c.failed(w, r, err)
		return
	}
	c.sessions.Put(r.Context(), keyPasskeySignIn, made.Session)
	c.toScript(w, http.StatusOK, made.Options)
}

// doPasskeySignIn lets in whose device answers. A passkey is both factors (see package passkey).
func (c *Console) doPasskeySignIn(w http.ResponseWriter, r *http.Request) {
	if c.passkeys == nil {
		c.missing(w, r)
		return
	}
	to := local(r.PostFormValue("next"))
	session := c.sessions.PopBytes(r.Context(), keyPasskeySignIn)
	a, err := c.passkeys.SignedIn(r.Context(), session, []byte(r.PostFormValue("answer")))
	if err == nil && a.Source != "local" {
		err = account.ErrDenied
	}
	switch {
	case errors.Is(err, account.ErrDenied):
		c.log.Info("a passkey let nobody in", "error", err)
		p := c.page(r, "signin.title")
		p.Here = "/signin"
		p.Said = &said{Look: "bad", Text: p.say("passkey.wrong"), More: p.say("signin.help"), Code: "SK-C-PASSKEY"}
		p.Body = c.signinForm("", to)
		c.show(w, r, http.StatusUnprocessableEntity, "signin", p)
	case err != nil:
		c.failed(w, r, err)
	default:
		c.advance(w, r, a, "passkey", to)
	}
}
