package odf

import (
	"context"
	"errors"
	"path"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/xmlread"
	"sekisho/sanitize/verify/internal/zipread"
)

// pkg is one package.
type pkg struct {
	ctx     context.Context
	pass    verify.Pass
	archive *zipread.Archive
	mime    string
	entries map[string]zipread.Entry
	used    map[string]bool // members and objects that something refers to
}

// manifestName is the entry that lists the others (Part 2 section 4).
const manifestName = "META-INF/manifest.xml"

func (p *pkg) check() error {
	seen := map[string]bool{}
	for _, e := range p.archive.Entries {
		if err := p.pass.Entry(); err != nil {
			return err
		}
		low := strings.ToLower(e.Name)
		if e.Dir || seen[low] || path.Clean("/"+e.Name) != "/"+e.Name || strings.ContainsAny(e.Name, `\:*?"<>|%#`) {
			return verify.Fail(RulePackage, e.Name, "no name of a part")
		}
		seen[low], p.entries[e.Name] = true, e
	}
	if err := p.manifest(); err != nil {
		return err
	}
	for _, e := range p.archive.Entries {
		if e.Name == "mimetype" || e.Name == manifestName {
			continue
		}
		if err := p.part(e); err != nil {
			return err
		}
	}
	for _, e := range p.archive.Entries {
		if root, _ := part(e.Name); root == "" && e.Name != "mimetype" && e.Name != manifestName && !p.used[e.Name] {
			return verify.Fail(RulePackage, e.Name, "nothing refers to it")
		}
	}
	return nil
}

func (p *pkg) read(name string) ([]byte, error) {
	e, ok := p.entries[name]
	if !ok {
		return nil, verify.Fail(RulePackage, name, "it is not there")
	}
	if e.Size > p.pass.Policy.Limits.XMLPart {
		return nil, verify.Fail(verify.RuleLimit, name, "%d bytes", e.Size)
	}
	b, err := p.archive.Read(e, p.pass.Expand)
	if err != nil && !errors.Is(err, sanitize.ErrLimit) {
		return nil, verify.Fail(RulePackage, name, "%v", err)
	}
	return b, err
}

// part judges one entry by its place.
func (p *pkg) part(e zipread.Entry) error {
	root, ok := part(e.Name)
	if !ok {
		return verify.Fail(RulePackage, e.Name, "a part of no known kind")
	}
	if root == "" {
		b, err := p.read(e.Name)
		if err != nil {
			return err
		}
		return p.pass.Member(p.ctx, e.Name, sanitize.BytesInput(b))
	}
	if e.Size > p.pass.Policy.Limits.XMLPart {
		return verify.Fail(verify.RuleLimit, e.Name, "%d bytes", e.Size)
	}
	j := &xmlJudge{pkg: p, name: e.Name, root: root, r: xmlread.NewStream(p.archive.Open(e, p.pass.Expand), p.pass.Policy.Limits.Nesting)}
	return j.check()
}

const nsManifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"

// manifest holds the list against the entries: all of them but the mimetype and itself, and folders of objects.
func (p *pkg) manifest() error {
	b, err := p.read(manifestName)
	if err != nil {
		return err
	}
	listed := 0
	for r := xmlread.New(b, 2); ; {
		t, ok, err := r.Next()
		if err != nil {
			return verify.Fail(RuleXML, manifestName, "%v", err)
		}
		if !ok {
			break
		}
		if t.Kind != xmlread.Start || r.Depth() == 1 && t.Name == (xmlread.Name{Space: nsManifest, Local: "manifest"}) {
			continue
		}
		if t.Name != (xmlread.Name{Space: nsManifest, Local: "file-entry"}) {
			return verify.Fail(RuleName, manifestName, "the element %q", t.Name.Local)
		}
		full := ""
		for _, a := range t.Attrs {
			if a.Name.Local == "full-path" {
				full = a.Value
			}
		}
		if _, there := p.entries[full]; there {
			listed++
		} else if full != "/" && !strings.HasSuffix(full, "/") {
			return verify.Fail(RulePackage, manifestName, "%q is not there", full)
		}
	}
	if listed != len(p.entries)-2 {
		return verify.Fail(RulePackage, manifestName, "it lists %d of %d parts", listed, len(p.entries)-2)
	}
	return nil
}
