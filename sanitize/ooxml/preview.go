package ooxml

import (
	"bytes"
	"fmt"
	"strconv"

	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// planPreviews finds the pictures of the OLE objects of p, a slide or the like as PowerPoint 2007 wrote it: they stand
// in the VML drawing beside it, in the shape with the id that the object names (ECMA-376 Part 1, 19.3.2.4: spid).
func (d *document) planPreviews(p *part) error {
	for _, l := range p.links {
		if l.to == nil || l.to.kind != grammar.VmlDrawingPart {
			continue
		}
		shape := ""
		err := d.tokens(l.to, func(k xmltext.Kind, r *xmltext.Reader) bool {
			if k != xmltext.Start || r.Name.Space != grammar.NsV {
				return true
			}
			switch string(r.Name.Local) {
			case "shape":
				shape = shapeID(r)
			case "imagedata":
				picture := l.to.link([]byte(attr(r, grammar.NsO, "relid")))
				if picture != nil && picture.to != nil && picture.to.kind == grammar.ImagePart && shape != "" {
					p.preview(shape, picture.to)
				}
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shapeID returns the id by which an object names the VML shape that r is at.
func shapeID(r *xmltext.Reader) string {
	if id := attr(r, grammar.NsO, "spid"); id != "" {
		return id
	}
	return attr(r, xmltext.None, "id")
}

// planShapes finds the shapes in VML drawings beside slides that show objects which go. Each such object becomes a picture
// on the slide; with its shape it would be drawn twice, the shape above everything else. It is called when it is known
// which embedded packages could be rebuilt.
func (d *document) planShapes() error {
	if d.variant.folder() != "ppt" {
		return nil
	}
	for _, p := range d.parts {
		for _, l := range p.links {
			if l.to == nil || l.to.kind != grammar.VmlDrawingPart || !p.isXML() || p.lost {
				continue
			}
			if err := d.planShapesOf(p, l.to); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *document) planShapesOf(p, drawing *part) error {
	return d.tokens(p, func(k xmltext.Kind, r *xmltext.Reader) bool {
		if k != xmltext.Start || r.Name.Space != grammar.NsP || string(r.Name.Local) != "oleObj" || p.holdsPackage(attr(r, grammar.NsR, "id")) {
			return true
		}
		if shape := attr(r, xmltext.None, "spid"); shape != "" {
			if drawing.shapesGone == nil {
				drawing.shapesGone = map[string]bool{}
			}
			drawing.shapesGone[shape] = true
		}
		return true
	})
}

// holdsPackage reports whether the relationship called id leads to an embedded package that is kept.
func (p *part) holdsPackage(id string) bool {
	l := p.link([]byte(id))
	return l != nil && l.to != nil && l.to.kind == grammar.EmbeddedPackagePart
}

// preview notes the picture of a shape; the first one counts.
func (p *part) preview(shape string, picture *part) {
	if p.previews == nil {
		p.previews = map[string]*part{}
	}
	if p.previews[shape] == nil {
		p.previews[shape] = picture
	}
}

// namespaces of a picture that is written anew.
const (
	nsPresentation = "http://schemas.openxmlformats.org/presentationml/2006/main"
	nsDrawing      = "http://schemas.openxmlformats.org/drawingml/2006/main"
	nsReferences   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
)

// drawPreview returns the picture of a frame whose object went, at the place of the frame, or nil when it has none.
func (f *filter) drawPreview(o *slideObject, frame []byte) []byte {
	picture := f.p.previews[o.shape]
	if picture == nil || picture.lost {
		return nil
	}
	var place [4]string
	for i, want := range [4][2]string{{":off ", "x"}, {":off ", "y"}, {":ext ", "cx"}, {":ext ", "cy"}} {
		_, rest, ok := bytes.Cut(frame, []byte(want[0]))
		place[i] = attrOf(append([]byte("< "), rest...), want[1])
		if _, err := strconv.ParseInt(place[i], 10, 64); !ok || err != nil {
			return nil
		}
	}
	return pictureXML(o.id, o.name, f.p.addPicture(picture), place)
}

// addPicture adds a relationship from p to a picture, and returns its id.
func (p *part) addPicture(picture *part) string {
	l := &link{relation: relation{id: p.freshID(), written: relOffice + "image"}, to: picture, used: true}
	l.kind = l.written
	p.links = append(p.links, l)
	return l.id
}

// freshID returns an id that no relationship of p has.
func (p *part) freshID() string {
	for n := 1; ; n++ {
		id := fmt.Sprintf("rIdPreview%d", n)
		taken := false
		for _, l := range p.links {
			taken = taken || l.id == id
		}
		if !taken {
			return id
		}
	}
}

// pictureXML returns a picture (ECMA-376 Part 1, 19.3.1.37) with the id and name of the shape whose place it takes: x, y,
// width and height.
func pictureXML(shape, name []byte, id string, place [4]string) []byte {
	var b bytes.Buffer
	w := xmltext.NewWriter(&b)
	open := func(prefix, local string, attrs ...string) {
		w.StartNamed([]byte(prefix), []byte(local))
		for i := 0; i < len(attrs); i += 2 {
			w.AttrNamed(nil, []byte(attrs[i]), []byte(attrs[i+1]))
		}
	}
	end := func(prefix, local string) { w.EndNamed([]byte(prefix), []byte(local)) }
	leaf := func(prefix, local string, attrs ...string) {
		open(prefix, local, attrs...)
		end(prefix, local)
	}
	open("p", "pic")
	for _, ns := range [][2]string{{"p", nsPresentation}, {"a", nsDrawing}, {"r", nsReferences}} {
		w.AttrNamed([]byte("xmlns"), []byte(ns[0]), []byte(ns[1]))
	}
	open("p", "nvPicPr")
	leaf("p", "cNvPr", "id", string(shape), "name", string(name))
	leaf("p", "cNvPicPr")
	leaf("p", "nvPr")
	end("p", "nvPicPr")
	open("p", "blipFill")
	open("a", "blip")
	w.AttrNamed([]byte("r"), []byte("embed"), []byte(id))
	end("a", "blip")
	open("a", "stretch")
	leaf("a", "fillRect")
	end("a", "stretch")
	end("p", "blipFill")
	open("p", "spPr")
	open("a", "xfrm")
	leaf("a", "off", "x", place[0], "y", place[1])
	leaf("a", "ext", "cx", place[2], "cy", place[3])
	end("a", "xfrm")
	open("a", "prstGeom", "prst", "rect")
	leaf("a", "avLst")
	end("a", "prstGeom")
	end("p", "spPr")
	end("p", "pic")
	w.Flush() // to memory: cannot fail
	return b.Bytes()
}
