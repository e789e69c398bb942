package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/console/api"
	"sekisho/internal/pipeline"
	"sekisho/internal/quarantine"
)

// remoteFlags say that a command is for the gateway behind a console, on another machine, and by whose token.
type remoteFlags struct{ console, token, ca string }

func (f *remoteFlags) add(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&f.console, "console", "", "別の機械から、この番地の画面を通して / through the console at this address: https://…")
	cmd.PersistentFlags().StringVar(&f.token, "token-file", "", "トークンを1行目に書いたファイル / file with the token in its first line")
	cmd.PersistentFlags().StringVar(&f.ca, "ca", "", "画面の証明書の認証局（PEM）。省くとこの機械のもの / authority of its certificate (default: those of this machine)")
}

// on reports whether a console is named. It fails when the flags do not go together.
func (f *remoteFlags) on() (bool, error) {
	if f.console == "" && f.token == "" && f.ca == "" {
		return false, nil
	}
	if f.console == "" || f.token == "" {
		return false, exit{2, errors.New("--console and --token-file go together")}
	}
	return true, nil
}

// The bounds of what is read, in bytes, and of the time of one request.
const (
	maxTokenFile  = 4 << 10
	maxAuthority  = 1 << 20
	maxAnswer     = 64 << 20
	remotePatient = time.Hour // a scan of all that is kept takes long
)

// remote is a console that is spoken to by its interface for programs.
type remote struct {
	client *http.Client
	base   string
	token  string
}

// open makes the connection that the flags name. Nothing is sent yet.
func (f *remoteFlags) open() (*remote, error) {
	at, err := url.Parse(f.console)
	if err != nil || at.Scheme != "https" || at.Host == "" || at.User != nil {
		return nil, exit{2, fmt.Errorf("%q is no address of a console, such as https://sekisho.example.lg.jp:8443", f.console)}
	}
	token, err := readSome(f.token, maxTokenFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the token: %w", err)
	}
	line, _, _ := strings.Cut(string(token), "\n")
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.ca != "" {
		pem, err := readSome(f.ca, maxAuthority)
		if err != nil {
			return nil, fmt.Errorf("cannot read the authority: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("cannot read the authority: there is no certificate in %q", f.ca)
		}
	}
	return &remote{
		client: &http.Client{
			Transport:     &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for this console only
			Timeout:       remotePatient,
		},
		base: "https://" + at.Host + api.Base, token: strings.TrimSpace(line),
	}, nil
}

// readSome reads a file that is not longer than limit.
func readSome(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errors.New("the file is too long")
	}
	return b, err
}

// call makes a request with body as JSON, or without one when it is nil, and reads the answer into v unless that is nil.
func (r *remote) call(ctx context.Context, method, path string, body map[string]string, v any) error {
	var text io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("cannot ask the console: %w", err)
		}
		text = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, text)
	if err != nil {
		return fmt.Errorf("cannot ask the console: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("cannot ask the console: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		err = errors.New("the answer is too long")
	}
	if err != nil {
		return fmt.Errorf("cannot read the console's answer: %w", err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return refusal(res.StatusCode, b)
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("cannot read the console's answer: %w", err)
	}
	return nil
}

// refusal says why the console did not do it.
func refusal(status int, body []byte) error {
	var why struct{ Error struct{ Code, Ja, En string } }
	if json.Unmarshal(body, &why) != nil || why.Error.Code == "" {
		return fmt.Errorf("the console answers with status %d", status)
	}
	return fmt.Errorf("%s / %s (%s)", why.Error.Ja, why.Error.En, why.Error.Code)
}

// desk is where decisions about held files are made: the gateway's own folder, or a console.
type desk interface {
	list(ctx context.Context) iter.Seq2[quarantine.Entry, error]
	get(ctx context.Context, id string) (quarantine.Entry, error)
	again(ctx context.Context, id, reason, policy, password string) error
	// asIs asks for the original, or approves; it reports whether that was the last approval.
	asIs(ctx context.Context, id string, why quarantine.By) (released bool, err error)
	reject(ctx context.Context, id, reason string) error
	Close() error
}

// folderDesk decides in the gateway's own folder, in the name of actor.
type folderDesk struct {
	*pipeline.Review
	actor string
	roles func(context.Context, quarantine.Entry) []quarantine.Role // that the actor has for a file's office
}

func (d folderDesk) list(context.Context) iter.Seq2[quarantine.Entry, error] { return d.Store.List() }

func (d folderDesk) get(_ context.Context, id string) (quarantine.Entry, error) {
	return d.Store.Get(id)
}

func (d folderDesk) again(ctx context.Context, id, reason, policy, password string) error {
	return d.Again(ctx, id, d.actor, reason, policy, password)
}

func (d folderDesk) asIs(ctx context.Context, id string, why quarantine.By) (bool, error) {
	e, err := d.Store.Get(id)
	if err != nil {
		return false, err
	}
	why.Actor, why.Roles = d.actor, d.roles(ctx, e)
	return d.AsIs(ctx, id, why)
}

func (d folderDesk) reject(ctx context.Context, id, reason string) error {
	return d.Reject(ctx, id, d.actor, reason)
}

// remoteDesk decides through a console, in the name of the token's owner and with no more rights. code is a one-time code of that
// person, for an approval.
type remoteDesk struct {
	*remote
	code string
}

var _, _ desk = folderDesk{}, remoteDesk{}

func (d remoteDesk) Close() error {
	d.client.CloseIdleConnections()
	return nil
}

// list returns what waits for a decision.
func (d remoteDesk) list(ctx context.Context) iter.Seq2[quarantine.Entry, error] {
	return func(yield func(quarantine.Entry, error) bool) {
		for after := ""; ; {
			var page struct {
				Held []quarantine.Entry
				Next string
			}
			if err := d.call(ctx, http.MethodGet, "/held?limit=100&after="+url.QueryEscape(after), nil, &page); err != nil {
				yield(quarantine.Entry{}, err)
				return
			}
			for _, e := range page.Held {
				if !yield(e, nil) {
					return
				}
			}
			if page.Next == "" || page.Next == after {
				return
			}
			after = page.Next
		}
	}
}

// about is the address of a file.
func about(id, what string) string { return "/files/" + url.PathEscape(id) + "/" + what }

func (d remoteDesk) get(ctx context.Context, id string) (e quarantine.Entry, err error) {
	err = d.call(ctx, http.MethodGet, about(id, "held"), nil, &e)
	return e, err
}

func (d remoteDesk) again(ctx context.Context, id, reason, policy, password string) error {
	if policy == "" && password != "" {
		return d.call(ctx, http.MethodPost, about(id, "password"), map[string]string{"password": password, "reason": reason}, nil)
	}
	if policy == "" { // the one that it was held under
		e, err := d.get(ctx, id)
		if err != nil {
			return err
		}
		policy = e.Item.Policy
	}
	return d.call(ctx, http.MethodPost, about(id, "treat"), map[string]string{"policy": policy, "password": password, "reason": reason}, nil)
}

func (d remoteDesk) asIs(ctx context.Context, id string, why quarantine.By) (released bool, err error) {
	var f struct{ State string }
	if err := d.call(ctx, http.MethodGet, "/files/"+url.PathEscape(id), nil, &f); err != nil {
		return false, err
	}
	if f.State != string(quarantine.Requested) {
		return false, d.call(ctx, http.MethodPost, about(id, "request"), map[string]string{"reason": why.Reason, "reason_code": string(why.Code)}, nil)
	}
	if d.code == "" {
		return false, exit{2, errors.New("別の人の申請を承認するには、自分の確認コードが要ります / an approval wants your one-time code: --code")}
	}
	if err := d.call(ctx, http.MethodPost, about(id, "approve"), map[string]string{"reason": why.Reason, "reason_code": string(why.Code), "code": d.code}, nil); err != nil {
		return false, err
	}
	e, err := d.get(ctx, id)
	return err != nil || e.State.Stage != quarantine.Requested, nil // the approval is made, whatever can be read of it
}

func (d remoteDesk) reject(ctx context.Context, id, reason string) error {
	return d.call(ctx, http.MethodPost, about(id, "reject"), map[string]string{"reason": reason}, nil)
}
