package ooxml

import (
	"bytes"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// startCompat reads an element of markup compatibility (ECMA-376 Part 3, 9.4): alternatives stay alternatives, each with
// what the grammar knows of it, so that each program still takes the one it took before.
func (f *filter) startCompat() error {
	if len(f.frames) == 0 {
		return f.skip(ruleUnknown)
	}
	top := &f.frames[len(f.frames)-1]
	top.seen++
	switch local := string(f.r.Name.Local); {
	case local == "AlternateContent" && top.kind != compat:
		return f.openCompat(compat)
	case local == "Choice" && top.kind == compat:
		if !f.understood() {
			return f.skip(ruleVendor)
		}
		return f.openCompat(branch)
	case local == "Fallback" && top.kind == compat:
		if top.kept == 0 { // no choice is left: what it holds stands alone
			f.w.Back(top.mark)
			f.w.Release()
			f.frames[len(f.frames)-2].kept--
			top.kind, top.held, top.depth = unwrapped, false, f.frames[len(f.frames)-2].depth
			return f.open(top.element, unwrapped)
		}
		return f.openCompat(branch)
	}
	return f.skip(ruleUnknown)
}

// understood reports whether the grammar knows all namespaces that a choice requires.
func (f *filter) understood() bool {
	prefixes := bytes.Fields([]byte(attr(f.r, xmltext.None, "Requires")))
	for _, prefix := range prefixes {
		space, ok := f.r.SpaceOf(prefix)
		if !ok || space <= 0 || grammar.SpaceRule(space) != "" {
			return false
		}
	}
	return len(prefixes) > 0
}

// openCompat begins an element of markup compatibility in the output.
func (f *filter) openCompat(kind frameKind) error {
	parent := &f.frames[len(f.frames)-1]
	parent.kept++
	fr := frame{element: parent.element, kind: kind, depth: f.r.Depth(), mark: f.w.Mark(), held: true}
	f.w.Start(f.r.Name)
	declared := f.inherit()
	for i := range f.r.Attrs {
		a := &f.r.Attrs[i]
		switch {
		case a.Name.Space == xmltext.XMLNS:
			if !declared {
				f.declaration(a)
			}
		case a.Name.Space == grammar.NsMc:
			f.compatAttribute(a)
		case a.Name.Space == xmltext.None && string(a.Name.Local) == "Requires" && kind == branch:
			f.w.Attr(a.Name, bytes.Join(bytes.Fields(a.Value), []byte(" ")))
		default:
			f.p.add(ruleUnknown, sanitize.Removed)
		}
	}
	f.frames = append(f.frames, fr)
	return nil
}
