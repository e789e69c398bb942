package main

import (
	"fmt"
	"slices"
	"strings"
)

// element is one element of the grammar: all types of that name together.
type element struct {
	name     string // prefix:local
	attrs    []string
	children []string
	mixed    bool
	leaves   int    // types of it that have no children: their content may be text
	actions  string // letters of policy: see actionBits
	rule     string
}

// part is one kind of part.
type part struct {
	name, relation, contentType, file, root string
	children                                []string
}

// model is the grammar with policy.
type model struct {
	prefixes []string            // sorted; the number of a namespace is its index + 1
	uris     map[string][]string // of a prefix: its name and second names
	rules    []string
	spaces   map[string]string // prefix → rule, when it is not kept
	elements []*element        // sorted by name
	byName   map[string]*element
	attrs    []string          // sorted names
	attrRule map[string]string // attribute → rule, when it is not kept
	checked  []string          // attributes whose value is looked at
	global   []string          // attributes that any element may have
	parts    []*part           // sorted by name
}

// build joins the fact tables, their supplement and the policy.
func build(namespaces, elements, parts, extra, policy []byte) (*model, error) {
	m := &model{uris: map[string][]string{}, spaces: map[string]string{}, byName: map[string]*element{}, attrRule: map[string]string{}}
	for _, f := range rows(namespaces)[1:] {
		m.uris[f[0]] = []string{f[1]}
	}
	for _, f := range rows(elements)[1:] {
		m.add(f[1], f[3], f[4])
	}
	for _, e := range m.elements {
		e.mixed = e.leaves > 0
	}
	m.takeParts(parts)
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

func (m *model) add(name, attrs, children string) *element {
	e := m.byName[name]
	if e == nil {
		e = &element{name: name}
		m.byName[name] = e
		m.elements = append(m.elements, e)
	}
	if strings.TrimSpace(children) == "" {
		e.leaves++
	}
	e.attrs = append(e.attrs, strings.Fields(attrs)...)
	e.children = append(e.children, strings.Fields(children)...)
	return e
}

func (m *model) extra(f []string) error {
	switch f[0] {
	case "n":
		m.uris[f[1]] = []string{f[2]}
	case "s":
		m.uris[f[1]] = append(m.uris[f[1]], f[2])
	case "e":
		e := m.add(f[1], f[2], f[3])
		e.mixed = e.mixed || f[4] == "mixed"
	case "p":
		m.parts = append(m.parts, &part{name: f[1], relation: f[2], contentType: f[3], root: f[4], children: strings.Split(f[6], ",")})
		for _, p := range m.parts {
			if p.name == f[5] {
				p.children = append(p.children, f[1])
			}
		}
	case "a":
		m.global = append(m.global, strings.Fields(f[1])...)
	default:
		return fmt.Errorf("extra: unknown kind %q", f[0])
	}
	return nil
}

func (m *model) takeParts(table []byte) {
	for _, f := range rows(table)[1:] {
		p := &part{name: f[0], relation: f[1], contentType: f[2]}
		if prefix, _, ok := strings.Cut(f[3], ":"); ok && f[4] != "" {
			p.root = prefix + ":" + f[4]
		}
		if f[5] != "" {
			p.children = strings.Split(f[5], ",")
		}
		m.parts = append(m.parts, p)
	}
}

func (m *model) policy(f []string) error {
	switch f[0] {
	case "part":
		i := slices.IndexFunc(m.parts, func(p *part) bool { return p.name == f[1] })
		if i < 0 {
			return fmt.Errorf("policy: no part %q", f[1])
		}
		m.parts[i].file = f[2]
		if f[3] != "" {
			m.parts[i].root = f[3]
		}
	case "space":
		if m.uris[f[1]] == nil {
			return fmt.Errorf("policy: no namespace %q", f[1])
		}
		m.spaces[f[1]] = m.rule(f[2])
	case "attr":
		m.attrRule[f[1]] = m.rule(f[2])
	case "check":
		m.checked = append(m.checked, f[1])
	default:
		return m.elementPolicy(f)
	}
	return nil
}

func (m *model) elementPolicy(f []string) error {
	letter, ok := map[string]string{"drop": "d", "unwrap": "u", "rel": "r", "empty": "e", "handle": "h", "name": "n"}[f[0]]
	if !ok {
		return fmt.Errorf("policy: unknown kind %q", f[0])
	}
	e := m.byName[f[1]]
	if e == nil {
		return fmt.Errorf("policy: no element %q", f[1])
	}
	e.actions += letter
	if letter == "d" || letter == "u" {
		e.rule = m.rule(f[2])
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
	slices.SortFunc(m.parts, func(a, b *part) int { return strings.Compare(a.name, b.name) })
	for _, name := range append(slices.Clone(m.attrs), names(m.elements)...) {
		if prefix, _, ok := strings.Cut(name, ":"); ok && m.uris[prefix] == nil {
			return fmt.Errorf("%q is in no namespace of the table", name)
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
