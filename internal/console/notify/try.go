package notify

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
)

// Way is one configured way of telling.
type Way struct {
	Kind  string // "mail" or "webhook"
	Where string // server or address
}

// Ways lists the configured ways: mail first, then the webhooks in their order.
func (n *Notifier) Ways() []Way {
	var all []Way
	if n.opt.Config.Mail.Server != "" {
		all = append(all, Way{"mail", n.opt.Config.Mail.Server})
	}
	for _, w := range n.opt.Config.Webhook {
		all = append(all, Way{"webhook", w.URL})
	}
	return all
}

// Waiting is the digest of all that waits now, as the person would get it.
func (n *Notifier) Waiting(ctx context.Context, a account.Account) (Digest, error) {
	return n.Digest(ctx, a, time.Time{}, nil)
}

// testKind is the kind of an event that is none.
const testKind = "test"

// example is an event of a file that there is not.
func (n *Notifier) example(actor string) message {
	return message{
		Schema: 1, Time: n.opt.Now().UTC(), Kind: testKind, Name: "見本.docx", Reason: "encrypted", Actor: actor, URL: n.link("/home"),
	}
}

// Example is what a webhook is told of an event, as JSON for people to read.
func (n *Notifier) Example(actor string) (string, error) {
	m := n.example(actor)
	m.Kind = string(audit.Held)
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return "", fmt.Errorf("cannot encode event: %w", err)
	}
	return string(b), nil
}

// Errors of attempts.
var (
	ErrNoWay   = errors.New("no such way of telling is configured")
	ErrNoInbox = errors.New("the account has no mail address")
)

// TryMail sends the digest of all that waits to the person's own address, and no other. The error is the server's, whatever it is.
func (n *Notifier) TryMail(ctx context.Context, a account.Account) error {
	if n.opt.Config.Mail.Server == "" {
		return ErrNoWay
	}
	if a.Mail == "" {
		return ErrNoInbox
	}
	d, err := n.Waiting(ctx, a)
	if err != nil {
		return err
	}
	d.Subject = "【関所】送信の試験 / Sekisho: a test / " + d.Subject
	p, err := openMail(n, n.opt.Config.Mail) // the other one belongs to the goroutine that tells
	if err != nil {
		return err
	}
	return p.deliver(ctx, a.Mail, d)
}

// TryHook sends an event of kind "test" to webhook i, in the order of the configuration, signed like any other.
func (n *Notifier) TryHook(ctx context.Context, i int, actor string) error {
	if i < 0 || i >= len(n.opt.Config.Webhook) {
		return ErrNoWay
	}
	h, err := openHook(n, n.opt.Config.Webhook[i])
	if err != nil {
		return err
	}
	defer h.client.CloseIdleConnections()
	return h.post(ctx, "sekisho-test-"+rand.Text(), n.example(actor))
}
