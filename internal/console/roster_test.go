package console

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/console/account"
)

const rosterHead = "名前,表示名,所属,役割,承認する所属,中身の確認,原本の取り出し,メール,停止\r\n"

// TestRoster: a list shows what it would do, changes nothing until that is confirmed, and then does exactly that.
func TestRoster(t *testing.T) {
	w := openWorld(t, nil)
	admin := w.signIn(account.Account{Name: "kanri", Office: "情報課", Roles: []account.Role{account.Admin}})
	staff := w.signIn(account.Account{Name: "sato", Display: "佐藤", Office: "総務課", Roles: []account.Role{account.Staff}})
	w.signIn(account.Account{Name: "tanaka", Display: "=田中", Office: "総務課", Roles: []account.Role{account.Staff}})
	w.want(admin.get("/people"), 200, `href="/people/list"`)
	w.want(admin.get("/people/list"), 200, `action="/people/list"`)
	kept := admin.get("/people/list.csv")
	w.want(kept, 200, rosterHead, "sato,佐藤,総務課,職員", "'=田中")

	w.want(admin.send("/people/list", nil, "x.csv", kept.body), 200, "今の利用者と同じです")
	w.want(admin.send("/people/list", nil, "x.csv", "a,b\r\n"), 422, "読めませんでした", "SK-C-LIST")
	w.want(admin.send("/people/list", nil, "x.csv", rosterHead+"x,,総務課,職員,,,,,\r\ny,,,社長,,,,,\r\nz,,総務課,職員,,多分,,,\r\n"), 422, "3行目：", "4行目：")
	w.want(admin.send("/people/list", nil, "x.csv", rosterHead+"kanri,,情報課,職員,,,,,\r\n"), 422, "自分の役割や権限")
	w.want(admin.post("/people/list", nil), 422, "読めませんでした")

	list, err := japanese.ShiftJIS.NewEncoder().String(rosterHead + "kanri,,情報課,管理者,,,,,\r\nsato,佐藤,税務課,承認者,税務課,○,,,\r\nsuzuki,<b>鈴木,総務課,職員,,,,,\r\n")
	w.must(err)
	plan := admin.send("/people/list", url.Values{"leavers": {"yes"}}, "x.csv", list)
	w.want(plan, 200, "加える 1人、変える 1人、使えなくする 1人、そのまま 1人", "「総務課」</bdi> → <bdi>「税務課」", "&lt;b&gt;鈴木", "tanaka")
	if _, err := w.people.Get(t.Context(), "suzuki"); err == nil {
		t.Error("the dry run made an account")
	}
	value := func(name string) string {
		return html.UnescapeString(between(plan.body, `name="`+name+`" value="`, `"`))
	}
	form := url.Values{"list": {value("list")}, "sum": {value("sum")}, "leavers": {value("leavers")}}
	w.want(staff.post("/people/list/apply", form), 403)
	w.want(admin.post("/people/list/apply", form, "Sec-Fetch-Site", "cross-site"), 403)
	w.want(admin.post("/people/list/apply", url.Values{"list": form["list"], "sum": form["sum"]}), 409, "見ている間に") // without the leavers it is another plan
	done := admin.post("/people/list/apply", form)
	w.want(done, 200, "取り込みました", "suzuki", "最初のパスワード")
	w.want(admin.post("/people/list/apply", form), 409, "見ている間に", "今の利用者と同じです")

	w.want(w.browser().post("/signin", url.Values{"name": {"suzuki"}, "password": {between(done.body, "<td data-head=\"最初のパスワード\"><code>", "</code>")}}), 303)
	sato, err := w.people.Get(t.Context(), "sato")
	w.must(err)
	if !sato.Can(account.Approve, "税務課") || !sato.Preview || sato.Has(account.Staff) {
		t.Errorf("%+v", sato)
	}
	if gone, err := w.people.Get(t.Context(), "tanaka"); err != nil || !gone.Disabled {
		t.Errorf("%+v, %v", gone, err)
	}
	if got := staff.get("/me"); !strings.HasPrefix(got.to, "/signin") {
		t.Errorf("who was changed is still signed in: %+v", got)
	}
}

// TestRosterRights: nobody but who changes accounts opens the pages of the list.
func TestRosterRights(t *testing.T) {
	w := openWorld(t, nil)
	auditor := w.signIn(account.Account{Name: "kansa", Office: "監査", Roles: []account.Role{account.Auditor}})
	for _, path := range []string{"/people/list", "/people/list.csv"} {
		w.want(auditor.get(path), 403)
	}
	for _, path := range []string{"/people/list", "/people/list/apply"} {
		w.want(auditor.post(path, nil), 403)
	}
}
