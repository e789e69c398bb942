package verify

import (
	"fmt"
	"strings"
)

// Violation says why a file must not be released.
type Violation struct {
	Rule   string // "verify/<format>/<thing>": a closed set, listed in the rules.go of each judge
	Where  string // a place in the file; may hold text of the file, so distrust it
	Detail string // what was found there; distrust it too
}

// Error implements error. Text of the file is quoted in it.
func (v Violation) Error() string {
	var b strings.Builder
	b.WriteString(v.Rule)
	if v.Where != "" {
		fmt.Fprintf(&b, " at %q", v.Where)
	}
	if v.Detail != "" {
		b.WriteString(": " + v.Detail)
	}
	return b.String()
}

// The rules of the Set itself.
const (
	RuleUnknown    = "verify/unknown"    // no judge knows the type, or the content is of none
	RuleLimit      = "verify/limit"      // a limit of the policy would be exceeded
	RulePanic      = "verify/panic"      // a judge failed; the file is to blame until shown otherwise
	RuleUnreadable = "verify/unreadable" // a judge could not explain what it read
)

// Fail returns a violation. The arguments of format that come from the file are to be quoted with %q.
func Fail(rule, where, format string, args ...any) error {
	return Violation{Rule: rule, Where: where, Detail: fmt.Sprintf(format, args...)}
}
