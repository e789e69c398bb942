package arrival

import (
	"context"
	"fmt"
	"os"

	"sekisho/internal/audit"
	"sekisho/internal/worker"
	"sekisho/sanitize"
	"sekisho/transfer/manifest"
	"sekisho/transfer/receiver"
)

// maxTries is how often the judge's child may crash or run out of time over one package before that is the verdict. The gateway's
// judge has passed the file; a machine that is short of memory or time may fail here more than once.
const maxTries = 5

// check asks the judge about a staged body. An original that people released is not asked about: it is what a judge
// refuses, and the receiver has let it through because configuration allows it.
func (z *Zone) check(ctx context.Context, body *os.File, m manifest.Manifest) error {
	if m.Exception() {
		return nil
	}
	policy, err := sanitize.PolicyNamed(m.Policy)
	if err != nil {
		return err
	}
	policy.Limits.FileSize = int64(z.cfg.MaxPackage)
	res, err := z.pool.Verify(ctx, worker.Request{Input: body, Name: m.Name, Format: m.Type, Policy: policy})
	if err != nil {
		return fmt.Errorf("%w: %v", receiver.ErrLater, err)
	}
	switch res.Reason {
	case "":
		z.forget(m.ID)
		return nil
	case sanitize.ReasonCrash, sanitize.ReasonTimeout:
		if z.failed(m.ID) < maxTries {
			return fmt.Errorf("%w: %s: %s", receiver.ErrLater, res.Reason, res.Detail)
		}
	}
	z.forget(m.ID)
	return fmt.Errorf("%s: %s", res.Reason, res.Detail)
}

// failed counts a failed judgement of the package id.
func (z *Zone) failed(id string) int {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.tries[id]++
	return z.tries[id]
}

func (z *Zone) forget(id string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	delete(z.tries, id)
}

// note puts an event of the receiver on record, and then tells of it.
func (z *Zone) note(ctx context.Context, e receiver.Event) error {
	if err := z.record.Append(ctx, entry(e)); err != nil {
		return err
	}
	z.tell(e)
	return nil
}

// entry is an event as the record has it.
func entry(e receiver.Event) audit.Event {
	m := e.Manifest
	out := audit.Event{
		Job: e.ID, Route: m.Route, Path: m.Path, Name: m.Name, Type: m.Type, Policy: m.Policy, Version: m.Version,
		SHA256In: m.Original, SHA256Out: m.Rebuilt, SizeOut: m.Length,
	}
	switch e.Kind {
	case receiver.Released:
		out.Kind, out.Path, out.Name = audit.Released, e.Path, e.Name
		out.Detail = fmt.Sprintf("sequence %d of gateway %s", m.Sequence, m.Gateway)
		if m.Exception() {
			out.Detail += ", an original released by people (例外措置)"
		}
		for _, f := range m.Findings {
			out.Findings = append(out.Findings, audit.Finding(f))
		}
	case receiver.Refused:
		out.Kind, out.Reason, out.Detail = audit.Refused, string(e.Reason), e.Detail
	case receiver.Duplicate:
		out.Kind, out.Reason, out.Detail = audit.Arrived, "duplicate", "offered again, ignored"
	}
	return out
}
