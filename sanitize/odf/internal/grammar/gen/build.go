package main

import (
	"fmt"
	"slices"
	"strings"
)

// element is one element of the grammar.
type element struct {
	name     string // prefix:local
	attrs    []string
	children []string
	text     bool
	actions  string // letters of policy: see actionBits
	rule     string
}

// model is the grammar with policy.
type model struct {
	prefixes []string            // sorted; the number of a namespace is its index + 1
	uris     map[string][]string // of a prefix: its name and second names
	groups   map[string][]string // of the supplement: names that stand for several
	rules    []string
	spaces   map[string]string // prefix → rule, when it is not kept
	elements []*element        // sorted by name
	byName   map[string]*element
	attrs    []string          // sorted names
	attrRule map[string]string // attribute → rule, when it is not kept
	check    map[string]int    // attribute → check
	global   []string          // attributes that any element may have
}

// build joins the fact tables, their supplement and the policy.
func build(namespaces, elements, extra, policy []byte) (*model, error) {
	m := &model{
		uris: map[string][]string{}, groups: map[string][]string{}, spaces: map[string]string{}, byName: map[string]*element{},
		attrRule: map[string]string{}, check: map[string]int{},
	}
	for _, f := range rows(namespaces)[1:] {
		m.uris[f[0]] = []string{f[1]}
	}
	for _, f := range rows(elements)[1:] {
		if f[0] != "*" && f[1] != "*" { // those of any name are in the supplement
			m.add(f[0], f[1], f[2], f[3])
		}
	}
	for _, f := range rows(extra) {
		if err := m.extra(f); err != nil {
			return nil, err
		}
	}
	for _, f := range rows(policy) {
		if err := m.policy(f); err != nil {
			return nil, err
		}
	}
	return m, m.close()
}

// rows splits a table into its lines and fields, without comments, each line padded to eight fields.
func rows(table []byte) [][]string {
	var all [][]string
	for line := range strings.Lines(string(table)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		for len(fields) < 8 {
			fields = append(fields, "")
		}
		all = append(all, fields)
	}
	return all
}

func (m *model) add(name, attrs, children, text string) {
	e := m.byName[name]
	if e == nil {
		e = &element{name: name}
		m.byName[name] = e
		m.elements = append(m.elements, e)
	}
	e.attrs = append(e.attrs, m.expand(attrs)...)
	e.children = append(e.children, m.expand(children)...)
	e.text = e.text || text != ""
}

// expand splits a list of names, and puts in what groups stand for.
func (m *model) expand(list string) []string {
	var all []string
	for _, name := range strings.Fields(list) {
		if group, ok := strings.CutPrefix(name, "@"); ok {
			all = append(all, m.groups[group]...)
		} else {
			all = append(all, name)
		}
	}
	return all
}

func (m *model) extra(f []string) error {
	switch f[0] {
	case "n":
		m.uris[f[1]] = append(m.uris[f[1]], f[2])
	case "g":
		m.groups[f[1]] = m.expand(f[2])
	case "e": // each element of a list
		for _, name := range m.expand(f[1]) {
			m.add(name, f[2], f[3], f[4])
		}
	case "l":
		from := m.byName[f[2]]
		if from == nil {
			return fmt.Errorf("extra: no element %q", f[2])
		}
		for _, name := range m.expand(f[1]) {
			m.add(name, strings.Join(from.attrs, " "), strings.Join(from.children, " "), map[bool]string{true: "text"}[from.text])
		}
	case "a":
		m.global = append(m.global, strings.Fields(f[1])...)
	default:
		return fmt.Errorf("extra: unknown kind %q", f[0])
	}
	return nil
}

// checks are the names of package grammar's checks.
var checks = []string{"any", "address", "class", "condition", "formula", "reference", "web", "fields"}

func (m *model) policy(f []string) error {
	switch f[0] {
	case "space":
		if m.uris[f[1]] == nil {
			return fmt.Errorf("policy: no namespace %q", f[1])
		}
		m.spaces[f[1]] = m.rule(f[2])
	case "attr":
		m.attrRule[f[1]] = m.rule(f[2])
	case "check":
		i := slices.Index(checks, f[1])
		if i < 0 {
			return fmt.Errorf("policy: no check %q", f[1])
		}
		for _, name := range strings.Fields(f[2]) {
			m.check[name] = i
		}
	default:
		return m.elementPolicy(f)
	}
	return nil
}

func (m *model) elementPolicy(f []string) error {
	letter, ok := map[string]string{"drop": "d", "unwrap": "u", "empty": "e", "handle": "h"}[f[0]]
	if !ok {
		return fmt.Errorf("policy: unknown kind %q", f[0])
	}
	for _, name := range strings.Fields(f[1]) {
		e := m.byName[name]
		if e == nil {
			return fmt.Errorf("policy: no element %q", name)
		}
		e.actions += letter
		if letter == "d" || letter == "u" {
			e.rule = m.rule(f[2])
		}
	}
	return nil
}

// rule returns name, and keeps it in the list of rules.
func (m *model) rule(name string) string {
	if !slices.Contains(m.rules, name) {
		m.rules = append(m.rules, name)
	}
	return name
}

// close drops the namespaces that are not kept, sorts everything, and checks that what is named exists.
func (m *model) close() error {
	slices.Sort(m.rules)
	for prefix := range m.uris {
		m.prefixes = append(m.prefixes, prefix)
	}
	slices.Sort(m.prefixes)
	m.elements = slices.DeleteFunc(m.elements, func(e *element) bool { return m.dropped(e.name) })
	slices.SortFunc(m.elements, func(a, b *element) int { return strings.Compare(a.name, b.name) })
	m.attrs = append(m.attrs, m.global...)
	for _, e := range m.elements {
		e.attrs = m.known(e.attrs)
		m.attrs = append(m.attrs, e.attrs...)
		e.children = slices.DeleteFunc(m.known(e.children), func(name string) bool { return m.byName[name] == nil })
	}
	m.attrs, m.global = m.known(m.attrs), m.known(m.global)
	for _, name := range append(slices.Clone(m.attrs), names(m.elements)...) {
		if prefix, _, ok := strings.Cut(name, ":"); ok && m.uris[prefix] == nil {
			return fmt.Errorf("%q is in no namespace of the table", name)
		}
	}
	for name := range m.check {
		if _, ok := slices.BinarySearch(m.attrs, name); !ok {
			return fmt.Errorf("policy: no attribute %q", name)
		}
	}
	return nil
}

// known returns names sorted, each once, without those in namespaces that are not kept.
func (m *model) known(names []string) []string {
	names = slices.DeleteFunc(slices.Clone(names), m.dropped)
	slices.Sort(names)
	return slices.Compact(names)
}

func (m *model) dropped(name string) bool {
	prefix, _, ok := strings.Cut(name, ":")
	return ok && m.spaces[prefix] != ""
}

func names(elements []*element) []string {
	var all []string
	for _, e := range elements {
		all = append(all, e.name)
	}
	return all
}
