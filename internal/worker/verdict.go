package worker

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// What a response may hold. The shapes are those that the formats promise; a child that breaks them is not believed.
const (
	maxFindings = 5000
	maxWhere    = 1 << 10 // bytes of one place
	maxDetail   = 32 << 10
)

// allowance is what the kernel lets a child use for its file.
type allowance struct {
	memory    int64         // bytes that it may write to (RLIMIT_DATA)
	processor time.Duration // of all its threads together (RLIMIT_CPU)
}

func allowanceOf(r wire.Request) allowance {
	return allowance{memory: r.Policy.Limits.Memory, processor: wire.ProcessorTime(r.Policy.Limits.Time, r.Procs)}
}

// died says why a child gave no response that can be read. It may have been killed by us, for the lack of one.
func died(why error, c *process, most allowance) Result {
	detail := fmt.Sprintf("%v; child ended: %v\n%s", why, c.state, c.words())
	r := Result{Reason: sanitize.ReasonCrash}
	switch {
	case timedOut(why):
		r.Reason = sanitize.ReasonTimeout
	case c.killed:
	case most.usedUp(c.state, c.words()):
		r.Reason, r.Kind = sanitize.ReasonLimit, sanitize.ErrLimit
	case signal(c.state) == syscall.SIGKILL:
		r.killed = true
		detail = "child was killed from outside, below its own limits: " + detail
	}
	r.Detail = clip(detail, maxDetail)
	return r
}

// usedUp reports whether a child died because it used up its memory or its processor time. At the limit of processor time
// the kernel kills with SIGKILL (setrlimit(2)); it counts by ticks of the clock, so that its own sum at the end may be
// somewhat less. At the limit of memory it gives no more, and the Go runtime gives up by itself: it mostly says so, but
// parts of it trip over the lack. It never kills there: it does that where a whole machine, or a group of processes, has
// used up its memory, and picks one that may have used little.
func (a allowance) usedUp(state *os.ProcessState, words string) bool {
	if state == nil {
		return false
	}
	if s := signal(state); s > 0 {
		return (s == syscall.SIGKILL || s == syscall.SIGXCPU) && state.UserTime()+state.SystemTime() > a.processor/4*3
	}
	head, _, _ := strings.Cut(words, "goroutine ")
	said := strings.Contains(head, "out of memory") || strings.Contains(head, "cannot allocate")
	return state.ExitCode() == 2 && (said || peak(state) > a.memory/4*3)
}

// signal returns the signal that ended a process, or 0.
func signal(state *os.ProcessState) syscall.Signal {
	if state == nil {
		return 0
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}

// answered turns a response into a result. The error is one that may go away by itself.
func answered(resp wire.Response) (Result, error) {
	report, err := checkReport(resp)
	if err != nil {
		return nonsense(err), nil
	}
	reason, known, kind := wire.Lookup(resp.Kind)
	switch {
	case !known || !resp.Failed && (resp.Kind != wire.KindNone || resp.Transient):
		return nonsense(errors.New("a kind of failure that there is not")), nil
	case !resp.Failed:
		return Result{Report: report}, nil
	case resp.Transient:
		return Result{}, sanitize.Transient(errors.New(clip(resp.Text, maxDetail)))
	}
	return Result{Report: report, Kind: kind, Reason: reason, Detail: clip(resp.Text, maxDetail)}, nil
}

func nonsense(err error) Result {
	return Result{Reason: sanitize.ReasonCrash, Detail: fmt.Sprintf("child answered nonsense: %v", err)}
}

// checkReport returns the report of a response, if it has the shape of one.
func checkReport(resp wire.Response) (sanitize.Report, error) {
	if !isID(resp.Type) || !isID(resp.Output) {
		return sanitize.Report{}, errors.New("a type that there is not")
	}
	if len(resp.Findings) > maxFindings {
		return sanitize.Report{}, fmt.Errorf("%d findings, at most %d", len(resp.Findings), maxFindings)
	}
	report := sanitize.Report{Type: resp.Type, Output: resp.Output, Findings: resp.Findings}
	for i := range report.Findings {
		f := &report.Findings[i]
		if !isRule(f.Rule) || !isAction(f.Action) || f.Count < 1 {
			return sanitize.Report{}, errors.New("a finding that there is not")
		}
		f.Where = clip(f.Where, maxWhere)
	}
	return report, nil
}

func isAction(a sanitize.Action) bool {
	return a == sanitize.Removed || a == sanitize.Replaced || a == sanitize.Repaired
}

// isID reports whether s could be the ID of a format, or is empty.
func isID(s string) bool { return len(s) <= 32 && !strings.ContainsFunc(s, notIDRune) }

// isRule reports whether s could be a rule: "<format>/<thing>".
func isRule(s string) bool {
	format, thing, found := strings.Cut(s, "/")
	return found && len(s) <= 100 && format != "" && thing != "" && isID(format) && !strings.ContainsFunc(thing, notIDRune)
}

func notIDRune(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_')
}

// clip returns s as valid UTF-8 of about n bytes at most: its head, and its tail when it is longer.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n/2] + "\n…\n" + s[len(s)-n/2:]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
