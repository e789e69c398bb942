package ooxml

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// write writes the package: content types, relationships of the package, then each part and its relationships.
func (d *document) write(out io.Writer, live []*part) error {
	d.name(live)
	z := zipfile.NewWriter(out)
	if err := d.add(z, typesName, d.types(live)); err != nil {
		return err
	}
	if err := d.writeRelations(z, d.root); err != nil {
		return err
	}
	for _, p := range live {
		var err error
		if p.raw != nil {
			err = z.AddFile(p.file, p.raw, true)
		} else {
			err = z.AddDeflated(zipfile.Header{Name: p.file}, p.body, p.crc, p.size)
		}
		if err == nil {
			err = d.writeRelations(z, p)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

// name gives the parts their names, by kind and order.
func (d *document) name(live []*part) {
	counts := map[string]int{}
	for _, p := range live {
		pattern := "@/media/media#"
		if p.kind != media {
			pattern = p.kind.File()
		}
		folder := d.variant.folder()
		if d.inGlossary(p) {
			folder += "/glossary"
		}
		pattern = strings.Replace(pattern, "@", folder, 1)
		counts[pattern]++
		n := strconv.Itoa(counts[pattern])
		if !strings.Contains(pattern, "#") && counts[pattern] > 1 {
			pattern = strings.TrimSuffix(pattern, ".xml") + "#.xml"
		}
		p.file = strings.Replace(pattern, "#", n, 1) + p.suffix
		if n == "1" && soleKind(p.kind) {
			p.file = strings.Replace(pattern, "#", "", 1)
		}
	}
}

// soleKind reports whether a document has one part of this kind at most, usually named without a number.
func soleKind(kind grammar.Part) bool {
	switch kind {
	case grammar.DocumentSettingsPart, grammar.WebSettingsPart, grammar.FontTablePart, grammar.StyleDefinitionsPart,
		grammar.StylesWithEffectsPart, grammar.NumberingDefinitionsPart, grammar.FootnotesPart, grammar.EndnotesPart,
		grammar.WordprocessingCommentsPart, grammar.WordprocessingCommentsExPart, grammar.WordprocessingCommentsIdsPart,
		grammar.WordCommentsExtensiblePart, grammar.WordprocessingPeoplePart:
		return true
	}
	return false
}

// inGlossary reports whether p belongs to the glossary document only.
func (d *document) inGlossary(p *part) bool {
	for _, g := range d.parts {
		if g.kind != grammar.GlossaryDocumentPart {
			continue
		}
		for _, l := range g.links {
			if l.to == p && soleKind(p.kind) {
				return true
			}
		}
	}
	return false
}

// types returns the content types part: defaults for relationships and plain XML, an override for each other part.
func (d *document) types(live []*part) []byte {
	var b bytes.Buffer
	w := xmltext.NewWriter(&b)
	w.Declaration()
	row := func(element, key, value, contentType string) {
		w.StartNamed(nil, []byte(element))
		w.AttrNamed(nil, []byte(key), []byte(value))
		w.AttrNamed(nil, []byte("ContentType"), []byte(contentType))
		w.EndNamed(nil, []byte(element))
	}
	w.StartNamed(nil, []byte("Types"))
	w.AttrNamed(nil, []byte("xmlns"), []byte(nsTypes))
	row("Default", "Extension", "rels", "application/vnd.openxmlformats-package.relationships+xml")
	row("Default", "Extension", "xml", "application/xml")
	seen := map[string]bool{}
	for _, p := range live {
		if ext := strings.TrimPrefix(path.Ext(p.file), "."); p.byExtension() && !seen[ext] {
			seen[ext] = true
			row("Default", "Extension", ext, d.typeOf(p))
		}
	}
	for _, p := range live {
		if !p.byExtension() && p.kind != customXML {
			row("Override", "PartName", "/"+p.file, d.typeOf(p))
		}
	}
	w.EndNamed(nil, []byte("Types"))
	w.Flush() // to memory: cannot fail
	return b.Bytes()
}

// byExtension reports whether the content type of p is told by the end of its name.
func (p *part) byExtension() bool { return p.suffix != "" || p.kind == grammar.VmlDrawingPart }

// typeOf returns the content type of p in the output.
func (d *document) typeOf(p *part) string {
	switch {
	case p == d.main:
		return variants[variants[d.variant].output].main
	case p.suffix != "":
		return p.mime
	}
	return p.kind.ContentType()
}

// writeRelations writes the relationships of p that are used, with the ids they had.
func (d *document) writeRelations(z *zipfile.Writer, p *part) error {
	var b bytes.Buffer
	w := xmltext.NewWriter(&b)
	w.Declaration()
	w.StartNamed(nil, []byte("Relationships"))
	w.AttrNamed(nil, []byte("xmlns"), []byte(nsRelations))
	n := 0
	for _, l := range p.links {
		if l.alive() && d.needed(p, l) {
			writeRelation(w, p, l)
			n++
		}
	}
	w.EndNamed(nil, []byte("Relationships"))
	w.Flush() // to memory: cannot fail
	if n == 0 {
		return nil
	}
	dir, file := path.Split(p.file)
	return d.add(z, dir+"_rels/"+file+".rels", b.Bytes())
}

// add writes a small part that is no part of the walk.
func (d *document) add(z *zipfile.Writer, name string, data []byte) error {
	w, p := d.workers[0].out, part{}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.finish(&p); err != nil {
		return err
	}
	return z.AddDeflated(zipfile.Header{Name: name}, p.body, p.crc, p.size)
}

// relative returns the name of a part as a reference from a part in folder dir, which is "" or ends in a slash.
func relative(dir, name string) string {
	for {
		i := strings.IndexByte(dir, '/') + 1
		if i == 0 || !strings.HasPrefix(name, dir[:i]) {
			return strings.Repeat("../", strings.Count(dir, "/")) + name
		}
		dir, name = dir[i:], name[i:]
	}
}

func writeRelation(w *xmltext.Writer, p *part, l *link) {
	w.StartNamed(nil, []byte("Relationship"))
	w.AttrNamed(nil, []byte("Id"), []byte(l.id))
	w.AttrNamed(nil, []byte("Type"), []byte(l.written))
	if l.to != nil {
		dir, _ := path.Split(p.file)
		w.AttrNamed(nil, []byte("Target"), []byte(relative(dir, l.to.file)))
	} else {
		w.AttrNamed(nil, []byte("Target"), []byte(l.target))
	}
	if l.external {
		w.AttrNamed(nil, []byte("TargetMode"), []byte("External"))
	}
	w.EndNamed(nil, []byte("Relationship"))
}

// reportUnreferenced tells the parts of the input that nothing leads to, and the ones that nothing kept leads to.
func (d *document) reportUnreferenced(report *sanitize.Report, live []*part) {
	alive := make(map[*part]bool, len(live))
	for _, p := range live {
		alive[p] = true
	}
	for _, e := range d.archive.Entries {
		key := partKey(e.Name)
		switch p := d.byKey[key]; {
		case p != nil && !alive[p] && !p.lost && p.kind != grammar.CustomXmlPropertiesPart, p == nil && !d.told[key] && !d.system(key):
			report.Add(ruleUnreferenced, sanitize.Removed, e.Name)
		}
	}
}

// system reports whether key is a folder, the content types, or the relationships of a part that is there.
func (d *document) system(key string) bool {
	if key == strings.ToLower(typesName) || d.entries[key] == nil {
		return true
	}
	dir, file := path.Split(key)
	owner, ok := strings.CutSuffix(file, ".rels")
	if !ok || !strings.HasSuffix(dir, "_rels/") {
		return false
	}
	dir = strings.TrimSuffix(dir, "_rels/")
	return dir+owner == "" || d.entries[dir+owner] != nil
}

// open returns the content of an XML part. One that is too long is refused before it is read.
func (d *document) open(p *part) (io.ReadCloser, error) {
	if p.entry.Size > d.limits.XMLPart {
		return nil, fmt.Errorf("%w: part %q has %d bytes, at most %d", sanitize.ErrLimit, p.entry.Name, p.entry.Size, d.limits.XMLPart)
	}
	return d.archive.Open(p.entry, d.expand)
}
