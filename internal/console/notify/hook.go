package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
)

// hookTimeout bounds one request.
const hookTimeout = 30 * time.Second

// hook tells another program of each event, by the rules of Standard Webhooks: headers webhook-id, webhook-timestamp and
// webhook-signature, which is "v1," and the HMAC-SHA256 of "<id>.<timestamp>.<body>" in base64.
type hook struct {
	n      *Notifier
	url    string
	secret []byte
	client *http.Client
	told   uint64 // entries up to here were accepted; a server may fail in the middle
}

// message is the body of one event.
type message struct {
	Schema int       `json:"schema"`
	Seq    uint64    `json:"seq"` // of the record
	Time   time.Time `json:"time"`
	Kind   string    `json:"kind"`
	Job    string    `json:"job,omitempty"`
	Office string    `json:"office,omitempty"`
	Name   string    `json:"name,omitempty"` // a stranger's text
	Reason string    `json:"reason,omitempty"`
	Actor  string    `json:"actor,omitempty"`
	URL    string    `json:"url,omitempty"` // a page behind the sign-in
}

func openHook(n *Notifier, cfg config.Webhook) (*hook, error) {
	secret, err := secretFile(cfg.SecretFile)
	if err != nil {
		return nil, err
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CA != "" {
		if t.RootCAs, err = authority(cfg.CA); err != nil {
			return nil, err
		}
	}
	h := &hook{n: n, url: cfg.URL, secret: []byte(secret)}
	h.client = &http.Client{
		Timeout: hookTimeout, Transport: &http.Transport{TLSClientConfig: t, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return h, nil
}

// hookKinds are the events that a webhook is told of.
func hookKinds(cfg config.Webhook) []audit.Kind {
	if len(cfg.Kinds) == 0 {
		return []audit.Kind{audit.Held, audit.Blocked, audit.Requested, audit.Alarm}
	}
	var kinds []audit.Kind
	for _, k := range cfg.Kinds {
		kinds = append(kinds, audit.Kind(k))
	}
	return kinds
}

func (h *hook) tell(ctx context.Context, _ time.Time, news []audit.Entry, _ uint64) (bool, error) {
	for _, e := range news {
		if e.Seq <= h.told {
			continue
		}
		if err := h.send(ctx, e); err != nil {
			return false, err
		}
		h.told = e.Seq
	}
	return true, nil
}

func (h *hook) send(ctx context.Context, e audit.Entry) error {
	m := message{Schema: 1, Seq: e.Seq, Time: e.Time, Kind: string(e.Kind), Job: e.Job, Name: e.Name, Reason: e.Reason, Actor: e.Actor}
	if e.Job != "" {
		m.Office, m.URL = h.n.opt.Office(e.Route, e.Path), h.n.link("/held/"+e.Job)
	}
	return h.post(ctx, "sekisho-"+e.Hash[:32], m)
}

// post sends one message, called id, with its signature.
func (h *hook) post(ctx context.Context, id string, m message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("cannot encode event: %w", err)
	}
	body = audit.EscapeJSON(body) // for who shows it as it comes
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("cannot send event: %w", err)
	}
	at := strconv.FormatInt(h.n.opt.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", at)
	req.Header.Set("webhook-signature", "v1,"+h.sign(id, at, body))
	res, err := h.client.Do(req)
	if err != nil {
		return fmt.Errorf("cannot send event: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("cannot send event: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("cannot send event: the other side answers %d", res.StatusCode)
	}
	return nil
}

func (h *hook) sign(id, at string, body []byte) string {
	mac := hmac.New(sha256.New, h.secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
