package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"sekisho/internal/console/notify"
)

// noticesPath is the page that shows what people and programs are told, and tries to tell it.
const noticesPath = "/notices"

// noticeTime bounds one attempt to tell.
const noticeTime = 45 * time.Second

// noticesPage is the page.
type noticesPage struct {
	Subject, Text, Event string // what would be sent now
	New                  int
	Mail                 string // server; "": none
	To                   string // the person's own address
	Hooks                []hookView
	Lines                string // of the configuration
}

type hookView struct {
	Number int
	Where  string
}

func (c *Console) noticesOf(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "notices.title")
	c.told(r, p)
	a := sessionOf(r).account
	digest, err := c.notices.Waiting(r.Context(), a)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	event, err := c.notices.Example(a.Name)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	body := noticesPage{Subject: digest.Subject, Text: digest.Text, New: digest.New, Event: event, To: a.Mail, Lines: guideLines("notice")}
	for _, way := range c.notices.Ways() {
		if way.Kind == "mail" {
			body.Mail = way.Where
		} else {
			body.Hooks = append(body.Hooks, hookView{len(body.Hooks), way.Where})
		}
	}
	p.Body = body
	c.show(w, r, http.StatusOK, "notices", p)
}

// doNotice tries one way of telling. What the other side says is shown as it is, because it is what helps to set it right.
func (c *Console) doNotice(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), noticeTime)
	defer cancel()
	a := sessionOf(r).account
	var err error
	if way := r.PathValue("way"); way == "mail" {
		err = c.notices.TryMail(ctx, a)
	} else if n, wrong := strconv.Atoi(r.PostFormValue("n")); way == "webhook" && wrong == nil {
		err = c.notices.TryHook(ctx, n, a.Name)
	} else {
		err = notify.ErrNoWay
	}
	switch {
	case err == nil:
		c.tell(r.Context(), "good", "notices.sent")
	case errors.Is(err, notify.ErrNoWay):
		c.missing(w, r)
		return
	case errors.Is(err, notify.ErrNoInbox):
		c.tell(r.Context(), "bad", "notices.inbox")
	default:
		c.log.Warn("a notice that was tried was not taken", "actor", a.Name, "error", err)
		p := c.page(r, "notices.title")
		p.Here = noticesPath
		p.Body = struct{ What, Next, Says string }{p.say("notices.failed"), p.say("notices.failed.next"), err.Error()}
		c.show(w, r, http.StatusBadGateway, "notice", p)
		return
	}
	http.Redirect(w, r, noticesPath, http.StatusSeeOther)
}
