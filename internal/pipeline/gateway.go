package pipeline

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats.go"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/kept"
	"sekisho/internal/policy"
	"sekisho/internal/quarantine"
	"sekisho/internal/stateversion"
	"sekisho/queue"
	natsqueue "sekisho/queue/nats"
	"sekisho/sanitize"
	"sekisho/transfer/inbox"
	"sekisho/transfer/keyfile"
	"sekisho/transfer/manifest"
	"sekisho/transfer/sftplink"
)

// Options are what a gateway needs beside its configuration.
type Options struct {
	Version string // of the engine, for manifest and record
	Child   string // path of sekisho-child
	Log     *slog.Logger
	Ended   func(Ended) // told of each end, may be nil
	Ready   func()      // called when files are taken in and treated, may be nil
}

// Ended is told when a file has ended in this zone.
type Ended struct {
	Job     string
	Route   string
	Name    string // with its folder below the route
	Verdict sanitize.Verdict
	Reason  sanitize.Reason // or why it was not taken in (inbox.Why)
	Found   int             // findings, all counts
}

// Gateway is the Internet zone: intake, sanitising, quarantine and the link.
type Gateway struct {
	cfg     config.Gateway
	log     *slog.Logger
	version string
	tell    func(Ended)
	ready   func()
	pause   pause
	canary  *canary      // nil: none is configured
	beat    atomic.Int64 // when the loops last went round, in Unix nanoseconds

	engine   *sanitize.Engine // for names only
	signer   ed25519.PrivateKey
	identity *age.X25519Identity // opens instructions, and originals that are kept to be scanned again
	spool    *queue.Spool
	ledger   *queue.Ledger
	waiting  *shares // files in hand
	openings openings
	conn     *nats.Conn
	queue    *queue.Queue
	audit    *audit.Log
	entries  *os.Root // the folder of it
	policies *policy.Store
	held     *quarantine.Store
	kept     *kept.Store
	rescans  *os.Root // requests and answers of re-scans
	local    *bench   // scanners, and children unless files are treated elsewhere
	bench    treater  // local, or workers on other machines
	sealer   *sealer
	trusted  manifest.Keys // our own key: what we sealed ourselves
	courier  *courier
	inboxes  []*inbox.Inbox
	shares   map[string]*os.Root // inbox of each route, for notices
	drawing  chan struct{}       // one file at a time is drawn for people
	trials   trials

	closers []func() error
}

// OpenGateway opens everything a gateway works with. Nothing runs before Run. Keys must exist (see EnsureKeys).
func OpenGateway(ctx context.Context, cfg config.Gateway, o Options) (*Gateway, error) {
	g := &Gateway{cfg: cfg, log: o.Log, version: o.Version, tell: o.Ended, shares: map[string]*os.Root{}, drawing: make(chan struct{}, 1)}
	g.waiting = newShares(perWorker * (g.workers() + senders))
	if g.tell == nil {
		g.tell = func(Ended) {}
	}
	if g.ready = o.Ready; g.ready == nil {
		g.ready = func() {}
	}
	if err := stateversion.Claim(cfg.State); err != nil {
		return nil, err
	}
	for _, open := range []func(context.Context, Options) error{
		g.openFiles, g.openQuarantine, g.openQueue, g.openLink, g.openBench, g.openCanary, g.openInboxes,
	} {
		if err := open(ctx, o); err != nil {
			return nil, errors.Join(err, g.Close())
		}
	}
	return g, nil
}

// openFiles opens spool, ledger, record and policies.
func (g *Gateway) openFiles(context.Context, Options) error {
	var err error
	if g.engine, err = Engine(); err != nil {
		return err
	}
	if g.signer, err = keyfile.LoadPrivate(g.cfg.Link.SignKey); err != nil {
		return fmt.Errorf("cannot load the signing key: %w", err)
	}
	spool, err := g.folder("spool")
	if err != nil {
		return err
	}
	if g.spool, err = queue.OpenSpool(spool); err != nil {
		return err
	}
	g.onClose(g.spool.Close)
	ledger, err := g.folder("ledger")
	if err != nil {
		return err
	}
	if g.ledger, err = queue.OpenLedger(ledger, queue.LedgerOptions{}); err != nil {
		return err
	}
	g.onClose(g.ledger.Close)
	if g.entries, err = g.folder("record"); err != nil {
		return err
	}
	if g.audit, err = openRecord(g.entries, g.signer); err != nil {
		return err
	}
	g.onClose(g.audit.Close)
	policies, err := g.folder("policy")
	if err != nil {
		return err
	}
	g.policies, err = policy.Open(policies, policy.Options{Record: func(ctx context.Context, e audit.Event) error { return g.record(ctx, e) }})
	return err
}

// openQuarantine opens the store of held files.
func (g *Gateway) openQuarantine(context.Context, Options) error {
	root, err := g.folder("quarantine")
	if err != nil {
		return err
	}
	review, err := loadRecipients(g.cfg.Quarantine.Review)
	if err != nil {
		return err
	}
	identity, err := loadIdentity(g.cfg.Quarantine.GatewayKey)
	if err != nil {
		return err
	}
	g.identity = identity
	if g.cfg.Rescan.OpensHeld() {
		review = append(review, identity.Recipient())
	}
	keep, err := g.folder("kept")
	if err != nil {
		return err
	}
	g.kept = kept.Open(keep, identity)
	if g.rescans, err = g.folder(rescanFolder); err != nil {
		return err
	}
	g.held = quarantine.Open(root, quarantine.Options{Review: review, Gateway: identity.Recipient(), Exceptions: g.cfg.Exceptions, Approvals: approvals(g.cfg)})
	return g.held.Sweep()
}

// folder opens a folder of the state, and makes it when it is not there.
func (g *Gateway) folder(name string) (*os.Root, error) {
	root, err := durable.OpenFolder(filepath.Join(g.cfg.State, name), 0o700)
	if err == nil {
		g.onClose(root.Close)
	}
	return root, err
}

func (g *Gateway) onClose(f func() error) { g.closers = append(g.closers, f) }

// openQueue connects to the embedded server, or to the one that is configured.
func (g *Gateway) openQueue(ctx context.Context, o Options) error {
	var err error
	if g.conn, err = g.connect(); err != nil {
		return err
	}
	g.onClose(func() error { g.conn.Close(); return nil })
	g.queue, err = queue.Open(ctx, g.conn, queue.Options{
		Stages: stages(), Ledger: g.ledger, Log: o.Log,
	})
	return err
}

func (g *Gateway) connect() (*nats.Conn, error) {
	if q := g.cfg.Queue; q.URL != "" {
		return dialQueue(q, g.log)
	}
	server, err := natsqueue.Start(natsqueue.ServerOptions{Dir: filepath.Join(g.cfg.State, "queue"), Log: g.log})
	if err != nil {
		return nil, err
	}
	g.onClose(func() error { server.Stop(); return nil })
	return server.Connect(g.log)
}

// dialQueue connects to a queue that somebody runs.
func dialQueue(q config.Queue, log *slog.Logger) (*nats.Conn, error) {
	return natsqueue.Dial(natsqueue.External{URL: q.URL, Credentials: q.Credentials, CA: q.CA, Insecure: q.Insecure}, log)
}

// openLink loads the keys of the crossing.
func (g *Gateway) openLink(context.Context, Options) error {
	client, err := keyfile.LoadPrivate(g.cfg.Link.ClientKey)
	if err != nil {
		return fmt.Errorf("cannot load the key of the link: %w", err)
	}
	host, err := keyfile.LoadPublic(g.cfg.Link.HostKey)
	if err != nil {
		return fmt.Errorf("cannot load the receiver's host key: %w", err)
	}
	root, err := g.folder(".")
	if err != nil {
		return err
	}
	if err := durable.Sweep(root, "."); err != nil {
		return err
	}
	g.trusted = manifest.Trust(g.signer.Public().(ed25519.PublicKey))
	g.courier = &courier{options: sftplink.Options{
		Addr: g.cfg.Link.Address, Key: client, HostKey: host, Patience: time.Duration(g.cfg.Link.Timeout),
	}}
	g.onClose(func() error { g.courier.close(); return nil })
	if g.sealer, err = openSealer(root, g.spool, g.signer); err != nil {
		return err
	}
	g.onClose(g.sealer.cell.Close)
	return nil
}

// openBench finds the scanners, and starts children unless files are treated on other machines.
func (g *Gateway) openBench(_ context.Context, o Options) error {
	var err error
	if g.cfg.Remote {
		g.bench = &remote{conn: g.conn}
		g.local = &bench{cfg: g.cfg}
		g.local.scanners, err = Scanners(g.cfg)
		g.onClose(g.closeTrials)
		return err
	}
	if g.local, err = openBench(g.cfg, o, g.workers()+1); err != nil {
		return err
	}
	g.bench = g.local
	g.onClose(g.local.pool.Close)
	g.onClose(g.closeTrials)
	return nil
}

func (g *Gateway) workers() int {
	if g.cfg.Workers > 0 {
		return g.cfg.Workers
	}
	return 2 * runtime.NumCPU() // one works while another waits for the disk
}

// openInboxes opens the inbox of each route.
func (g *Gateway) openInboxes(context.Context, Options) error {
	for _, route := range g.cfg.Routes {
		share, err := os.OpenRoot(route.Inbox)
		if err != nil {
			return fmt.Errorf("cannot open inbox of route %s: %w", route.Name, err)
		}
		g.onClose(share.Close)
		g.shares[route.Name] = share
		g.pause.on = g.pause.on || toldPause(share) // before a restart
		box, err := inbox.New(inbox.Options{
			Route: route.Name, Dir: route.Inbox, Interval: time.Duration(route.Poll), Settle: time.Duration(route.Settle),
			Patience: max(time.Minute, 10*time.Duration(route.Settle)), MaxSize: int64(g.cfg.Intake), Log: g.log,
		}, intake{g, route})
		if err != nil {
			return err
		}
		g.inboxes = append(g.inboxes, box)
	}
	return nil
}

// Run works until ctx ends, and returns when everything it started has.
func (g *Gateway) Run(ctx context.Context) error {
	if err := g.record(ctx, audit.Event{Kind: audit.Started, Version: g.policies.Active().Number, Detail: "gateway " + g.version}); err != nil {
		return err
	}
	if err := g.recordReceived(ctx); err != nil {
		return err
	}
	g.countInHand()
	if _, err := g.queue.Reconcile(ctx, g.spool, g.stageOf); err != nil {
		g.log.Error("cannot read every job of the spool", "error", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	consume := func(stage string, workers int, handler queue.Handler) {
		all.Go(func() {
			if err := g.queue.Consume(ctx, stage, workers, handler); err != nil {
				stop(err)
			}
		})
	}
	consume(stageSanitise, g.workers(), g.sanitise)
	consume(stageSanitiseLarge, largeWorkers, g.sanitise)
	consume(stageSend, senders, g.send)
	consume(stageSendLarge, largeWorkers, g.send)
	all.Go(func() { g.queue.KeepReconciled(ctx, g.spool, g.stageOfOpened, time.Minute) })
	all.Go(func() { g.review(ctx) })
	all.Go(func() { g.rescan(ctx) })
	all.Go(func() { g.sing(ctx) })
	for _, box := range g.inboxes {
		all.Go(func() { box.Run(ctx) })
	}
	g.ready()
	all.Wait()
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, g.record(last, audit.Event{Kind: audit.Stopped, Detail: "gateway " + g.version}))
}

// Idle reports whether no file waits in an inbox, in the spool or for a review that was asked for.
func (g *Gateway) Idle() bool {
	for _, box := range g.inboxes {
		if !box.Idle() {
			return false
		}
	}
	for range g.spool.List() {
		return false
	}
	for range g.held.Pending() {
		return false
	}
	return true
}

// Close closes what OpenGateway opened, in reverse.
func (g *Gateway) Close() error {
	var errs []error
	for i := len(g.closers) - 1; i >= 0; i-- {
		errs = append(errs, g.closers[i]())
	}
	g.closers = nil
	return errors.Join(errs...)
}

// record puts events on the record, durably and in this order.
func (g *Gateway) record(ctx context.Context, events ...audit.Event) error {
	if err := g.audit.Append(ctx, events...); err != nil {
		return fmt.Errorf("cannot write the record: %w", err)
	}
	return nil
}
