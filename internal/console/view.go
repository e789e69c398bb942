package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	"sekisho/internal/console/account"
	"sekisho/internal/notice"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*.css static/*.js static/*.svg
var staticFiles embed.FS

// asset is a file that browsers load beside a page.
type asset struct {
	data []byte
	hash string // in its address, so that a new version has a new one
	kind string
}

// page is what a template is given.
type page struct {
	Lang  string
	Title string
	Here  string           // path and query of this page, to come back to
	Me    *account.Account // nil before the sign-in
	Nav   []navItem
	Said  *said // what the last action came to
	Body  any

	texts  *i18n.Localizer
	assets map[string]asset
}

// navItem is one entry of the navigation.
type navItem struct {
	Path, Text string
	Here       bool
	Count      int
}

// said is one message to the person, in our own words.
type said struct {
	Look string // "", "good", "bad" or "warn"
	Text string
	More string
	Code string // stable, for a telephone call
}

// Asset returns the address of a file beside the page.
func (p *page) Asset(name string) string { return "/static/" + p.assets[name].hash + "/" + name }

// loadAssets reads the files that go beside the pages.
func loadAssets() (map[string]asset, error) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return nil, fmt.Errorf("cannot load static files: %w", err)
	}
	all := map[string]asset{}
	for _, e := range entries {
		data, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("cannot load static files: %w", err)
		}
		sum := sha256.Sum256(data)
		all[e.Name()] = asset{data: data, hash: hex.EncodeToString(sum[:8]), kind: kinds[path.Ext(e.Name())]}
	}
	return all, nil
}

// loadTemplates parses every page with the layout around it.
func loadTemplates() (map[string]*template.Template, error) {
	funcs := template.FuncMap{"shown": notice.Visible, "with2": func(p *page, one any) struct {
		Page *page
		One  any
	} {
		return struct {
			Page *page
			One  any
		}{p, one}
	}}
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("cannot load pages: %w", err)
	}
	all := map[string]*template.Template{}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		t, err := template.New(name).Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+e.Name())
		if err != nil {
			return nil, fmt.Errorf("cannot load page %s: %w", name, err)
		}
		all[name] = t
	}
	return all, nil
}

// page begins a page for the request. The title is the id of a text.
func (c *Console) page(r *http.Request, title string) *page {
	lang := chosen(r)
	p := &page{Lang: lang, texts: c.texts[lang], assets: c.assets, Here: r.URL.RequestURI()}
	p.Title = p.say(title)
	if s := sessionOf(r); s != nil && s.full {
		p.Me = &s.account
		p.Nav = navigation(s.account, r.URL.Path)
	}
	return p
}

// say is T for Go code. A text that is missing shows its id; a test keeps that from happening.
func (p *page) say(id string, args ...any) string {
	text, err := p.T(id, args...)
	if err != nil {
		return id
	}
	return text
}

// show writes the page called name.
func (c *Console) show(w http.ResponseWriter, r *http.Request, status int, name string, p *page) {
	var out bytes.Buffer
	t, ok := c.pages[name]
	if !ok {
		c.failed(w, r, fmt.Errorf("no page %q", name))
		return
	}
	if err := t.ExecuteTemplate(&out, "page", p); err != nil {
		c.failed(w, r, fmt.Errorf("cannot write page %s: %w", name, err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Lang)
	h.Set("Vary", "Cookie, Accept-Language")
	w.WriteHeader(status)
	w.Write(out.Bytes()) // a browser that went away misses nothing
}

// problem shows a page that says what went wrong, in words of ours only.
func (c *Console) problem(w http.ResponseWriter, r *http.Request, status int, id string) {
	p := c.page(r, "error."+id+".title")
	p.Body = struct{ What, Next string }{p.say("error." + id + ".what"), p.say("error." + id + ".next")}
	c.show(w, r, status, "error", p)
}

// failed logs what failed on our side. The person is told no more than that it did.
func (c *Console) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // the browser went away, or the console stops: nobody waits for an answer
		c.log.Debug("a request was given up", "path", r.URL.Path, "error", err)
		return
	}
	c.log.Error("the console failed", "path", r.URL.Path, "error", err)
	p := c.page(r, "error.failed.title")
	p.Body = struct{ What, Next string }{p.say("error.failed.what"), p.say("error.failed.next")}
	var out bytes.Buffer
	if c.pages["error"].ExecuteTemplate(&out, "page", p) != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	w.Write(out.Bytes())
}

// missing answers for what is not there, and in the same way for what is not for this person.
func (c *Console) missing(w http.ResponseWriter, r *http.Request) {
	c.problem(w, r, http.StatusNotFound, "missing")
}
