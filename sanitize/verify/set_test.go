package verify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"sekisho/sanitize"
)

// fake judges the format of inputs that begin with its ID. What follows says what it does.
type fake string

func (f fake) ID() string { return string(f) }

func (f fake) Claims(in sanitize.Input) bool {
	if bytes.HasPrefix(in.Head(100), []byte("claim")) {
		panic("claims")
	}
	return bytes.HasPrefix(in.Head(100), []byte(f))
}

func (f fake) Check(ctx context.Context, in sanitize.Input, pass Pass) error {
	b, err := in.Bytes(1 << 20)
	if err != nil {
		return err
	}
	rest := b[len(f):]
	switch {
	case len(rest) == 0:
		return nil
	case rest[0] == '(':
		return pass.Member(ctx, "m", sanitize.BytesInput(rest[1:]))
	}
	switch string(rest) {
	case "-panic":
		panic("no")
	case "-expand":
		return pass.Expand(pass.Policy.Limits.Expanded + 1)
	case "-entries":
		for err == nil {
			err = pass.Entry()
		}
		return err
	case "-wait":
		<-ctx.Done()
		return nil
	case "-disk":
		return sanitize.Transient(io.ErrUnexpectedEOF)
	}
	return errors.New("unknown")
}

func TestSet(t *testing.T) {
	set, err := New(fake("aa"), fake("b"))
	if err != nil {
		t.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Depth = 2
	for content, want := range map[string]string{
		"aa": "", "aa(b": "", "aa(b(aa": "", "aa(b(aa(b": RuleLimit, "aa-panic": RulePanic, "aa(b-panic": RulePanic, "aa-expand": RuleLimit,
		"aa-entries": RuleLimit, "aa-other": RuleUnreadable, "aa(c": RuleUnknown, "aa(claim": RuleUnknown,
	} {
		err := set.Check(context.Background(), "aa", sanitize.BytesInput([]byte(content)), policy)
		var v Violation
		if errors.As(err, &v); v.Rule != want || (err == nil) != (want == "") {
			t.Errorf("%s: got %v, want rule %q", content, err, want)
		}
	}
	if err := set.Check(context.Background(), "zz", sanitize.BytesInput(nil), policy); err == nil {
		t.Error("an unknown type passes")
	}
	if id := set.Identify(sanitize.BytesInput([]byte("b"))); id != "b" {
		t.Errorf("identified as %q", id)
	}
}

// TestRun proves that what is about the run and not about the file is no violation, and no pass either.
func TestRun(t *testing.T) {
	set, err := New(fake("aa"))
	if err != nil {
		t.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Time = time.Millisecond
	if err := set.Check(context.Background(), "aa", sanitize.BytesInput([]byte("aa-wait")), policy); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("past the deadline: %v", err)
	}
	if err := set.Check(context.Background(), "aa", sanitize.BytesInput([]byte("aa-disk")), sanitize.Standard()); !sanitize.IsTransient(err) {
		t.Errorf("a failing disk: %v", err)
	}
	policy = sanitize.Standard()
	policy.Limits.FileSize = 1
	var v Violation
	if err := set.Check(context.Background(), "aa", sanitize.BytesInput([]byte("aa")), policy); !errors.As(err, &v) || v.Rule != RuleLimit {
		t.Errorf("a file too long: %v", err)
	}
}

func TestNew(t *testing.T) {
	if _, err := New(fake("a"), fake("a")); err == nil {
		t.Error("two judges of one format")
	}
	set, err := New(fake("a"), fake("ab"))
	if err != nil {
		t.Fatal(err)
	}
	if id := set.Identify(sanitize.BytesInput([]byte("abc"))); id != "" {
		t.Errorf("claimed by two, identified as %q", id)
	}
}

func TestWhere(t *testing.T) {
	set, err := New(fake("aa"), fake("b"))
	if err != nil {
		t.Fatal(err)
	}
	err = set.Check(context.Background(), "aa", sanitize.BytesInput([]byte("aa(b(c")), sanitize.Standard())
	var v Violation
	if !errors.As(err, &v) || v.Where != "m > m" {
		t.Errorf("got %v", err)
	}
}
