package console

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/console/sample"
	"sekisho/internal/quarantine"
)

// guidePath is the page of the first set-up: what there is, tried for real, and two test files that go all the way.
const guidePath = "/setup/guide"

// Guide is what the page of the first set-up asks of the gateway.
type Guide interface {
	// Try tries folders, scanners and the link, each for real, and says what came of it, in the order of the page.
	Try(ctx context.Context) []Tried
	// Tested puts on record what came of the two test files.
	Tested(ctx context.Context, actor, detail string) error
}

// Tried is one part of the gateway that was tried.
type Tried struct {
	Part  string // a part of guideParts
	Name  string // of the route or the scanner; a list of hashes finds what its owner wrote into it
	State string // end of a text's id: "guide.state.<State>"
	OK    bool
	Where string    // folder or address
	Says  string    // words of another program
	Since time.Time // when the signatures of a scanner were made; zero: it does not say
}

// guideParts are the parts that are tried, in the order of the page.
func guideParts() []string { return []string{"route", "inbox", "folder", "scanner", "link"} }

// guideLines are the lines of the configuration for a part. What the configuration file says is changed there by a person: the
// console writes to no configuration.
func guideLines(part string) string {
	return map[string]string{
		"route":       "[[route]]\nname = \"soumu\"\noffice = \"総務課\"\ninbox = \"/srv/share/inbox/soumu\"",
		"inbox":       "[[route]]\nname = \"soumu\"\ninbox = \"/srv/share/inbox/soumu\"",
		"folder":      "[[route]]\nname = \"soumu\"\nfolder = '\\\\lgwan-fs\\joho\\関所'",
		"scanner":     "[[scanner]]\ntype = \"clamd\"\naddress = \"unix:/run/clamav/clamd.ctl\"\nmax_age = \"72h\"",
		"link":        "[link]\naddress = \"192.0.2.20:2022\"\nhost_key = \"/etc/sekisho/receiver-host.pub\"",
		"certificate": "[console]\ncertificate = \"/etc/sekisho/tls.crt\"\nkey = \"/etc/sekisho/tls.key\"",
		"notice": "[console]\nurl = \"https://sekisho.example.lg.jp:8443\"\n\n[console.mail]\nserver = \"mail.example.lg.jp:587\"\nfrom = \"sekisho@example.lg.jp\"\n" +
			"to = [\"joho@example.lg.jp\"]\n\n[[console.webhook]]\nurl = \"https://chat.example.lg.jp/hook\"\nsecret_file = \"/etc/sekisho/hook-secret\"",
		"approver": "exceptions = true",
	}[part]
}

// guideStep is one part of the page.
type guideStep struct {
	Title, Lead string
	Rows        []guideRow
	Lines       string // of the configuration
	Path, Text  string // a page where it is set
}

// guideRow is what was found out about one thing. Name, Where and Says are a stranger's text.
type guideRow struct {
	Tag               tag
	Name, Text        string
	Where, Says, More string
}

// guidePage is the page.
type guidePage struct {
	Steps []guideStep
	Test  *guideTest // the one that runs or has ended; nil: none was asked for on this page
	Last  string     // what the record says of the last one
	Who   string
	When  string
	Blank bool // no scanner finds anything here
}

func (c *Console) guidance(w http.ResponseWriter, r *http.Request) {
	if c.liveRows(w, r) {
		return
	}
	p := c.page(r, "guide.title")
	c.told(r, p)
	tried := c.guide.Try(r.Context())
	body := guidePage{Blank: !finds(tried)}
	for _, part := range guideParts() {
		body.Steps = append(body.Steps, triedStep(p, part, tried, c.now()))
	}
	people, err := c.approverStep(r.Context(), p)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	body.Steps = append(body.Steps, c.certificateStep(p), c.noticeStep(p), people)
	if body.Test, err = c.testOf(r, p, tried); err != nil {
		c.failed(w, r, err)
		return
	}
	last, err := c.index.Search(r.Context(), index.Query{Kinds: []audit.Kind{audit.Tested}}, "", 1)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	for _, l := range last.Lines {
		body.Last, body.Who, body.When = l.Detail, l.Actor, when(l.Time)
	}
	p.Body = body
	c.show(w, r, http.StatusOK, "guide", p)
}

// finds reports whether there is a scanner that finds malware by itself.
func finds(tried []Tried) bool {
	return slices.ContainsFunc(tried, func(t Tried) bool { return t.Part == "scanner" && t.State != "list" })
}

// looks of what was tried.
func (t Tried) tag(p *page) tag {
	switch {
	case t.OK:
		return tag{p.say("guide.good"), "good", "✓"}
	case t.State == "unseen" || t.State == "unnamed" || t.State == "list":
		return tag{p.say("guide.look"), "warn", "!"}
	}
	return tag{p.say("guide.bad"), "bad", "×"}
}

// triedStep shows what was tried of one part.
func triedStep(p *page, part string, tried []Tried, now time.Time) guideStep {
	s := guideStep{Title: p.say("guide." + part + ".title"), Lead: p.say("guide." + part + ".lead"), Lines: guideLines(part)}
	for _, t := range tried {
		if t.Part != part {
			continue
		}
		row := guideRow{Tag: t.tag(p), Name: t.Name, Text: p.say("guide.state." + t.State), Where: t.Where, Says: t.Says}
		if !t.Since.IsZero() {
			row.More = p.say("guide.signatures", "N", int(now.Sub(t.Since)/(24*time.Hour)))
		}
		s.Rows = append(s.Rows, row)
	}
	if part == "scanner" && !finds(tried) {
		s.Rows = append(s.Rows, guideRow{Tag: tag{p.say("guide.bad"), "bad", "×"}, Text: p.say("guide.state.none")})
	}
	return s
}

// certificateStep shows how long the certificate of this page lasts.
func (c *Console) certificateStep(p *page) guideStep {
	check := c.certificateCheck(p)
	row := guideRow{Tag: tag{p.say("guide.good"), "good", "✓"}, Text: check.Detail}
	if !check.OK {
		row.Tag = tag{p.say("guide.bad"), "bad", "×"}
	}
	return guideStep{Title: p.say("guide.certificate.title"), Lead: p.say("guide.certificate.lead"), Rows: []guideRow{row}, Lines: guideLines("certificate")}
}

// noticeStep leads to the page on which notices are tried.
func (c *Console) noticeStep(p *page) guideStep {
	s := guideStep{Title: p.say("guide.notice.title"), Lead: p.say("guide.notice.lead"), Lines: guideLines("notice")}
	if c.notices == nil {
		return s
	}
	s.Path, s.Text = noticesPath, p.say("guide.notice.try")
	for _, way := range c.notices.Ways() {
		s.Rows = append(s.Rows, guideRow{Tag: tag{p.say("guide.look"), "warn", "!"}, Text: p.say("notices." + map[string]string{"mail": "mail", "webhook": "hook"}[way.Kind]), Where: way.Where})
	}
	if len(s.Rows) == 0 {
		s.Rows = []guideRow{{Tag: tag{p.say("guide.look"), "warn", "!"}, Text: p.say("guide.notice.none")}}
	}
	return s
}

// approverStep shows who can approve, and whether there are two people to do it.
func (c *Console) approverStep(ctx context.Context, p *page) (guideStep, error) {
	s := guideStep{Title: p.say("guide.approver.title"), Lead: p.say("guide.approver.lead"), Path: "/people", Text: p.say("nav.people")}
	if !c.gateway.Exceptions() {
		s.Lead, s.Lines = p.say("guide.approver.off"), guideLines("approver")
	}
	all, err := c.accounts.List(ctx, "")
	if err != nil {
		return s, err
	}
	ready := 0
	for _, a := range all {
		if !a.Can(account.Approve, "") {
			continue
		}
		offices, every := a.Offices(account.Approve)
		row := guideRow{Tag: tag{p.say("guide.good"), "good", "✓"}, Name: a.Name, Text: p.say("guide.state.every")}
		if !every {
			row.Text, row.Where = p.say("guide.state.some"), strings.Join(offices, p.say("comma"))
		}
		if a.Source == "local" && !a.TOTP && a.Passkeys == 0 {
			row.Tag, row.More = tag{p.say("guide.look"), "warn", "!"}, p.say("guide.state.unenrolled")
		} else {
			ready++
		}
		s.Rows = append(s.Rows, row)
	}
	if ready < 2 && c.gateway.Exceptions() {
		s.Rows = append(s.Rows, guideRow{Tag: tag{p.say("guide.bad"), "bad", "×"}, Text: p.say("guide.state.alone")})
	}
	return s, nil
}

// The test files by their names, and how long what becomes of them is waited for until it is put on record.
const (
	eicarName = "関所の試験 EICAR.txt"
	macroName = "関所の試験 マクロ.docm"
	testTime  = 10 * time.Minute
)

// doGuide hands the two test files in as the person's own. What becomes of them is put on record when both have ended, whether
// anybody looks or not.
func (c *Console) doGuide(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	routes := c.routesOf(a)
	macro, err := sample.Macro()
	if err != nil || len(routes) == 0 {
		c.failed(w, r, fmt.Errorf("cannot hand test files in on %d routes: %w", len(routes), err))
		return
	}
	var ids []string
	for _, f := range []struct {
		name string
		data []byte
	}{{eicarName, sample.EICAR()}, {macroName, macro}} {
		id, err := c.gateway.Submit(r.Context(), Submission{Route: routes[0], Office: a.Office, Name: f.name, Actor: a.Name}, bytes.NewReader(f.data))
		if err != nil {
			c.failed(w, r, err)
			return
		}
		ids = append(ids, id)
	}
	if err := c.index.Follow(r.Context()); err != nil {
		c.log.Warn("cannot follow the record", "error", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), testTime)
	go func() {
		defer cancel()
		if err := c.conclude(ctx, a.Name, ids); err != nil {
			c.log.Warn("what came of the test files is not on record", "error", err)
		}
	}()
	http.Redirect(w, r, guidePath+"?"+url.Values{"test": ids}.Encode()+"#test", http.StatusSeeOther)
}

// conclude waits until the test files have ended, and puts on record what came of them.
func (c *Console) conclude(ctx context.Context, actor string, ids []string) error {
	changes, stop := c.index.Watch()
	defer stop()
	for {
		t, err := c.outcome(ctx, index.Scope{All: true}, ids)
		if err != nil {
			return err
		}
		if t.ended {
			return c.guide.Tested(ctx, actor, t.said)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changes:
		}
	}
}

// outcome is what became of the test files.
type outcome struct {
	eicar, macro index.File
	ended        bool
	blocked      bool              // the test file of the scanners did not cross
	scans        []quarantine.Scan // what each scanner said about it
	taken        []audit.Finding   // what was taken out of the document
	clean        bool              // the document crossed without its macro
	said         string            // all of it in one line for the record
}

// outcome looks what became of the test files. The error is index.ErrUnknown when they are not files of the scope.
func (c *Console) outcome(ctx context.Context, s index.Scope, ids []string) (o outcome, err error) {
	if o.eicar, err = c.index.File(ctx, s, ids[0]); err != nil {
		return o, err
	}
	if o.macro, err = c.index.File(ctx, s, ids[1]); err != nil {
		return o, err
	}
	said := []string{}
	if o.blocked = o.eicar.State == index.Held && o.eicar.Verdict == "blocked"; o.blocked {
		e, err := c.gateway.Held(ctx, o.eicar.ID)
		if err != nil {
			return o, err
		}
		o.scans = e.Item.Scans
		said = append(said, "EICAR: blocked")
		for _, s := range o.scans {
			said = append(said, strings.TrimSpace(s.Scanner+" "+s.Result+" "+s.Detail))
		}
		if len(o.scans) == 0 {
			said = append(said, "no scanner is configured, known at sight only")
		}
	} else {
		said = append(said, "EICAR: "+strings.TrimSpace(string(o.eicar.State)+" "+o.eicar.Reason))
	}
	findings, _, err := c.findingsOf(ctx, o.macro)
	if err != nil {
		return o, err
	}
	for _, f := range findings {
		if classOf(f.Rule) != "program" {
			continue
		}
		at := slices.IndexFunc(o.taken, func(t audit.Finding) bool { return t.Rule == f.Rule })
		if at < 0 {
			at, o.taken = len(o.taken), append(o.taken, audit.Finding{Rule: f.Rule})
		}
		o.taken[at].Count += max(f.Count, 1)
	}
	o.clean = o.macro.State == index.Sent && !o.macro.Exception && len(o.taken) > 0
	macro := "macro: " + strings.TrimSpace(string(o.macro.State)+" "+o.macro.Reason)
	for _, f := range o.taken {
		macro += fmt.Sprintf(", %s ×%d taken", f.Rule, f.Count)
	}
	o.said = strings.Join(append(said, macro), "; ")
	o.ended = over(o.eicar) && over(o.macro)
	return o, nil
}

// over reports whether a file is at its end, or at a person's desk.
func over(f index.File) bool {
	return f.State != index.Working && f.State != index.Sending && f.State != index.Treating
}

// guideTest is the two test files as the page shows them.
type guideTest struct {
	Ended    bool
	Eicar    guideFile
	Macro    guideFile
	Scanners []guideRow
}

// guideFile is one test file.
type guideFile struct {
	fileView
	Result *guideRow // nil: not yet
}

// testOf shows the test files that the address names; nil when it names none of this person.
func (c *Console) testOf(r *http.Request, p *page, tried []Tried) (*guideTest, error) {
	ids := r.URL.Query()["test"]
	if len(ids) != 2 {
		return nil, nil
	}
	o, err := c.outcome(r.Context(), scope(sessionOf(r).account, account.See), ids)
	if err == index.ErrUnknown {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &guideTest{Ended: o.ended, Eicar: guideFile{fileView: viewOf(p, o.eicar)}, Macro: guideFile{fileView: viewOf(p, o.macro)}}
	good := tag{p.say("guide.good"), "good", "✓"}
	bad := tag{p.say("guide.bad"), "bad", "×"}
	if over(o.eicar) {
		row := guideRow{Tag: good, Text: p.say("guide.test.blocked")}
		switch {
		case !o.blocked:
			row = guideRow{Tag: bad, Text: p.say("guide.test.passed")}
		case !finds(tried):
			row = guideRow{Tag: tag{p.say("guide.look"), "warn", "!"}, Text: p.say("guide.test.sight")}
		}
		t.Eicar.Result = &row
		for _, s := range o.scans {
			list := slices.ContainsFunc(tried, func(t Tried) bool { return t.Part == "scanner" && t.Name == s.Scanner && t.State == "list" })
			found := s.Result != "clean" && s.Result != "incomplete"
			one := guideRow{Tag: bad, Name: s.Scanner, Text: p.say("guide.test.missed")}
			switch {
			case found:
				one.Tag, one.Text, one.Says = good, p.say("guide.test.found"), s.Detail
			case list:
				one.Tag, one.Text = tag{p.say("guide.look"), "warn", "!"}, p.say("guide.state.list")
			default:
				row.Tag = bad
			}
			t.Scanners = append(t.Scanners, one)
		}
	}
	if over(o.macro) {
		row := guideRow{Tag: bad, Text: p.say("guide.test.kept")}
		if o.clean {
			row = guideRow{Tag: good, Text: p.say("guide.test.taken"), Name: o.macro.OutName, Where: c.delivered(o.macro)}
			for _, f := range o.taken {
				row.Says = strings.TrimSpace(row.Says + " " + fmt.Sprintf("%s ×%d", f.Rule, f.Count))
			}
		}
		t.Macro.Result = &row
	}
	return t, nil
}
