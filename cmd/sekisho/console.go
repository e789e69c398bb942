package main

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/console"
	"sekisho/internal/console/account"
	"sekisho/internal/console/account/directory"
	"sekisho/internal/console/api"
	"sekisho/internal/console/index"
	"sekisho/internal/console/notify"
	"sekisho/internal/durable"
	"sekisho/internal/pipeline"
	"sekisho/internal/policy"
	"sekisho/internal/quarantine"
	"sekisho/transfer/keyfile"
)

// site is a console with all that it works with.
type site struct {
	console     *console.Console
	record      *os.Root
	index       *index.Index
	accounts    *account.Store
	notifier    *notify.Notifier
	listener    net.Listener
	url         string // under which it is reached where it listens: by name, when it listens at one
	certificate tls.Certificate
	log         *slog.Logger
	close       []func() error
}

// siteOptions say where a console is served.
type siteOptions struct {
	address          string // host:port
	elsewhere        bool   // whether another port will do when that one is taken
	certificate, key string // PEM files; "": a certificate of our own
}

// openSite opens the console of a gateway. Nothing is served before run.
func openSite(ctx context.Context, g *pipeline.Gateway, cfg config.Gateway, o siteOptions, logs *slog.Logger) (*site, error) {
	s := &site{log: logs}
	if err := s.open(ctx, g, cfg, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *site) open(ctx context.Context, g *pipeline.Gateway, cfg config.Gateway, o siteOptions) error {
	dir := cfg.Console.State
	folder, err := durable.OpenFolder(dir, 0o700)
	if err != nil {
		return err
	}
	s.onClose(folder.Close)
	if err := s.openIndex(ctx, cfg, dir); err != nil {
		return err
	}
	people, err := accountOptions(g, cfg.Console.LDAP)
	if err != nil {
		return err
	}
	if s.accounts, err = account.Open(ctx, dir, people); err != nil {
		return err
	}
	s.onClose(s.accounts.Close)
	if s.notifier, err = openNotifier(cfg, s.record, s.index, s.accounts, s.log); err != nil {
		return err
	}
	s.onClose(s.notifier.Close)
	review, err := pipeline.OpenReview(cfg)
	if err != nil {
		return err
	}
	review.Log = s.log
	s.onClose(review.Close)
	gateway := &port{Gateway: g, Review: review, cfg: cfg, index: s.index}
	forPrograms, err := api.New(api.Options{
		Accounts: s.accounts, Index: s.index, Gateway: programs{gateway}, Log: s.log, Version: version, Limit: gateway.Limit(),
	})
	if err != nil {
		return err
	}
	outside, err := openProvider(cfg.Console)
	if err != nil {
		return err
	}
	if err := s.listen(folder, o); err != nil {
		return err
	}
	passkeys, err := openPasskeys(cmp.Or(cfg.Console.URL, s.url), s.accounts)
	if err != nil {
		return err
	}
	s.console, err = console.New(console.Options{
		Log: s.log, Accounts: s.accounts, Index: s.index, Gateway: gateway, Guide: gateway, Notices: s.notifier, Programs: forPrograms,
		Outside: outside, Rules: directory.Rules(cfg.Console.OIDC.Groups), Passkeys: passkeys,
		Session: time.Duration(cfg.Console.Session), Idle: time.Duration(cfg.Console.Idle),
	})
	if err != nil {
		return err
	}
	return err
}

// openIndex opens the index of the gateway's record.
func (s *site) openIndex(ctx context.Context, cfg config.Gateway, dir string) error {
	record, err := pipeline.OpenRecordFolder(cfg, false)
	if err != nil {
		return fmt.Errorf("cannot open the record: %w", err)
	}
	s.record = record
	s.onClose(record.Close)
	s.index, err = index.Open(ctx, dir, index.Options{
		Record: record, Log: pipeline.RecordName, Office: cfg.OfficeOf, Hidden: config.CanaryRoute, Logger: s.log,
	})
	if err == nil {
		s.onClose(s.index.Close)
	}
	return err
}

// listen takes the address and finds the certificate.
func (s *site) listen(folder *os.Root, o siteOptions) error {
	host, _, err := net.SplitHostPort(o.address)
	if err != nil {
		return fmt.Errorf("cannot serve the console at %q: %w", o.address, err)
	}
	if o.certificate != "" {
		s.certificate, err = console.FileCertificate(o.certificate, o.key)
	} else {
		s.certificate, err = console.OwnCertificate(folder, ownNames(host), time.Now())
	}
	if err != nil {
		return err
	}
	s.listener, err = net.Listen("tcp", o.address)
	if errors.Is(err, syscall.EADDRINUSE) && o.elsewhere {
		s.listener, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return fmt.Errorf("cannot serve the console: %w", err)
	}
	at := s.listener.Addr().String()
	if _, port, err := net.SplitHostPort(at); err == nil && host != "" && net.ParseIP(host) == nil {
		at = net.JoinHostPort(host, port)
	}
	s.url = "https://" + at
	s.onClose(func() error {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) { // Serve has closed it
			return err
		}
		return nil
	})
	return nil
}

// ownNames returns the names that this machine's certificate is for.
func ownNames(host string) []string {
	var names []string
	if name, err := os.Hostname(); err == nil && name != "" {
		names = append(names, name)
	}
	if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
		names = append(names, host)
	}
	return names
}

// greet prints where the console is, and, when nobody administers it yet, the token that makes the first administrator.
func (s *site) greet(ctx context.Context, w io.Writer) error {
	fmt.Fprintf(w, "  画面       / console         : %s\n  証明書の指紋 / certificate     : SHA-256 %s\n", s.url, console.Fingerprint(s.certificate))
	token, err := s.accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	if token != "" {
		fmt.Fprintf(w, "  最初の管理者 / first administrator: %s/setup\n  合言葉     / token           : %s\n", s.url, token)
	}
	return nil
}

// run serves the console until ctx ends.
func (s *site) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { s.index.Run(ctx) })
	all.Go(func() { s.notifier.Run(ctx) })
	all.Go(func() { s.sweep(ctx) })
	err := s.console.Serve(ctx, s.listener, s.certificate)
	stop()
	all.Wait()
	return err
}

// sweep forgets sessions and guesses that are over.
func (s *site) sweep(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.accounts.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("cannot sweep accounts", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *site) onClose(f func() error) { s.close = append(s.close, f) }

// Close closes what openSite opened, in reverse.
func (s *site) Close() error {
	var errs []error
	for i := len(s.close) - 1; i >= 0; i-- {
		errs = append(errs, s.close[i]())
	}
	s.close = nil
	return errors.Join(errs...)
}

// port is a gateway as its console sees it.
type port struct {
	*pipeline.Gateway
	*pipeline.Review
	cfg   config.Gateway
	index *index.Index

	rescanning sync.Mutex
}

var _ console.Gateway = &port{}

// Routes names the routes for the files of an office: those that are of no other one.
func (p *port) Routes(office string) []string {
	var names []string
	for _, r := range p.cfg.Routes {
		if office == "" || r.Office == "" || r.Office == office {
			names = append(names, r.Name)
		}
	}
	return names
}

func (p *port) Limit() int64        { return int64(p.cfg.Intake) }
func (p *port) Exceptions() bool    { return p.cfg.Exceptions }
func (p *port) Keep() time.Duration { return time.Duration(p.cfg.Quarantine.Keep) }

// Submit takes a file in that a person sent over the console.
func (p *port) Submit(ctx context.Context, s console.Submission, r io.Reader) (string, error) {
	for _, r := range p.cfg.Routes {
		if r.Name == s.Route && r.Office != "" { // the route is the office's
			s.Office = ""
		}
	}
	id, err := p.Gateway.Submit(ctx, pipeline.Submission{
		Route: s.Route, Office: s.Office, Folder: s.Folder, Name: s.Name, Actor: s.Actor, Source: "web", ModTime: time.Now(),
	}, r)
	switch {
	case errors.Is(err, pipeline.ErrTooLarge):
		err = errors.Join(console.ErrTooLarge, err)
	case errors.Is(err, pipeline.ErrNoSpace):
		err = errors.Join(console.ErrNoSpace, err)
	}
	return string(id), err
}

// Next says which approval of a held file is the next one.
func (p *port) Next(e quarantine.Entry) (role quarantine.Role, has, needs int) {
	return p.Store.Next(e)
}

// Configured is the policy of each route in the configuration.
func (p *port) Configured() map[string]string {
	all := map[string]string{}
	for _, r := range p.cfg.Routes {
		all[r.Name] = r.Policy
	}
	return all
}

// TryHeld begins to try rules on what was held.
func (p *port) TryHeld(ctx context.Context, actor string, r policy.Rules, days int) error {
	return p.Gateway.TryHeld(ctx, p.Review, actor, r, days)
}

// TryFile begins to try rules on one file.
func (p *port) TryFile(ctx context.Context, actor string, r policy.Rules, route, name string, from io.Reader) error {
	err := p.Gateway.TryFile(ctx, actor, r, route, name, from)
	if errors.Is(err, pipeline.ErrTooLarge) {
		err = errors.Join(console.ErrTooLarge, err)
	}
	return err
}

// VerifyRecord checks the whole record.
func (p *port) VerifyRecord(ctx context.Context) (audit.Summary, error) {
	root, err := pipeline.OpenRecordFolder(p.cfg, false)
	if err != nil {
		return audit.Summary{}, err
	}
	defer root.Close()
	signer, err := keyfile.LoadPrivate(p.cfg.Link.SignKey)
	if err != nil {
		return audit.Summary{}, err
	}
	return audit.Verify(ctx, root, pipeline.RecordName, audit.VerifyOptions{Key: signer.Public().(ed25519.PublicKey)})
}

// Held returns a held file.
func (p *port) Held(_ context.Context, id string) (quarantine.Entry, error) { return p.Store.Get(id) }

// at fails with ErrState unless the held file is there, and at one of the stages. The quarantine checks again under its lock;
// this tells a person what is the matter.
func (p *port) at(id string, stages ...quarantine.Stage) error {
	e, err := p.Store.Get(id)
	if errors.Is(err, fs.ErrNotExist) {
		return quarantine.ErrState
	}
	if err != nil || len(stages) == 0 {
		return err
	}
	if e.Item.Malware() {
		return quarantine.ErrMalware
	}
	for _, s := range stages {
		if e.State.Stage == s {
			return nil
		}
	}
	return quarantine.ErrState
}

// Again has a held file treated again.
func (p *port) Again(ctx context.Context, id, actor, reason, policy, password string) error {
	if err := p.at(id, quarantine.Waiting, quarantine.Requested); err != nil {
		return err
	}
	return p.Review.Again(ctx, id, actor, reason, policy, password)
}

// Evidence writes a held original to w, encrypted.
func (p *port) Evidence(ctx context.Context, id, actor, reason, recipient string, w io.Writer) error {
	if _, err := quarantine.ParsePublic(strings.TrimSpace(recipient)); err != nil {
		return errors.Join(console.ErrRecipient, err)
	}
	return p.Review.Evidence(ctx, id, actor, reason, recipient, w)
}

// HasOriginal reports whether there is an original that can be shown.
func (p *port) HasOriginal(id string) bool { return p.Gateway.HasOriginal(p.Review, id) }

// Preview draws the first pages of an original, and of what a rebuild makes of it.
func (p *port) Preview(ctx context.Context, id, actor string) (console.Preview, error) {
	made, err := p.Gateway.Preview(ctx, p.Review, id, actor)
	return console.Preview{Before: drawn(made.Before), After: drawn(made.After)}, err
}

// drawn hands drawn pages on.
func drawn(d pipeline.Drawn) console.Drawn {
	shown := console.Drawn{Reason: string(d.Reason)}
	for _, p := range d.Pictures {
		shown.Pictures = append(shown.Pictures, console.Picture(p))
	}
	return shown
}

// Status says how the gateway is.
func (p *port) Status(ctx context.Context) console.Status {
	watch := p.Watch()
	var s console.Status
	for _, probe := range watch.Probes {
		check := console.Check{Name: probe.Name, OK: true}
		if err := probe.Check(ctx); err != nil {
			check.OK, check.Detail = false, err.Error()
		}
		s.Checks = append(s.Checks, check)
	}
	figures, err := watch.Figures(ctx)
	if err != nil {
		return s
	}
	waiting := console.Figure{Name: "queue"}
	for _, f := range figures {
		known, ok := map[string]console.Figure{
			"sekisho_spool_files": {Name: "spool_files"}, "sekisho_spool_bytes": {Name: "spool_bytes", Unit: "bytes"},
			"sekisho_spool_oldest_seconds": {Name: "spool_oldest", Unit: "seconds"}, "sekisho_disk_free_bytes": {Name: "disk_free", Unit: "bytes"},
			"sekisho_held_files": {Name: "held_files"},
		}[f.Name]
		if f.Name == "sekisho_queue_messages" {
			waiting.Value += f.Value
		}
		if ok {
			known.Value = f.Value
			s.Figures = append(s.Figures, known)
		}
	}
	s.Figures = append(s.Figures, waiting)
	return s
}
