package console

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/quarantine"
)

// The bounds of previews. A person who wants to look again later asks again, which is on record again.
const (
	previewLife  = 10 * time.Minute
	previewBytes = 64 << 20        // of all pictures that are remembered
	drawTime     = 5 * time.Minute // of one request: the first one may compile the program that draws
)

// previewKey says who looks at which file.
type previewKey struct{ actor, id string }

// previewed are the pictures that a person asked for.
type previewed struct {
	key   previewKey
	until time.Time
	bytes int
	Preview
}

// previews remembers pictures for the people who asked for them, in memory only.
type previews struct {
	mu  sync.Mutex
	all []previewed // the oldest first
}

// put remembers pictures, and forgets the oldest when there are too many.
func (v *previews) put(p previewed, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	total := p.bytes
	var rest []previewed
	for i := len(v.all) - 1; i >= 0; i-- {
		if old := v.all[i]; old.key != p.key && now.Before(old.until) && total+old.bytes <= previewBytes {
			total += old.bytes
			rest = append([]previewed{old}, rest...)
		}
	}
	v.all = append(rest, p)
}

// forget drops pictures whose time is over.
func (v *previews) forget(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = slices.DeleteFunc(v.all, func(p previewed) bool { return !now.Before(p.until) })
}

// get returns what a person asked for about a file.
func (v *previews) get(k previewKey, now time.Time) (Preview, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.all {
		if p.key == k && now.Before(p.until) {
			return p.Preview, true
		}
	}
	return Preview{}, false
}

// previewView is the pictures of a file on a page. Without sides, there is a button that asks for them.
type previewView struct {
	ID, Here string
	Sides    []sideView
}

// sideView is the pictures of one side, or the sentence that says why there are none.
type sideView struct {
	Title, Why string
	Pictures   []pictureView
}

type pictureView struct {
	Path, Alt     string
	Width, Height int
}

// previewOf returns what a page shows of a file's pictures; nil: nothing, because of the person's rights or the file.
func (c *Console) previewOf(r *http.Request, p *page, f index.File) *previewView {
	a := sessionOf(r).account
	if !a.Can(account.Preview, f.Office) || !c.gateway.HasOriginal(f.ID) {
		return nil
	}
	v := &previewView{ID: f.ID, Here: r.URL.Path}
	made, ok := c.previews.get(previewKey{a.Name, f.ID}, c.now())
	if !ok {
		return v
	}
	v.Sides = append(v.Sides, sideOf(p, f.ID, "before", made.Before), sideOf(p, f.ID, "after", made.After))
	return v
}

// sideOf shows one side.
func sideOf(p *page, id, side string, d Drawn) sideView {
	title := p.say("preview." + side)
	v := sideView{Title: title}
	if len(d.Pictures) == 0 {
		v.Why = p.say("preview.none." + whyNot(side, d.Reason))
	}
	for i, picture := range d.Pictures {
		v.Pictures = append(v.Pictures, pictureView{
			Path: "/file/" + id + "/preview/" + side + "/" + strconv.Itoa(i+1), Width: picture.Width, Height: picture.Height,
			Alt: p.say("preview.alt", "Side", title, "Page", strconv.Itoa(i+1)),
		})
	}
	return v
}

// whyNot is the end of a text's id that says why nothing was drawn.
func whyNot(side, reason string) string {
	switch reason {
	case "encrypted", "unsupported", "limit", "timeout", "no-office":
		return reason
	}
	if side == "after" {
		return "rebuilt"
	}
	return "broken"
}

// doPreview has the pictures of a file drawn for who may see them. To everybody else there is no such file.
func (c *Console) doPreview(w http.ResponseWriter, r *http.Request) {
	f, ok := c.fileFor(w, r, account.Preview)
	if !ok {
		return
	}
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(drawTime + writeTime)); err != nil {
		c.failed(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), drawTime)
	defer cancel()
	a := sessionOf(r).account
	made, err := c.gateway.Preview(ctx, f.ID, a.Name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, quarantine.ErrMalware) {
		c.missing(w, r)
		return
	}
	if errors.Is(err, quarantine.ErrKey) || errors.Is(err, fs.ErrPermission) {
		c.problem(w, r, http.StatusConflict, "key")
		return
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	kept := previewed{key: previewKey{a.Name, f.ID}, until: c.now().Add(previewLife), Preview: made}
	for _, side := range []Drawn{made.Before, made.After} {
		for _, p := range side.Pictures {
			kept.bytes += len(p.PNG)
		}
	}
	c.previews.put(kept, c.now())
	time.AfterFunc(previewLife, func() { c.previews.forget(c.now()) })
	to := "/file/" + f.ID
	if held := "/held/" + f.ID; r.PostFormValue("next") == held {
		to = held
	}
	http.Redirect(w, r, to+"#preview", http.StatusSeeOther)
}

// picture sends one picture to the person who asked for it.
func (c *Console) picture(w http.ResponseWriter, r *http.Request) {
	f, ok := c.fileFor(w, r, account.Preview)
	if !ok {
		return
	}
	made, ok := c.previews.get(previewKey{sessionOf(r).account.Name, f.ID}, c.now())
	side := map[string]Drawn{"before": made.Before, "after": made.After}[r.PathValue("side")]
	n, err := strconv.Atoi(r.PathValue("n"))
	if !ok || err != nil || n < 1 || n > len(side.Pictures) || strings.HasPrefix(r.PathValue("n"), "+") || !c.gateway.HasOriginal(f.ID) {
		c.missing(w, r)
		return
	}
	data := side.Pictures[n-1].PNG
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", "inline")
	w.Write(data) // a browser that went away misses nothing
}
