package console

import (
	"errors"
	"net/http"

	"sekisho/internal/console/account"
)

// lookPage is the page that says what a person would see here, before the person has ever signed in.
type lookPage struct {
	Text   string
	A      *account.Account // nil: there is nobody to speak of
	Roles  string
	Source string
	Sees   []string
	Groups []string
}

func (c *Console) look(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "look.title")
	body := lookPage{Text: typed(r.URL.Query().Get("name"))}
	status := http.StatusOK
	if body.Text != "" {
		f, err := c.accounts.Foresee(r.Context(), body.Text)
		wrong := ""
		switch {
		case errors.Is(err, account.ErrRole), errors.Is(err, account.ErrOffice):
			wrong = "look.group"
		case errors.Is(err, account.ErrForeign):
			wrong = "look.foreign"
		case err != nil && accountError(err) == "": // the directory does not answer, or does not let the gateway in
			c.log.Error("cannot look a person up", "error", err)
			wrong = "look.silent"
		case err != nil:
			wrong = accountError(err)
		default:
			body.A, body.Roles, body.Source, body.Sees = &f.Account, rolesText(p, f.Account), p.say("look."+f.Source), sees(p, f.Account)
		}
		body.Groups = f.Groups
		if wrong != "" {
			status = http.StatusUnprocessableEntity
			p.Said = &said{Look: "bad", Text: p.say(wrong), Code: "SK-C-LOOK"}
		} else if f.Disabled {
			p.Said = &said{Look: "warn", Text: p.say("look.disabled")}
		}
	}
	p.Body = body
	c.show(w, r, status, "look", p)
}
