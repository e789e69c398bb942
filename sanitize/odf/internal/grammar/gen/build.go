package main

import (
	"fmt"
	"slices"
	"strings"

	"sekisho/sanitize/internal/vocab/tables"
)

// model is the grammar with policy, and the supplement's names that stand for several.
type model struct {
	*tables.Model
	groups map[string][]string
}

// build joins the fact tables, their supplement and the policy.
func build(namespaces, elements, extra, policy []byte) (*model, error) {
	m := &model{tables.New(namespaces), map[string][]string{}}
	for _, f := range tables.Rows(elements)[1:] {
		if f[0] != "*" && f[1] != "*" { // those of any name are in the supplement
			m.add(f[0], f[1], f[2], f[3])
		}
	}
	for _, f := range tables.Rows(extra) {
		if err := m.extra(f); err != nil {
			return nil, err
		}
	}
	for _, f := range tables.Rows(policy) {
		if err := m.policy(f); err != nil {
			return nil, err
		}
	}
	return m, m.Close()
}

func (m *model) add(name, attrs, children, text string) {
	e := m.Add(name, m.expand(attrs), m.expand(children))
	e.Text = e.Text || text != ""
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
		m.URIs[f[1]] = append(m.URIs[f[1]], f[2])
	case "g":
		m.groups[f[1]] = m.expand(f[2])
	case "e": // each element of a list
		for _, name := range m.expand(f[1]) {
			m.add(name, f[2], f[3], f[4])
		}
	case "l":
		from := m.ByName[f[2]]
		if from == nil {
			return fmt.Errorf("extra: no element %q", f[2])
		}
		for _, name := range m.expand(f[1]) {
			m.add(name, strings.Join(from.Attrs, " "), strings.Join(from.Children, " "), map[bool]string{true: "text"}[from.Text])
		}
	case "a":
		m.Global = append(m.Global, strings.Fields(f[1])...)
	default:
		return fmt.Errorf("extra: unknown kind %q", f[0])
	}
	return nil
}

// checks are the names of package grammar's checks.
var checks = []string{"any", "address", "class", "condition", "formula", "reference", "web", "fields"}

// letters are the actions of policy.
var letters = map[string]string{"drop": "d", "unwrap": "u", "empty": "e", "handle": "h"}

func (m *model) policy(f []string) error {
	if f[0] != "check" {
		return m.Policy(f, letters)
	}
	i := slices.Index(checks, f[1])
	if i < 0 {
		return fmt.Errorf("policy: no check %q", f[1])
	}
	for _, name := range strings.Fields(f[2]) {
		m.Check[name] = i
	}
	return nil
}
