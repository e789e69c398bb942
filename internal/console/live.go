package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/notice"
)

// partHeader asks a page for the state of its rows instead of itself.
const partHeader = "X-Sekisho-Part"

// liveTime bounds one connection of live rows; the browser opens the next by itself, with a session that is looked at anew.
const liveTime = 5 * time.Minute

// liveBeat is the time between two signs of life.
const liveBeat = 20 * time.Second

// maxLive is how many browsers are told of changes at the same time; the rest see them when they reload.
const maxLive = 500

// live tells a browser that something has changed, and nothing of what: the page then asks for its own rows.
func (c *Console) live(w http.ResponseWriter, r *http.Request) {
	if c.watching.Add(1) > maxLive {
		c.watching.Add(-1)
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many", http.StatusServiceUnavailable)
		return
	}
	defer c.watching.Add(-1)
	changes, stop := c.index.Watch()
	defer stop()
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(text string) bool {
		if err := control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
			return false
		}
		if _, err := fmt.Fprint(w, text); err != nil {
			return false
		}
		return control.Flush() == nil
	}
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	end := time.NewTimer(liveTime)
	defer end.Stop()
	for ok := send("retry: 3000\n\n"); ok; {
		select {
		case <-r.Context().Done():
			return
		case <-end.C:
			return
		case <-changes:
			ok = send("data: changed\n\n")
		case <-beat.C:
			ok = send(": here\n\n")
		}
	}
}

// liveRow is the state of one row, for the script of the page.
type liveRow struct {
	ID    string            `json:"id"`
	Name  string            `json:"name"` // quoted and made visible; the script puts it in as text
	Word  string            `json:"word"`
	Look  string            `json:"look"`
	Mark  string            `json:"mark"`
	Ended bool              `json:"ended"`
	Need  bool              `json:"need"`
	Steps map[string]string `json:"steps"`
}

// liveRows answers the script of a page that has rows, and reports whether it did.
func (c *Console) liveRows(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get(partHeader) == "" {
		return false
	}
	p := c.page(r, "file.title")
	a := sessionOf(r).account
	var files []index.File
	switch {
	case r.PathValue("id") != "":
		f, ok := c.fileFor(w, r, account.See)
		if !ok {
			return true
		}
		files = []index.File{f}
	case r.URL.Path == dropPath:
		page, err := c.index.Files(r.Context(), index.Filter{Scope: scope(a, account.See), Sender: a.Name}, place(r.URL), pageSize)
		if err != nil {
			c.failed(w, r, err)
			return true
		}
		files = page.Files
	case r.URL.Path == guidePath:
		for _, id := range r.URL.Query()["test"] {
			if f, err := c.index.File(r.Context(), scope(a, account.See), id); err == nil && len(files) < 2 {
				files = append(files, f)
			}
		}
	default:
		page, err := c.index.Files(r.Context(), c.filterOf(r).filter, place(r.URL), pageSize)
		if err != nil {
			c.failed(w, r, err)
			return true
		}
		files = page.Files
	}
	rows := make([]liveRow, len(files))
	for i, f := range files {
		v := viewOf(p, f)
		rows[i] = liveRow{
			ID: v.ID, Name: "「" + notice.Visible(v.Name) + "」", Word: v.Tag.Word, Look: v.Tag.Look, Mark: v.Tag.Mark, Ended: v.Ended, Need: v.Need,
			Steps: map[string]string{},
		}
		for _, s := range v.Steps {
			rows[i].Steps[s.Name] = s.State
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(rows) // a browser that went away misses nothing
	return true
}

// place returns the place in a list that an address names; "" for its beginning, and for what is no place.
func place(u *url.URL) string {
	after := u.Query().Get("after")
	if after == "" || len(after) > 19 || strings.Trim(after, "0123456789") != "" || strings.Trim(after, "0") == "" {
		return ""
	}
	return after
}

// pageSize is the number of rows on one page of a list.
const pageSize = 50

// mine returns the files that a person handed in.
func (c *Console) mine(r *http.Request, p *page, a account.Account) ([]fileView, pager, error) {
	page, err := c.index.Files(r.Context(), index.Filter{Scope: scope(a, account.See), Sender: a.Name}, place(r.URL), pageSize)
	if err != nil {
		return nil, pager{}, err
	}
	return viewsOf(p, page.Files), pageLink(p, r.URL, page.Next), nil
}

func viewsOf(p *page, files []index.File) []fileView {
	all := make([]fileView, len(files))
	for i, f := range files {
		all[i] = viewOf(p, f)
	}
	return all
}
