package svg

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/css"
	"sekisho/sanitize/internal/weblink"
	"sekisho/sanitize/internal/xmltext"
)

// filter copies the tokens of one picture.
type filter struct {
	ctx    context.Context
	pass   sanitize.Pass
	report *sanitize.Report
	r      *xmltext.Reader
	w      *xmltext.Writer
	frames []frame
	text   []byte // of the note or style sheet that is read
	cost   cost
	ops    int // parts of the filter that is read
	gone   map[string]int
}

// frame is one open element of the input that is not skipped.
type frame struct {
	local string
	kind  kind
	bare  bool // neither its start nor its end is written: what is in it stands in what is around
	mark  xmltext.Mark
}

func (f *filter) run() error {
	f.w.Declaration()
	return f.r.Each(xmltext.Handlers{Start: f.start, End: f.end, Text: f.characters})
}

// start decides about the element whose start tag was read.
func (f *filter) start() error {
	if len(f.frames) == 0 {
		if f.r.Name.Space != nsSVG || string(f.r.Name.Local) != "svg" {
			return fmt.Errorf("%w: the root is %q", sanitize.ErrMalformed, f.r.Name.Local)
		}
	} else if f.r.Name.Space != nsSVG {
		return f.skip(f.foreign())
	}
	local := string(f.r.Name.Local)
	k := elementKind(local)
	if k == unknown {
		return f.skip(goneRule(local))
	}
	if len(f.frames) > 0 {
		if up := f.frames[len(f.frames)-1].kind; up == note || up == style {
			return f.skip(RuleUnknown)
		}
	}
	switch k {
	case mover:
		if rule := f.moves(local); rule != "" {
			return f.skip(rule)
		}
	case anchor:
		if !f.leads() {
			f.gone[RuleLink]++
			f.frames = append(f.frames, frame{local: local, kind: k, bare: true})
			return nil
		}
	case filterOp:
		if f.ops++; f.ops > maxOps {
			return fmt.Errorf("%w: a filter of more than %d parts", sanitize.ErrLimit, maxOps)
		}
	}
	if local == "filter" {
		f.ops = 0
	}
	return f.open(local, k)
}

// maxOps bounds the parts of one filter.
const maxOps = 100

// foreign returns the rule for an element of another vocabulary. Browsers take some of those for their own.
func (f *filter) foreign() string {
	switch local := strings.ToLower(string(f.r.Name.Local)); {
	case goneRule(local) == RuleScript:
		return RuleScript
	case f.r.Name.Space == xmltext.Unknown && len(f.frames) == 1, local == "metadata", local == "rdf":
		return RuleMetadata // what an editor keeps beside the picture
	}
	return RuleUnknown
}

// skip reads over the element whose start tag was read.
func (f *filter) skip(rule string) error {
	f.gone[rule]++
	_, err := f.r.Skip()
	return err
}

// open begins an element in the output.
func (f *filter) open(local string, k kind) error {
	fr := frame{local: local, kind: k}
	if k == picture || k == style || k == note {
		fr.mark = f.w.Mark()
	}
	f.w.StartNamed(nil, []byte(local))
	if len(f.frames) == 0 {
		f.w.AttrNamed(nil, []byte("xmlns"), []byte(svgURI))
		f.w.AttrNamed([]byte("xmlns"), []byte("xlink"), []byte(xlinkURI))
	}
	f.frames = append(f.frames, fr)
	id, _ := f.attr(xmltext.None, "id")
	f.cost.start(id)
	f.text = f.text[:0]
	shown := k != picture
	referred := false
	for i := range f.r.Attrs {
		a := &f.r.Attrs[i]
		if a.Name.Space != xmltext.XMLNS && string(a.Name.Local) == "href" && (a.Name.Space == nsXlink || a.Name.Space == xmltext.None) {
			if referred { // the one without a prefix counts (SVG 2, 16.1.6)
				continue
			}
			ok, err := f.reference(local, k)
			if err != nil {
				return err
			}
			referred, shown = true, shown || ok
			continue
		}
		if err := f.attribute(local, k, a); err != nil {
			return err
		}
	}
	if !shown {
		f.gone[RulePicture]++
		return f.back()
	}
	return nil
}

// back takes the element that was opened last out of the output, and reads over it.
func (f *filter) back() error {
	fr := f.frames[len(f.frames)-1]
	f.frames = f.frames[:len(f.frames)-1]
	f.w.Back(fr.mark)
	f.w.Release()
	f.cost.end(false)
	_, err := f.r.Skip()
	return err
}

// attr returns the value of an attribute of the start tag that was read, and whether it is there.
func (f *filter) attr(space xmltext.Space, local string) (string, bool) {
	for i := range f.r.Attrs {
		if a := &f.r.Attrs[i]; a.Name.Space == space && string(a.Name.Local) == local {
			return string(a.Value), true
		}
	}
	return "", false
}

// href returns what the element refers to.
func (f *filter) href() string {
	v, ok := f.attr(xmltext.None, "href")
	if !ok {
		v, _ = f.attr(nsXlink, "href")
	}
	return strings.TrimSpace(v)
}

// attribute copies one attribute that is of the list and whose value loads nothing.
func (f *filter) attribute(local string, k kind, a *xmltext.Attr) error {
	name, value := string(a.Name.Local), string(a.Value)
	switch {
	case a.Name.Space == xmltext.XMLNS:
		return nil // the root has those that are needed
	case a.Name.Space == xmltext.XML && (name == "space" || name == "lang"):
		f.w.AttrNamed([]byte("xml"), a.Name.Local, a.Value)
		return nil
	case a.Name.Space == nsXlink && name == "title", a.Name.Space == nsXlink && (name == "type" || name == "show" || name == "actuate" || name == "role" || name == "arcrole"):
		return nil // they say of a link what its element says already
	case isEvent(name):
		f.gone[RuleEvent]++
		return nil
	case a.Name.Space != xmltext.None:
		if a.Name.Space == xmltext.Unknown {
			f.gone[RuleMetadata]++
		} else {
			f.gone[RuleUnknown]++
		}
		return nil
	case name == "style":
		kept, n := styles().Declarations(value)
		f.gone[RuleCSS] += n
		if kept != "" {
			f.refers(kept)
			f.w.AttrNamed(nil, a.Name.Local, []byte(kept))
		}
		return nil
	case k == mover:
		if !in(animationNames[:], name) {
			f.gone[RuleUnknown]++
			return nil
		}
	case k == style && (name == "type" || name == "media"):
		if value != "" && !strings.EqualFold(value, "text/css") && name == "type" || name == "media" && !css.Selector(value) {
			f.gone[RuleCSS]++
			return nil
		}
		f.w.Attr(a.Name, a.Value)
		return nil
	case !in(attributeNames[:], name) && !in(properties[:], name) && !strings.HasPrefix(name, "aria-"):
		f.gone[RuleUnknown]++
		return nil
	}
	if !styles().Value(value) {
		f.gone[RuleCSS]++
		return nil
	}
	if local == "filter" || k == filterOp {
		if err := proportionate(name, value); err != nil {
			return err
		}
	}
	f.refers(value)
	f.w.Attr(a.Name, a.Value)
	return nil
}

// refers notes the places in the picture that a value refers to.
func (f *filter) refers(value string) {
	for _, id := range css.Places(value) {
		f.cost.use(id)
	}
}

// proportionate fails for a number of a filter that would keep a reader busy for no picture anybody draws.
func proportionate(name, value string) error {
	most := 0.0
	switch name {
	case "numOctaves":
		most = 32
	case "order":
		most = 64
	case "stdDeviation", "radius":
		most = 1000
	case "width", "height", "x", "y":
		most = 100_000
	default:
		return nil
	}
	for field := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' }) {
		if n, err := strconv.ParseFloat(strings.TrimRight(field, "%abcdefghijklmnopqrstuvwxyz"), 64); err == nil && (n > most || n < -most) {
			return fmt.Errorf("%w: a filter with %s %s", sanitize.ErrLimit, name, field)
		}
	}
	return nil
}

// reference writes what an element refers to: a place in the picture, the page of a link, or a picture as data. It
// reports whether it did.
func (f *filter) reference(local string, k kind) (bool, error) {
	href := f.href()
	if k == picture && !strings.HasPrefix(href, "#") {
		data, err := f.data(href)
		if err != nil || data == "" {
			return false, err
		}
		f.w.AttrNamed([]byte("xlink"), []byte("href"), []byte(data))
		return true, nil
	}
	switch {
	case k == anchor: // leads was asked before
	case strings.HasPrefix(href, "#") && len(href) > 1:
		if k != mover {
			f.cost.use(href[1:])
		}
	case href == "":
		return true, nil
	default:
		f.gone[RuleLink]++
		return false, nil
	}
	f.w.AttrNamed([]byte("xlink"), []byte("href"), []byte(href))
	return true, nil
}

// leads reports whether a link leads to where policy allows, or to a place in the picture.
func (f *filter) leads() bool {
	href := f.href()
	return strings.HasPrefix(href, "#") || f.pass.Policy.Links && weblink.Allowed(href)
}

// moves returns the rule by which an animation does not stay, or "". What may be animated is what may be set, but for
// references and styles.
func (f *filter) moves(local string) string {
	if !f.pass.Policy.Animation {
		return RuleAnimation
	}
	name, ok := f.attr(xmltext.None, "attributeName")
	switch {
	case local == "mpath" || local == "animateMotion":
		return ""
	case !ok, name == "class" || name == "id", !in(attributeNames[:], name) && !in(properties[:], name):
		return RuleAnimation
	}
	return ""
}

// end ends the innermost element.
func (f *filter) end() error {
	fr := f.frames[len(f.frames)-1]
	f.frames = f.frames[:len(f.frames)-1]
	if fr.bare {
		return nil
	}
	stays := true
	switch fr.kind {
	case style:
		kept, n := styles().Sheet(string(f.text))
		f.gone[RuleCSS] += n
		f.refers(kept)
		f.w.Text([]byte(kept))
		stays = kept != ""
	case note:
		if stays = !strings.Contains(string(f.text), "<"); !stays { // in a page it would be read as one (HTML 13.2.6.5)
			f.gone[RuleMetadata]++
		}
		f.w.Text(f.text)
	}
	f.cost.end(stays)
	f.w.EndNamed(nil, []byte(fr.local))
	if fr.kind == style || fr.kind == note || fr.kind == picture {
		if !stays {
			f.w.Back(fr.mark)
		}
		f.w.Release()
	}
	return nil
}

// characters copies text where it is shown.
func (f *filter) characters() error {
	fr := &f.frames[len(f.frames)-1]
	switch {
	case fr.kind == style || fr.kind == note:
		f.text = append(f.text, f.r.Text...)
	case fr.kind == text || fr.kind == anchor && f.inText():
		f.w.Text(f.r.Text)
	case strings.TrimSpace(string(f.r.Text)) == "":
		if !fr.bare {
			f.w.Text(f.r.Text)
		}
	default:
		f.gone[RuleUnknown]++
	}
	return nil
}

// inText reports whether the innermost element stands in text.
func (f *filter) inText() bool {
	for i := len(f.frames) - 1; i >= 0; i-- {
		if k := f.frames[i].kind; k != anchor {
			return k == text
		}
	}
	return false
}

// tell gives the findings to the report.
func (f *filter) tell() {
	d := f.r.Dropped
	f.gone[RuleXMLNote] += d.Comments + d.Instructions
	f.gone[RuleDTD] += d.Doctypes + d.Entities
	for rule, n := range f.gone {
		if n > 0 {
			f.report.Findings = append(f.report.Findings, sanitize.Finding{Rule: rule, Action: sanitize.Removed, Count: n})
		}
	}
}
