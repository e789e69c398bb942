package ooxml

import (
	"slices"
	"strconv"

	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// controlPicture is what an ActiveX control of a slide looked like when the slide was saved (ECMA-376 Part 1, 19.3.2.1
// with the picture that MS-OE376 2.1.1260 adds): the control goes, the picture takes its place.
type controlPicture struct {
	id, name string    // of the shape
	blip     string    // id of the relationship to the picture
	place    [4]string // x, y, width and height
}

// planControls reads the pictures of the controls of p, a slide or the like.
func (d *document) planControls(p *part) error {
	switch p.kind {
	case grammar.SlidePart, grammar.SlideLayoutPart, grammar.SlideMasterPart:
	default:
		return nil
	}
	if !p.lostControls {
		return nil
	}
	last, inside := 0, false
	err := d.tokens(p, func(k xmltext.Kind, r *xmltext.Reader) bool {
		element := grammar.ElementNamed(&r.Name)
		switch {
		case k == xmltext.End && element == grammar.PControl:
			inside = false
		case k != xmltext.Start:
		case element == grammar.PCNvPr:
			if n, err := strconv.Atoi(attr(r, xmltext.None, "id")); err == nil {
				last = max(last, n)
			}
		case element == grammar.PControl:
			inside = true
			p.controls = append(p.controls, controlPicture{name: attr(r, xmltext.None, "name")})
		case inside:
			p.controls[len(p.controls)-1].read(r)
		}
		return true
	})
	p.controls = slices.DeleteFunc(p.controls, func(c controlPicture) bool { return !c.whole() })
	for i := range p.controls {
		p.controls[i].id = strconv.Itoa(last + 1 + i)
	}
	return err
}

// read takes what the element that r is at says of the picture.
func (c *controlPicture) read(r *xmltext.Reader) {
	if r.Name.Space != grammar.NsA {
		return
	}
	switch string(r.Name.Local) {
	case "blip":
		c.blip = attr(r, grammar.NsR, "embed")
	case "off":
		c.place[0], c.place[1] = attr(r, xmltext.None, "x"), attr(r, xmltext.None, "y")
	case "ext":
		if cx := attr(r, xmltext.None, "cx"); cx != "" { // not of an extension list
			c.place[2], c.place[3] = cx, attr(r, xmltext.None, "cy")
		}
	}
}

// whole reports whether all is known that the picture needs.
func (c *controlPicture) whole() bool {
	for _, v := range c.place {
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			return false
		}
	}
	return c.blip != ""
}

// drawControls writes the pictures of the controls as the last shapes of the slide, above the others as controls are.
func (f *filter) drawControls() {
	for _, c := range f.p.controls {
		l := f.p.link([]byte(c.blip))
		if l == nil || l.to == nil || l.to.kind != grammar.ImagePart {
			continue
		}
		l.used = true
		f.w.Raw(pictureXML([]byte(c.id), []byte(c.name), l.id, c.place))
	}
}
