package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/notice"
)

// maxListed is how many files a digest names; the rest is a number.
const maxListed = 20

// Digest is one mail.
type Digest struct {
	Subject, Text string
	New           int // files and alarms that it tells of
}

// quoted makes a stranger's text a quotation in one line: what cannot be seen is shown, and its direction ends where it ends
// (U+2068 first strong isolate, U+2069 pop directional isolate). Mail programs make links of addresses: of those in it they do not.
func quoted(untrusted string) string {
	return "「\u2068" + strings.ReplaceAll(notice.Visible(untrusted), "://", "[:]//") + "\u2069」"
}

// Digest writes what a person is told: what was held or asked for since a moment, in the offices that the person may see, and how
// many files wait in all. A digest with New 0 is not sent.
func (n *Notifier) Digest(ctx context.Context, a account.Account, since time.Time, alarms []audit.Entry) (Digest, error) {
	var d Digest
	review, all := a.Offices(account.Review)
	approve, all2 := a.Offices(account.Approve)
	f := index.Filter{
		Scope:  index.Scope{All: all || all2, Offices: append(review, approve...)},
		States: []index.State{index.Held, index.Requested},
	}
	page, err := n.opt.Index.Files(ctx, f, "", index.MaxPage)
	if err != nil {
		return d, err
	}
	waiting := fmt.Sprint(len(page.Files))
	if page.Next != "" {
		waiting += "+"
	}
	var ja, en strings.Builder
	for _, file := range page.Files {
		asked := file.State == index.Requested
		if at := file.Ended; asked && file.RequestedAt.Before(since) || !asked && at.Before(since) {
			continue
		}
		if d.New++; d.New > maxListed {
			continue
		}
		n.line(&ja, &en, file, asked)
	}
	if d.New > maxListed {
		fmt.Fprintf(&ja, "・ほか %d 件\n", d.New-maxListed)
		fmt.Fprintf(&en, "- and %d more\n", d.New-maxListed)
	}
	if a.Can(account.Status, "") {
		for _, e := range alarms[:min(len(alarms), maxListed)] {
			d.New++
			fmt.Fprintf(&ja, "・警告（%s）%s\n", when(e.Time), quoted(e.Detail))
			fmt.Fprintf(&en, "- Alarm (%s) %s\n", when(e.Time), quoted(e.Detail))
		}
	}
	d.Subject = fmt.Sprintf("【関所】確認をお願いします（%d件） / Sekisho: %d to look at", d.New, d.New)
	d.Text = n.text(ja.String(), en.String(), waiting)
	return d, nil
}

// line tells one file.
func (n *Notifier) line(ja, en *strings.Builder, f index.File, asked bool) {
	m := notice.Lookup(f.Reason)
	whatJa, whatEn := "止めました", "held"
	if asked {
		whatJa, whatEn = "原本の通過が申請されました", "release of the original asked for"
	}
	fmt.Fprintf(ja, "・%s 所属 %s（%s）%s。%s %s\n  %s\n", quoted(f.Name), quoted(f.Office), when(f.Changed), whatJa, m.Code, m.Ja.What, n.link("/held/"+f.ID))
	fmt.Fprintf(en, "- %s, office %s (%s): %s. %s %s\n", quoted(f.Name), quoted(f.Office), when(f.Changed), whatEn, m.Code, m.En.What)
}

// when writes a moment for people in Japan.
func when(t time.Time) string { return t.In(audit.Japan()).Format("2006-01-02 15:04") }

// link returns the address of a page, or "" when nobody knows where the console is.
func (n *Notifier) link(page string) string {
	if n.opt.URL == "" {
		return ""
	}
	return strings.TrimSuffix(n.opt.URL, "/") + page
}

func (n *Notifier) text(ja, en, waiting string) string {
	return "ファイル無害化システム「関所」からのお知らせです。\n\n" +
		"■ 何が起きたか\n" + ja +
		"\n■ 今どうなっているか\n判断を待っているものは " + waiting + " 件です。LGWAN側には届いていません。\n" +
		"\n■ 次に何をするか\n画面でサインインして、確認してください。 " + n.link("/home") + "\n" +
		"このメールには、押すだけで決まるリンクはありません。パスワードを尋ねることもありません。\n" +
		"\n----\n\nFrom the file sanitisation gateway Sekisho.\n\n" +
		"What happened\n" + en +
		"\nHow things stand\n" + waiting + " wait for a decision. They did not reach the LGWAN side.\n" +
		"\nWhat to do next\nSign in to the console and look. " + n.link("/home") + "\n" +
		"No link in this mail decides anything, and nobody asks for a password.\n"
}
