package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sekisho/sanitize"
)

// Rules are what people choose: what every policy but strict keeps, and by which policy each route treats its files.
// The zero value keeps the least.
type Rules struct {
	Links        bool `json:"links"`
	Comments     bool `json:"comments"`
	Hidden       bool `json:"hidden"`
	Metadata     bool `json:"metadata"`
	Embedded     bool `json:"embedded"`
	Formulas     bool `json:"formulas"`
	Animation    bool `json:"animation"`
	Pixels       bool `json:"pixels"`
	HoldWhole    bool `json:"hold_whole"`
	AllowRenamed bool `json:"allow_renamed"`

	Routes map[string]string `json:"routes,omitempty"` // policy of a route; one that is not named has that of the configuration
}

// Switch is one choice of Rules, by the name that it has in JSON.
type Switch struct {
	Name   string
	Of     func(*Rules) *bool
	policy func(*sanitize.Policy) *bool
}

// Switches lists the choices in the order in which people read them. That of formulas in CSV is not among them: no shipped policy
// leaves such cells as they are, and the LGWAN zone would refuse them.
func Switches() []Switch {
	return []Switch{
		{"links", func(r *Rules) *bool { return &r.Links }, func(p *sanitize.Policy) *bool { return &p.Links }},
		{"comments", func(r *Rules) *bool { return &r.Comments }, func(p *sanitize.Policy) *bool { return &p.Comments }},
		{"hidden", func(r *Rules) *bool { return &r.Hidden }, func(p *sanitize.Policy) *bool { return &p.Hidden }},
		{"metadata", func(r *Rules) *bool { return &r.Metadata }, func(p *sanitize.Policy) *bool { return &p.Metadata }},
		{"embedded", func(r *Rules) *bool { return &r.Embedded }, func(p *sanitize.Policy) *bool { return &p.Embedded }},
		{"formulas", func(r *Rules) *bool { return &r.Formulas }, func(p *sanitize.Policy) *bool { return &p.Formulas }},
		{"animation", func(r *Rules) *bool { return &r.Animation }, func(p *sanitize.Policy) *bool { return &p.Animation }},
		{"pixels", func(r *Rules) *bool { return &r.Pixels }, func(p *sanitize.Policy) *bool { return &p.Pixels }},
		{"hold_whole", func(r *Rules) *bool { return &r.HoldWhole }, func(p *sanitize.Policy) *bool { return &p.HoldWhole }},
		{"allow_renamed", func(r *Rules) *bool { return &r.AllowRenamed }, func(p *sanitize.Policy) *bool { return &p.AllowRenamed }},
	}
}

// Names lists the policies that a route can have.
func Names() []string { return sanitize.PolicyNames() }

// Shipped returns the rules as they are before anybody chose: those of the shipped standard, and routes as configured.
func Shipped() Rules {
	var r Rules
	p := sanitize.Standard()
	for _, s := range Switches() {
		*s.Of(&r) = *s.policy(&p)
	}
	return r
}

// Apply returns the policy p as the rules have it. The shipped strict stays as it is.
func (r Rules) Apply(p sanitize.Policy) sanitize.Policy {
	if p.Name == sanitize.Strict().Name {
		return p
	}
	for _, s := range Switches() {
		*s.policy(&p) = *s.Of(&r)
	}
	return p
}

// PolicyOf returns the name of the policy of a route, which the configuration gives the policy configured.
func (r Rules) PolicyOf(route, configured string) string {
	if name, ok := r.Routes[route]; ok {
		return name
	}
	return configured
}

// Bounds of rules.
const (
	maxRoutes = 1000
	maxRoute  = 200     // bytes of a route's name
	maxWords  = 4 << 10 // bytes of a reason or of a person's name
)

// check fails unless rules can be proposed.
func (r Rules) check() error {
	if len(r.Routes) > maxRoutes {
		return fmt.Errorf("%w: more than %d routes", ErrRules, maxRoutes)
	}
	for route, name := range r.Routes {
		unseen := strings.ContainsFunc(route, func(c rune) bool { return !unicode.IsPrint(c) })
		if route == "" || len(route) > maxRoute || unseen || !utf8.ValidString(route) || !slices.Contains(Names(), name) {
			return fmt.Errorf("%w: route %q with policy %q", ErrRules, route, name)
		}
	}
	return nil
}

// Change is one difference between two rules. Of a switch, Old and New are "on" or "off"; of a route, the name of a policy or, as
// configured, "".
type Change struct {
	Name     string // of the switch; "route" for a route
	Route    string
	Old, New string
}

// Diff says what is other in b than in a: switches first, then routes by name.
func Diff(a, b Rules) []Change {
	var all []Change
	for _, s := range Switches() {
		if was, is := *s.Of(&a), *s.Of(&b); was != is {
			all = append(all, Change{Name: s.Name, Old: onOff(was), New: onOff(is)})
		}
	}
	routes := maps.Clone(a.Routes)
	if routes == nil {
		routes = map[string]string{}
	}
	maps.Copy(routes, b.Routes)
	for _, route := range slices.Sorted(maps.Keys(routes)) {
		if was, is := a.Routes[route], b.Routes[route]; was != is {
			all = append(all, Change{Name: "route", Route: route, Old: was, New: is})
		}
	}
	return all
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// describe writes changes for the record: in words that programs and people can read.
func describe(all []Change) string {
	if len(all) == 0 {
		return "no change"
	}
	lines := make([]string, len(all))
	for i, c := range all {
		what := c.Name
		if c.Route != "" {
			what = fmt.Sprintf("route %q", c.Route)
		}
		lines[i] = fmt.Sprintf("%s: %s -> %s", what, orConfigured(c.Old), orConfigured(c.New))
	}
	return strings.Join(lines, ", ")
}

func orConfigured(name string) string {
	if name == "" {
		return "as configured"
	}
	return name
}
