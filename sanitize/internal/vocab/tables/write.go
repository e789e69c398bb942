package tables

import (
	"bytes"
	"fmt"
	"go/format"
	"io"
	"slices"
	"strings"

	"sekisho/sanitize/internal/vocab"
	"sekisho/sanitize/internal/xmltext"
)

// Source formats what was written to b as Go source and writes it to out.
func Source(b *bytes.Buffer, out io.Writer) error {
	src, err := format.Source(b.Bytes())
	if err != nil {
		return fmt.Errorf("cannot format the tables: %w", err)
	}
	_, err = out.Write(src)
	return err
}

// NoSpace is the prefix of a namespace table that stands for none.
const NoSpace = "none"

// Upper returns s with its first letter in upper case.
func Upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// goName returns the name of an element as a Go constant: text:dde-link is TextDdeLink.
func goName(name string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return c == ':' || c == '-' }) {
		b.WriteString(Upper(part))
	}
	return b.String()
}

func (m *Model) spaceOf(name string) int {
	prefix, _, ok := strings.Cut(name, ":")
	if !ok || prefix == NoSpace {
		return 0
	}
	i, _ := slices.BinarySearch(m.Prefixes, prefix)
	return i + 1
}

func local(name string) string {
	if _, l, ok := strings.Cut(name, ":"); ok {
		return l
	}
	return name
}

// WriteSpaces writes the constants of the namespaces.
func (m *Model) WriteSpaces(b *bytes.Buffer) {
	b.WriteString("// The namespaces, by their usual prefix.\nconst (\n")
	for i, p := range m.Prefixes {
		if p != NoSpace {
			fmt.Fprintf(b, "Ns%s Space = %d\n", Upper(p), i+1)
		}
	}
	b.WriteString(")\n\n")
}

// WriteRules writes the names of the rules; 0 is none.
func (m *Model) WriteRules(b *bytes.Buffer) {
	var q []string
	for _, s := range m.Rules {
		q = append(q, fmt.Sprintf("%q", s))
	}
	fmt.Fprintf(b, "var rules = [...]string{\"\", %s}\n\n", strings.Join(q, ", "))
}

// RuleIndex returns the number of a rule, 0 for "".
func (m *Model) RuleIndex(rule string) int {
	if rule == "" {
		return 0
	}
	i, _ := slices.BinarySearch(m.Rules, rule)
	return i + 1
}

// table writes the names as a table of package vocab.
func (m *Model) table(b *bytes.Buffer, name string, names []string) {
	size := 1024
	for size < 3*len(names) {
		size *= 2
	}
	var text strings.Builder
	var offsets, spaces []int
	index := make([]int, size)
	for i, n := range names {
		offsets = append(offsets, text.Len())
		text.WriteString(local(n))
		spaces = append(spaces, m.spaceOf(n))
		slot := int(vocab.Hash(xmltext.Space(m.spaceOf(n)), []byte(local(n)))) & (size - 1)
		for index[slot] != 0 {
			slot = (slot + 1) & (size - 1)
		}
		index[slot] = i + 1
	}
	offsets = append(offsets, text.Len())
	fmt.Fprintf(b, "const %sText = %q\n\n", name, text.String())
	fmt.Fprintf(b, "var %sTable = vocab.Table{\n Text: %sText,\n Offsets: %sOffsets[:],\n Spaces: %sSpaces[:],\n Index: %sIndex[:],\n}\n\n", name, name, name, name, name)
	Ints(b, name+"Offsets", "uint16", offsets)
	Ints(b, name+"Spaces", "uint8", spaces)
	Ints(b, name+"Index", "uint16", index)
}

// Ints writes an array of numbers.
func Ints(b *bytes.Buffer, name, typ string, values []int) {
	fmt.Fprintf(b, "var %s = [...]%s{", name, typ)
	for i, v := range values {
		if i%24 == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "%d,", v)
	}
	b.WriteString("\n}\n\n")
}

// WriteNames writes the tables of elements and attributes, and what policy says about attributes.
func (m *Model) WriteNames(b *bytes.Buffer) {
	m.table(b, "element", m.Names())
	m.table(b, "attr", m.Attrs)
	var rules, checks []int
	for _, a := range m.Attrs {
		rules = append(rules, m.RuleIndex(m.AttrRule[a]))
		checks = append(checks, m.Check[a])
	}
	Ints(b, "attrRules", "uint8", rules)
	Ints(b, "attrChecks", "uint8", checks)
	Ints(b, "globalAttrs", "uint16", numbers(m.Global, m.Attrs))
}

// pool stores each distinct list once.
type pool struct {
	values []int
	seen   map[string]int
}

func (p *pool) put(list []int) int {
	key := fmt.Sprint(list)
	if at, ok := p.seen[key]; ok {
		return at
	}
	at := len(p.values)
	p.seen[key] = at
	p.values = append(append(p.values, len(list)), list...)
	return at
}

// numbers returns the numbers that the names of list have in the sorted list all.
func numbers(list, all []string) []int {
	var found []int
	for _, name := range list {
		if i, ok := slices.BinarySearch(all, name); ok {
			found = append(found, i+1)
		}
	}
	return found
}

// WriteElements writes what each element may have, and what policy says about it: bits by the letter of the action, 't' for
// text.
func (m *Model) WriteElements(b *bytes.Buffer, bits map[rune]int) {
	all := m.Names()
	lists := &pool{seen: map[string]int{}}
	var attrs, children, actions, rules []int
	for _, e := range m.Elements {
		attrs = append(attrs, lists.put(numbers(e.Attrs, m.Attrs)))
		children = append(children, lists.put(numbers(e.Children, all)))
		action := 0
		for _, letter := range e.Actions {
			action |= bits[letter]
		}
		if e.Text {
			action |= bits['t']
		}
		actions, rules = append(actions, action), append(rules, m.RuleIndex(e.Rule))
	}
	b.WriteString("// elementAttrs and elementChildren say where in lists the length of an element's list stands; the list follows.\n")
	Ints(b, "elementAttrs", "uint16", attrs)
	Ints(b, "elementChildren", "uint16", children)
	Ints(b, "elementActions", "uint8", actions)
	Ints(b, "elementRules", "uint8", rules)
	Ints(b, "lists", "uint16", lists.values)
}

// WriteCoded writes the constants of the elements whose actions have one of the letters.
func (m *Model) WriteCoded(b *bytes.Buffer, letters string) {
	b.WriteString("// The elements that code names.\nconst (\n")
	for i, e := range m.Elements {
		if strings.ContainsAny(e.Actions, letters) {
			fmt.Fprintf(b, "%s Element = %d\n", goName(e.Name), i+1)
		}
	}
	b.WriteString(")\n\n")
}
