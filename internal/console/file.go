package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
)

// filePage is the result of one file.
type filePage struct {
	File                      fileView
	Sentence, Now, Next, Code string
	Words                     *wordsView
	Taken                     []takenView
	Rules                     []audit.Finding
	Route, Released, SizeOut  string
	Type, Policy, Folder      string // Folder: of the LGWAN zone
	HashIn, HashOut           string
	MayPassword, MayRequest   bool
	Preview                   *previewView
	Held, Biography           bool // whether the person may open those pages about it
}

// maxRules bounds the technical list of a page.
const maxRules = 200

func (c *Console) file(w http.ResponseWriter, r *http.Request) {
	if c.liveRows(w, r) {
		return
	}
	f, ok := c.fileFor(w, r, account.See)
	if !ok {
		return
	}
	findings, words, err := c.findingsOf(r.Context(), f)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	a := sessionOf(r).account
	p := c.page(r, "file.title")
	c.told(r, p)
	body := filePage{
		File: viewOf(p, f), Words: words, Route: f.Route, Released: f.OutName, Type: f.Type, Policy: f.Policy, HashIn: f.SHA256In, HashOut: f.SHA256Out, Folder: c.delivered(f),
		MayPassword: f.State == index.Held && f.Reason == "encrypted" && a.Can(account.Password, f.Office),
		MayRequest:  f.State == index.Held && f.Verdict != "blocked" && c.gateway.Exceptions() && a.Can(account.Request, f.Office),
		Held:        f.Ended.Unix() > 0 && a.Can(account.Review, f.Office) && wasHeld(f), Biography: a.Can(account.Record, ""),
	}
	if f.State == index.Sent && f.SizeOut > 0 {
		body.SizeOut = bytesText(f.SizeOut)
	}
	if f.State == index.Sent {
		body.Taken, body.Rules = takenOf(p, findings), findings[:min(len(findings), maxRules)]
	} else {
		body.Released, body.HashOut = "", ""
	}
	body.Preview = c.previewOf(r, p, f)
	sentence(p, f, &body)
	p.Body = body
	c.show(w, r, http.StatusOK, "file", p)
}

// wasHeld reports whether a file is in quarantine.
func wasHeld(f index.File) bool {
	return f.State == index.Held || f.State == index.Requested || f.State == index.Treating || f.State == index.Rejected
}

// sentence says what became of a file: what happened, how things stand, what to do next.
func sentence(p *page, f index.File, body *filePage) {
	switch f.State {
	case index.Held, index.NotTaken:
		code, m := message(p, f.Reason)
		body.Sentence, body.Now, body.Next, body.Code = m.What, m.Now, m.Next, code
	case index.Rejected:
		code, m := message(p, "rejected")
		body.Sentence, body.Now, body.Next, body.Code = m.What, m.Now, m.Next, code
	case index.Sent:
		switch {
		case f.Exception:
			code, m := message(p, "exception")
			body.Sentence, body.Now, body.Next, body.Code = m.What, m.Now, m.Next, code
			return
		case f.Findings > 0:
			body.Sentence = p.say("sentence.taken")
		default:
			body.Sentence = p.say("sentence.clean")
		}
		body.Next = p.say("sentence.next.released")
	case index.Requested:
		body.Sentence = p.say("sentence.requested")
	case index.Treating:
		body.Sentence = p.say("sentence.treating")
	case index.Deleted:
		body.Sentence = p.say("sentence.deleted")
	default:
		body.Sentence = p.say("sentence.busy")
	}
}

// fileData is a file's result for programs.
type fileData struct {
	Schema     int             `json:"schema"` // 1
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Path       string          `json:"path"`
	Route      string          `json:"route"`
	Office     string          `json:"office"`
	Sender     string          `json:"sender"`
	State      string          `json:"state"`
	Verdict    string          `json:"verdict"`
	Reason     string          `json:"reason"`
	Type       string          `json:"type"`
	Policy     string          `json:"policy"`
	Received   string          `json:"received"`
	Exception  bool            `json:"exception"`
	ReleasedAs string          `json:"released_as"`
	Folder     string          `json:"folder"` // of the LGWAN zone, as people there call it; "" where nobody has said so, or before
	SizeIn     int64           `json:"size_in"`
	SizeOut    int64           `json:"size_out"`
	SHA256In   string          `json:"sha256_in"`
	SHA256Out  string          `json:"sha256_out"`
	Findings   []audit.Finding `json:"findings"`
}

func (c *Console) fileJSON(w http.ResponseWriter, r *http.Request) {
	f, ok := c.fileFor(w, r, account.See)
	if !ok {
		return
	}
	findings, _, err := c.findingsOf(r.Context(), f)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	d := fileData{
		Schema: 1, ID: f.ID, Name: f.Name, Path: f.Path, Route: f.Route, Office: f.Office, Sender: f.Sender, State: string(f.State),
		Verdict: f.Verdict, Reason: f.Reason, Type: f.Type, Policy: f.Policy, Received: f.Received.Format("2006-01-02T15:04:05Z07:00"),
		Exception: f.Exception, ReleasedAs: f.OutName, Folder: c.delivered(f), SizeIn: f.SizeIn, SizeOut: f.SizeOut, SHA256In: f.SHA256In, SHA256Out: f.SHA256Out,
		Findings: append([]audit.Finding{}, findings...),
	}
	text, err := json.Marshal(d)
	var out bytes.Buffer
	if err == nil {
		err = json.Indent(&out, audit.EscapeJSON(text), "", "  ")
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`inline; filename="sekisho-%s.json"`, f.ID))
	w.Write(append(out.Bytes(), '\n')) // a browser that went away misses nothing
}

// doFilePassword gives the password of a held file, by who may see its result.
func (c *Console) doFilePassword(w http.ResponseWriter, r *http.Request) {
	f, ok := c.fileFor(w, r, account.See)
	if !ok {
		return
	}
	a := sessionOf(r).account
	if !a.Can(account.Password, f.Office) && f.Sender != a.Name {
		c.problem(w, r, http.StatusForbidden, "forbidden")
		return
	}
	password := r.PostFormValue("password")
	if password == "" {
		c.problem(w, r, http.StatusUnprocessableEntity, "input")
		return
	}
	err := c.gateway.Again(r.Context(), f.ID, a.Name, "", "", password)
	c.decided(w, r, err, "/file/"+f.ID, "password.file.sent")
}

// doFileRequest asks that a held original be released as it is.
func (c *Console) doFileRequest(w http.ResponseWriter, r *http.Request) {
	f, ok := c.fileFor(w, r, account.See)
	if !ok {
		return
	}
	c.request(w, r, f, "/file/"+f.ID)
}

// request asks that a held original be released. It never approves, whatever the state of the item has become meanwhile.
func (c *Console) request(w http.ResponseWriter, r *http.Request, f index.File, to string) {
	a := sessionOf(r).account
	if !a.Can(account.Request, f.Office) {
		c.problem(w, r, http.StatusForbidden, "forbidden")
		return
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" || len([]rune(reason)) > maxReason {
		c.problem(w, r, http.StatusUnprocessableEntity, "reason")
		return
	}
	err := c.gateway.Request(r.Context(), f.ID, byOf(r, f, reason))
	c.decided(w, r, err, to, "held.done.request")
}
