package odf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/odf/internal/grammar"
)

// document is one rebuild.
type document struct {
	ctx     context.Context
	pass    sanitize.Pass
	limits  sanitize.Limits
	variant Variant
	report  *sanitize.Report

	archive *zipfile.Archive // nil of a flat document
	entries map[string]*zipfile.Entry
	version string // of the manifest
	secrets map[string]*secret
	used    map[string]bool // entries that something led to

	pictures map[pictureKey]*picture
	objects  map[pictureKey]*object
	queue    []*object      // those whose parts are not rebuilt yet
	counts   map[string]int // names given, by folder
	files    []file         // of the output, in their order
	packed   *packed
	password string // that opened the document
	hidden   hiddenPlan
}

// found records a finding.
func (d *document) found(rule string, action sanitize.Action, where string) {
	d.report.Add(rule, action, where)
}

// rebuildPackage writes the package in anew to out.
func (d *document) rebuildPackage(in sanitize.Input, out io.Writer) error {
	if err := d.open(in); err != nil {
		return err
	}
	var err error
	if d.packed, err = newPacked(); err != nil {
		return err
	}
	if d.entries["content.xml"] == nil {
		return fmt.Errorf("%w: no content.xml", sanitize.ErrMalformed)
	}
	if err := d.folder("", ""); err != nil {
		return err
	}
	for i := 0; i < len(d.queue); i++ { // the queue grows
		o := d.queue[i]
		if err := d.folder(o.folder, o.name+"/"); err != nil {
			return err
		}
	}
	d.reportRest()
	return d.write(out)
}

// open reads the archive's directory and the manifest.
func (d *document) open(in sanitize.Input) error {
	a, err := zipfile.Open(in, d.limits.Entries)
	if err != nil {
		return err
	}
	d.archive = a
	d.entries = make(map[string]*zipfile.Entry, len(a.Entries))
	for _, e := range a.Entries {
		if e.Encrypted {
			return fmt.Errorf("%w: entry %q", sanitize.ErrEncrypted, e.Name)
		}
		d.entries[e.Name] = e
	}
	for _, o := range a.Oddities {
		if o.Kind != zipfile.OddExtra {
			d.found(ruleZip, sanitize.Repaired, o.Entry)
		}
	}
	if err := d.readManifest(); err != nil {
		return err
	}
	return d.unlock()
}

// maxManifest bounds the manifest in bytes.
const maxManifest = 16 << 20

// readManifest looks through the manifest (OpenDocument 1.3 Part 2, 4) for how entries are encrypted. What entries there
// are, the archive says.
func (d *document) readManifest() error {
	d.used[typeName], d.used[manifestName] = true, true
	e := d.entries[manifestName]
	if e == nil {
		return nil // old programs wrote none; nothing can be encrypted then
	}
	b, err := d.archive.ReadAll(e, maxManifest, d.pass.Expand)
	if err != nil {
		return err
	}
	r := xmltext.NewReader(bytes.NewReader(b), d.xmlOptions())
	name := ""
	for {
		k, err := r.Next()
		if errors.Is(err, io.EOF) {
			d.notes(r.Dropped, manifestName)
			return nil
		}
		if err != nil {
			return xmlError(manifestName, err)
		}
		if k != xmltext.Start || r.Name.Space != grammar.NsManifest {
			continue
		}
		switch string(r.Name.Local) {
		case "manifest":
			d.version = attr(r, grammar.NsManifest, "version")
		case "file-entry":
			name = attr(r, grammar.NsManifest, "full-path")
		case "encrypted-key":
			return fmt.Errorf("%w: under the key of a person", sanitize.ErrEncrypted)
		case "encryption-data", "algorithm", "start-key-generation", "key-derivation":
			d.secret(name).note(r)
		}
	}
}

// secret returns how the entry called name is encrypted.
func (d *document) secret(name string) *secret {
	if d.secrets[name] == nil {
		d.secrets[name] = &secret{}
	}
	return d.secrets[name]
}

// folder rebuilds the parts of the document in folder of the input, which is "" or ends in a slash, to the folder to.
func (d *document) folder(from, to string) error {
	if err := d.planHidden(from); err != nil {
		return err
	}
	for _, name := range []string{"content.xml", "styles.xml", "meta.xml", "settings.xml"} {
		e := d.entries[from+name]
		if e == nil {
			continue
		}
		d.used[from+name] = true
		if name == "meta.xml" && !d.pass.Policy.Metadata {
			d.found(ruleMetadata, sanitize.Removed, e.Name)
			continue
		}
		if err := d.part(e, name, from, to); err != nil {
			return err
		}
	}
	return nil
}

// part rebuilds one XML part.
func (d *document) part(e *zipfile.Entry, name, from, to string) error {
	if err := d.pass.Entry(); err != nil {
		return err
	}
	in, err := d.openXML(e)
	if err != nil {
		return err
	}
	defer in.Close()
	d.packed.reset()
	f := newFilter(d, in, d.packed, e.Name)
	f.from, f.to, f.name = from, to, name
	if err := f.run(); err != nil {
		return xmlError(e.Name, err)
	}
	done := file{name: to + name, mime: "text/xml"}
	if err := d.packed.finish(&done); err != nil {
		return err
	}
	d.files = append(d.files, done)
	return nil
}

// openXML returns the content of an XML part. One that is too long is refused before it is read.
func (d *document) openXML(e *zipfile.Entry) (io.ReadCloser, error) {
	if e.Size > d.limits.XMLPart {
		return nil, fmt.Errorf("%w: part %q has %d bytes, at most %d", sanitize.ErrLimit, e.Name, e.Size, d.limits.XMLPart)
	}
	if d.secrets[e.Name] == nil {
		return d.archive.Open(e, d.pass.Expand)
	}
	b, err := d.read(e, d.limits.XMLPart)
	return io.NopCloser(bytes.NewReader(b)), err
}

// xmlOptions returns how XML is read here.
func (d *document) xmlOptions() xmltext.Options {
	return xmltext.Options{MaxDepth: d.limits.Nesting, Doctype: true, Stop: d.ctx.Err, Space: grammar.LookupSpace}
}

// notes tells what the XML reader dropped.
func (d *document) notes(n xmltext.Dropped, where string) {
	if n.Comments+n.Instructions > 0 {
		d.found(ruleXMLNote, sanitize.Removed, where)
	}
	if n.Doctypes+n.Entities > 0 {
		d.found(ruleDTD, sanitize.Removed, where)
	}
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

// reportRest tells of the entries that nothing led to.
func (d *document) reportRest() {
	for _, e := range d.archive.Entries {
		if !d.used[e.Name] && !e.Dir {
			d.found(restRule(e.Name), sanitize.Removed, e.Name)
		}
	}
}

// restRule returns the rule for an entry that is not copied.
func restRule(name string) string {
	low := strings.ToLower(name)
	for _, r := range [...]struct{ part, rule string }{
		{"basic/", ruleMacro}, {"scripts/", ruleMacro}, {"dialogs/", ruleMacro}, {"configurations", ruleConfiguration},
		{"thumbnails/", ruleThumbnail}, {"fonts/", ruleFont}, {"media/", ruleMedia}, {"database/", ruleDatabase},
		{"meta-inf/", ruleSignature}, {"manifest.rdf", ruleRDF}, {"layout-cache", ruleCache}, {"versions/", ruleRevision}, {"versionlist.xml", ruleRevision},
	} {
		if strings.HasPrefix(low, r.part) || strings.Contains(low, "/"+r.part) {
			return r.rule
		}
	}
	return ruleUnreferenced
}
