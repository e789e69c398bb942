package sanitize

import (
	"context"
	"errors"
)

// The kinds of refusal. A format wraps one of them with %w; the text after it is for the log and the report.
var (
	ErrMalware     = errors.New("malware")     // known at sight; nothing makes such a file cross
	ErrUnsupported = errors.New("unsupported") // recognised or not, no format rebuilds it
	ErrAmbiguous   = errors.New("ambiguous")   // two unrelated formats claim it: a polyglot
	ErrMismatch    = errors.New("mismatch")    // the name says one type, the content another
	ErrMalformed   = errors.New("malformed")   // the grammar does not hold
	ErrEncrypted   = errors.New("encrypted")   // a password is needed, or the one given is wrong
	ErrLimit       = errors.New("limit")       // a limit of Limits would be exceeded
	ErrPolicy      = errors.New("policy")      // readable, but the policy does not let it pass
)

type transient struct{ error }

func (t transient) Unwrap() error { return t.error }

// Transient marks err as one that may go away by itself (a full scratch disk, say). Everything else is final.
func Transient(err error) error { return transient{err} }

// IsTransient reports whether err was marked with Transient.
func IsTransient(err error) bool {
	var t transient
	return errors.As(err, &t)
}

// ReasonOf names the reason for which a file that met err is held. An error of no known kind is malformed: the
// format read something that it could not explain.
func ReasonOf(err error) Reason {
	for _, k := range []struct {
		err    error
		reason Reason
	}{
		{ErrMalware, ReasonMalware}, {ErrEncrypted, ReasonEncrypted}, {ErrUnsupported, ReasonUnsupported}, {ErrAmbiguous, ReasonAmbiguous},
		{ErrMismatch, ReasonMismatch}, {ErrLimit, ReasonLimit}, {ErrPolicy, ReasonPolicy},
		{context.DeadlineExceeded, ReasonTimeout}, {context.Canceled, ReasonTimeout},
	} {
		if errors.Is(err, k.err) {
			return k.reason
		}
	}
	return ReasonMalformed
}
