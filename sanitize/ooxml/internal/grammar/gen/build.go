package main

import (
	"fmt"
	"slices"
	"strings"

	"sekisho/sanitize/internal/vocab/tables"
)

// part is one kind of part.
type part struct {
	name, relation, contentType, file, root string
	children                                []string
}

// model is the grammar with policy, and the kinds of parts.
type model struct {
	*tables.Model
	parts []*part // sorted by name
}

// build joins the fact tables, their supplement and the policy. An element stands for all types of its name together: text
// may stand in it when one of them has no children.
func build(namespaces, elements, parts, extra, policy []byte) (*model, error) {
	m := &model{Model: tables.New(namespaces)}
	for _, f := range tables.Rows(elements)[1:] {
		e := m.Add(f[1], strings.Fields(f[3]), strings.Fields(f[4]))
		e.Text = e.Text || strings.TrimSpace(f[4]) == ""
	}
	m.takeParts(parts)
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
	if err := m.Close(); err != nil {
		return nil, err
	}
	for _, e := range m.Elements {
		e.Text = e.Text || len(e.Children) == 0
	}
	slices.SortFunc(m.parts, func(a, b *part) int { return strings.Compare(a.name, b.name) })
	return m, nil
}

func (m *model) extra(f []string) error {
	switch f[0] {
	case "n":
		m.URIs[f[1]] = []string{f[2]}
	case "s":
		m.URIs[f[1]] = append(m.URIs[f[1]], f[2])
	case "e":
		e := m.Add(f[1], strings.Fields(f[2]), strings.Fields(f[3]))
		e.Text = e.Text || f[4] == "mixed"
	case "p":
		m.parts = append(m.parts, &part{name: f[1], relation: f[2], contentType: f[3], root: f[4], children: strings.Split(f[6], ",")})
		for _, p := range m.parts {
			if p.name == f[5] {
				p.children = append(p.children, f[1])
			}
		}
	case "a":
		m.Global = append(m.Global, strings.Fields(f[1])...)
	default:
		return fmt.Errorf("extra: unknown kind %q", f[0])
	}
	return nil
}

func (m *model) takeParts(table []byte) {
	for _, f := range tables.Rows(table)[1:] {
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

// letters are the actions of policy.
var letters = map[string]string{"drop": "d", "unwrap": "u", "rel": "r", "empty": "e", "handle": "h", "name": "n"}

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
		return nil
	case "check":
		m.Check[f[1]] = 1
		return nil
	}
	return m.Policy(f, letters)
}
