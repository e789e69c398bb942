package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sekisho/internal/console/account"
)

// personRow is one line of the list of people.
type personRow struct {
	Name, Display, Office, Roles string
	Tag                          tag
}

// choice is one entry of a list to choose from.
type choice struct {
	Value, Text string
	Chosen      bool
}

func (c *Console) people(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "people.title")
	c.told(r, p)
	text := typed(r.URL.Query().Get("q"))
	all, err := c.accounts.List(r.Context(), text)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	rows := make([]personRow, len(all))
	for i, a := range all {
		rows[i] = personRow{Name: a.Name, Display: a.Display, Office: a.Office, Roles: rolesText(p, a), Tag: personTag(p, a)}
	}
	p.Body = struct {
		Text string
		List []personRow
	}{text, rows}
	c.show(w, r, http.StatusOK, "people", p)
}

func rolesText(p *page, a account.Account) string {
	var words []string
	for _, r := range a.Roles {
		words = append(words, p.say("role."+string(r)))
	}
	return strings.Join(words, p.say("comma"))
}

func personTag(p *page, a account.Account) tag {
	switch {
	case a.Disabled:
		return tag{Word: p.say("people.disabled"), Look: "bad", Mark: "×"}
	case a.Seen.IsZero():
		return tag{Word: p.say("people.first"), Look: "warn", Mark: "…"}
	}
	return tag{Word: p.say("people.active"), Look: "good", Mark: "✓"}
}

// personPage is the settings of one person.
type personPage struct {
	A        account.Account
	New, Own bool
	Approves string
	Roles    []choice
	Sees     []string
	Tokens   []tokenRow
	Given    string // the first password, shown once
}

// person shows the settings of a person, or those of a new one.
func (c *Console) person(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/people/new" {
		c.showPerson(w, r, http.StatusOK, personPage{New: true, A: account.Account{Roles: []account.Role{account.Staff}}}, "")
		return
	}
	a, err := c.accounts.Get(r.Context(), r.URL.Query().Get("name"))
	if errors.Is(err, account.ErrUnknown) {
		c.missing(w, r)
		return
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	c.showPerson(w, r, http.StatusOK, personPage{A: a}, "")
}

func (c *Console) showPerson(w http.ResponseWriter, r *http.Request, status int, body personPage, wrong string) {
	p := c.page(r, map[bool]string{true: "people.new", false: "people.edit"}[body.New])
	c.told(r, p)
	if r.Method != http.MethodGet {
		p.Here = "/people"
	}
	if wrong != "" {
		p.Said = &said{Look: "bad", Text: p.say(wrong), Code: "SK-C-ACCOUNT"}
	}
	body.Own, body.Approves, body.Sees = sessionOf(r).account.Name == body.A.Name, strings.Join(body.A.Approves, "、"), sees(p, body.A)
	for _, role := range account.Roles() {
		body.Roles = append(body.Roles, choice{string(role), p.say("role." + string(role)), body.A.Has(role)})
	}
	if !body.New {
		var err error
		if body.Tokens, err = c.tokenRows(r, p, body.A.Name); err != nil {
			c.failed(w, r, err)
			return
		}
	}
	p.Body = body
	c.show(w, r, status, "person", p)
}

// sees says in sentences what a person sees and may do.
func sees(p *page, a account.Account) []string {
	var all []string
	for _, right := range []account.Right{
		account.Drop, account.See, account.Password, account.Request, account.Review, account.Approve, account.Delete,
		account.Preview, account.Download, account.Export, account.Record, account.Status, account.Accounts,
	} {
		if !a.Can(right, "") {
			continue
		}
		offices, every := a.Offices(right)
		text := strings.Join(offices, p.say("comma"))
		if every {
			text = p.say("people.all")
		}
		all = append(all, p.say("people.can."+string(right), "Offices", text))
	}
	return all
}

// personForm reads the settings of a person from a form.
func personForm(r *http.Request, a account.Account) account.Account {
	a.Display, a.Office = r.PostFormValue("display"), r.PostFormValue("office")
	a.Preview, a.Download = r.PostFormValue("preview") == "yes", r.PostFormValue("download") == "yes"
	a.Roles, a.Approves = nil, nil
	for _, role := range r.PostForm["role"] {
		a.Roles = append(a.Roles, account.Role(role))
	}
	for office := range strings.FieldsFuncSeq(r.PostFormValue("approves"), func(c rune) bool { return c == '、' || c == ',' || c == '，' }) {
		if office = strings.TrimSpace(office); office != "" && !slices.Contains(a.Approves, office) {
			a.Approves = append(a.Approves, office)
		}
	}
	return a
}

func (c *Console) doNewPerson(w http.ResponseWriter, r *http.Request) {
	a := personForm(r, account.Account{Name: strings.TrimSpace(r.PostFormValue("name"))})
	password := account.InitialPassword()
	err := c.accounts.Create(r.Context(), sessionOf(r).account.Name, a, password)
	if wrong := accountError(err); wrong != "" {
		c.showPerson(w, r, http.StatusUnprocessableEntity, personPage{A: a, New: true}, wrong)
		return
	}
	c.gave(w, r, a.Name, password, err)
}

// gave shows the first password of a person, once: it is kept nowhere.
func (c *Console) gave(w http.ResponseWriter, r *http.Request, name, password string, err error) {
	var a account.Account
	if err == nil {
		a, err = c.accounts.Get(r.Context(), name)
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	c.showPerson(w, r, http.StatusOK, personPage{A: a, Given: password}, "")
}

// named reads the account that a form is about. It answers itself when there is none.
func (c *Console) named(w http.ResponseWriter, r *http.Request) (account.Account, bool) {
	a, err := c.accounts.Get(r.Context(), r.PostFormValue("name"))
	if errors.Is(err, account.ErrUnknown) {
		c.missing(w, r)
		return a, false
	}
	if err != nil {
		c.failed(w, r, err)
		return a, false
	}
	return a, true
}

func (c *Console) doPerson(w http.ResponseWriter, r *http.Request) {
	old, ok := c.named(w, r)
	if !ok {
		return
	}
	a := personForm(r, old)
	c.changed(w, r, a, c.accounts.Update(r.Context(), sessionOf(r).account.Name, a))
}

// changed ends a change of an account.
func (c *Console) changed(w http.ResponseWriter, r *http.Request, a account.Account, err error) {
	if wrong := accountError(err); wrong != "" {
		c.showPerson(w, r, http.StatusUnprocessableEntity, personPage{A: a}, wrong)
		return
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	c.tell(r.Context(), "good", "people.saved")
	http.Redirect(w, r, personPath(a.Name), http.StatusSeeOther)
}

// personPath returns the address of a person's page.
func personPath(name string) string { return "/people/edit?name=" + url.QueryEscape(name) }

func (c *Console) doResetPassword(w http.ResponseWriter, r *http.Request) {
	a, ok := c.named(w, r)
	if !ok {
		return
	}
	password := account.InitialPassword()
	err := c.accounts.SetPassword(r.Context(), sessionOf(r).account.Name, a.Name, password)
	if wrong := accountError(err); wrong != "" {
		c.showPerson(w, r, http.StatusUnprocessableEntity, personPage{A: a}, wrong)
		return
	}
	c.gave(w, r, a.Name, password, err)
}

func (c *Console) doResetSecond(w http.ResponseWriter, r *http.Request) {
	a, ok := c.named(w, r)
	if !ok {
		return
	}
	c.changed(w, r, a, c.accounts.ResetTOTP(r.Context(), sessionOf(r).account.Name, a.Name))
}

func (c *Console) doDisable(w http.ResponseWriter, r *http.Request) {
	a, ok := c.named(w, r)
	if !ok {
		return
	}
	a.Disabled = r.PostFormValue("disabled") == "yes"
	c.changed(w, r, a, c.accounts.Update(r.Context(), sessionOf(r).account.Name, a))
}

// mePage is the page of the own settings.
type mePage struct {
	Roles      string
	Sees       []string
	Approves   bool
	MayPasskey bool
	Passkeys   []passkeyRow
}

func (c *Console) me(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	p := c.page(r, "me.title")
	c.told(r, p)
	keys, err := c.ownPasskeys(r, a)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p.Body = mePage{Roles: rolesText(p, a), Sees: sees(p, a), Approves: a.Can(account.Approve, ""), MayPasskey: c.mayPasskey(a), Passkeys: keys}
	c.show(w, r, http.StatusOK, "me", p)
}
