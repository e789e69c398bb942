package ooxml

import (
	"path"
	"strings"

	"sekisho/sanitize/verify"
)

// relationship is one relationship (Part 2 clause 9.3).
type relationship struct {
	typ, target string
	external    bool
}

// relsName returns the name of the part with the relationships of a part (Part 2 clause 9.3.3).
func relsName(name string) string {
	dir, base := path.Split(name)
	return dir + "_rels/" + base + ".rels"
}

// relationships reads the relationships of a part.
func (p *pkg) relationships(t *part) error {
	t.rels = map[string]relationship{}
	name := relsName(t.name)
	if _, there := p.entries[name]; !there {
		return nil
	}
	if p.typeOf(name) != relsContent {
		return verify.Fail(RulePackage, name, "the content type %q", p.typeOf(name))
	}
	return p.flat(name, relsSpace, "Relationships", func(local string, attrs map[string]string) error {
		mode, hasMode := attrs["TargetMode"]
		want := 3
		if hasMode {
			want = 4
		}
		id, typ, target := attrs["Id"], attrs["Type"], attrs["Target"]
		_, twice := t.rels[id]
		if local != "Relationship" || len(attrs) != want || id == "" || typ == "" || target == "" || twice || hasMode && mode != "Internal" && mode != "External" {
			return verify.Fail(RuleRelationship, name, "the relationship %q", id)
		}
		t.rels[id] = relationship{typ, target, mode == "External"}
		return nil
	})
}

// follow goes from a part to those that it leads to.
func (p *pkg) follow(t *part) error {
	for id, r := range t.rels {
		where := relsName(t.name)
		if r.external {
			if err := p.external(r, where); err != nil {
				return err
			}
			continue
		}
		target, ok := resolve(t.name, r.target)
		if ok && relation(r.typ) == "R/hyperlink" && strings.HasPrefix(r.target, "#") {
			continue
		}
		if _, there := p.entries[target]; !ok || !there {
			return verify.Fail(RuleRelationship, where, "%q leads to %q, which is not there", id, r.target)
		}
		content := p.typeOf(target)
		k, known := findKind(r.typ, content)
		if !known {
			return verify.Fail(RuleRelationship, where, "%q of the type %q to the content type %q", id, r.typ, content)
		}
		if rule := k.forbiddenBy(p.pass.Policy); rule != "" {
			return verify.Fail(rule, target, "the policy does not keep it")
		}
		if k.relation == "R/officeDocument" && (t.name != "" || content != p.main) {
			return verify.Fail(RulePackage, target, "a main part of the type %q", content)
		}
		if old, seen := p.parts[target]; seen {
			if old.kind != k {
				return verify.Fail(RuleRelationship, where, "%q is reached as two kinds of part", target)
			}
			continue
		}
		p.parts[target] = &part{name: target, content: content, kind: k}
		p.todo = append(p.todo, p.parts[target])
	}
	return nil
}

// resolve returns the name that a target leads to from a part.
func resolve(from, target string) (string, bool) {
	if strings.HasPrefix(target, "#") {
		return from, true
	}
	if strings.ContainsAny(target, `\:?#%`) || strings.HasPrefix(target, "//") {
		return "", false
	}
	if strings.HasPrefix(target, "/") {
		return target[1:], path.Clean(target) == target
	}
	joined := path.Join("/", path.Dir("/"+from), target)
	depth := strings.Count(path.Dir("/"+from), "/")
	if path.Dir("/"+from) == "/" {
		depth = 0
	}
	return joined[1:], strings.Count(target, "../") <= depth
}

// external judges a target outside of the package.
func (p *pkg) external(r relationship, where string) error {
	if relation(r.typ) != "R/hyperlink" {
		return verify.Fail(RuleExternal, where, "%q leads to %q", r.typ, r.target)
	}
	if !p.pass.Policy.Links || !linkable(r.target) {
		return verify.Fail(RuleLink, where, "a link to %q", r.target)
	}
	return nil
}

// closed fails when an entry has no place in the package.
func (p *pkg) closed() error {
	for name := range p.entries {
		from, isRels := relsOf(name)
		_, reached := p.parts[name]
		if _, owner := p.parts[from]; name != contentTypesName && !reached && !(isRels && (owner || from == "")) {
			return verify.Fail(RulePart, name, "nothing leads to it")
		}
	}
	return nil
}

// relsOf returns the name of the part whose relationships an entry holds.
func relsOf(name string) (string, bool) {
	dir, base := path.Split(name)
	if !strings.HasSuffix(dir, "_rels/") || !strings.HasSuffix(base, ".rels") {
		return "", false
	}
	return strings.TrimSuffix(dir, "_rels/") + strings.TrimSuffix(base, ".rels"), true
}
