package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/arrival"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/health"
	"sekisho/internal/pipeline"
	"sekisho/sanitize"
	"sekisho/transfer/keyfile"
	"sekisho/transfer/receiver"
)

// upRoute is the one route of `sekisho up`.
const upRoute = "default"

// upConfig is the gateway of `sekisho up` in the folder dir, with its receiver at address.
func upConfig(dir, address string) config.Gateway {
	g := config.DefaultGateway(filepath.Join(dir, "state"))
	g.DiskReserve = 256 << 20
	g.Routes = []config.Route{{
		Name: upRoute, Inbox: filepath.Join(dir, "inbox"), Folder: filepath.Join(dir, "lgwan"),
		Poll: config.Duration(250 * time.Millisecond), Settle: config.Duration(time.Second),
	}}
	g.Link.Address = address
	g.Defaults()
	return g
}

// upReceiver is the receiver of `sekisho up`.
func upReceiver(dir string) config.Receiver {
	keys := filepath.Join(dir, "state", "keys")
	r := config.Receiver{
		State: filepath.Join(dir, "state", "lgwan"), HostKey: filepath.Join(keys, "receiver-host"),
		Clients:  []string{filepath.Join(keys, "link.pub")},
		Gateways: []string{filepath.Join(keys, "sign.pub")},
		Routes:   []config.ReleaseRoute{{Name: upRoute, Release: filepath.Join(dir, "lgwan")}},
	}
	r.Defaults()
	return r
}

func upCommand(logs *slog.Logger) *cobra.Command {
	var u up
	cmd := &cobra.Command{
		Use:   "up [--dir DIR] [--once]",
		Short: "1台で両側を動かす / both zones on this machine",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			u.logs, u.out = logs, cmd.OutOrStdout()
			return u.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&u.dir, "dir", "./var", "フォルダ / folder")
	cmd.Flags().BoolVar(&u.once, "once", false, "受付フォルダが空になり全ファイルが終わったら終了 / end when the inbox is empty and every file has ended")
	cmd.Flags().StringVar(&u.child, "child", "", "sekisho-child の場所 / path of sekisho-child")
	cmd.Flags().StringSliceVar(&u.clamd, "clamd", nil, "clamd の場所 / address of clamd (unix:/run/clamav/clamd.ctl)")
	cmd.Flags().StringSliceVar(&u.accept, "accept-missing", nil, "無くてもよい隔離の層 / containment layers that may be missing")
	cmd.Flags().StringVar(&u.console, "console", defaultConsole, "画面を開く番地。none で開かない / address of the console; none: no console")
	cmd.Flags().StringSliceVar(&u.office, "libreoffice", nil, "隔離したLibreOfficeで変える種類 / types that the contained LibreOffice converts (doc,ppt,rtf,xls)")
	cmd.Flags().IntVar(&u.keep, "keep-originals", 0, "届いたファイルの元を残す日数 / days for which originals of released files are kept")
	cmd.Flags().BoolVar(&u.exceptions, "exceptions", false, "例外措置を許す / allow two people to release an original")
	return cmd
}

// defaultConsole is where `sekisho up` serves the console; when the port is taken, at another one.
const defaultConsole = "127.0.0.1:8443"

// up is one run of `sekisho up`.
type up struct {
	dir, child    string
	once          bool
	exceptions    bool
	keep          int // days
	console       string
	clamd, accept []string
	office        []string // types that LibreOffice converts

	logs *slog.Logger
	out  io.Writer

	mu   sync.Mutex
	code int // of --once
}

func (u *up) run(ctx context.Context) error {
	var err error
	if u.dir, err = filepath.Abs(u.dir); err != nil {
		return fmt.Errorf("cannot use folder: %w", err)
	}
	if u.child, err = childPath(u.child); err != nil {
		return err
	}
	for _, name := range []string{"inbox", "lgwan", "state"} {
		root, err := durable.OpenFolder(filepath.Join(u.dir, name), 0o755)
		if err != nil {
			return err
		}
		root.Close()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	g := upConfig(u.dir, listener.Addr().String())
	gateway, zone, err := u.open(ctx, &g)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	pages, err := u.pages(ctx, gateway, g)
	if err != nil {
		return errors.Join(err, listener.Close(), gateway.Close(), zone.Close())
	}
	err = errors.Join(u.both(ctx, gateway, zone, listener, pages), pages.Close(), gateway.Close(), zone.Close())
	if err == nil && u.once && u.code != 0 {
		return exit{code: u.code}
	}
	return err
}

// pages opens the console, unless nobody would see it.
func (u *up) pages(ctx context.Context, gateway *pipeline.Gateway, g config.Gateway) (*site, error) {
	if u.once || u.console == "none" {
		return &site{}, nil
	}
	o := siteOptions{address: u.console, elsewhere: u.console == defaultConsole}
	return openSite(ctx, gateway, g, o, u.logs.With("zone", "console"))
}

// open makes the keys on a first start and opens both zones. It completes the configuration g.
func (u *up) open(ctx context.Context, g *config.Gateway) (*pipeline.Gateway, *arrival.Zone, error) {
	r := upReceiver(u.dir)
	g.AcceptMissing, r.AcceptMissing = u.accept, u.accept
	g.Exceptions, r.Exceptions = u.exceptions, u.exceptions
	g.Rescan.KeepOriginals, g.Rescan.Held = u.keep, true // the reviewer's key is on this machine as well
	g.LibreOffice.Types = u.office
	for _, a := range u.clamd {
		g.Scanners = append(g.Scanners, config.Scanner{Type: "clamd", Address: a})
	}
	if err := pipeline.EnsureKeys(*g); err != nil {
		return nil, nil, err
	}
	keys, err := os.OpenRoot(filepath.Dir(r.HostKey))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open folder of keys: %w", err)
	}
	defer keys.Close()
	if _, err := keyfile.Ensure(keys, filepath.Base(r.HostKey)); err != nil {
		return nil, nil, err
	}
	zone, err := arrival.Open(r, arrival.Options{Child: u.child, Log: u.logs.With("zone", "lgwan"), Ended: u.arrived})
	if err != nil {
		return nil, nil, err
	}
	gateway, err := pipeline.OpenGateway(ctx, *g, pipeline.Options{
		Version: version, Child: u.child, Log: u.logs.With("zone", "internet"), Ended: u.ended,
	})
	if err != nil {
		return nil, nil, errors.Join(err, zone.Close())
	}
	return gateway, zone, nil
}

// both runs both zones until ctx ends, or one of them fails, or, with --once, all is done.
func (u *up) both(ctx context.Context, gateway *pipeline.Gateway, zone *arrival.Zone, listener net.Listener, pages *site) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	fmt.Fprintf(u.out, "関所を開きました / Sekisho is up\n  入れる場所 / drop files into : %s\n  届く場所   / they come out in : %s\n",
		filepath.Join(u.dir, "inbox"), filepath.Join(u.dir, "lgwan"))
	var all sync.WaitGroup
	var zoneErr, gatewayErr, pagesErr error
	if pages.console != nil {
		if err := pages.greet(ctx, u.out); err != nil {
			return errors.Join(err, listener.Close())
		}
		all.Go(func() { defer stop(); pagesErr = pages.run(ctx) })
	}
	all.Go(func() { defer stop(); zoneErr = zone.Run(ctx, listener) })
	all.Go(func() { defer stop(); gatewayErr = gateway.Run(ctx) })
	if u.once {
		all.Go(func() { defer stop(); u.wait(ctx, gateway, zone) })
	}
	all.Wait()
	return errors.Join(gatewayErr, zoneErr, pagesErr)
}

// wait returns when nothing is left to do in either zone.
func (u *up) wait(ctx context.Context, gateway *pipeline.Gateway, zone *arrival.Zone) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if gateway.Idle() && zone.Pending() == 0 && gateway.Idle() {
				return
			}
		}
	}
}

// ended prints what became of a file in the Internet zone.
func (u *up) ended(e pipeline.Ended) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch e.Verdict {
	case sanitize.Held:
		u.code = worse(u.code, 3)
	case sanitize.Blocked:
		u.code = worse(u.code, 4)
	}
	io.WriteString(u.out, endedText(e)) // what is lost on a closed terminal is on the record
}

// arrived prints what the LGWAN zone refused: that is never in order.
func (u *up) arrived(e receiver.Event) {
	if e.Kind != receiver.Refused {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.code = worse(u.code, 3)
	fmt.Fprintf(u.out, "LGWAN側が受け取りませんでした / refused by the LGWAN side: %s (%s)\n", e.ID, e.Reason)
}

func gatewayCommand(logs *slog.Logger) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "gateway -c FILE",
		Short: "インターネット側 / the Internet zone",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := config.LoadGateway(path)
			if err != nil {
				return err
			}
			if err := pipeline.EnsureKeys(g); err != nil {
				return err
			}
			child, err := childPath(g.Child)
			if err != nil {
				return err
			}
			notify := health.NewNotifier(logs)
			gateway, err := pipeline.OpenGateway(cmd.Context(), g, pipeline.Options{Version: version, Child: child, Log: logs, Ready: notify.Ready})
			if err != nil {
				return err
			}
			pages, err := gatewayPages(cmd, gateway, g, logs)
			if err != nil {
				return errors.Join(err, gateway.Close())
			}
			return errors.Join(runWatched(cmd.Context(), gateway, g.Health, notify, pages), pages.Close(), gateway.Close())
		},
	}
	configFlag(cmd, &path)
	return cmd
}

// gatewayPages opens the console where the configuration says so, and prints where it is.
func gatewayPages(cmd *cobra.Command, gateway *pipeline.Gateway, g config.Gateway, logs *slog.Logger) (*site, error) {
	if !g.Console.Enabled {
		return &site{}, nil
	}
	o := siteOptions{address: g.Console.Listen, certificate: g.Console.Certificate, key: g.Console.Key}
	pages, err := openSite(cmd.Context(), gateway, g, o, logs)
	if err != nil {
		return nil, err
	}
	if err := pages.greet(cmd.Context(), cmd.OutOrStdout()); err != nil {
		return nil, errors.Join(err, pages.Close())
	}
	return pages, nil
}

// runWatched runs the gateway and its console, tells the service manager, and answers the supervisor of this machine at address, unless that
// is "".
func runWatched(ctx context.Context, gateway *pipeline.Gateway, address string, notify *health.Notifier, pages *site) error {
	var listener net.Listener
	if address != "" {
		var err error
		if listener, err = health.Listen(address); err != nil {
			return err
		}
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	var healthErr error
	if listener != nil {
		all.Go(func() { healthErr = health.Serve(running, listener, gateway.Watch()) })
	}
	all.Go(func() { notify.Watch(running, gateway.Alive) })
	if pages.console != nil {
		all.Go(func() {
			if err := pages.run(running); err != nil { // files go on without it
				pages.log.Error("the console has stopped", "error", err)
			}
		})
	}
	err := gateway.Run(ctx)
	stop()
	all.Wait()
	return errors.Join(err, healthErr)
}

func workerCommand(logs *slog.Logger) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "worker -c FILE",
		Short: "別の機械で無害化を手伝う / treats files for a gateway on another machine",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := config.LoadWorker(path)
			if err != nil {
				return err
			}
			child, err := childPath(g.Child)
			if err != nil {
				return err
			}
			w, err := pipeline.OpenWorker(g, pipeline.Options{Version: version, Child: child, Log: logs})
			if err != nil {
				return err
			}
			return errors.Join(w.Run(cmd.Context()), w.Close())
		},
	}
	configFlag(cmd, &path)
	return cmd
}
