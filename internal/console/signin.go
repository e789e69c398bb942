package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"rsc.io/qr"

	"sekisho/internal/console/account"
)

// signinForm is what the page of the sign-in shows again.
type signinForm struct {
	Name, Next string
	Outside    bool // a provider outside lets people in too
	Passkeys   bool
}

func (c *Console) signinForm(name, to string) signinForm {
	return signinForm{Name: typed(name), Next: to, Outside: c.outside != nil, Passkeys: c.passkeys != nil}
}

func (c *Console) signin(w http.ResponseWriter, r *http.Request) {
	if s := sessionOf(r); s != nil && s.full {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	p := c.page(r, "signin.title")
	p.Body = c.signinForm("", local(r.URL.Query().Get("next")))
	c.show(w, r, http.StatusOK, "signin", p)
}

// doSignin looks at name and password. What it answers says nothing of whether the name exists.
func (c *Console) doSignin(w http.ResponseWriter, r *http.Request) {
	name, to := strings.TrimSpace(r.PostFormValue("name")), local(r.PostFormValue("next"))
	a, result, err := c.accounts.SignIn(r.Context(), attempt(r, name, r.PostFormValue("password")))
	if err != nil {
		c.failed(w, r, err)
		return
	}
	switch result {
	case account.Signed, account.MustChange, account.MustEnrol:
		c.advance(w, r, a, "password", to)
		return
	case account.NeedSecond:
		if err := c.begin(r.Context(), a, stageSecond, "password"); err != nil {
			c.failed(w, r, err)
			return
		}
		http.Redirect(w, r, "/second"+nextQuery(to), http.StatusSeeOther)
		return
	}
	p := c.page(r, "signin.title")
	p.Here = "/signin"
	p.Body = c.signinForm(name, to)
	status := c.refusal(p, result)
	c.show(w, r, status, "signin", p)
}

// refusal says why a sign-in was not taken, and returns the status of the answer.
func (c *Console) refusal(p *page, result account.Result) int {
	switch result {
	case account.Locked:
		p.Said = &said{Look: "bad", Text: p.say("signin.locked"), More: p.say("signin.locked.more"), Code: "SK-C-LOCKED"}
		return http.StatusTooManyRequests
	case account.Busy:
		p.Said = &said{Look: "warn", Text: p.say("signin.busy"), Code: "SK-C-BUSY"}
		return http.StatusServiceUnavailable
	}
	p.Said = &said{Look: "bad", Text: p.say("signin.wrong"), More: p.say("signin.wrong.more"), Code: "SK-C-SIGNIN"}
	return http.StatusUnprocessableEntity
}

func (c *Console) signout(w http.ResponseWriter, r *http.Request) {
	if s := sessionOf(r); s != nil {
		err := c.accounts.Left(r.Context(), s.account.Name)
		if err := errors.Join(err, c.sessions.Destroy(r.Context())); err != nil {
			c.failed(w, r, err)
			return
		}
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

// second asks for the code of a person whose password was right.
func (c *Console) second(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "second.title")
	p.Body = c.signinForm("", local(r.URL.Query().Get("next")))
	c.show(w, r, http.StatusOK, "second", p)
}

func (c *Console) doSecond(w http.ResponseWriter, r *http.Request) {
	s, to := sessionOf(r), local(r.PostFormValue("next"))
	result, err := c.accounts.CheckTOTP(r.Context(), attempt(r, s.account.Name, ""), r.PostFormValue("code"))
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if result == account.Signed {
		c.advance(w, r, s.account, s.method+" and code", to)
		return
	}
	p := c.page(r, "second.title")
	p.Here = "/second"
	p.Body = c.signinForm("", to)
	status := c.refusal(p, result)
	if result == account.Wrong {
		p.Said = &said{Look: "bad", Text: p.say("second.wrong"), More: p.say("second.wrong.more"), Code: "SK-C-SECOND"}
	}
	c.show(w, r, status, "second", p)
}

// enrolForm is the new second factor as the page shows it.
type enrolForm struct {
	Next, Secret, Path string
	Size               int
}

// enrolPage begins a second factor and shows it.
func (c *Console) enrolPage(w http.ResponseWriter, r *http.Request, status int, to string, wrong bool) {
	s := sessionOf(r)
	key, err := c.accounts.EnrolTOTP(r.Context(), s.account.Name)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	path, size, err := drawQR(key.URI)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p := c.page(r, "enrol.title")
	p.Here = "/enrol"
	p.Body = enrolForm{Next: to, Secret: grouped(key.Secret), Path: path, Size: size}
	if wrong {
		p.Said = &said{Look: "bad", Text: p.say("enrol.wrong"), Code: "SK-C-SECOND"}
	}
	c.show(w, r, status, "enrol", p)
}

func (c *Console) enrol(w http.ResponseWriter, r *http.Request) {
	c.enrolPage(w, r, http.StatusOK, local(r.URL.Query().Get("next")), false)
}

func (c *Console) doEnrol(w http.ResponseWriter, r *http.Request) {
	s, to := sessionOf(r), local(r.PostFormValue("next"))
	ok, err := c.accounts.ConfirmTOTP(r.Context(), s.account.Name, r.PostFormValue("code"))
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if !ok {
		c.enrolPage(w, r, http.StatusUnprocessableEntity, to, true)
		return
	}
	if s.full {
		c.tell(r.Context(), "good", "enrol.done")
		http.Redirect(w, r, "/me", http.StatusSeeOther)
		return
	}
	c.entered(w, r, s.account, s.method+" and code", to)
}

// drawQR returns text as the path of a picture of size×size modules, the quiet zone of four included (ISO/IEC 18004, 6.3.8).
func drawQR(text string) (path string, size int, err error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", 0, fmt.Errorf("cannot draw code: %w", err)
	}
	const quiet = 4
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	return b.String(), code.Size + 2*quiet, nil
}

// grouped writes a secret in groups of four, as it is typed.
func grouped(secret string) string {
	var b strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// passwordForm is the page of the own password.
type passwordForm struct{ Forced bool }

func (c *Console) password(w http.ResponseWriter, r *http.Request) {
	c.passwordPage(w, r, http.StatusOK, "")
}

func (c *Console) passwordPage(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	s := sessionOf(r)
	p := c.page(r, "password.title")
	p.Here = "/password"
	p.Me = &s.account
	p.Body = passwordForm{Forced: s.stage == stageChange}
	if wrong != "" {
		p.Said = &said{Look: "bad", Text: p.say(wrong), Code: "SK-C-PASSWORD"}
	}
	c.show(w, r, status, "password", p)
}

func (c *Console) doPassword(w http.ResponseWriter, r *http.Request) {
	s := sessionOf(r)
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		c.passwordPage(w, r, http.StatusUnprocessableEntity, "password.differ")
		return
	}
	// The present password is a guess like any other: it is paid for.
	_, result, err := c.accounts.SignIn(r.Context(), attempt(r, s.account.Name, r.PostFormValue("old")))
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if result == account.Wrong || result == account.Locked || result == account.Busy {
		c.passwordPage(w, r, http.StatusUnprocessableEntity, "password.wrong")
		return
	}
	err = c.accounts.ChangePassword(r.Context(), s.account.Name, r.PostFormValue("old"), password)
	if errors.Is(err, account.ErrPassword) {
		c.passwordPage(w, r, http.StatusUnprocessableEntity, "password.weak")
		return
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	a, err := c.accounts.Get(r.Context(), s.account.Name)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	if s.full {
		c.tell(r.Context(), "good", "password.done")
	}
	c.advance(w, r, a, s.method, "/me")
}

// setupForm is the page that makes the first administrator.
type setupForm struct{ Token, Name, Display, Office string }

func (c *Console) setup(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "setup.title")
	p.Here = "/setup"
	p.Body = setupForm{}
	c.show(w, r, http.StatusOK, "setup", p)
}

func (c *Console) doSetup(w http.ResponseWriter, r *http.Request) {
	f := setupForm{
		Token: typed(r.PostFormValue("token")), Name: typed(r.PostFormValue("name")),
		Display: typed(r.PostFormValue("display")), Office: typed(r.PostFormValue("office")),
	}
	password := r.PostFormValue("password")
	wrong := ""
	if password != r.PostFormValue("again") {
		wrong = "password.differ"
	} else {
		a := account.Account{Name: f.Name, Display: f.Display, Office: f.Office, Preview: true, Download: true}
		err := c.accounts.Setup(r.Context(), f.Token, a, password)
		if err == nil {
			made, err := c.accounts.Get(r.Context(), f.Name)
			if err != nil {
				c.failed(w, r, err)
				return
			}
			c.advance(w, r, made, "set-up token", "/")
			return
		}
		if wrong = accountError(err); wrong == "" {
			c.failed(w, r, err)
			return
		}
	}
	p := c.page(r, "setup.title")
	p.Here = "/setup"
	p.Body = f
	p.Said = &said{Look: "bad", Text: p.say(wrong), Code: "SK-C-SETUP"}
	c.show(w, r, http.StatusUnprocessableEntity, "setup", p)
}

// accountError returns the id of the sentence for what is wrong with an account, or "" when the fault is ours.
func accountError(err error) string {
	for _, known := range []struct {
		is error
		id string
	}{
		{account.ErrToken, "account.token"}, {account.ErrName, "account.name"}, {account.ErrRole, "account.role"},
		{account.ErrOffice, "account.office"}, {account.ErrPassword, "password.weak"}, {account.ErrExists, "account.exists"},
		{account.ErrUnknown, "account.unknown"}, {account.ErrLast, "account.last"}, {account.ErrOwn, "account.own"},
		{account.ErrForeign, "account.foreign"},
	} {
		if errors.Is(err, known.is) {
			return known.id
		}
	}
	return ""
}
