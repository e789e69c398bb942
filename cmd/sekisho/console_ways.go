package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/console/account/directory"
	"sekisho/internal/console/account/passkey"
	"sekisho/internal/console/account/provider"
	"sekisho/internal/console/api"
	"sekisho/internal/console/index"
	"sekisho/internal/console/notify"
	"sekisho/internal/pipeline"
	"sekisho/internal/quarantine"
)

// accountOptions are those of the accounts, with the directory that the configuration names.
func accountOptions(g *pipeline.Gateway, cfg config.LDAP) (account.Options, error) {
	o := account.Options{Record: g.Record}
	if cfg.URL == "" {
		return o, nil
	}
	d, err := directory.Open(cfg)
	if err != nil {
		return o, err
	}
	o.Directory, o.Rules, o.SameGroup = d, directory.Rules(cfg.Groups), sameGroup
	return o, nil
}

// sameGroup compares the groups of a directory as distinguished names, and those of a provider as they are.
func sameGroup(a, b string) bool { return a == b || directory.SameGroup(a, b) }

// openProvider returns the provider of OpenID Connect, or nil when none is configured.
func openProvider(cfg config.Console) (*provider.Provider, error) {
	if cfg.OIDC.Issuer == "" {
		return nil, nil
	}
	return provider.Open(cfg.OIDC, cfg.URL)
}

// openPasskeys returns the passkeys of the console, or nil when people do not reach it by a host name.
func openPasskeys(base string, people *account.Store) (*passkey.Keys, error) {
	keys, err := passkey.Open(base, people)
	if errors.Is(err, passkey.ErrHost) {
		return nil, nil
	}
	return keys, err
}

// openNotifier returns what tells people and programs that files wait.
func openNotifier(cfg config.Gateway, record *os.Root, x *index.Index, people *account.Store, logs *slog.Logger) (*notify.Notifier, error) {
	return notify.Open(notify.Options{
		Config: cfg.Console, Dir: cfg.Console.State, Record: record, Log: pipeline.RecordName, Hidden: config.CanaryRoute,
		Office: cfg.OfficeOf, Index: x, Accounts: people, Logger: logs,
	})
}

// programs is a gateway as the interface for programs sees it.
type programs struct{ *port }

var _ api.Gateway = programs{}

// Submit takes a file in that a program sent, on the route that it names or on the first one for the office.
func (p programs) Submit(ctx context.Context, route, office, folder, name, actor string, r io.Reader) (string, error) {
	i := slices.IndexFunc(p.cfg.Routes, func(r config.Route) bool {
		return (route == "" || r.Name == route) && (office == "" || r.Office == "" || r.Office == office)
	})
	if i < 0 {
		return "", api.ErrRoute
	}
	if p.cfg.Routes[i].Office != "" { // the route is the office's; one of many offices has a folder for each
		office = ""
	}
	id, err := p.Gateway.Submit(ctx, pipeline.Submission{
		Route: p.cfg.Routes[i].Name, Office: office, Folder: folder, Name: name, Actor: actor, Source: "api", ModTime: time.Now(),
	}, r)
	switch {
	case errors.Is(err, pipeline.ErrTooLarge):
		err = errors.Join(api.ErrTooLarge, err)
	case errors.Is(err, pipeline.ErrNoSpace):
		err = errors.Join(api.ErrNoSpace, err)
	}
	return string(id), err
}

// Rescan has what is kept scanned again. The gateway answers one request at a time.
func (p programs) Rescan(ctx context.Context) (api.Rescanned, error) {
	if len(p.cfg.Scanners) == 0 {
		return api.Rescanned{}, api.ErrNotKept
	}
	if !p.rescanning.TryLock() {
		return api.Rescanned{}, api.ErrRescanning
	}
	defer p.rescanning.Unlock()
	got, err := pipeline.AskRescan(ctx, p.cfg)
	if errors.Is(err, pipeline.ErrNotKept) {
		err = errors.Join(api.ErrNotKept, err)
	}
	answer := api.Rescanned{
		Schema: got.Schema, Begun: got.Begun, Ended: got.Ended, Signatures: got.Signatures, Scanned: got.Scanned, Unanswered: got.Unanswered, Sealed: got.Sealed,
	}
	for _, f := range got.Found {
		answer.Found = append(answer.Found, api.RescannedFile(f))
	}
	return answer, err
}

// Status says how the gateway is.
func (p programs) Status(ctx context.Context) api.Status {
	var s api.Status
	now := p.port.Status(ctx)
	for _, c := range now.Checks {
		s.Checks = append(s.Checks, api.StatusCheck(c))
	}
	for _, f := range now.Figures {
		s.Figures = append(s.Figures, api.StatusFigure(f))
	}
	return s
}

// Request asks that an original be released.
func (p programs) Request(ctx context.Context, id string, by quarantine.By) error {
	if err := p.at(id, quarantine.Waiting); err != nil {
		return err
	}
	return p.Review.Request(ctx, id, by)
}

// Extend keeps a held file for longer.
func (p programs) Extend(ctx context.Context, id, actor, reason string, until time.Time) error {
	return p.Review.Extend(ctx, id, actor, reason, until)
}
