package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// policy is what we lay over the model. Its file has one line a decision:
//
//	type	NAME	keep            objects of this type are copied
//	type	NAME	drop	RULE    they are dropped, with the finding pdf/RULE
//	key	TYPE	KEY	RULE    the key is dropped; TYPE may be *; the rule - drops without a finding
//	must	TYPE	KEY             without the key an object is not of the type, whatever else speaks for it
//	merge	NAME	TYPE TYPE …     NAME stands for all of these types, with all of their keys
type policy struct {
	keep  map[string]bool
	drop  map[string]string
	key   map[string]string // "Type/Key" or "*/Key" to rule
	must  map[string]bool   // "Type/Key"
	merge map[string][]string
}

func readPolicy(name string) (*policy, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read policy: %w", err)
	}
	return parsePolicy(string(b))
}

func parsePolicy(text string) (*policy, error) {
	p := &policy{map[string]bool{}, map[string]string{}, map[string]string{}, map[string]bool{}, map[string][]string{}}
	for i, line := range strings.Split(text, "\n") {
		w := strings.Fields(line)
		switch {
		case len(w) == 0 || strings.HasPrefix(w[0], "#"):
		case len(w) >= 3 && w[0] == "type" && w[len(w)-1] == "keep":
			for _, name := range w[1 : len(w)-1] {
				p.keep[name] = true
			}
		case len(w) >= 4 && w[0] == "type" && w[len(w)-2] == "drop":
			for _, name := range w[1 : len(w)-2] {
				p.drop[name] = w[len(w)-1]
			}
		case len(w) == 4 && w[0] == "key":
			p.key[w[1]+"/"+w[2]] = w[3]
		case len(w) == 3 && w[0] == "must":
			p.must[w[1]+"/"+w[2]] = true
		case len(w) > 2 && w[0] == "merge":
			p.merge[w[1]] = w[2:]
		default:
			return nil, fmt.Errorf("cannot read policy: line %d: %q", i+1, line)
		}
	}
	return p, nil
}

// rule returns the rule under which a key is dropped, or "".
func (p *policy) rule(typ, key string) string {
	if r, ok := p.key[typ+"/"+key]; ok {
		if r == "keep" {
			return ""
		}
		return r
	}
	return p.key["*/"+key]
}

// check finds lines of the policy that speak of types or keys that the model does not have.
func (p *policy) check(m model) error {
	known := func(name string) error {
		if _, ok := m[name]; !ok {
			return fmt.Errorf("policy names the type %q, which the model does not have", name)
		}
		return nil
	}
	for name := range p.keep {
		if err := known(name); err != nil {
			return err
		}
	}
	for name := range p.drop {
		if err := known(name); err != nil {
			return err
		}
	}
	keys := slices.Sorted(maps.Keys(p.key))
	for _, tk := range slices.AppendSeq(keys, maps.Keys(p.must)) {
		typ, key, _ := strings.Cut(tk, "/")
		if typ == "*" {
			continue
		}
		if err := known(typ); err != nil {
			return err
		}
		if !slices.ContainsFunc(m[typ], func(r row) bool { return r.key == key }) {
			return fmt.Errorf("policy names the key %q, which the model does not have", tk)
		}
	}
	return nil
}

// apply merges the types that the policy merges: one type with all keys, and every link to one of them a link to it.
// It also gives the keys that every stream has (7.3.8.2) their rules.
func (p *policy) apply(m model) {
	alias := map[string]string{}
	for name, types := range p.merge {
		for _, t := range types {
			m[name] = unite(m[name], m[t])
			alias[t] = name
		}
	}
	for name, rows := range m {
		for i := range rows {
			for k := range rows[i].alts {
				rows[i].alts[k].links = rename(rows[i].alts[k].links, alias)
			}
		}
		m[name] = rows
	}
	for name, rows := range m {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.key == "FFilter" }) {
			continue
		}
		for _, r := range rows {
			switch r.key {
			case "F", "FFilter", "FDecodeParms":
				p.key[name+"/"+r.key] = "external-stream"
			case "Length", "Filter", "DecodeParms", "DL":
				p.key[name+"/"+r.key] = "-"
			}
		}
	}
}

func rename(links []string, alias map[string]string) (out []string) {
	for _, l := range links {
		if a, ok := alias[l]; ok {
			l = a
		}
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// unite adds the rows of b to those of a; a key of both may have the values of both, and need not be there.
func unite(a, b []row) []row {
	for _, r := range b {
		r.required = false
		i := slices.IndexFunc(a, func(x row) bool { return x.key == r.key })
		if i < 0 {
			r.alts = slices.Clone(r.alts)
			a = append(a, r)
			continue
		}
		for _, add := range r.alts {
			k := slices.IndexFunc(a[i].alts, func(x alt) bool { return x.kind == add.kind })
			if k < 0 {
				a[i].alts = append(a[i].alts, add)
				continue
			}
			a[i].alts[k].links = rename(append(slices.Clone(a[i].alts[k].links), add.links...), nil)
		}
		for _, v := range r.values {
			if !slices.Contains(a[i].values, v) {
				a[i].values = append(slices.Clone(a[i].values), v)
			}
		}
	}
	return a
}
