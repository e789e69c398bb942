package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/age"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/quarantine"
	"sekisho/internal/stateversion"
	"sekisho/transfer/keyfile"
)

// Review is the quarantine as the person who decides sees it. Each decision is on the record under that person's name.
type Review struct {
	Store *quarantine.Store

	cfg   config.Gateway
	close []func() error
}

// OpenReview opens the quarantine of a gateway, which may be running.
func OpenReview(cfg config.Gateway) (*Review, error) {
	r := &Review{cfg: cfg}
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
	r.Store = quarantine.Open(root, quarantine.Options{Gateway: recipients[0], Exceptions: cfg.Exceptions})
	return r, nil
}

// record opens the record, puts the event on it and closes it: a decision is rare, and the gateway writes meanwhile.
func (r *Review) record(ctx context.Context, e audit.Event) error {
	signer, err := keyfile.LoadPrivate(r.cfg.Link.SignKey)
	if err != nil {
		return err
	}
	root, err := OpenRecordFolder(r.cfg, false)
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

// decide records a decision and then makes it: what is not on record does not happen.
func (r *Review) decide(ctx context.Context, kind audit.Kind, id, actor, detail string, do func() error) error {
	e, err := r.event(kind, id, actor, detail)
	if err != nil {
		return err
	}
	if err := r.record(ctx, e); err != nil {
		return err
	}
	if err := do(); err != nil {
		e.Detail = "this decision was not possible: " + err.Error()
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
	return r.decide(ctx, kind, id, actor, join("to be treated again", policy, reason), func() error {
		return r.Store.Instruct(id, actor, reason, policy, password, review)
	})
}

// AsIs asks that the original be released as it is, or approves what another person asked for (例外措置). It reports
// whether it was the approval.
func (r *Review) AsIs(ctx context.Context, id, actor, reason string) (approved bool, err error) {
	e, err := r.Store.Get(id)
	if err != nil {
		return false, err
	}
	if e.State.Stage != quarantine.Requested {
		return false, r.decide(ctx, audit.Requested, id, actor, reason, func() error { return r.Store.Request(id, actor, reason) })
	}
	review, err := r.identity()
	if err != nil {
		return false, err
	}
	return true, r.decide(ctx, audit.Approved, id, actor, reason, func() error { return r.Store.Approve(id, actor, review) })
}

// Reject decides that the file does not cross.
func (r *Review) Reject(ctx context.Context, id, actor, reason string) error {
	return r.decide(ctx, audit.Rejected, id, actor, reason, func() error { return r.Store.Reject(id, actor, reason) })
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
