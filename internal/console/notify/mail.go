package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/console/account"
)

// mailTimeout bounds one conversation with the server.
const mailTimeout = time.Minute

// post sends digests by mail.
type post struct {
	n      *Notifier
	cfg    config.Mail
	client *mail.Client
	sent   map[string]uint64 // who has had the digest that ends with this entry; a server may fail in the middle
}

func openMail(n *Notifier, cfg config.Mail) (*post, error) {
	host, port, err := net.SplitHostPort(cfg.Server)
	if err != nil {
		return nil, fmt.Errorf("cannot use mail server: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("cannot use mail server: %w", err)
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if cfg.CA != "" {
		if t.RootCAs, err = authority(cfg.CA); err != nil {
			return nil, err
		}
	}
	options := []mail.Option{mail.WithPort(number), mail.WithTimeout(mailTimeout), mail.WithTLSConfig(t), mail.WithTLSPolicy(mail.TLSMandatory)}
	switch cfg.TLS {
	case "tls":
		options = append(options, mail.WithSSL())
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if cfg.User != "" {
		password, err := secretFile(cfg.PasswordFile)
		if err != nil {
			return nil, err
		}
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(cfg.User), mail.WithPassword(password))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("cannot use mail server: %w", err)
	}
	return &post{n: n, cfg: cfg, client: client, sent: map[string]uint64{}}, nil
}

// authority reads certificates that others are signed with.
func authority(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("cannot read certificate: %s holds none", file)
	}
	return pool, nil
}

func secretFile(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("cannot read secret: %w", err)
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return "", fmt.Errorf("cannot read secret: %s is empty", file)
	}
	return s, nil
}

// mailKinds are the events that a digest is about.
func mailKinds() []audit.Kind {
	return []audit.Kind{audit.Held, audit.Blocked, audit.Requested, audit.Alarm}
}

// tell sends the digest when it is time, or at once for malware.
func (p *post) tell(ctx context.Context, since time.Time, news []audit.Entry, last uint64) (bool, error) {
	urgent := p.cfg.Urgent && slices.ContainsFunc(news, func(e audit.Entry) bool { return e.Kind == audit.Blocked })
	if !urgent && p.n.opt.Now().Sub(since) < time.Duration(p.cfg.Every) {
		return false, nil
	}
	if reached, _, err := p.n.opt.Index.Reached(ctx); err != nil || reached < last {
		return false, err // the index follows in a moment
	}
	people, err := p.people(ctx)
	if err != nil {
		return false, err
	}
	var alarms []audit.Entry
	for _, e := range news {
		if e.Kind == audit.Alarm {
			alarms = append(alarms, e)
		}
	}
	from := news[0].Time.Truncate(time.Millisecond) // as exact as the index
	for _, a := range people {
		if p.sent[a.Mail] == last {
			continue
		}
		d, err := p.n.Digest(ctx, a, from, alarms)
		if err == nil && d.New > 0 {
			err = p.send(ctx, a.Mail, d)
		}
		if err != nil {
			return false, err
		}
		p.sent[a.Mail] = last
	}
	return true, nil
}

// people returns who gets a digest: who may decide about held files and has an address, and the addresses of the configuration,
// which stand for an operator.
func (p *post) people(ctx context.Context) ([]account.Account, error) {
	list, err := p.n.opt.Accounts.List(ctx, "")
	if err != nil {
		return nil, err
	}
	var all []account.Account
	seen := map[string]bool{}
	for _, to := range p.cfg.To {
		all = append(all, account.Account{Mail: to, Roles: []account.Role{account.Operator}})
		seen[strings.ToLower(to)] = true
	}
	for _, a := range list {
		decides := a.Can(account.Review, "") || a.Can(account.Approve, "")
		if a.Mail != "" && decides && !seen[strings.ToLower(a.Mail)] {
			all = append(all, a)
			seen[strings.ToLower(a.Mail)] = true
		}
	}
	return all, nil
}

// send sends one mail. An address that the server refuses for good is logged, and not tried again.
func (p *post) send(ctx context.Context, to string, d Digest) error {
	err := p.deliver(ctx, to, d)
	if failed := new(mail.SendError); errors.Is(err, errAddress) || errors.As(err, &failed) && !failed.IsTemp() && failed.Reason == mail.ErrSMTPRcptTo {
		p.n.opt.Logger.Error("the mail server refuses an address", "to", to, "error", err)
		return nil
	}
	return err
}

// errAddress says that an address is none.
var errAddress = errors.New("that is no address")

// deliver has the server take one mail.
func (p *post) deliver(ctx context.Context, to string, d Digest) error {
	m := mail.NewMsg()
	if err := errors.Join(m.From(p.cfg.From), m.To(to)); err != nil {
		return fmt.Errorf("cannot send mail: %w: %w", errAddress, err)
	}
	m.Subject(d.Subject)
	m.SetDateWithValue(p.n.opt.Now())
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers from holidays
	m.SetBodyString(mail.TypeTextPlain, d.Text)
	if err := p.client.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("cannot send mail: %w", err)
	}
	return nil
}
