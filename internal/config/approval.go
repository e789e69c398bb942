package config

import (
	"fmt"
	"slices"
	"strings"

	"sekisho/sanitize"
)

// Approval says how many people must approve that originals of a class are released as they are (例外措置), beside the one who
// asks. What is left out fits every file. The first class that fits a file holds; where none does, it is one approval.
type Approval struct {
	Reasons []string `toml:"reasons"` // why it is held: encrypted, unsupported, …
	Types   []string `toml:"types"`   // by content or by name: pdf, exe, …
	Offices []string `toml:"offices"`
	Over    Size     `toml:"over"` // files longer than this
	Need    string   `toml:"need"` // one, two, stepped (the office's approver, then an administrator) or never
}

// The values of Approval.Need, and the roles of their steps: "" for whoever may approve.
func needs() map[string][]string {
	return map[string][]string{"one": {""}, "two": {"", ""}, "stepped": {"approver", "admin"}, "never": nil}
}

// Approvals returns the roles of those who must approve that an original is released, one after the other; none: it never is.
func (g Gateway) Approvals(reason string, types []string, office string, size int64) []string {
	for _, a := range g.Approval {
		typed := len(a.Types) == 0 || slices.ContainsFunc(types, func(t string) bool { return slices.Contains(a.Types, t) })
		if fits(a.Reasons, reason) && typed && fits(a.Offices, office) && (a.Over == 0 || size > int64(a.Over)) {
			return needs()[a.Need]
		}
	}
	return needs()["one"]
}

// fits reports whether a list that lets everything through when it is empty has a value.
func fits(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

// checkApprovals fails unless every class can be.
func (g *Gateway) checkApprovals() error {
	var reasons []string
	for _, r := range sanitize.Reasons() {
		reasons = append(reasons, string(r))
	}
	for i, a := range g.Approval {
		if _, ok := needs()[a.Need]; !ok {
			return fmt.Errorf("approval %d: need is %q: want one, two, stepped or never", i+1, a.Need)
		}
		if slices.Contains(a.Reasons, string(sanitize.ReasonMalware)) {
			return fmt.Errorf("approval %d: nobody approves malware: it never crosses", i+1)
		}
		for _, r := range a.Reasons {
			if !slices.Contains(reasons, r) {
				return fmt.Errorf("approval %d: no file is held for the reason %q: have %s", i+1, r, strings.Join(reasons, ", "))
			}
		}
	}
	return nil
}
