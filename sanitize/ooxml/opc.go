package ooxml

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/weblink"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/internal/zipfile"
)

const (
	nsTypes     = "http://schemas.openxmlformats.org/package/2006/content-types"
	nsRelations = "http://schemas.openxmlformats.org/package/2006/relationships"

	// relations of ECMA-376 Part 1, 15, and the same in ISO/IEC 29500 Strict
	relOffice = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	relStrict = "http://purl.oclc.org/ooxml/officeDocument/relationships/"

	// core properties (ECMA-376 Part 2, F), and how the first edition had it in places, which LibreOffice still writes
	relCore    = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
	relCoreOld = "http://schemas.openxmlformats.org/officedocument/2006/relationships/metadata/core-properties"

	maxSmallPart = 16 << 20 // bytes of a part of relationships or types
	maxRelations = 100_000  // in one part
)

// opcPackage is an open package (ECMA-376 Part 2): its entries by part name.
type opcPackage struct {
	archive  *zipfile.Archive
	limits   sanitize.Limits
	expand   func(int64) error
	entries  map[string]*zipfile.Entry // by part name in lower case, without the first slash
	defaults map[string]string         // content type by extension in lower case
	override map[string]string         // content type by part name in lower case
	dropped  xmltext.Dropped           // from types and relationships
}

// relation is one relationship (ECMA-376 Part 2, 9.3).
type relation struct {
	id       string
	kind     string // type, in its transitional spelling
	written  string // type, as it is spelt
	target   string // as it is written
	external bool
}

// openPackage opens the zip archive whose first entry is at start and reads the content types. Part names are compared as ECMA-376 Part 2, 9.1.1.3
// says: without case.
func openPackage(in sanitize.Input, start int64, limits sanitize.Limits, expand func(int64) error) (*opcPackage, error) {
	archive, err := zipfile.OpenFrom(in, limits.Entries, start)
	if err != nil {
		return nil, err
	}
	p := &opcPackage{
		archive: archive, limits: limits, expand: expand, entries: make(map[string]*zipfile.Entry, len(archive.Entries)),
		defaults: map[string]string{}, override: map[string]string{},
	}
	for _, e := range archive.Entries {
		name := partKey(e.Name)
		if e.Dir && e.Size == 0 {
			continue
		}
		if p.entries[name] != nil {
			return nil, fmt.Errorf("%w: two parts are called %q", sanitize.ErrMalformed, name)
		}
		p.entries[name] = e
	}
	return p, p.readTypes()
}

// partKey returns the name of an entry as a key: a slash at the start and the slashes of Windows are what some
// programs write.
func partKey(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// read returns the content of a small part.
func (p *opcPackage) read(e *zipfile.Entry) ([]byte, error) {
	return p.archive.ReadAll(e, maxSmallPart, p.expand)
}

func (p *opcPackage) readTypes() error {
	e := p.entries[strings.ToLower(typesName)]
	if e == nil {
		return fmt.Errorf("%w: no content types", sanitize.ErrMalformed)
	}
	return p.scan(e, nsTypes, func(local string, get func(string) string) error {
		switch local {
		case "Default":
			p.defaults[strings.ToLower(get("Extension"))] = get("ContentType")
		case "Override":
			p.override[partKey(get("PartName"))] = get("ContentType")
		}
		return nil
	})
}

// contentType returns the content type that the package states for a part.
func (p *opcPackage) contentType(key string) string {
	if t := p.override[key]; t != "" {
		return t
	}
	return p.defaults[strings.TrimPrefix(path.Ext(key), ".")]
}

// scan reads a small part whose root element is in the namespace space, and calls each with every child of the root
// that is in it too.
func (p *opcPackage) scan(e *zipfile.Entry, space string, each func(local string, get func(attr string) string) error) error {
	b, err := p.read(e)
	if err != nil {
		return err
	}
	opt := xmlOptions(p.limits)
	opt.Space = func(uri []byte) xmltext.Space {
		if string(uri) == space {
			return 1
		}
		return 0
	}
	r := xmltext.NewReader(strings.NewReader(string(b)), opt)
	get := func(attr string) string {
		for _, a := range r.Attrs {
			if a.Name.Space == xmltext.None && string(a.Name.Local) == attr {
				return string(a.Value)
			}
		}
		return ""
	}
	for {
		k, err := r.Next()
		if errors.Is(err, io.EOF) {
			p.count(r.Dropped)
			return nil
		}
		if err != nil {
			return xmlError(e.Name, err)
		}
		if k == xmltext.Start && r.Depth() == 2 && r.Name.Space == 1 {
			if err := each(string(r.Name.Local), get); err != nil {
				return err
			}
		}
	}
}

func (p *opcPackage) count(d xmltext.Dropped) {
	p.dropped.Comments += d.Comments
	p.dropped.Instructions += d.Instructions
	p.dropped.Doctypes += d.Doctypes
	p.dropped.Entities += d.Entities
}

// relations returns the relationships of the part called key; "" is the package. Two with one id are refused.
func (p *opcPackage) relations(key string) ([]relation, error) {
	dir, file := path.Split(key)
	e := p.entries[dir+"_rels/"+file+".rels"]
	if e == nil {
		return nil, nil
	}
	var all []relation
	seen := map[string]bool{}
	err := p.scan(e, nsRelations, func(local string, get func(string) string) error {
		if local != "Relationship" {
			return nil
		}
		r := relation{id: get("Id"), written: get("Type"), target: strings.TrimSpace(get("Target"))}
		r.kind = transitional(r.written)
		r.external = strings.EqualFold(strings.TrimSpace(get("TargetMode")), "external")
		if seen[r.id] || len(all) >= maxRelations {
			return fmt.Errorf("%w: relationship %q of %q is there twice, or there are too many", sanitize.ErrMalformed, r.id, key)
		}
		seen[r.id] = true
		all = append(all, r)
		return nil
	})
	return all, err
}

// transitional returns the usual spelling of a relationship type: the transitional one of ISO/IEC 29500-4, annex A.
func transitional(kind string) string {
	rest, ok := strings.CutPrefix(kind, relStrict)
	switch {
	case kind == relCoreOld:
		return relCore
	case !ok:
		return kind
	case rest == "extendedProperties":
		return relOffice + "extended-properties"
	case rest == "customProperties":
		return relOffice + "custom-properties"
	}
	return relOffice + rest
}

// mainPart returns the key and the content type of the main part.
func (p *opcPackage) mainPart() (key, contentType string, err error) {
	all, err := p.relations("")
	if err != nil {
		return "", "", err
	}
	for _, r := range all {
		if r.kind != relOffice+"officeDocument" || r.external {
			continue
		}
		if key != "" {
			return "", "", fmt.Errorf("%w: two main parts", sanitize.ErrMalformed)
		}
		var ok bool
		if key, ok = p.resolve("", r.target); !ok {
			return "", "", fmt.Errorf("%w: the main part is missing", sanitize.ErrMalformed)
		}
	}
	if key == "" {
		return "", "", fmt.Errorf("%w: no main part", sanitize.ErrMalformed)
	}
	return key, p.contentType(key), nil
}

// resolve returns the key of the part that target leads to from the part called from, and whether it is there. A
// target that climbs out of the package leads nowhere.
func (p *opcPackage) resolve(from, target string) (string, bool) {
	target, _, _ = strings.Cut(strings.ReplaceAll(target, `\`, "/"), "#")
	if target == "" {
		return "", false
	}
	if !strings.HasPrefix(target, "/") {
		dir, _ := path.Split(from)
		target = dir + target
	}
	clean := path.Clean(strings.TrimPrefix(target, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", false
	}
	key := strings.ToLower(clean)
	if p.entries[key] == nil {
		key = strings.ToLower(weblink.Unescape(clean))
	}
	return key, p.entries[key] != nil
}

// xmlOptions returns how XML is read here.
func xmlOptions(limits sanitize.Limits) xmltext.Options {
	return xmltext.Options{MaxDepth: limits.Nesting, Doctype: true}
}

// xmlError names the part and gives an error of the XML reader its kind.
func xmlError(name string, err error) error {
	switch {
	case errors.Is(err, xmltext.ErrSyntax):
		return fmt.Errorf("%w: part %q: %v", sanitize.ErrMalformed, name, err)
	case errors.Is(err, xmltext.ErrLimit):
		return fmt.Errorf("%w: part %q: %v", sanitize.ErrLimit, name, err)
	}
	return fmt.Errorf("part %q: %w", name, err)
}
