// Command sekisho-receiver is the LGWAN zone: it receives packages from gateways, checks them, and releases the files in
// them. It needs no route to the Internet zone: gateways connect to it. Exit codes: 0 ended by a signal, 1 error, 2 usage.
//
//	sekisho-receiver -c FILE         receive
//	sekisho-receiver -c FILE -init   make the host key, print its fingerprint and public half, and end
package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"sekisho/internal/arrival"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/health"
	"sekisho/transfer/keyfile"
	"sekisho/transfer/manifest"
)

// version is set when the program is built.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs the program with args and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("sekisho-receiver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("c", "", "configuration `FILE`")
	initialise := flags.Bool("init", false, "make the host key and end")
	show := flags.Bool("version", false, "print the version and end")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *show {
		fmt.Fprintln(stdout, version)
		return 0
	}
	if *file == "" || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "sekisho-receiver: give -c FILE")
		return 2
	}
	cfg, err := config.LoadReceiver(*file)
	switch {
	case err != nil:
	case *initialise:
		err = makeKey(cfg, stdout)
	default:
		err = receive(ctx, cfg, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	if err != nil {
		fmt.Fprintln(stderr, "sekisho-receiver:", err)
		return 1
	}
	return 0
}

// receive runs the zone until ctx ends.
func receive(ctx context.Context, cfg config.Receiver, stdout io.Writer, log *slog.Logger) error {
	child, err := childPath(cfg)
	if err != nil {
		return err
	}
	zone, err := arrival.Open(cfg, arrival.Options{Child: child, Log: log})
	if err != nil {
		return err
	}
	defer zone.Close()
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	fmt.Fprintln(stdout, "listening on", listener.Addr())
	return runWatched(ctx, zone, listener, cfg.Health, health.NewNotifier(log))
}

// runWatched runs the zone, tells the service manager, and answers the supervisor of this machine at address, unless that is "".
func runWatched(ctx context.Context, zone *arrival.Zone, listener net.Listener, address string, notify *health.Notifier) error {
	var watched net.Listener
	if address != "" {
		var err error
		if watched, err = health.Listen(address); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	var healthErr error
	if watched != nil {
		all.Go(func() { healthErr = health.Serve(running, watched, zone.Watch()) })
	}
	all.Go(func() { notify.Watch(running, func(context.Context) error { zone.Pending(); return nil }) })
	notify.Ready()
	err := zone.Run(ctx, listener)
	stop()
	all.Wait()
	return errors.Join(err, healthErr)
}

// childPath is where the child program is: as configured, or beside this one.
func childPath(cfg config.Receiver) (string, error) {
	if cfg.Child != "" {
		return cfg.Child, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find sekisho-child: %w", err)
	}
	return filepath.Join(filepath.Dir(self), "sekisho-child"), nil
}

// makeKey makes the host key, unless it exists, and prints what a gateway needs of it.
func makeKey(cfg config.Receiver, stdout io.Writer) error {
	dir, name := filepath.Dir(cfg.HostKey), filepath.Base(cfg.HostKey)
	root, err := durable.OpenFolder(dir, 0o700)
	if err != nil {
		return fmt.Errorf("cannot use the folder of the host key: %w", err)
	}
	defer root.Close()
	key, err := keyfile.Ensure(root, name)
	if err != nil {
		return err
	}
	public := key.Public().(ed25519.PublicKey)
	_, err = fmt.Fprintf(stdout, "# %s.pub, key id %x\n%s", cfg.HostKey, manifest.KeyID(public), keyfile.MarshalPublic(public))
	return err
}
