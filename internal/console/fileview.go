package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/notice"
)

// tag is a state in a word, with a mark and a look that say the same.
type tag struct{ Word, Look, Mark string }

// stepView is one step of a file's way.
type stepView struct {
	Name, Word string
	State      string // "done", "now" or "ahead"
}

// fileView is a file as lists and pages show it. Name, Folder, Office and Who are a stranger's text.
type fileView struct {
	ID, Name, Folder, Office, Who string
	When, Size, Reason            string
	Tag                           tag
	Steps                         []stepView
	Ended, Need                   bool // Need: a password is asked for
	Found                         int
}

// steps are those of a file's way, in order.
func steps() []string { return []string{"received", "rebuilt", "checked", "sent"} }

// viewOf shows a file.
func viewOf(p *page, f index.File) fileView {
	v := fileView{
		ID: f.ID, Name: f.Name, Folder: f.Path, Office: f.Office, Who: f.Sender, When: when(f.Received), Size: bytesText(f.SizeIn),
		Tag: tagOf(p, f), Found: f.Findings, Ended: f.State != index.Working && f.State != index.Sending && f.State != index.Treating,
		Need: f.State == index.Held && f.Reason == "encrypted",
	}
	if f.Reason != "" && f.State != index.Sent {
		v.Reason = reasonText(p, f.Reason)
	}
	at := stepOf(f)
	for i, name := range steps() {
		state := "ahead"
		switch {
		case i < at:
			state = "done"
		case i == at && !v.Ended:
			state = "now"
		}
		v.Steps = append(v.Steps, stepView{Name: name, Word: p.say("step." + name), State: state})
	}
	return v
}

// stepOf counts the steps that a file has behind it.
func stepOf(f index.File) int {
	switch {
	case f.State == index.Sent:
		return len(steps())
	case f.State == index.Sending:
		return 3
	case f.State == index.NotTaken:
		return 0
	}
	return 1
}

// tagOf says in a word how a file stands.
func tagOf(p *page, f index.File) tag {
	word, look, mark := "busy", "busy", "…"
	switch f.State {
	case index.Sent:
		word, look, mark = "released", "good", "✓"
		if f.Exception {
			word, look, mark = "exception", "warn", "!"
		}
	case index.Held:
		word, look, mark = "held", "warn", "!"
		if f.Verdict == "blocked" {
			word, look, mark = "blocked", "bad", "×"
		}
	case index.Requested:
		word, look, mark = "requested", "warn", "?"
	case index.Treating:
		word = "treating"
	case index.Rejected:
		word, look, mark = "rejected", "bad", "×"
	case index.Deleted:
		word, look, mark = "deleted", "", "−"
	case index.NotTaken:
		word, look, mark = "refused", "warn", "!"
	}
	return tag{Word: p.say("state." + word), Look: look, Mark: mark}
}

// delivered names the folder of the LGWAN zone in which a file came out, "" where nobody has said what it is called there.
func (c *Console) delivered(f index.File) string {
	folder := c.gateway.Folder(f.Route)
	if folder == "" || f.State != index.Sent {
		return ""
	}
	if f.Path == "" {
		return folder
	}
	if strings.Contains(folder, `\`) { // a share, as Windows spells it
		return strings.TrimRight(folder, `\`) + `\` + strings.ReplaceAll(f.Path, "/", `\`)
	}
	return strings.TrimRight(folder, "/") + "/" + f.Path
}

// message returns the sentences about a reason in the language of the page.
func message(p *page, reason string) (string, notice.Text) {
	m := notice.Lookup(reason)
	if p.Lang == "en" {
		return m.Code, m.En
	}
	return m.Code, m.Ja
}

// reasonText says a reason in a few words.
func reasonText(p *page, reason string) string {
	id := "reason." + reason
	if text, err := p.T(id); err == nil {
		return text
	}
	return p.say("reason.rest")
}

// scope is what a person may see with a right; with See also what the person handed in.
func scope(a account.Account, right account.Right) index.Scope {
	offices, all := a.Offices(right)
	s := index.Scope{All: all, Offices: offices}
	if right == account.See {
		s.Sender = a.Name
	}
	return s
}

// fileFor returns the file of the address, when the person has the right for it. It answers itself when not: what is of
// another office, and what is not there at all, in the same way.
func (c *Console) fileFor(w http.ResponseWriter, r *http.Request, right account.Right) (index.File, bool) {
	f, err := c.index.File(r.Context(), scope(sessionOf(r).account, right), r.PathValue("id"))
	if errors.Is(err, index.ErrUnknown) {
		c.missing(w, r)
		return f, false
	}
	if err != nil {
		c.failed(w, r, err)
		return f, false
	}
	return f, true
}

// findingsOf returns what was found in a file when it was rebuilt last, and the sentence of who rejected it.
func (c *Console) findingsOf(ctx context.Context, f index.File) (findings []audit.Finding, words *wordsView, err error) {
	lines, err := c.index.Life(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range slices.Backward(lines) {
		switch {
		case l.Broken:
		case l.Kind == audit.Rebuilt && findings == nil:
			findings = l.Findings
		case l.Kind == audit.Rejected && words == nil && f.State == index.Rejected && l.Detail != "":
			words = &wordsView{Who: l.Actor, When: when(l.Time), Text: l.Detail}
		}
	}
	return findings, words, nil
}

// wordsView is what a person wrote to the one who handed a file in.
type wordsView struct{ Who, When, Text string }
