package ooxml

import (
	"bytes"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// slideObject is the graphic frame of a slide that is being copied. When the OLE object in it goes, its picture takes
// the frame's place (ECMA-376 Part 1, 19.3.2.4 and 19.3.1.37).
type slideObject struct {
	depth    int    // of what is around the frame in the input
	id, name []byte // of the frame
	known    bool   // both were read
	gone     bool   // the object goes
	inside   bool   // in its picture
	declare  bool   // the next element is that picture, and must declare all its namespaces
	picture  []byte // as it is written
	shape    string // id of the VML shape that shows the object
}

// decideObject is decide for graphic frames, the OLE objects in them, and their pictures.
func (f *filter) decideObject(element grammar.Element) (verdict, string) {
	switch element {
	case grammar.POleObj:
		if f.p.holdsPackage(attr(f.r, grammar.NsR, "id")) {
			return keep, ""
		}
		if f.object.depth == 0 {
			return drop, ruleOLE
		}
		f.object.gone = true
		f.object.shape = attr(f.r, xmltext.None, "spid")
		return unwrap, ruleOLE
	case grammar.PEmbed:
		if f.object.gone {
			return drop, ""
		}
	case grammar.PPic:
		f.object.inside, f.object.declare = f.object.gone, f.object.gone
	}
	return keep, ""
}

// adjust returns the value of an attribute of a drawing's properties: a picture that takes the place of a frame has
// the frame's id and name.
func (o *slideObject) adjust(a *xmltext.Attr) []byte {
	var own *[]byte
	switch string(a.Name.Local) {
	case "id":
		own = &o.id
	case "name":
		own = &o.name
	default:
		return a.Value
	}
	if o.inside && *own != nil {
		return *own
	}
	if !o.known && o.depth > 0 {
		*own = bytes.Clone(a.Value)
		o.known = o.id != nil && o.name != nil
	}
	return a.Value
}

// settleObject is settle for graphic frames and what is in them.
func (f *filter) settleObject(fr *frame) bool {
	switch fr.element {
	case grammar.PPic:
		if f.object.inside {
			f.object.picture = bytes.Clone(f.w.Since(fr.mark))
			if i := bytes.IndexByte(f.object.picture, '<'); i > 0 {
				f.object.picture = f.object.picture[i:]
			}
			f.object.inside = false
		}
	case grammar.PGraphicFrame:
		object := f.object
		f.object = slideObject{}
		if !object.gone {
			return true
		}
		if object.picture == nil {
			object.picture = f.drawPreview(&object, f.w.Since(fr.mark))
		}
		if object.picture == nil {
			return false
		}
		f.w.Back(fr.mark)
		f.w.Raw(object.picture)
	}
	return true
}

// decideTiming drops animations of media that are gone, and commands to objects (ECMA-376 Part 1, 19.5.17).
func (f *filter) decideTiming(element grammar.Element) (verdict, string) {
	for _, l := range f.p.links {
		if l.to == nil || l.to.kind != media || !l.alive() {
			continue
		}
		if element != grammar.PCmd || attr(f.r, xmltext.None, "type") == "call" && isPlayback(attr(f.r, xmltext.None, "cmd")) {
			return keep, ""
		}
	}
	return drop, ruleMedia
}

// isPlayback reports whether a command does no more than play.
func isPlayback(cmd string) bool {
	name, _, _ := strings.Cut(cmd, "(")
	switch name {
	case "play", "playFrom", "pause", "resume", "stop", "togglePause":
		return true
	}
	return false
}

// slideActions are the actions that move between slides or do nothing (MS-OE376 2.1.1216).
var slideActions = [...]string{
	"ppaction://hlinkshowjump?jump=firstslide", "ppaction://hlinkshowjump?jump=lastslide",
	"ppaction://hlinkshowjump?jump=nextslide", "ppaction://hlinkshowjump?jump=previousslide",
	"ppaction://hlinkshowjump?jump=lastslideviewed", "ppaction://hlinkshowjump?jump=endshow",
	"ppaction://hlinksldjump", "ppaction://noaction",
}

// allowedAction reports whether a click may do this.
func allowedAction(action string) bool {
	for _, a := range slideActions {
		if strings.EqualFold(a, action) {
			return true
		}
	}
	show, ok := strings.CutPrefix(strings.ToLower(action), "ppaction://customshow?id=")
	return action == "" || ok && strings.Trim(show, "0123456789&;=abcdefghijklmnopqrstuvwxyz") == ""
}

// decideHyperlink is decide for what a click on a shape or text does (ECMA-376 Part 1, 21.1.2.3.5).
func (f *filter) decideHyperlink() (verdict, string) {
	if !allowedAction(attr(f.r, xmltext.None, "action")) {
		return drop, ruleSlideAction
	}
	return keep, ""
}

// settleHyperlink drops a link whose target went.
func (f *filter) settleHyperlink(fr *frame) bool {
	if fr.flag {
		f.p.add(ruleDangling, sanitize.Removed)
	}
	return !fr.flag
}

// slideGone notes the id of a slide that is not in the output.
func (f *filter) slideGone(id string) {
	if f.slidesGone == nil {
		f.slidesGone = map[string]bool{}
	}
	f.slidesGone[id] = true
}
