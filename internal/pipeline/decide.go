package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/notice"
	"sekisho/internal/quarantine"
	"sekisho/internal/stateversion"
	"sekisho/transfer/keyfile"
)

// Review is the quarantine as the person who decides sees it. Each decision is on the record under that person's name.
type Review struct {
	Store *quarantine.Store
	Log   *slog.Logger

	cfg   config.Gateway
	close []func() error
}

// OpenReview opens the quarantine of a gateway, which may be running.
func OpenReview(cfg config.Gateway) (*Review, error) {
	r := &Review{cfg: cfg, Log: slog.New(slog.DiscardHandler)}
	if _, err := os.Stat(cfg.State); err != nil {
		return nil, fmt.Errorf("cannot find the state of a gateway: %w", err)
	}
	if err := stateversion.Check(cfg.State); err != nil {
		return nil, err
	}
	root, err := durable.OpenFolder(filepath.Join(cfg.State, "quarantine"), 0o700)
	if err != nil {
		return nil, err
	}
	r.close = append(r.close, root.Close)
	recipients, err := loadRecipients(cfg.Quarantine.GatewayKey + ".pub")
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.Store = quarantine.Open(root, quarantine.Options{Gateway: recipients[0], Exceptions: cfg.Exceptions, Approvals: approvals(cfg)})
	return r, nil
}

// Recorder returns what puts one event on the record of a gateway, which may be running: a decision is rare, so the record is
// opened for each.
func Recorder(cfg config.Gateway) func(context.Context, audit.Event) error {
	return func(ctx context.Context, e audit.Event) error {
		signer, err := keyfile.LoadPrivate(cfg.Link.SignKey)
		if err != nil {
			return err
		}
		root, err := OpenRecordFolder(cfg, false)
		if err != nil {
			return err
		}
		defer root.Close()
		log, err := openRecord(root, signer)
		if err != nil {
			return err
		}
		return errors.Join(log.Append(ctx, e), log.Close())
	}
}

func (r *Review) record(ctx context.Context, e audit.Event) error { return Recorder(r.cfg)(ctx, e) }

// event begins the event of a decision.
func (r *Review) event(kind audit.Kind, id, actor, detail string) (audit.Event, error) {
	e, err := r.Store.Get(id)
	if err != nil {
		return audit.Event{}, err
	}
	return audit.Event{
		Kind: kind, Job: id, Route: e.Item.Route, Path: e.Item.Path, Name: e.Item.Name, SHA256In: e.Item.SHA256,
		Type: e.Item.Type, Reason: string(e.Item.Reason), Actor: actor, Detail: detail,
	}, nil
}

// decide records a decision that is possible and then makes it: what is not on record does not happen.
func (r *Review) decide(ctx context.Context, what quarantine.What, kind audit.Kind, id string, by quarantine.By, detail string, do func() error) error {
	e, err := r.event(kind, id, by.Actor, detail)
	if err != nil {
		return err
	}
	if what != "" {
		if err := r.Store.May(id, what, by); err != nil {
			return err
		}
	}
	if err := r.record(ctx, e); err != nil {
		return err
	}
	if err := do(); err != nil {
		e.Detail = audit.NotPossible + ": " + err.Error()
		return errors.Join(err, r.record(ctx, e))
	}
	return nil
}

// Again has a held file treated again, under another policy ("" for the one it had) or with a password ("" for none).
func (r *Review) Again(ctx context.Context, id, actor, reason, policy, password string) error {
	item, err := r.Store.Get(id)
	if err != nil {
		return err
	}
	if policy == "" {
		policy = item.Item.Policy
	}
	if _, err := r.cfg.PolicyNamed(policy); err != nil {
		return err
	}
	review, err := r.identity()
	if err != nil {
		return err
	}
	kind := audit.Reviewed
	if password != "" {
		kind = audit.Password
	}
	return r.decide(ctx, quarantine.DidInstruct, kind, id, quarantine.By{Actor: actor, Reason: reason}, join("to be treated again", policy, reason), func() error {
		return r.Store.Instruct(id, actor, reason, policy, password, review)
	})
}

// AsIs asks that the original be released as it is, or approves what another person asked for (例外措置). It reports
// whether that was the last approval.
func (r *Review) AsIs(ctx context.Context, id string, by quarantine.By) (released bool, err error) {
	e, err := r.Store.Get(id)
	if err != nil {
		return false, err
	}
	if e.State.Stage == quarantine.Requested {
		return r.Approve(ctx, id, by)
	}
	return false, r.Request(ctx, id, by)
}

// approvals says which approvals the release of an item's original needs.
func approvals(cfg config.Gateway) func(quarantine.Item) []quarantine.Role {
	return func(i quarantine.Item) []quarantine.Role {
		var steps []quarantine.Role
		for _, role := range cfg.Approvals(string(i.Reason), []string{i.Type, i.Declared}, cfg.OfficeOf(i.Route, i.Path), i.Size) {
			steps = append(steps, quarantine.Role(role))
		}
		return steps
	}
}

// why writes the reason of a decision for the record: the code before the words.
func why(by quarantine.By) string {
	if by.Code == "" {
		return by.Reason
	}
	return strings.TrimSpace(fmt.Sprintf("[%s] %s", by.Code, by.Reason))
}

// Request asks that the original be released as it is. It fails with quarantine.ErrMalware for malware, always, and with
// quarantine.ErrExceptions where that is not allowed.
func (r *Review) Request(ctx context.Context, id string, by quarantine.By) error {
	return r.decide(ctx, quarantine.DidRequest, audit.Requested, id, by, why(by), func() error {
		return r.Store.Request(id, by)
	})
}

// Approve makes the next approval of what another person asked for, and releases the original with the last one, which it
// reports. It fails with quarantine.ErrSamePerson when the person asked, or has approved before, and with quarantine.ErrRole when
// it is the turn of somebody in another role.
func (r *Review) Approve(ctx context.Context, id string, by quarantine.By) (released bool, err error) {
	review, err := r.identity()
	if err != nil {
		return false, err
	}
	e, err := r.Store.Get(id)
	if err != nil {
		return false, err
	}
	role, has, needs := r.Store.Next(e)
	by.Nth = has + 1 // what is put on record, and no other one
	kind := audit.Endorsed
	if released = has+1 >= needs; released {
		kind = audit.Approved
	}
	detail := fmt.Sprintf("approval %d of %d", has+1, needs)
	if role != quarantine.Anyone {
		detail += " as " + string(role)
	}
	return released, r.decide(ctx, quarantine.DidApprove, kind, id, by, join(detail, why(by)), func() error {
		return r.Store.Approve(id, by, review)
	})
}

// Reject decides that the file does not cross. The reason is a sentence to the sender: it is on the notice in the share.
func (r *Review) Reject(ctx context.Context, id, actor, reason string) error {
	e, err := r.Store.Get(id)
	if err != nil {
		return err
	}
	err = r.decide(ctx, quarantine.DidReject, audit.Rejected, id, quarantine.By{Actor: actor, Reason: reason}, reason, func() error {
		return r.Store.Reject(id, actor, reason)
	})
	if err != nil || e.Item.Source != "inbox" {
		return err
	}
	if err := r.tell(e.Item, reason); err != nil { // the share may be away; the decision is made and on record
		r.Log.Error("cannot leave a notice", "job", id, "error", err)
	}
	return nil
}

// tell leaves a notice of the rejection in the share that the file came from.
func (r *Review) tell(item quarantine.Item, sentence string) error {
	for _, route := range r.cfg.Routes {
		if route.Name != item.Route {
			continue
		}
		share, err := os.OpenRoot(route.Inbox)
		if err != nil {
			return fmt.Errorf("cannot open inbox: %w", err)
		}
		defer share.Close()
		return leaveNotice(share, item.Path, notice.Notice{
			Name: item.Name, Reason: "rejected", Time: time.Now(), Job: item.Job, SHA256: item.SHA256, Said: sentence,
		})
	}
	return fmt.Errorf("cannot leave notice: no route %q", item.Route)
}

// Extend keeps a held file until a moment, at least.
func (r *Review) Extend(ctx context.Context, id, actor, reason string, until time.Time) error {
	detail := join("kept until "+until.UTC().Format(time.RFC3339), reason)
	return r.decide(ctx, quarantine.DidExtend, audit.Extended, id, quarantine.By{Actor: actor, Reason: reason}, detail, func() error {
		return r.Store.Extend(id, actor, reason, until)
	})
}

// Delete deletes a held file for good. It fails with quarantine.ErrState while the gateway has work to do on it.
func (r *Review) Delete(ctx context.Context, id, actor, reason string) error {
	e, err := r.Store.Get(id)
	if err != nil {
		return err
	}
	if e.State.Stage == quarantine.Instructed || e.State.Stage == quarantine.Treating {
		return fmt.Errorf("cannot delete %s: %w: %s", id, quarantine.ErrState, e.State.Stage)
	}
	if strings.TrimSpace(actor) == "" {
		return fmt.Errorf("cannot delete %s: %w", id, quarantine.ErrActor)
	}
	return r.decide(ctx, "", audit.Deleted, id, quarantine.By{Actor: actor, Reason: reason}, join("deleted by a person", reason), func() error { return r.Store.Delete(id) })
}

// Evidence writes the original of a held file to w, encrypted to an age recipient ("age1…"): never in the clear. What is
// written is whole only when the error is nil.
func (r *Review) Evidence(ctx context.Context, id, actor, reason, recipient string, w io.Writer) error {
	to, err := quarantine.ParsePublic(strings.TrimSpace(recipient))
	if err != nil {
		return err
	}
	if strings.TrimSpace(actor) == "" {
		return fmt.Errorf("cannot take original out: %w", quarantine.ErrActor)
	}
	review, err := r.identity()
	if err != nil {
		return err
	}
	original, err := r.Store.Original(id, review)
	if err != nil {
		return err
	}
	defer original.Close()
	return r.decide(ctx, "", audit.Evidence, id, quarantine.By{Actor: actor, Reason: reason}, join("original taken out, encrypted to "+recipient, reason), func() error {
		return sealTo(w, to, original)
	})
}

// sealTo encrypts r to a recipient.
func sealTo(w io.Writer, to age.Recipient, r io.Reader) error {
	sealed, err := age.Encrypt(w, to)
	if err == nil {
		_, err = io.Copy(sealed, r)
	}
	if err == nil {
		err = sealed.Close()
	}
	if err != nil {
		return fmt.Errorf("cannot take original out: %w", err)
	}
	return nil
}

// identity loads the key that opens held files.
func (r *Review) identity() (age.Identity, error) { return loadIdentity(r.cfg.Quarantine.ReviewKey) }

// Close closes the quarantine.
func (r *Review) Close() error {
	var errs []error
	for _, c := range r.close {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// join joins what is not empty.
func join(parts ...string) string {
	all := ""
	for _, p := range parts {
		if p != "" && all != "" {
			all += "; "
		}
		all += p
	}
	return all
}
