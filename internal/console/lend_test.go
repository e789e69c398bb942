package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sekisho/internal/console/account"
)

// TestLend: an approver lends the right with a new code, for days; who has it must have a second factor, and it can be taken back.
func TestLend(t *testing.T) {
	w := openWorld(t, nil)
	approver := w.signIn(account.Account{Name: "shonin", Office: "総務課", Roles: []account.Role{account.Approver}})
	staff := w.signIn(account.Account{Name: "sato", Office: "税務課", Roles: []account.Role{account.Staff}})
	w.want(staff.get("/me/lend"), 403)
	w.want(staff.post("/me/lend", nil), 403)
	w.want(approver.get("/me"), 200, `href="/me/lend"`)
	w.want(approver.get("/me/lend"), 200, `action="/me/lend"`)

	today := dayOf(w.now())
	loan := url.Values{"name": {"sato"}, "since": {today}, "until": {today}, "code": {"000000"}}
	w.want(approver.post("/me/lend", loan), 403, "確かめられませんでした")
	w.want(approver.post("/me/lend", loan, "Sec-Fetch-Site", "cross-site"), 403)
	again := func(change func()) {
		w.ahead.Add(30)
		loan.Set("code", w.code(approver.secret))
		change()
	}
	again(func() { loan.Set("until", "2000-01-01") })
	w.want(approver.post("/me/lend", loan), 422, "SK-C-LEND")
	again(func() { loan.Set("until", "x") })
	w.want(approver.post("/me/lend", loan), 422, "SK-C-LEND")
	again(func() { loan.Set("until", dayOf(w.now().Add(24*time.Hour))); loan.Set("name", "shonin") })
	w.want(approver.post("/me/lend", loan), 422, "SK-C-LEND")
	again(func() { loan.Set("name", "nobody") })
	w.want(approver.post("/me/lend", loan), 422, "その利用者はいません")
	again(func() { loan.Set("name", "sato") })
	if got := approver.post("/me/lend", loan); got.to != "/me/lend" {
		t.Fatalf("%+v", got)
	}
	w.want(approver.get("/me/lend"), 200, "sato", today+" から "+loan.Get("until")+" まで")

	if got := staff.get("/approvals"); got.to != "/enrol" {
		t.Errorf("who was lent the right has it without a second factor: %+v", got)
	}
	staff.secret = between(staff.get("/enrol").body, "<code>", "</code>")
	if got := staff.post("/enrol", url.Values{"code": {w.code(staff.secret)}, "next": {"/me/lend"}}); got.to != "/me/lend" {
		t.Fatalf("%+v", got)
	}
	w.want(staff.get("/me/lend"), 200, "shonin")
	if page := staff.get("/me/lend"); strings.Contains(page.body, `action="/me/lend"`) {
		t.Error("what is lent can be lent on")
	}
	w.want(staff.post("/me/lend", loan), 403)
	w.want(staff.get("/approvals"), 200)

	w.want(staff.post("/me/lend/end", url.Values{"name": {"sato"}}), 404) // it is not theirs
	if got := approver.post("/me/lend/end", url.Values{"name": {"sato"}}); got.to != "/me/lend" {
		t.Fatalf("%+v", got)
	}
	w.want(staff.get("/approvals"), 403)
}

// TestTokens: a person makes a token with some of the own roles, sees it once, and ends it; an administrator ends it too.
func TestTokens(t *testing.T) {
	w := openWorld(t, nil)
	staff := w.signIn(account.Account{Name: "sato", Office: "税務課", Roles: []account.Role{account.Staff}})
	other := w.signIn(account.Account{Name: "other", Office: "税務課", Roles: []account.Role{account.Staff}})
	admin := w.signIn(account.Account{Name: "kanri", Office: "情報課", Roles: []account.Role{account.Admin}})
	w.want(staff.get("/me/tokens"), 200, `action="/me/tokens"`, "トークンはありません")
	form := url.Values{"label": {"複合機"}, "role": {"staff"}, "days": {"90"}, "password": {"wrong"}}
	w.want(staff.post("/me/tokens", form), 403, "確かめられませんでした")
	form.Set("password", longPassword)
	w.want(staff.post("/me/tokens", form, "Sec-Fetch-Site", "cross-site"), 403)
	for key, bad := range map[string]string{"role": "admin", "days": "9999", "label": ""} {
		wrong := url.Values{}
		for k, v := range form {
			wrong[k] = v
		}
		wrong[key] = []string{bad}
		w.want(staff.post("/me/tokens", wrong), 422, "SK-C-TOKEN")
	}
	made := func() string {
		t.Helper()
		got := staff.post("/me/tokens", form)
		w.want(got, 200, "複合機")
		return between(got.body, `<code id="given">`, "</code>")
	}
	holds := func(token string) bool {
		a, err := w.people.ByToken(t.Context(), token)
		return err == nil && a.Name == "sato"
	}
	id := func() url.Values {
		return url.Values{"id": {between(staff.get("/me/tokens").body, `name="id" value="`, `"`)}, "name": {"sato"}}
	}
	token := made()
	if !holds(token) {
		t.Fatalf("%q lets nobody in", token)
	}
	if page := staff.get("/me/tokens"); strings.Contains(page.body, token) {
		t.Error("it is shown a second time")
	}
	w.want(other.post("/me/tokens/end", id()), 404)
	w.want(other.post("/people/token/end", id()), 403)
	if got := staff.post("/me/tokens/end", id()); got.to != "/me/tokens" || holds(token) {
		t.Errorf("%+v", got)
	}
	token = made()
	w.want(admin.get("/people/edit?name=sato"), 200, "複合機")
	if got := admin.post("/people/token/end", id()); got.to != "/people/edit?name=sato" || holds(token) {
		t.Errorf("%+v", got)
	}
	w.want(admin.post("/me/tokens", url.Values{"label": {"x"}, "role": {"admin"}, "days": {"30"}, "password": {longPassword}}), 403) // the code is wanted
}
