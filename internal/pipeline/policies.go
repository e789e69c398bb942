package pipeline

import "sekisho/internal/policy"

// Policies are the versions of what people chose about policies. What comes into force holds for every file that is treated from
// then on.
func (g *Gateway) Policies() *policy.Store { return g.policies }

// order says how a file is treated: by the policy of that name, as the version has it.
func (g *Gateway) order(v policy.Version, name, policyName string, passwords ...string) order {
	return order{Name: name, Policy: policyName, Version: v.Number, Rules: v.Rules(), Passwords: passwords}
}

// policy returns the name of the policy of the route's files, now.
func (in intake) policy() string {
	return in.policies.Active().Rules().PolicyOf(in.route.Name, in.route.Policy)
}
