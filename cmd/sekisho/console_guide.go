package main

import (
	"context"
	"errors"
	"os"

	"sekisho/internal/console"
	"sekisho/internal/pipeline"
)

var _ console.Guide = &port{}

// Folder is where the files of a route come out in the LGWAN zone, as people there call it.
func (p *port) Folder(route string) string {
	for _, r := range p.cfg.Routes {
		if r.Name == route {
			return r.Folder
		}
	}
	return ""
}

// Try tries what a first set-up needs.
func (p *port) Try(ctx context.Context) []console.Tried {
	var all []console.Tried
	for _, r := range p.cfg.Routes {
		route := console.Tried{Part: "route", Name: r.Name, State: "route", OK: true}
		if r.Office != "" {
			route.State, route.Where = "office", r.Office
		}
		inbox := console.Tried{Part: "inbox", Name: r.Name, State: "well", OK: true, Where: r.Inbox}
		if err := pipeline.TryInbox(r); err != nil {
			inbox.State, inbox.OK, inbox.Says = "away", false, err.Error()
		}
		all = append(all, route, inbox, p.tryFolder(r.Name))
	}
	for _, s := range p.TryScanners(ctx) {
		all = append(all, triedScanner(s))
	}
	link := console.Tried{Part: "link", State: "linked", OK: true, Where: p.cfg.Link.Address}
	if err := p.TryLink(ctx); err != nil {
		link.State, link.OK, link.Says = "away", false, err.Error()
	}
	return append(all, link)
}

// tryFolder looks at the folder of a route in the LGWAN zone, where that zone is this machine's too.
func (p *port) tryFolder(route string) console.Tried {
	t := console.Tried{Part: "folder", Name: route, State: "named", OK: true, Where: p.Folder(route)}
	info, err := os.Stat(t.Where)
	switch {
	case t.Where == "":
		t.State, t.OK = "unnamed", false
	case err != nil || !info.IsDir():
		t.State, t.OK = "unseen", false
	}
	return t
}

// triedScanner says what became of trying a scanner.
func triedScanner(s pipeline.TriedScanner) console.Tried {
	t := console.Tried{Part: "scanner", Name: s.Name, State: "found", OK: true, Where: s.Address, Says: s.Result.Signature, Since: s.Result.SignedAt}
	switch {
	case errors.Is(s.Err, pipeline.ErrBlind):
		t.State, t.OK = "blind", false
	case errors.Is(s.Err, pipeline.ErrAlarm):
		t.State, t.OK, t.Says = "alarm", false, s.Err.Error()
	case s.Err != nil:
		t.State, t.OK, t.Says = "away", false, s.Err.Error()
	case s.Type == "hashes":
		t.State, t.OK = "list", false
	}
	return t
}
