// Package nats gives the gateway its NATS server: one of its own, in this process and without a port, or a cluster that
// somebody runs.
//
// The server's disk is never the truth (see package queue), so a store that cannot be read is set aside and begun anew.
// What the server promises is still used to the full: it syncs every message before it acknowledges it.
package nats

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// ServerOptions configures an embedded server. Zero sizes are the defaults.
type ServerOptions struct {
	Dir      string       // of the store: a folder on a local disk, for this server alone; required
	MaxStore int64        // bytes on disk; default 512 MiB
	Log      *slog.Logger // required
}

// maxMemory bounds streams in memory, in bytes. Sekisho has none.
const maxMemory = 16 << 20

// startTime bounds how long a server may take to read its store and be ready.
const startTime = 60 * time.Second

// Server is an embedded server that runs.
type Server struct{ s *server.Server }

// Start starts an embedded server. A store that the server cannot read is renamed to "<Dir>.broken", replacing an older
// one, and a fresh one is begun, once. Start fails when the server is not ready then.
func Start(opt ServerOptions) (*Server, error) {
	if opt.Dir == "" || opt.Log == nil {
		return nil, errors.New("cannot start queue server: it needs a folder and a log")
	}
	if opt.MaxStore == 0 {
		opt.MaxStore = 512 << 20
	}
	s, err := start(opt)
	if err == nil {
		return s, nil
	}
	opt.Log.Error("queue server: the store cannot be used; it is set aside and begun anew", "dir", opt.Dir, "err", err)
	if err := setAside(opt.Dir); err != nil {
		return nil, fmt.Errorf("cannot start queue server: %w", err)
	}
	return start(opt)
}

// setAside renames the store. Nothing is lost with it: the queue is made again from the spool.
func setAside(dir string) error {
	broken := filepath.Clean(dir) + ".broken"
	if err := os.RemoveAll(broken); err != nil {
		return fmt.Errorf("cannot remove older broken store: %w", err)
	}
	if err := os.Rename(dir, broken); err != nil {
		return fmt.Errorf("cannot set broken store aside: %w", err)
	}
	return nil
}

func start(opt ServerOptions) (*Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName:             "sekisho",
		DontListen:             true,
		NoSigs:                 true,
		JetStream:              true,
		StoreDir:               opt.Dir,
		SyncAlways:             true, // the default acknowledges up to two minutes before it syncs
		JetStreamMaxStore:      opt.MaxStore,
		JetStreamMaxMemory:     maxMemory,
		MaxPayload:             64 << 10,
		DisableJetStreamBanner: true,
		NoSystemAccount:        false,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot make queue server: %w", err)
	}
	log := &logger{log: opt.Log}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	srv := &Server{s: s}
	if !s.ReadyForConnections(startTime) || !s.JetStreamEnabled() {
		srv.Stop()
		return nil, fmt.Errorf("cannot start queue server: not ready: %s", log.last())
	}
	return srv, nil
}

// Stop stops the server and waits until its files are closed.
func (s *Server) Stop() {
	s.s.Shutdown()
	s.s.WaitForShutdown()
}

// Connect connects to the embedded server without a port.
func (s *Server) Connect(log *slog.Logger) (*nats.Conn, error) {
	conn, err := nats.Connect("", append(connOptions(log), nats.InProcessServer(s.s))...)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to queue server: %w", err)
	}
	return conn, nil
}
