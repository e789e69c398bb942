package console

import (
	"net/url"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"sekisho/internal/console/account"
	"sekisho/internal/console/account/passkey"
)

const passkeyHost = "sekisho.example.lg.jp"

// device is a security key with one credential.
type device struct {
	party virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
}

func newDevice() *device {
	return &device{
		party: virtualwebauthn.RelyingParty{Name: "Sekisho", ID: passkeyHost, Origin: "https://" + passkeyHost},
		auth:  virtualwebauthn.NewAuthenticator(), key: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2),
	}
}

// enrol gives the person of a browser the device's key.
func (d *device) enrol(b *client, code string) reply {
	b.w.t.Helper()
	begun := b.post("/me/passkeys/begin", url.Values{"code": {code}})
	b.w.want(begun, 200)
	options, err := virtualwebauthn.ParseAttestationOptions(begun.body)
	b.w.must(err)
	d.auth.Options.UserHandle = []byte(options.UserID)
	d.auth.AddCredential(d.key)
	return b.post("/me/passkeys", url.Values{"label": {"机の鍵"}, "answer": {virtualwebauthn.CreateAttestationResponse(d.party, d.auth, d.key, *options)}})
}

// answer has the device answer what the page of the sign-in asks.
func (d *device) answer(b *client) url.Values {
	b.w.t.Helper()
	begun := b.post("/signin/passkey/begin", nil)
	b.w.want(begun, 200)
	options, err := virtualwebauthn.ParseAssertionOptions(begun.body)
	b.w.must(err)
	d.key.Counter++
	return url.Values{"next": {"/files"}, "answer": {virtualwebauthn.CreateAssertionResponse(d.party, d.auth, d.key, *options)}}
}

// TestPasskeys: who decides enrols a passkey with a new code and signs in with it alone; nobody else does.
func TestPasskeys(t *testing.T) {
	w := openWorld(t, func(w *world, o *Options) {
		var err error
		o.Passkeys, err = passkey.Open("https://"+passkeyHost, w.people)
		w.must(err)
	})
	person := account.Account{Name: "shonin", Office: "総務課", Roles: []account.Role{account.Approver}}
	b := w.signIn(person)
	w.want(b.get("/me"), 200, `action="/me/passkeys"`)
	w.want(b.post("/me/passkeys/begin", url.Values{"code": {"000000"}}), 422, "確認コードが違います")
	w.want(b.post("/me/passkeys/begin", nil, "Sec-Fetch-Site", "cross-site"), 403, "ほかのサイト")

	w.ahead.Add(30) // the code of the sign-in is used
	d := newDevice()
	if got := d.enrol(b, w.code(b.secret)); got.to != "/me" {
		t.Fatalf("%+v", got)
	}
	w.want(b.get("/me"), 200, "パスキーを登録しました", "机の鍵")
	w.want(b.post("/me/passkeys", url.Values{"label": {"x"}, "answer": {"{}"}}), 303)
	w.want(b.get("/me"), 200, "パスキーを登録できませんでした")

	other := w.browser()
	w.want(other.get("/signin"), 200, `action="/signin/passkey"`)
	form := d.answer(other)
	w.want(w.browser().post("/signin/passkey", form), 422, "SK-C-PASSKEY") // a browser that did not begin
	if got := other.post("/signin/passkey", form); got.status != 303 || got.to != "/files" {
		t.Fatalf("%+v", got)
	}
	w.want(other.get("/files"), 200)
	w.want(other.post("/signin/passkey", form), 422) // a second time

	a, err := w.people.Get(t.Context(), person.Name)
	w.must(err)
	keys, err := w.people.Passkeys(t.Context(), person.Name)
	w.must(err)
	if a.Passkeys != 1 || len(keys) != 1 {
		t.Fatalf("%+v", keys)
	}
	id := between(b.get("/me").body, `name="id" value="`, `"`)
	thief := w.signIn(account.Account{Name: "other", Office: "総務課", Roles: []account.Role{account.Approver}})
	w.want(thief.post("/me/passkeys/remove", url.Values{"id": {id}}), 404)
	if got := b.post("/me/passkeys/remove", url.Values{"id": {id}}); got.to != "/me" {
		t.Fatalf("%+v", got)
	}
	late := w.browser()
	w.want(late.post("/signin/passkey", d.answer(late)), 422)

	staff := w.signIn(account.Account{Name: "shokuin", Office: "総務課", Roles: []account.Role{account.Staff}})
	if page := staff.get("/me"); page.status != 200 || strings.Contains(page.body, "/me/passkeys") {
		t.Errorf("staff are offered a passkey: %d", page.status)
	}
	w.want(staff.post("/me/passkeys/begin", nil), 403)
	w.want(staff.post("/me/passkeys", nil), 403)
}

// TestNoPasskeys: where people reach the console by a number, nothing speaks of passkeys.
func TestNoPasskeys(t *testing.T) {
	w := openWorld(t, nil)
	if page := w.browser().get("/signin"); strings.Contains(page.body, "passkey") {
		t.Error("the sign-in offers passkeys")
	}
	w.want(w.browser().post("/signin/passkey/begin", nil), 404)
	w.want(w.browser().post("/signin/passkey", nil), 404)
}
