package worker

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// What a response may hold. The shapes are those that the formats promise; a child that breaks them is not believed.
const (
	maxFindings = 5000
	maxWhere    = 1 << 10 // bytes of one place
	maxDetail   = 32 << 10
)

// died says why a child gave no response that can be read. It may have been killed by us, for the lack of one.
func died(why error, c *process, memory int64) Result {
	detail := clip(fmt.Sprintf("%v; child ended: %v\n%s", why, c.state, c.words()), maxDetail)
	switch {
	case timedOut(why):
		return Result{Reason: sanitize.ReasonTimeout, Detail: detail}
	case !c.killed && starved(c.state, c.words(), memory):
		return Result{Reason: sanitize.ReasonLimit, Kind: sanitize.ErrLimit, Detail: detail}
	}
	return Result{Reason: sanitize.ReasonCrash, Detail: detail}
}

// starved reports whether a child died because it used up its memory (in bytes) or its processor time. The kernel kills
// with SIGKILL at the limit of processor time, and where a group of processes has used up its memory. The Go runtime
// gives up by itself where it gets no more memory; it mostly says so, but parts of it trip over the lack.
func starved(state *os.ProcessState, words string, memory int64) bool {
	if state == nil {
		return false
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal() == syscall.SIGKILL || status.Signal() == syscall.SIGXCPU
	}
	head, _, _ := strings.Cut(words, "goroutine ")
	said := strings.Contains(head, "out of memory") || strings.Contains(head, "cannot allocate")
	return state.ExitCode() == 2 && (said || peak(state) > memory/4*3)
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
