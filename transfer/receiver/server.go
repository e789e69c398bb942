package receiver

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// serverConfig accepts the clients' keys and nothing else.
func serverConfig(opt Options) (*ssh.ServerConfig, error) {
	host, err := ssh.NewSignerFromSigner(opt.HostKey)
	if err != nil {
		return nil, fmt.Errorf("cannot use host key: %w", err)
	}
	var clients [][]byte
	for _, key := range opt.Clients {
		k, err := ssh.NewPublicKey(key)
		if err != nil {
			return nil, fmt.Errorf("cannot use client key: %w", err)
		}
		clients = append(clients, k.Marshal())
	}
	config := &ssh.ServerConfig{
		Config: ssh.Config{
			KeyExchanges: []string{ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519},
			Ciphers:      []string{ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherChaCha20Poly1305},
		},
		MaxAuthTries:            3,
		PublicKeyAuthAlgorithms: []string{ssh.KeyAlgoED25519},
		ServerVersion:           "SSH-2.0-Sekisho",
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			offered := key.Marshal()
			for _, k := range clients {
				if bytes.Equal(k, offered) {
					return nil, nil
				}
			}
			return nil, errors.New("unknown client key")
		},
	}
	config.AddHostKey(host)
	return config, nil
}

// Serve takes packages from the connections of listener until ctx ends, and closes it. It returns nil when ctx has ended.
func (r *Receiver) Serve(ctx context.Context, listener net.Listener) error {
	config, err := serverConfig(r.opt)
	if err != nil {
		return err
	}
	var conns sync.WaitGroup
	defer conns.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the connections
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("cannot accept: %w", err)
		}
		if err != nil { // out of descriptors, or the peer went before we came
			r.opt.Log.Error("cannot accept", "error", err)
			r.pause(ctx, 100*time.Millisecond)
			continue
		}
		stranger := r.gate.enter(conn) // here, so that the order is that of arrival
		conns.Go(func() { r.serveConn(ctx, conn, stranger, config) })
	}
}

// pause waits, or less when ctx ends.
func (r *Receiver) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// serveConn serves one connection from handshake to end.
func (r *Receiver) serveConn(ctx context.Context, tcp net.Conn, stranger *list.Element, config *ssh.ServerConfig) {
	defer tcp.Close()
	defer r.gate.leave(stranger)
	stop := context.AfterFunc(ctx, func() { tcp.Close() })
	defer stop()
	log := r.opt.Log.With("peer", tcp.RemoteAddr().String())
	conn := &idleConn{Conn: tcp, idle: r.opt.Limits.Idle}
	if err := tcp.SetDeadline(time.Now().Add(r.opt.Limits.Handshake)); err != nil {
		return
	}
	server, channels, requests, err := ssh.NewServerConn(conn, config)
	r.gate.leave(stranger)
	if err != nil {
		log.Warn("handshake failed", "error", err)
		return
	}
	defer server.Close()
	if !r.gate.welcome() {
		log.Warn("too many connections")
		return
	}
	defer r.gate.goodbye()
	if conn.wake() != nil {
		return
	}
	go ssh.DiscardRequests(requests) // keepalives are answered with "no", forwarding too
	r.serveChannels(ctx, channels, log)
}

// serveChannels serves the sessions of one connection, and waits for them.
func (r *Receiver) serveChannels(ctx context.Context, channels <-chan ssh.NewChannel, log *slog.Logger) {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	room := make(chan struct{}, r.opt.Limits.Sessions)
	for c := range channels {
		if c.ChannelType() != "session" {
			c.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		select {
		case room <- struct{}{}:
			sessions.Go(func() {
				r.serveChannel(ctx, c, log)
				<-room
			})
		default:
			c.Reject(ssh.ResourceShortage, "too many sessions")
		}
	}
}

// serveChannel serves one session: the subsystem "sftp", once, and no other request.
func (r *Receiver) serveChannel(ctx context.Context, c ssh.NewChannel, log *slog.Logger) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	started := make(chan struct{})
	go func() {
		defer close(started)
		if !awaitSFTP(requests) {
			channel.Close()
			return
		}
		started <- struct{}{}
		refuseAll(requests)
	}()
	if _, ok := <-started; !ok {
		return
	}
	s := &session{ctx: ctx, r: r, log: log, parts: map[string]*part{}}
	s.serve(channel)
	// Without an exit status OpenSSH's clients report failure (RFC 4254 6.10).
	channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
	channel.Close()
	<-started
}

// awaitSFTP answers requests until one asks for SFTP; false means that the session ended before.
func awaitSFTP(requests <-chan *ssh.Request) bool {
	for req := range requests {
		var want struct{ Name string }
		ok := req.Type == "subsystem" && ssh.Unmarshal(req.Payload, &want) == nil && want.Name == "sftp"
		reply(req, ok)
		if ok {
			return true
		}
	}
	return false
}

// refuseAll answers "no" to everything: shell, exec, pty-req, env, a second subsystem.
func refuseAll(requests <-chan *ssh.Request) {
	for req := range requests {
		reply(req, false)
	}
}

func reply(req *ssh.Request, ok bool) {
	if req.WantReply {
		req.Reply(ok, nil) // an error here ends the channel, which everybody sees
	}
}
