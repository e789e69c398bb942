package wire

import (
	"context"
	"errors"

	"sekisho/sanitize"
)

// Kind names an error across the process boundary. The set is closed.
type Kind string

// The kinds that are no error of package sanitize.
const (
	KindNone    Kind = ""        // nothing failed, or it failed for no known reason
	KindTimeout Kind = "timeout" // the time of the run was over
	KindVerify  Kind = "verify"  // the judge refused
)

type kind struct {
	name   Kind
	err    error // nil for kinds that stand for no error value
	reason sanitize.Reason
}

// kinds returns the closed set, in the order in which an error is compared with it.
func kinds() []kind {
	return []kind{
		{"malware", sanitize.ErrMalware, sanitize.ReasonMalware},
		{"encrypted", sanitize.ErrEncrypted, sanitize.ReasonEncrypted},
		{"unsupported", sanitize.ErrUnsupported, sanitize.ReasonUnsupported},
		{"ambiguous", sanitize.ErrAmbiguous, sanitize.ReasonAmbiguous},
		{"mismatch", sanitize.ErrMismatch, sanitize.ReasonMismatch},
		{"limit", sanitize.ErrLimit, sanitize.ReasonLimit},
		{"policy", sanitize.ErrPolicy, sanitize.ReasonPolicy},
		{"malformed", sanitize.ErrMalformed, sanitize.ReasonMalformed},
		{KindTimeout, nil, sanitize.ReasonTimeout},
		{KindVerify, nil, sanitize.ReasonVerify},
		{KindNone, nil, sanitize.ReasonMalformed},
	}
}

// KindOf returns the kind of err.
func KindOf(err error) Kind {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return KindTimeout
	}
	for _, k := range kinds() {
		if k.err != nil && errors.Is(err, k.err) {
			return k.name
		}
	}
	return KindNone
}

// Lookup returns the reason for which a file that met a failure of kind k is held, and the error that k stands for (nil
// when it stands for none). The second result is false when k is not of the closed set.
func Lookup(k Kind) (sanitize.Reason, bool, error) {
	for _, known := range kinds() {
		if known.name == k {
			return known.reason, true, known.err
		}
	}
	return "", false, nil
}
