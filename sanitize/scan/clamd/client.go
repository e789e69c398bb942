package clamd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// Options say which daemon is asked, and how patiently.
type Options struct {
	Name      string        // in configuration and record; "clamd" when empty
	Addresses []string      // "unix:/run/clamav/clamd.ctl" or "tcp:host:port"; one that cannot be reached leaves it to the next
	Dial      time.Duration // patience for a connection; 0 means 5 s
	Idle      time.Duration // patience for the daemon to take or give the next bytes; 0 means 120 s
	MaxAge    time.Duration // signatures older than this are no answer; 0 means any age
	MaxSize   int64         // StreamMaxLength of the daemon, in bytes; longer files are not sent; 0 means unknown
}

// Client asks one daemon, or several of the same kind. Its methods may be called at the same time.
type Client struct {
	opts Options
	now  func() time.Time

	mu      sync.Mutex
	version map[string]seen // by address
}

// seen is a version, and when it was asked for.
type seen struct {
	version Version
	at      time.Time
}

// New returns a client. It does not connect.
func New(o Options) (*Client, error) {
	if len(o.Addresses) == 0 {
		return nil, errors.New("cannot make clamd client: no address")
	}
	for _, a := range o.Addresses {
		if _, _, err := split(a); err != nil {
			return nil, fmt.Errorf("cannot make clamd client: %w", err)
		}
	}
	if o.Name == "" {
		o.Name = "clamd"
	}
	if o.Dial <= 0 {
		o.Dial = 5 * time.Second
	}
	if o.Idle <= 0 {
		o.Idle = 120 * time.Second
	}
	return &Client{opts: o, now: time.Now, version: map[string]seen{}}, nil
}

// Name returns how the scanner is called in configuration and record.
func (c *Client) Name() string { return c.opts.Name }

// conn is one connection for one command.
type conn struct {
	net.Conn
	address string
	idle    time.Duration
	stop    func() bool
}

// dial connects to the first daemon that takes a connection. The connection ends with ctx.
func (c *Client) dial(ctx context.Context) (*conn, error) {
	var errs []error
	for _, address := range c.opts.Addresses {
		nc, err := c.dialOne(ctx, address)
		if err == nil {
			stop := context.AfterFunc(ctx, func() { nc.Close() })
			return &conn{Conn: nc, address: address, idle: c.opts.Idle, stop: stop}, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("cannot reach clamd: %w", errors.Join(errs...))
}

func (c *Client) dialOne(ctx context.Context, address string) (net.Conn, error) {
	network, rest, err := split(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: c.opts.Dial}
	return d.DialContext(ctx, network, rest)
}

// split returns the network and the address on it of "unix:/path" or "tcp:host:port".
func split(address string) (string, string, error) {
	network, rest, found := strings.Cut(address, ":")
	if !found || rest == "" || network != "unix" && network != "tcp" {
		return "", "", fmt.Errorf("address %q: want unix:/path or tcp:host:port", address)
	}
	return network, rest, nil
}

// Write implements io.Writer, with our patience.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.idle)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Read implements io.Reader, with our patience.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.idle)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Close implements io.Closer.
func (c *conn) Close() error {
	c.stop()
	return c.Conn.Close()
}
