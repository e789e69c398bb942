package console

import (
	"context"
	"errors"
	"testing"

	"sekisho/internal/console/account"
)

// book is a directory of a few people. How a real one is asked, the tests of package directory say.
type book map[string]account.Person

func (b book) Authenticate(context.Context, string, string) (account.Person, error) {
	return account.Person{}, account.ErrDenied
}

func (b book) Look(_ context.Context, name string) (account.Person, error) {
	if name == "silent" {
		return account.Person{}, errors.New("no answer")
	}
	p, ok := b[name]
	if !ok {
		return p, account.ErrDenied
	}
	p.Source, p.Name = "ldap", name
	return p, nil
}

// TestLook: an administrator sees what a person of the directory would be, and nothing comes of it.
func TestLook(t *testing.T) {
	w := openWorldOf(t, account.Options{
		Directory: book{
			"hanako": {Display: "<i>花子", Office: "税務課", Groups: []string{"cn=approvers", "cn=<b>"}}, "guest": {Display: "客", Groups: []string{"cn=others"}},
			"kanri": {Display: "偽者", Groups: []string{"cn=approvers"}}, "gone": {Office: "税務課", Groups: []string{"cn=approvers"}},
		},
		Rules: []account.Rule{{Group: "cn=approvers", Roles: []account.Role{account.Approver}, Approves: []string{"市民課"}}},
	}, nil)
	admin := w.signIn(account.Account{Name: "kanri", Display: "管理者本人", Office: "情報課", Roles: []account.Role{account.Admin}})
	staff := w.signIn(account.Account{Name: "sato", Office: "税務課", Roles: []account.Role{account.Staff}})
	w.want(staff.get("/people/look?name=hanako"), 403)
	w.want(admin.get("/people"), 200, `href="/people/look"`)
	w.want(admin.get("/people/look"), 200, `action="/people/look"`)
	w.want(admin.get("/people/look?name=HANAKO"), 200, "&lt;i&gt;花子", "税務課", "承認者", "申請を承認する：市民課", "庁内のディレクトリ", "cn=&lt;b&gt;")
	if _, err := w.people.Get(t.Context(), "hanako"); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("looking made an account: %v", err)
	}
	w.want(admin.get("/people/look?name=guest"), 422, "グループに入っていない", "cn=others")
	w.want(admin.get("/people/look?name=kanri"), 200, "管理者本人", "このコンソールのパスワード")
	w.want(admin.get("/people/look?name=nobody"), 422, "その利用者はいません")
	w.want(admin.get("/people/look?name=*)(uid="), 422, "その名前は使えません")
	w.want(admin.get("/people/look?name=silent"), 422, "ディレクトリに尋ねることができませんでした")

	_, err := w.people.Adopt(t.Context(), account.Account{Name: "gone", Office: "税務課", Roles: []account.Role{account.Staff}, Source: "ldap"}, "")
	w.must(err)
	w.must(w.people.Disable(t.Context(), "kanri", "gone"))
	w.want(admin.get("/people/look?name=gone"), 200, "停止中", "何も見えず")
	_, err = w.people.Adopt(t.Context(), account.Account{Name: "hanako", Office: "税務課", Roles: []account.Role{account.Staff}, Source: "oidc"}, "other")
	w.must(err)
	w.want(admin.get("/people/look?name=hanako"), 422, "ほかの認証の人")
}
