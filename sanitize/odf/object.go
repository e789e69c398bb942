package odf

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/odf/internal/grammar"
)

// object is a document inside the package: a chart, a formula, or a whole document.
type object struct {
	folder string // in the input, ends in a slash
	name   string // in the output: "Object 1"
	mime   string
}

// object returns the object that href leads to from the part of the filter, or nil and why there is none.
func (f *filter) object(href string) (*object, string, error) {
	d := f.d
	entry, ok := d.resolve(f.from, strings.TrimSuffix(href, "/")+"/content.xml")
	if !ok {
		if _, isFile := d.resolve(f.from, href); isFile {
			return nil, ruleOLE, nil
		}
		return nil, targetRule(href), nil
	}
	folder := strings.TrimSuffix(entry, "content.xml")
	if folder == f.from {
		return nil, ruleDangling, nil // itself
	}
	key := pictureKey{f.to, folder}
	if o := d.objects[key]; o != nil {
		return o, "", nil
	}
	if strings.Count(f.to, "/") >= d.limits.Depth {
		return nil, ruleEmbedded, nil
	}
	mime, err := d.kindOf(d.entries[entry])
	if err != nil {
		return nil, "", err
	}
	if mime == "" || isDocument(mime) && !d.pass.Policy.Embedded {
		return nil, ruleEmbedded, nil
	}
	d.counts[f.to+"Object"]++
	o := &object{folder: folder, name: f.to + "Object " + strconv.Itoa(d.counts[f.to+"Object"]), mime: mime}
	d.objects[key] = o
	d.queue = append(d.queue, o)
	return o, "", nil
}

// local returns the name of o without its folder.
func (o *object) local() string { return o.name[strings.LastIndexByte(o.name, '/')+1:] }

// isDocument reports whether an object is one that opens in a program of its own, no chart or formula.
func isDocument(mime string) bool {
	return mime != opendocument+"chart" && mime != opendocument+"formula"
}

// kindOf returns the type of the object whose content is e, by the element in its body; "" when it is none that stays.
func (d *document) kindOf(e *zipfile.Entry) (string, error) {
	in, err := d.openXML(e)
	if err != nil {
		return "", err
	}
	defer in.Close()
	r := xmltext.NewReader(in, d.xmlOptions())
	for inBody := false; ; {
		k, err := r.Next()
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return "", xmlError(e.Name, err)
		}
		if k != xmltext.Start {
			continue
		}
		if r.Depth() == 1 && r.Name.Space == grammar.NsMath {
			return opendocument + "formula", nil
		}
		if inBody {
			return bodyType(string(r.Name.Local)), nil
		}
		inBody = r.Depth() == 2 && r.Name.Space == grammar.NsOffice && string(r.Name.Local) == "body"
	}
}

// bodyType returns the type of a document whose body holds this element (OpenDocument 1.3 Part 3, 3.3).
func bodyType(local string) string {
	switch local {
	case "chart", "text", "spreadsheet", "presentation":
		return opendocument + local
	case "drawing":
		return opendocument + "graphics"
	}
	return ""
}
