package ooxml

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"unicode"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/xmlread"
	"sekisho/sanitize/verify/internal/zipread"
)

// The names and namespaces of the package itself (ECMA-376 Part 2).
const (
	contentTypesName  = "[Content_Types].xml"
	contentTypesSpace = "http://schemas.openxmlformats.org/package/2006/content-types"
	relsSpace         = "http://schemas.openxmlformats.org/package/2006/relationships"
	relsContent       = "application/vnd.openxmlformats-package.relationships+xml"
)

// pkg is one package.
type pkg struct {
	ctx       context.Context
	pass      verify.Pass
	archive   *zipread.Archive
	main      string
	entries   map[string]zipread.Entry
	defaults  map[string]string // content types by extension
	overrides map[string]string // content types by name
	parts     map[string]*part  // the parts that were reached
	todo      []*part
	lexicon   *lexicon
	bound     map[string]bool   // the stores of data that content is bound to
	stores    map[string]string // the stores that are there, and the parts that name them
	defined   map[string]bool   // names of the workbook, in upper case
	calls     map[string]string // names that formulas call and no list has, and the part that does
}

// part is one part that was reached.
type part struct {
	name    string
	content string
	kind    kind
	rels    map[string]relationship // by Id
}

func (p *pkg) check() error {
	if err := p.names(); err != nil {
		return err
	}
	if err := p.contentTypes(); err != nil {
		return err
	}
	root := &part{name: ""}
	if err := p.relationships(root); err != nil {
		return err
	}
	if err := p.follow(root); err != nil {
		return err
	}
	mains := 0
	for len(p.todo) > 0 {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		next := p.todo[len(p.todo)-1]
		p.todo = p.todo[:len(p.todo)-1]
		if next.kind.relation == "R/officeDocument" {
			mains++
		}
		if err := p.part(next); err != nil {
			return err
		}
	}
	if mains != 1 {
		return verify.Fail(RulePackage, "", "%d main parts", mains)
	}
	if err := p.calledNames(); err != nil {
		return err
	}
	for id, where := range p.stores {
		if !p.bound[id] {
			return verify.Fail(RulePart, where, "data that no content is bound to")
		}
	}
	return p.closed()
}

// names judges the names of all entries: plain, and no two the same but for case.
func (p *pkg) names() error {
	seen := map[string]bool{}
	for _, e := range p.archive.Entries {
		if err := p.pass.Entry(); err != nil {
			return err
		}
		low := strings.ToLower(e.Name)
		if e.Dir || seen[low] || !plainName(e.Name) {
			return verify.Fail(RulePackage, e.Name, "no name of a part")
		}
		seen[low] = true
		p.entries[e.Name] = e
	}
	return nil
}

// plainName reports whether a name is that of a part and means the same to every reader (Part 2 clause 9.1.1.1).
func plainName(name string) bool {
	if path.Clean("/"+name) != "/"+name || strings.HasSuffix(name, ".bin") || strings.HasSuffix(name, ".piece") {
		return false
	}
	for _, r := range name {
		if r <= ' ' || strings.ContainsRune(`\:*?"<>|%#&`, r) || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) {
			return false
		}
	}
	for s := range strings.SplitSeq(name, "/") {
		if strings.HasSuffix(s, ".") {
			return false
		}
	}
	return true
}

// open returns a reader of the data of an entry.
func (p *pkg) open(name string) (io.Reader, error) {
	e, ok := p.entries[name]
	if !ok {
		return nil, verify.Fail(RulePackage, name, "it is not there")
	}
	if e.Size > p.pass.Policy.Limits.XMLPart {
		return nil, verify.Fail(verify.RuleLimit, name, "%d bytes, at most %d", e.Size, p.pass.Policy.Limits.XMLPart)
	}
	return p.archive.Open(e, p.pass.Expand), nil
}

// read returns the data of an entry.
func (p *pkg) read(name string) ([]byte, error) {
	if _, err := p.open(name); err != nil {
		return nil, err
	}
	b, err := p.archive.Read(p.entries[name], p.pass.Expand)
	if errors.Is(err, sanitize.ErrLimit) {
		return nil, err
	}
	if err != nil {
		return nil, verify.Fail(RulePackage, name, "%v", err)
	}
	return b, nil
}

// broken returns what an error of the XML reader means: a limit of the run, or XML that our writer does not write.
func broken(name string, err error) error {
	if errors.Is(err, sanitize.ErrLimit) {
		return err
	}
	return verify.Fail(RuleXML, name, "%v", err)
}

// flat reads a part of the package itself: a root, and elements without content in it.
func (p *pkg) flat(name, space, root string, item func(local string, attrs map[string]string) error) error {
	in, err := p.open(name)
	if err != nil {
		return err
	}
	r := xmlread.NewStream(in, 2)
	for {
		t, ok, err := r.Next()
		if err != nil {
			return broken(name, err)
		}
		if !ok {
			return nil
		}
		switch {
		case t.Kind == xmlread.Text && len(strings.TrimSpace(string(t.Text))) > 0:
			return verify.Fail(RuleXML, name, "text")
		case t.Kind != xmlread.Start:
			continue
		case t.Name.Space != space, r.Depth() == 1 && (t.Name.Local != root || len(t.Attrs) > 0):
			return verify.Fail(RuleName, name, "the element %q", t.Name.Local)
		case r.Depth() == 1:
			continue
		}
		attrs := map[string]string{}
		for _, a := range t.Attrs {
			if a.Name.Space != "" {
				return verify.Fail(RuleName, name, "the attribute %q", a.Name.Local)
			}
			attrs[a.Name.Local] = a.Value
		}
		if err := item(t.Name.Local, attrs); err != nil {
			return err
		}
	}
}

// contentTypes reads [Content_Types].xml (Part 2 clause 10.1.2.2). Every override is for a part that is there.
func (p *pkg) contentTypes() error {
	p.defaults, p.overrides = map[string]string{}, map[string]string{}
	return p.flat(contentTypesName, contentTypesSpace, "Types", func(local string, attrs map[string]string) error {
		content, into, key := attrs["ContentType"], p.defaults, strings.ToLower(attrs["Extension"])
		if local == "Override" {
			into, key = p.overrides, strings.TrimPrefix(attrs["PartName"], "/")
			if _, there := p.entries[key]; !there || attrs["PartName"] != "/"+key {
				return verify.Fail(RulePackage, contentTypesName, "a type for %q, which is not there", attrs["PartName"])
			}
		} else if local != "Default" {
			return verify.Fail(RuleName, contentTypesName, "the element %q", local)
		}
		if _, twice := into[key]; twice || len(attrs) != 2 || key == "" || content == "" {
			return verify.Fail(RulePackage, contentTypesName, "a type for %q", key)
		}
		into[key] = content
		return nil
	})
}

// typeOf returns the content type of a part.
func (p *pkg) typeOf(name string) string {
	if t, ok := p.overrides[name]; ok {
		return t
	}
	return p.defaults[strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))]
}
