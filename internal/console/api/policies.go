package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sekisho/internal/console/account"
	"sekisho/internal/policy"
)

// Policies is what the interface asks of the gateway about policies.
type Policies interface {
	Policies() *policy.Store
	TryHeld(ctx context.Context, actor string, r policy.Rules, days int) error
	Trial() policy.Trial
}

// version is one version of the policies as a program reads it.
type version struct {
	Number    int          `json:"number"`
	Rules     policy.Rules `json:"rules"`
	Proposer  string       `json:"proposer,omitempty"`
	Reason    string       `json:"reason,omitempty"`
	Activator string       `json:"activator,omitempty"`
	Agreed    string       `json:"agreed,omitempty"`
	Activated *time.Time   `json:"activated,omitempty"`
	Back      *int         `json:"back,omitempty"` // the version that it goes back to
}

// proposal is what waits for a second person.
type proposal struct {
	ID       string       `json:"id"`
	Base     int          `json:"base"`
	Rules    policy.Rules `json:"rules"`
	Proposer string       `json:"proposer"`
	Reason   string       `json:"reason"`
	Proposed time.Time    `json:"proposed"`
	Back     *int         `json:"back,omitempty"`
}

// backOf is the version that something goes back to, or nil.
func backOf(p policy.Proposal) *int {
	if p.Back == policy.None {
		return nil
	}
	return &p.Back
}

func versionOf(v policy.Version) version {
	made := version{Number: v.Number, Rules: v.Rules(), Proposer: v.Proposal.Actor, Reason: v.Proposal.Reason, Activator: v.Activator, Agreed: v.Reason, Back: backOf(v.Proposal)}
	if !v.Activated.IsZero() {
		made.Activated = &v.Activated
	}
	return made
}

// policies answers with the version in force, or an earlier one, and what is proposed.
func (c *call) policies() error {
	store := c.opt.Gateway.Policies()
	v := store.Active()
	if text := c.r.URL.Query().Get("version"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%w: version", errInput)
		}
		if v, err = store.Version(n); err != nil {
			return err
		}
	}
	answer := map[string]any{"active": store.Active().Number, "version": versionOf(v)}
	p, waits, err := store.Proposal()
	if err != nil {
		return err
	}
	if waits {
		answer["proposal"] = proposal{p.ID(), p.Base, p.Rules, p.Actor, p.Reason, p.Proposed, backOf(p)}
	}
	return c.answer(http.StatusOK, answer)
}

// policyBody is the body of an action about policies.
type policyBody struct {
	Rules    *policy.Rules `json:"rules"`
	Back     *int          `json:"back"`
	Proposal string        `json:"proposal"`
	Reason   string        `json:"reason"`
	Code     string        `json:"code"`
	Days     int           `json:"days"`
}

// aboutPolicies reads the body, does the action, and answers with the version in force and what is proposed.
func (c *call) aboutPolicies(do func(policyBody) error) error {
	var b policyBody
	if err := c.body(&b); err != nil {
		return err
	}
	if err := do(b); err != nil {
		return err
	}
	answer := map[string]any{"active": c.opt.Gateway.Policies().Active().Number}
	if p, waits, err := c.opt.Gateway.Policies().Proposal(); err == nil && waits {
		answer["proposal"] = p.ID()
	}
	return c.answer(http.StatusAccepted, answer)
}

// propose proposes rules, or to go back to an earlier version.
func (c *call) propose() error {
	return c.aboutPolicies(func(b policyBody) error {
		if (b.Rules == nil) == (b.Back == nil) || b.Back != nil && *b.Back < 0 {
			return fmt.Errorf("%w: rules or back", errInput)
		}
		if b.Back != nil {
			return c.opt.Gateway.Policies().Propose(c.r.Context(), c.who.Name, b.Reason, policy.Rules{}, *b.Back)
		}
		return c.opt.Gateway.Policies().Propose(c.r.Context(), c.who.Name, b.Reason, *b.Rules, policy.None)
	})
}

// activate brings the proposal into force. A program alone is nobody's second person: it wants a one-time code of the person.
func (c *call) activate() error {
	return c.aboutPolicies(func(b policyBody) error {
		if err := c.oneTime(b.Code); err != nil {
			return err
		}
		return c.opt.Gateway.Policies().Activate(c.r.Context(), c.who.Name, b.Reason, b.Proposal)
	})
}

// oneTime fails unless the code is a one-time code of the person, now.
func (c *call) oneTime(code string) error {
	r, err := c.opt.Accounts.CheckTOTP(c.r.Context(), account.Attempt{Name: c.who.Name, From: c.opt.From(c.r)}, code)
	switch {
	case err != nil:
		return err
	case r == account.Locked:
		return errLocked
	case r != account.Signed:
		return errCode
	}
	return nil
}

// withdraw takes the proposal back.
func (c *call) withdraw() error {
	return c.aboutPolicies(func(b policyBody) error {
		return c.opt.Gateway.Policies().Withdraw(c.r.Context(), c.who.Name, b.Proposal)
	})
}

// try begins to try rules, or the proposal, on the files of some days.
func (c *call) try() error {
	return c.aboutPolicies(func(b policyBody) error {
		if (b.Rules == nil) == (b.Proposal == "") || b.Days < 1 || b.Days > policy.MaxTrialDays {
			return fmt.Errorf("%w: rules or proposal, and days", errInput)
		}
		if b.Rules != nil {
			return c.opt.Gateway.TryHeld(c.r.Context(), c.who.Name, *b.Rules, b.Days)
		}
		p, waits, err := c.opt.Gateway.Policies().Proposal()
		if err == nil && (!waits || p.ID() != b.Proposal) {
			err = policy.ErrNone
		}
		if err != nil {
			return err
		}
		return c.opt.Gateway.TryHeld(c.r.Context(), c.who.Name, p.Rules, b.Days)
	})
}

// triedFile is one file of a trial.
type triedFile struct {
	Job  string   `json:"job"`
	Name string   `json:"name"`
	Why  string   `json:"why,omitempty"` // why it could not be tried
	Now  *outcome `json:"now,omitempty"`
	Then *outcome `json:"then,omitempty"`
}

// outcome is what becomes of a file.
type outcome struct {
	Policy   string `json:"policy"`
	Verdict  string `json:"verdict"`
	Reason   string `json:"reason,omitempty"`
	Findings int    `json:"findings"`
}

func outcomeOf(o policy.Outcome) *outcome {
	made := &outcome{Policy: o.Policy, Verdict: string(o.Verdict), Reason: string(o.Reason)}
	for _, f := range o.Findings {
		made.Findings += max(f.Count, 1)
	}
	return made
}

// trial answers with the last trial, as far as it is.
func (c *call) trial() error {
	t := c.opt.Gateway.Trial()
	files := []triedFile{}
	for _, f := range t.Files {
		one := triedFile{Job: f.Job, Name: f.Name, Why: f.Why}
		if f.Why == "" {
			one.Now, one.Then = outcomeOf(f.Now), outcomeOf(f.Then)
		}
		files = append(files, one)
	}
	return c.answer(http.StatusOK, map[string]any{
		"running": !t.Begun.IsZero() && t.Ended.IsZero(), "actor": t.Actor, "base": t.Base, "rules": t.Rules, "days": t.Days, "total": t.Total, "left_out": t.LeftOut, "late": t.Late, "files": files,
	})
}
