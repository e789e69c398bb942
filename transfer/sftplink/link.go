package sftplink

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

const (
	defaultUser     = "sekisho"
	defaultSessions = 4
	defaultConnect  = 10 * time.Second
	defaultPatience = 60 * time.Second
	keepAlive       = 15 * time.Second
	grace           = 2 * time.Second // for the other side to confirm the end of a session
)

// packetSize is the payload of one write in bytes: the largest that fits, with its frame, the 256 KiB that SFTP servers
// take at least in practice.
const packetSize = 261120

// Link is a connection to a receiver. Its methods may be called from several goroutines.
type Link struct {
	opt  Options
	conn *ssh.Client
	idle chan *sftp.Client // as many as Options.Sessions; nil stands for one that has to be opened
	done chan struct{}
}

// Dial connects and proves both sides to each other. Errors are ErrBroken, ErrHostKey or ErrAuth.
func Dial(ctx context.Context, opt Options) (*Link, error) {
	opt.User = cmp.Or(opt.User, defaultUser)
	opt.Sessions = cmp.Or(opt.Sessions, defaultSessions)
	opt.Connect = cmp.Or(opt.Connect, defaultConnect)
	opt.Patience = cmp.Or(opt.Patience, defaultPatience)
	ctx, cancel := context.WithTimeout(ctx, opt.Connect)
	defer cancel()
	conn, err := connect(ctx, opt)
	if err != nil {
		return nil, fmt.Errorf("cannot dial %s: %w", opt.Addr, err)
	}
	l := &Link{opt: opt, conn: conn, idle: make(chan *sftp.Client, opt.Sessions), done: make(chan struct{})}
	for range opt.Sessions {
		l.idle <- nil
	}
	go l.wait()
	go l.keepAlive()
	return l, nil
}

// connect returns an SSH connection whose handshake is done.
func connect(ctx context.Context, opt Options) (*ssh.Client, error) {
	config, err := clientConfig(opt)
	if err != nil {
		return nil, err
	}
	tcp, err := new(net.Dialer).DialContext(ctx, "tcp", opt.Addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrBroken, err)
	}
	stop := context.AfterFunc(ctx, func() { tcp.Close() }) // ends the handshake below
	conn, chans, reqs, err := ssh.NewClientConn(tcp, opt.Addr, config)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		tcp.Close()
		return nil, handshakeError(err)
	}
	return ssh.NewClient(conn, chans, reqs), nil
}

func clientConfig(opt Options) (*ssh.ClientConfig, error) {
	signer, err := ssh.NewSignerFromSigner(opt.Key)
	if err != nil {
		return nil, fmt.Errorf("cannot use client key: %w", err)
	}
	pinned, err := ssh.NewPublicKey(opt.HostKey)
	if err != nil {
		return nil, fmt.Errorf("cannot use host key: %w", err)
	}
	return &ssh.ClientConfig{
		Config: ssh.Config{
			KeyExchanges: []string{ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519},
			Ciphers: []string{
				ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherChaCha20Poly1305, // hardware AES is 2.5 times as fast
			},
		},
		User:              opt.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if bytes.Equal(key.Marshal(), pinned.Marshal()) {
				return nil
			}
			return ErrHostKey
		},
	}, nil
}

// handshakeError gives err its kind. A host without an Ed25519 key offers no common algorithm: not the pinned host.
func handshakeError(err error) error {
	var none *ssh.AlgorithmNegotiationError
	switch {
	case errors.Is(err, ErrHostKey):
		return err
	case errors.As(err, &none):
		return fmt.Errorf("%w: %v", ErrHostKey, err)
	case strings.Contains(err.Error(), "unable to authenticate"): // the library has no value for it
		return fmt.Errorf("%w: %v", ErrAuth, err)
	}
	return fmt.Errorf("%w: %v", ErrBroken, err)
}

// Done is closed when the connection has ended.
func (l *Link) Done() <-chan struct{} { return l.done }

// Close ends the connection. Packages on their way fail with ErrBroken.
func (l *Link) Close() error {
	err := l.conn.Close()
	<-l.done
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil // the other side was first
	}
	return err
}

func (l *Link) wait() {
	l.conn.Wait() // its error is told to each Send
	close(l.done)
}

// keepAlive finds out that the other side has gone although nothing is being sent, and keeps firewalls from forgetting
// the connection.
func (l *Link) keepAlive() {
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
			late := time.AfterFunc(l.opt.Patience, func() { l.conn.Close() })
			l.conn.SendRequest("keepalive@openssh.com", true, nil) // any answer will do, also "unknown request"
			late.Stop()
		}
	}
}

// session returns a session that nobody else uses, and a function that gives it back. A session that failed is closed, so
// that the receiver forgets what was half written; the next user opens another.
func (l *Link) session(ctx context.Context) (*sftp.Client, func(failed bool), error) {
	var s *sftp.Client
	select {
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	case <-l.done:
		return nil, nil, ErrBroken
	case s = <-l.idle:
	}
	if s == nil {
		var err error
		if s, err = l.openSession(ctx); err != nil {
			l.idle <- nil
			return nil, nil, err
		}
	}
	return s, func(failed bool) {
		if failed {
			s.Close()
			l.idle <- nil
			return
		}
		l.idle <- s
	}, nil
}

// openSession opens one more session. When that takes too long the whole connection is given up.
func (l *Link) openSession(ctx context.Context) (*sftp.Client, error) {
	patient, cancel := context.WithTimeout(ctx, l.opt.Connect)
	defer cancel()
	stop := context.AfterFunc(patient, func() { l.conn.Close() })
	defer stop()
	s, err := sftp.NewClient(l.conn, sftp.MaxPacketUnchecked(packetSize), sftp.MaxConcurrentRequestsPerFile(64),
		sftp.UseConcurrentWrites(true))
	switch {
	case err == nil:
		return s, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("%w: cannot open session: %v", ErrBroken, err)
}
