package ooxml

import (
	"bytes"
	"hash/crc32"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// media is the kind of a part that holds sound or film. Those are no parts of their own in the grammar
// (ECMA-376 Part 1, 15.2.17).
const media grammar.Part = 255

// part is one part of the package that the walk reached, and what became of it.
type part struct {
	key   string // in the input; "" is the package itself
	kind  grammar.Part
	entry *zipfile.Entry
	links []*link
	byID  map[string]*link // links, when they were looked at

	// What the rebuild made:
	lost     bool   // nothing: references to it go too
	raw      []byte // stored as it is; or else
	body     []byte // compressed
	crc      uint32
	size     int64
	file     string // name in the output, set when it is written
	suffix   string // that file gets, of a picture or embedded file: ".png"
	mime     string
	findings []sanitize.Finding
	bound    []string         // ids of the custom XML parts that the content is bound to
	previews map[string]*part // pictures of OLE objects by the id of a VML shape

	sourceGone   bool             // of a pivot table's cache: where it comes from is not in the workbook
	lostControls bool             // a relationship to an ActiveX control went
	controls     []controlPicture // what the controls of a slide looked like

	shapesGone map[string]bool // of a VML drawing: ids of shapes whose objects go, and are pictures on the slide
}

// link is a relationship that is kept, or was.
type link struct {
	relation
	to   *part // nil of an external one, and of one inside the same part
	used bool  // the rebuilt part names it
}

// alive reports whether what a link leads to is in the output.
func (l *link) alive() bool { return l.to == nil || !l.to.lost }

// link returns the relationship called id when it is kept, or nil.
func (p *part) link(id []byte) *link {
	if len(p.byID) != len(p.links) {
		p.byID = make(map[string]*link, len(p.links))
		for _, l := range p.links {
			p.byID[l.id] = l
		}
	}
	if l := p.byID[string(id)]; l != nil && l.alive() {
		return l
	}
	return nil
}

// maxPlaces bounds the places inside of a part that findings tell apart.
const maxPlaces = 64

// add records a finding about the part.
func (p *part) add(rule string, action sanitize.Action) { p.addAt(rule, action, p.where()) }

func (p *part) addAt(rule string, action sanitize.Action, where string) {
	if len(p.findings) >= maxPlaces {
		where = p.where()
	}
	for i := range p.findings {
		if f := &p.findings[i]; f.Rule == rule && f.Action == action && f.Where == where {
			f.Count++
			return
		}
	}
	p.findings = append(p.findings, sanitize.Finding{Rule: rule, Action: action, Where: where, Count: 1})
}

// where returns the place that findings about the part name.
func (p *part) where() string {
	if p.entry != nil {
		return p.entry.Name
	}
	return "/"
}

// packed is a writer that compresses and sums up what goes through it. It is used for one part after the other.
type packed struct {
	out   bytes.Buffer
	flate *flate.Writer
	crc   uint32
	size  int64
}

// level is the deflate level of parts: what Office and zip programs use unless told otherwise.
const level = 6

func newPacked() (*packed, error) {
	w := &packed{}
	f, err := flate.NewWriter(&w.out, level)
	w.flate = f
	return w, err
}

func (w *packed) Write(b []byte) (int, error) {
	w.crc = crc32.Update(w.crc, crc32.IEEETable, b)
	w.size += int64(len(b))
	return w.flate.Write(b)
}

// finish gives what was written to p and makes the writer ready for the next part.
func (w *packed) finish(p *part) error {
	if err := w.flate.Close(); err != nil {
		return err
	}
	p.crc, p.size = w.crc, w.size
	if w.out.Len() < bigBody {
		p.body = bytes.Clone(w.out.Bytes())
	} else { // not held twice
		p.body = w.out.Bytes()
		w.out = bytes.Buffer{}
	}
	w.reset()
	return nil
}

// bigBody is from how many bytes on a compressed part is handed over instead of copied.
const bigBody = 1 << 20

func (w *packed) reset() {
	w.out.Reset()
	w.flate.Reset(&w.out)
	w.crc, w.size = 0, 0
}
