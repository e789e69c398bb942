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
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// ServerOptions configures an embedded server. Zero sizes and durations are the defaults.
type ServerOptions struct {
	Dir      string        // of the store: a folder on a local disk, for this server alone; required
	MaxStore int64         // bytes on disk; default 512 MiB
	Proving  time.Duration // how long a start must live before its store is trusted; default 5 s
	Log      *slog.Logger  // required
}

// maxMemory bounds streams in memory, in bytes. Sekisho has none.
const maxMemory = 16 << 20

// startTime bounds how long a server may take to read its store and be ready.
const startTime = 60 * time.Second

// Server is an embedded server that runs.
type Server struct {
	s      *server.Server
	mark   *mark
	proven *time.Timer
}

// Start starts an embedded server. A store that the server cannot read, or under which the last start died before Proving
// was over, is set aside as "<Dir>.broken", replacing an older one, and a fresh one is begun. Start fails when the server
// is not ready then.
func Start(opt ServerOptions) (*Server, error) {
	if opt.Dir == "" || opt.Log == nil {
		return nil, errors.New("cannot start queue server: it needs a folder and a log")
	}
	if opt.MaxStore == 0 {
		opt.MaxStore = 512 << 20
	}
	if opt.Proving == 0 {
		opt.Proving = 5 * time.Second
	}
	mark, err := openMark(opt.Dir)
	if err != nil {
		return nil, fmt.Errorf("cannot start queue server: %w", err)
	}
	srv, err := mark.start(opt)
	if err != nil {
		mark.close()
		return nil, fmt.Errorf("cannot start queue server: %w", err)
	}
	return srv, nil
}

// start starts a server on the store as it is.
func start(opt ServerOptions) (*server.Server, error) {
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
	})
	if err != nil {
		return nil, fmt.Errorf("cannot make server: %w", err)
	}
	log := &logger{log: opt.Log}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	if !ready(s, log) {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("not ready: %s", log.last())
	}
	return s, nil
}

// ready waits until the server serves streams, or says that it cannot.
func ready(s *server.Server, log *logger) bool {
	for end := time.Now().Add(startTime); time.Now().Before(end) && !log.dead(); {
		if s.ReadyForConnections(100 * time.Millisecond) {
			return s.JetStreamEnabled()
		}
	}
	return false
}

// Stop stops the server and waits until its files are closed.
func (s *Server) Stop() {
	s.s.Shutdown()
	s.s.WaitForShutdown()
	if s.proven.Stop() {
		s.mark.clear()
	}
	s.mark.close()
}

// Connect connects to the embedded server without a port.
func (s *Server) Connect(log *slog.Logger) (*nats.Conn, error) {
	conn, err := nats.Connect("", append(connOptions(log), nats.InProcessServer(s.s))...)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to queue server: %w", err)
	}
	return conn, nil
}
