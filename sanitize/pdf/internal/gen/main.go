// Command gen makes the table of package grammar from the Arlington PDF model and our policy.
//
//	gen -arlington DIR -policy policy.tsv -extra DIR -out table.go
//
// It fails when the policy names something that the model does not have, and when an object type can be reached of
// which the policy does not say whether it is kept: nothing is kept because nobody thought of it.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"slices"
	"strings"
)

func main() {
	arlington := flag.String("arlington", "", "folder with the Arlington tables (*.tsv)")
	extra := flag.String("extra", "", "folder with our own tables, in the same form; they replace those of the same name")
	policyFile := flag.String("policy", "", "our policy")
	out := flag.String("out", "", "Go file to write")
	flag.Parse()
	text, err := generate(*arlington, *extra, *policyFile)
	if err == nil {
		err = os.WriteFile(*out, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func generate(arlington, extra, policyFile string) ([]byte, error) {
	m := model{}
	for _, dir := range []string{arlington, extra} {
		if err := readModel(m, dir); err != nil {
			return nil, err
		}
	}
	p, err := readPolicy(policyFile)
	if err != nil {
		return nil, err
	}
	return emit(m, p)
}

// emit checks the policy against the model and writes the types that can be reached from the trailer.
func emit(m model, p *policy) ([]byte, error) {
	p.apply(m)
	if err := p.check(m); err != nil {
		return nil, err
	}
	names, err := reach(m, p, "FileTrailer")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(header)
	for i, n := range names {
		if i == 0 {
			fmt.Fprintf(&b, "\t%s Type = iota\n", n)
		} else {
			fmt.Fprintf(&b, "\t%s\n", constant(n))
		}
	}
	b.WriteString(")\n\nvar table = [...]Object{\n")
	for _, n := range names {
		emitType(&b, m, p, n)
	}
	b.WriteString("}\n")
	return format.Source(b.Bytes())
}

// reach lists the types that can be reached from start, dropped ones included but not what lies behind them; start
// first, the others sorted.
func reach(m model, p *policy, start string) ([]string, error) {
	seen := map[string]bool{start: true}
	var unnamed []string
	for work := []string{start}; len(work) > 0; work = work[1:] {
		name := work[0]
		if p.drop[name] != "" {
			continue
		}
		if !p.keep[name] {
			unnamed = append(unnamed, name)
		}
		for _, r := range m[name] {
			if p.rule(name, r.key) != "" {
				continue
			}
			for _, a := range r.alts {
				for _, l := range a.links {
					if !seen[l] {
						seen[l] = true
						work = append(work, l)
					}
				}
			}
		}
	}
	if len(unnamed) > 0 {
		slices.Sort(unnamed)
		return nil, fmt.Errorf("policy does not say what becomes of %s", strings.Join(unnamed, " "))
	}
	delete(seen, start)
	names := []string{start}
	for n := range seen {
		names = append(names, n)
	}
	slices.Sort(names[1:])
	return names, nil
}

func emitType(b *bytes.Buffer, m model, p *policy, name string) {
	if rule := p.drop[name]; rule != "" {
		fmt.Fprintf(b, "%s: {Name: %q, Drop: %q, Keys: []Key{", constant(name), name, "pdf/"+rule)
		for _, r := range m[name] { // enough to recognise it
			if len(r.values) > 0 {
				fmt.Fprintf(b, "{Name: %q, Values: %#v, Must: %v},", r.key, r.values, r.required)
			}
		}
		b.WriteString("}},\n")
		return
	}
	fmt.Fprintf(b, "%s: {Name: %q, Keys: []Key{\n", constant(name), name)
	rows := slices.Clone(m[name])
	if !isArray(rows) {
		slices.SortStableFunc(rows, func(x, y row) int { return strings.Compare(x.key, y.key) })
	}
	for _, r := range rows {
		emitKey(b, p, name, r)
	}
	b.WriteString("}},\n")
}

// isArray reports whether the rows are indexes: "0", "1", "2*".
func isArray(rows []row) bool {
	return len(rows) > 0 && rows[0].key[0] >= '0' && rows[0].key[0] <= '9'
}

func emitKey(b *bytes.Buffer, p *policy, typ string, r row) {
	fmt.Fprintf(b, "{Name: %q", r.key)
	if rule := p.rule(typ, r.key); rule != "" {
		if rule != "-" {
			rule = "pdf/" + rule
		}
		fmt.Fprintf(b, ", Drop: %q},\n", rule)
		return
	}
	b.WriteString(", Alts: []Alt{")
	for _, a := range kinds(r.alts) {
		fmt.Fprintf(b, "{Kind: %s", a.kind)
		if len(a.links) > 0 {
			consts := make([]string, len(a.links))
			for i, l := range a.links {
				consts[i] = constant(l)
			}
			fmt.Fprintf(b, ", Links: []Type{%s}", strings.Join(consts, ", "))
		}
		b.WriteString("},")
	}
	b.WriteString("}")
	if len(r.values) > 0 {
		fmt.Fprintf(b, ", Values: %#v", r.values)
	}
	if len(r.values) > 0 && r.required || p.must[typ+"/"+r.key] {
		b.WriteString(", Must: true")
	}
	b.WriteString("},\n")
}

// kinds folds the types of value of the model to ours.
func kinds(alts []alt) (out []alt) {
	fold := map[string]string{
		"null": "Null", "boolean": "Boolean", "integer": "Integer", "bitmask": "Integer", "number": "Number",
		"name": "Name", "string": "String", "string-text": "String", "string-byte": "String", "string-ascii": "String",
		"date": "String", "rectangle": "Rectangle", "matrix": "Matrix", "array": "Array", "dictionary": "Dictionary",
		"stream": "Stream", "name-tree": "NameTree", "number-tree": "NumberTree",
	}
	for _, a := range alts {
		a.kind = fold[a.kind]
		i := slices.IndexFunc(out, func(x alt) bool { return x.kind == a.kind })
		if i < 0 {
			out = append(out, a)
		}
	}
	return out
}

// constant is the Go name of an object type: a name that starts with a digit or underscore gets a T in front, and so
// does one that is also a kind of value.
func constant(name string) string {
	if strings.ContainsRune("0123456789_", rune(name[0])) || name == "Name" || name == "Stream" {
		return "T" + name
	}
	return name
}

const header = `// Code generated by sanitize/pdf/internal/gen; DO NOT EDIT.

// The object types, keys and links are taken from the Arlington PDF model, a machine-readable form of ISO 32000-2:
//
//	Arlington PDF model, https://github.com/pdf-association/arlington-pdf-model
//	Copyright PDF Association, Inc. https://www.pdfa.org
//	Licensed under the Apache License, Version 2.0, https://www.apache.org/licenses/LICENSE-2.0
//
// The material is based upon work supported by the Defense Advanced Research Projects Agency (DARPA) under Contract
// No. HR001119C0079; opinions and findings in it are its authors' and do not necessarily reflect DARPA's views.
//
// Which types and keys are dropped, and under which rule, is Sekisho's own policy (policy.tsv).

package grammar

// The object types.
const (
`
