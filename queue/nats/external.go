package nats

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// External says how to reach a cluster that somebody runs. The server must sync every message (sync_interval: always).
type External struct {
	URL         string // one or more, separated by commas: "tls://nats-1:4222,tls://nats-2:4222"; required
	Credentials string // path of a .creds file, or ""
	CA          string // path of the PEM file of the authority that signed the servers' certificates, or "" for the system's
	Certificate string // path of our PEM certificate, or ""; with Key
	Key         string
	Insecure    bool // allows a connection without TLS
}

// reconnectWait is the pause between attempts to get a lost connection back, in which jitter is added.
const reconnectWait = 2 * time.Second

// Dial connects to a cluster. It fails when no server answers at the start; a connection that is lost later is sought
// again for ever.
func Dial(e External, log *slog.Logger) (*nats.Conn, error) {
	if e.URL == "" {
		return nil, errors.New("cannot connect to queue: no URL")
	}
	opts := connOptions(log)
	if !e.Insecure {
		opts = append(opts, nats.Secure())
		for url := range strings.SplitSeq(e.URL, ",") {
			if url = strings.TrimSpace(url); !strings.HasPrefix(url, "tls://") && !strings.HasPrefix(url, "wss://") {
				return nil, fmt.Errorf("cannot connect to queue: %q is not tls://", url)
			}
		}
	}
	if e.Credentials != "" {
		opts = append(opts, nats.UserCredentials(e.Credentials))
	}
	if e.CA != "" {
		opts = append(opts, nats.RootCAs(e.CA))
	}
	if e.Certificate != "" {
		opts = append(opts, nats.ClientCert(e.Certificate, e.Key))
	}
	conn, err := nats.Connect(e.URL, opts...)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to queue: %w", err)
	}
	return conn, nil
}

// connOptions is what every connection has.
func connOptions(log *slog.Logger) []nats.Option {
	return []nats.Option{
		nats.Name("sekisho"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectBufSize(-1), // a publish while disconnected fails at once, and its caller decides
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("queue: connection lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("queue: connected again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("queue: connection", "err", err)
		}),
	}
}
