// Package tables makes the tables of package vocab: a grammar from fact tables, with the policy of a format on top, written
// as Go source. It is what the generators of the Office formats share.
package tables

import (
	"fmt"
	"slices"
	"strings"
)

// Element is one element of a grammar.
type Element struct {
	Name     string // prefix:local
	Attrs    []string
	Children []string
	Text     bool   // text may stand in it
	Actions  string // letters of policy
	Rule     string // why it goes, or ""
}

// Model is a grammar with policy.
type Model struct {
	Prefixes []string            // sorted; the number of a namespace is its index + 1
	URIs     map[string][]string // of a prefix: its name and second names
	Rules    []string
	Spaces   map[string]string // prefix → rule, when it is not kept
	Elements []*Element        // sorted by name
	ByName   map[string]*Element
	Attrs    []string          // sorted names
	AttrRule map[string]string // attribute → rule, when it is not kept
	Check    map[string]int    // attribute → what its value is held against
	Global   []string          // attributes that any element may have
}

// New returns a model of the namespaces that a table lists: prefix, name.
func New(namespaces []byte) *Model {
	m := &Model{
		URIs: map[string][]string{}, Spaces: map[string]string{}, ByName: map[string]*Element{}, AttrRule: map[string]string{}, Check: map[string]int{},
	}
	for _, f := range Rows(namespaces)[1:] {
		m.URIs[f[0]] = []string{f[1]}
	}
	return m
}

// Rows splits a table into its lines and fields, without comments, each line padded to eight fields.
func Rows(table []byte) [][]string {
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

// Add gives the element called name more attributes and children. It is made when it is new.
func (m *Model) Add(name string, attrs, children []string) *Element {
	e := m.ByName[name]
	if e == nil {
		e = &Element{Name: name}
		m.ByName[name] = e
		m.Elements = append(m.Elements, e)
	}
	e.Attrs = append(e.Attrs, attrs...)
	e.Children = append(e.Children, children...)
	return e
}

// Policy takes one line of policy: "space PREFIX RULE", "attr NAME RULE", or an action on elements, of those that letters
// names: "drop NAME… RULE".
func (m *Model) Policy(f []string, letters map[string]string) error {
	switch f[0] {
	case "space":
		if m.URIs[f[1]] == nil {
			return fmt.Errorf("policy: no namespace %q", f[1])
		}
		m.Spaces[f[1]] = m.rule(f[2])
		return nil
	case "attr":
		m.AttrRule[f[1]] = m.rule(f[2])
		return nil
	}
	letter, ok := letters[f[0]]
	if !ok {
		return fmt.Errorf("policy: unknown kind %q", f[0])
	}
	for _, name := range strings.Fields(f[1]) {
		e := m.ByName[name]
		if e == nil {
			return fmt.Errorf("policy: no element %q", name)
		}
		e.Actions += letter
		if letter == "d" || letter == "u" {
			e.Rule = m.rule(f[2])
		}
	}
	return nil
}

// rule returns name, and keeps it in the list of rules.
func (m *Model) rule(name string) string {
	if !slices.Contains(m.Rules, name) {
		m.Rules = append(m.Rules, name)
	}
	return name
}

// Close drops the namespaces that are not kept, sorts everything, and checks that what is named exists.
func (m *Model) Close() error {
	slices.Sort(m.Rules)
	for prefix := range m.URIs {
		m.Prefixes = append(m.Prefixes, prefix)
	}
	slices.Sort(m.Prefixes)
	m.Elements = slices.DeleteFunc(m.Elements, func(e *Element) bool { return m.dropped(e.Name) })
	slices.SortFunc(m.Elements, func(a, b *Element) int { return strings.Compare(a.Name, b.Name) })
	m.Attrs = append(m.Attrs, m.Global...)
	for _, e := range m.Elements {
		e.Attrs = m.known(e.Attrs)
		m.Attrs = append(m.Attrs, e.Attrs...)
		e.Children = slices.DeleteFunc(m.known(e.Children), func(name string) bool { return m.ByName[name] == nil })
	}
	m.Attrs, m.Global = m.known(m.Attrs), m.known(m.Global)
	for _, name := range append(slices.Clone(m.Attrs), m.Names()...) {
		if prefix, _, ok := strings.Cut(name, ":"); ok && m.URIs[prefix] == nil {
			return fmt.Errorf("%q is in no namespace of the table", name)
		}
	}
	for name := range m.Check {
		if _, ok := slices.BinarySearch(m.Attrs, name); !ok {
			return fmt.Errorf("policy: no attribute %q", name)
		}
	}
	return nil
}

// known returns names sorted, each once, without those in namespaces that are not kept.
func (m *Model) known(names []string) []string {
	names = slices.DeleteFunc(slices.Clone(names), m.dropped)
	slices.Sort(names)
	return slices.Compact(names)
}

func (m *Model) dropped(name string) bool {
	prefix, _, ok := strings.Cut(name, ":")
	return ok && m.Spaces[prefix] != ""
}

// Names returns the names of all elements, in their order.
func (m *Model) Names() []string {
	var all []string
	for _, e := range m.Elements {
		all = append(all, e.Name)
	}
	return all
}
