package ooxml

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// filter copies one XML part: what the grammar knows, the policy keeps, and no code of its own takes away.
type filter struct {
	d *document
	p *part
	r *xmltext.Reader
	w *xmltext.Writer

	frames []frame
	plain  *plain
	text   []byte  // of the element that is captured
	fields []field // Word's complex fields that are open
	err    error   // that ends the copy

	columns    [][2]int        // that are hidden and must go: first and last
	sharedGone map[string]bool // shared formulas whose first cell lost its formula
	object     slideObject
	slidesGone map[string]bool // ids of slides that are not in the output
}

// frame is one open element of the output, or of the input when it is unwrapped.
type frame struct {
	element grammar.Element // what its children are looked up in: for markup compatibility, the element around
	kind    frameKind
	held    bool         // mark is in use
	capture bool         // its text is gathered, and written at its end by code
	mark    xmltext.Mark // before its start tag
	seen    int          // children in the input
	kept    int          // children in the output
	flag    bool         // for the code of the element: something went that it must know
	depth   int          // of the element in the input; of an unwrapped one, of what is around it in the output
}

// frameKind says how the end of an element is written.
type frameKind uint8

const (
	written   frameKind = iota // as it came
	unwrapped                  // not at all
	compat                     // mc:AlternateContent
	branch                     // mc:Choice or mc:Fallback
)

// verdict is what the code of an element says about it.
type verdict uint8

const (
	keep verdict = iota
	drop
	unwrap
	capture // keep, and gather its text for its end
)

// readerOptions returns how p is read.
func (d *document) readerOptions(p *part) xmltext.Options {
	opt := xmlOptions(d.limits)
	opt.Stop = d.ctx.Err
	opt.Space = func(uri []byte) xmltext.Space {
		info, ok := grammar.LookupSpace(uri)
		if !ok {
			return 0
		}
		return xmltext.Space(info.Number)
	}
	opt.VML = p.kind == grammar.VmlDrawingPart
	return opt
}

// xml rebuilds an XML part.
func (w *worker) xml(p *part) error {
	in, err := w.d.open(p)
	if err != nil {
		return err
	}
	defer in.Close()
	f := &filter{d: w.d, p: p, w: xmltext.NewWriter(w.out), plain: &w.plain}
	f.r = xmltext.NewReader(in, w.d.readerOptions(p))
	f.w.Declaration()
	if err := f.run(); err != nil {
		w.out.reset()
		return xmlError(p.entry.Name, err)
	}
	p.notes(f.r.Dropped)
	return w.out.finish(p)
}

// run copies all tokens.
func (f *filter) run() error {
	if err := f.r.Each(xmltext.Handlers{Start: f.failing(f.start), End: f.failing(f.end), Text: f.characters}); err != nil {
		return err
	}
	f.endFields()
	return f.w.Flush()
}

// failing returns do, which fails too when something that it called left an error in f.err.
func (f *filter) failing(do func() error) func() error {
	return func() error {
		if err := do(); err != nil {
			return err
		}
		return f.err
	}
}

// start decides about the element whose start tag was read.
func (f *filter) start() error {
	if f.p.kind == customXML {
		return f.startAny()
	}
	if f.r.Name.Space == grammar.NsMc {
		return f.startCompat()
	}
	element := grammar.ElementNamed(&f.r.Name)
	if len(f.frames) == 0 {
		if element == 0 || element != f.p.kind.Root() {
			return fmt.Errorf("%w: the element %q begins a part of kind %s", sanitize.ErrMalformed, f.r.Name.Local, f.p.kind.Name())
		}
		return f.open(element, written)
	}
	top := &f.frames[len(f.frames)-1]
	top.seen++
	if element == 0 {
		return f.skip(f.unknownRule(f.r.Name.Space))
	}
	if f.plain.elements.has(uint16(top.element), uint16(element)) {
		return f.open(element, written)
	}
	action := element.Action()
	switch {
	case action&grammar.Drop != 0:
		top.flag = top.flag || top.kind == written && top.element == grammar.WObject
		return f.skip(rulePrefix + element.Rule())
	case action&grammar.Unwrap != 0:
		f.p.add(rulePrefix+element.Rule(), sanitize.Removed)
		return f.open(element, unwrapped)
	case !top.element.Holds(element):
		return f.skip(ruleUnknown)
	case action&grammar.Handle != 0:
		return f.handle(element)
	case f.d.pass.Policy.Hidden:
		f.plain.elements.add(uint16(top.element), uint16(element))
	case f.hiddenCell(element):
		return f.skip(ruleHidden)
	}
	return f.open(element, written)
}

// unknownRule returns the rule for a name in this namespace that the grammar does not know.
func (f *filter) unknownRule(space xmltext.Space) string {
	if space == xmltext.Unknown {
		return ruleVendor
	}
	if rule := grammar.SpaceRule(space); rule != "" {
		return rulePrefix + rule
	}
	return ruleUnknown
}

// handle lets the code of an element decide about it.
func (f *filter) handle(element grammar.Element) error {
	v, rule := f.decide(element)
	switch v {
	case drop:
		return f.skip(rule)
	case unwrap:
		if rule != "" {
			f.p.add(rule, sanitize.Removed)
		}
		return f.open(element, unwrapped)
	case capture:
		if err := f.open(element, written); err != nil {
			return err
		}
		f.frames[len(f.frames)-1].capture = true
		f.text = f.text[:0]
		return nil
	}
	return f.open(element, written)
}

// skip reads over the element whose start tag was read. An empty rule tells nothing.
func (f *filter) skip(rule string) error {
	if rule != "" {
		f.p.add(rule, sanitize.Removed)
	}
	_, err := f.r.Skip()
	return err
}

// open begins an element in the output. One that turns out to be nothing without a relationship is skipped.
func (f *filter) open(element grammar.Element, kind frameKind) error {
	fr := frame{element: element, kind: kind, depth: f.r.Depth()}
	if kind == unwrapped {
		top := &f.frames[len(f.frames)-1]
		fr.depth = top.depth
		if fr.element.IsLeaf() { // the grammar does not say what it holds: what is around it holds that
			fr.element = top.element
		}
		f.frames = append(f.frames, fr)
		return nil
	}
	action := element.Action()
	if action&(grammar.NotEmpty|grammar.NeedsRel|grammar.Handle) != 0 || len(f.fields) > 0 && f.coded() {
		fr.mark, fr.held = f.w.Mark(), true
	}
	f.w.Start(f.r.Name)
	lost := f.attributes(element, f.inherit())
	if lost && action&grammar.NeedsRel != 0 {
		f.w.Back(fr.mark)
		f.w.Release()
		if element == grammar.PSldId {
			f.slideGone(attr(f.r, xmltext.None, "id"))
		}
		return f.skip(ruleDangling)
	}
	fr.flag = lost
	if len(f.frames) > 0 {
		f.frames[len(f.frames)-1].kept++
	}
	f.frames = append(f.frames, fr)
	f.opened(element)
	return nil
}

// inherit writes the namespace declarations of the unwrapped elements around the one that is being written, and its own.
// It reports whether it did.
func (f *filter) inherit() bool {
	if f.object.declare {
		f.object.declare = false
		f.declareFrom(f.object.depth)
		return true
	}
	if len(f.frames) == 0 || f.frames[len(f.frames)-1].kind != unwrapped {
		return false
	}
	f.declareFrom(f.frames[len(f.frames)-1].depth)
	return true
}

// declareFrom writes the namespace declarations that were made inside the outermost depth elements.
func (f *filter) declareFrom(depth int) {
	type declaration struct{ prefix, uri []byte }
	var list []declaration
	f.r.Bindings(depth, func(prefix, uri []byte, space xmltext.Space) {
		if space == xmltext.Unknown || len(list) > maxDeclared {
			return
		}
		list = slices.DeleteFunc(list, func(d declaration) bool { return string(d.prefix) == string(prefix) })
		list = append(list, declaration{prefix, uri})
	})
	if len(list) > maxDeclared {
		f.err = fmt.Errorf("%w: %d namespace declarations around one element", sanitize.ErrLimit, len(list))
		return
	}
	for _, d := range list {
		f.w.Attr(xmltext.Name{Prefix: xmlnsPrefix(d.prefix), Local: d.prefix, Space: xmltext.XMLNS}, d.uri)
	}
}

// maxDeclared bounds the declarations that an element takes over: they are written again for each child of the element
// that had them.
const maxDeclared = 64

func xmlnsPrefix(prefix []byte) []byte {
	if len(prefix) == 0 {
		return nil
	}
	return []byte("xmlns")
}

// end ends the innermost element.
func (f *filter) end() error {
	fr := &f.frames[len(f.frames)-1]
	if fr.capture {
		f.captured(fr)
	}
	if fr.kind == written {
		switch fr.element {
		case grammar.PSpTree:
			f.drawControls()
		case grammar.XCacheSource:
			f.drawSource(fr)
		}
	}
	if fr.kind != unwrapped {
		f.w.End(f.r.Name)
	}
	if fr.held {
		if f.closing(fr) && f.coded() {
			f.inCode(fr)
		}
		f.w.Release()
	}
	f.frames = f.frames[:len(f.frames)-1]
	return nil
}

// closing looks at an element that is whole now and may still be taken back. It reports whether it stays.
func (f *filter) closing(fr *frame) bool {
	emptied := fr.seen > 0 && fr.kept == 0
	var stays bool
	switch fr.kind {
	case compat:
		stays = fr.kept > 0
	case branch:
		stays = !emptied
	default:
		action := fr.element.Action()
		stays = (action&grammar.Handle == 0 || f.settle(fr)) && !(emptied && action&grammar.NotEmpty != 0)
	}
	switch {
	case !stays:
		f.back(fr)
	case fr.kind == written && fr.kept < fr.seen && fr.element.Action()&grammar.NotEmpty != 0:
		f.recount(fr)
	}
	return stays
}

// recount puts the number of children right that a list of Excel states, when some of them went.
func (f *filter) recount(fr *frame) {
	whole := f.w.Since(fr.mark)
	start := bytes.IndexByte(whole, '<')
	end := start + bytes.IndexByte(whole[start:], '>')
	at := bytes.Index(whole[start:end], []byte(` count="`))
	if at < 0 {
		return
	}
	at += start + len(` count="`)
	to := at + bytes.IndexByte(whole[at:], '"')
	fixed := strconv.AppendInt(bytes.Clone(whole[start:at]), int64(fr.kept), 10)
	fixed = append(fixed, whole[to:]...)
	f.w.Back(fr.mark)
	f.w.Raw(fixed)
}

// back takes an element out of the output.
func (f *filter) back(fr *frame) {
	f.w.Back(fr.mark)
	f.forgetFields(fr.mark)
	if len(f.frames) > 1 {
		f.frames[len(f.frames)-2].kept--
	}
}

// characters copies text where it may stand. White space between elements is no content.
func (f *filter) characters() error {
	fr := &f.frames[len(f.frames)-1]
	switch {
	case fr.capture:
		if len(f.text)+len(f.r.Text) <= maxCapture {
			f.text = append(f.text, f.r.Text...)
		} else {
			fr.flag = true
		}
	case f.p.kind == customXML || fr.kind == written && fr.element.Action()&grammar.HasText != 0:
		f.w.Text(f.r.Text)
	case !blank(f.r.Text):
		f.p.add(ruleUnknown, sanitize.Removed)
	}
	return nil
}

// maxCapture bounds text that is looked at as a whole: a formula has 8,192 characters at most, a field code less.
const maxCapture = 64 << 10

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

// startAny copies an element of custom XML: names of its own, with whatever namespaces.
func (f *filter) startAny() error {
	f.w.Start(f.r.Name)
	for _, a := range f.r.Attrs {
		if a.Nameless() {
			return fmt.Errorf("%w: a namespace whose name stood in an entity", sanitize.ErrMalformed)
		}
		f.w.Attr(a.Name, a.Value)
	}
	f.frames = append(f.frames, frame{})
	return nil
}

// notes tells what the XML reader dropped.
func (p *part) notes(d xmltext.Dropped) {
	if d.Comments+d.Instructions > 0 {
		p.add(ruleXMLNote, sanitize.Removed)
	}
	if d.Doctypes+d.Entities > 0 {
		p.add(ruleDTD, sanitize.Removed)
	}
}
