package odf

import (
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/odf/internal/grammar"
)

// filter copies one XML part: what the grammar knows, the policy keeps, and no code of its own takes away.
type filter struct {
	d     *document
	where string // the part, for findings
	name  string // "content.xml" and the like, or flatName
	from  string // folder of the part in the input
	to    string // and in the output
	r     *xmltext.Reader
	w     *xmltext.Writer

	frames []frame
	text   []byte // of the element that is captured
	ref    string // what xlink:href of the element that is being written becomes
	err    error  // that ends the copy
	value  []byte // scratch, for values
	tally  map[sanitize.Finding]int
}

// frame is one open element of the input that is not dropped.
type frame struct {
	element grammar.Element // what its children are looked up in: of an unwrapped one, the element around it
	gone    bool            // unwrapped: neither its start nor its end is written
	held    bool            // mark is in use
	capture bool            // its text is gathered, and written at its end by code
	mark    xmltext.Mark    // before its start tag
	seen    int             // children in the input
	kept    int             // children in the output
	shown   int             // of a frame: children that show something
	lost    bool            // something went that the element must know of
	blank   bool            // a hidden row or what is in one
	linked  bool            // it has a reference that stays
	object  string          // of a frame: the object that it holds
}

// verdict is what the code of an element says about it.
type verdict uint8

const (
	keep verdict = iota
	drop
	unwrap
	capture // keep, and gather its text for its end
)

func newFilter(d *document, in io.Reader, out io.Writer, where string) *filter {
	return &filter{d: d, where: where, r: xmltext.NewReader(in, d.xmlOptions()), w: xmltext.NewWriter(out), tally: map[sanitize.Finding]int{}}
}

// found records a finding about the part. There may be one for each token, so that they are counted here first.
func (f *filter) found(rule string, action sanitize.Action) {
	f.tally[sanitize.Finding{Rule: rule, Action: action, Where: f.where}]++
}

// tell gives the findings to the report, which the engine sorts.
func (f *filter) tell() {
	for finding, n := range f.tally {
		finding.Count = n
		f.d.report.Findings = append(f.d.report.Findings, finding)
	}
}

// removed records that something went. An empty rule tells nothing.
func (f *filter) removed(rule string) {
	if rule != "" {
		f.found(rule, sanitize.Removed)
	}
}

// run copies all tokens.
func (f *filter) run() error {
	f.w.Declaration()
	if err := f.r.Each(xmltext.Handlers{Start: f.failing(f.start), End: f.failing(f.end), Text: f.characters}); err != nil {
		return err
	}
	f.d.notes(f.r.Dropped, f.where)
	f.tell()
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
	element := grammar.ElementNamed(&f.r.Name)
	if len(f.frames) == 0 {
		return f.root(element)
	}
	top := &f.frames[len(f.frames)-1]
	top.seen++
	if element == 0 {
		return f.foreign(top)
	}
	action := element.Action()
	switch {
	case action&grammar.Drop != 0:
		f.dropped(top, element)
		return f.skip(rulePrefix + element.Rule())
	case action&grammar.Unwrap != 0:
		f.removed(rulePrefix + element.Rule())
		f.unwrap(top)
		return nil
	case !top.element.Holds(element):
		if element == grammar.OfficeEventListeners {
			return f.skip(ruleEvent)
		}
		return f.skip(ruleUnknown)
	case top.blank && !isCell(element), f.hiddenShape(element):
		return f.skip(ruleHidden)
	case action&grammar.Handle != 0:
		return f.handle(element)
	}
	f.open(element)
	return nil
}

// foreign decides about an element that the grammar does not know. One of an unknown namespace that stands in text leaves
// its text (OpenDocument 1.3 Part 3, 3.17: process-content); any other goes.
func (f *filter) foreign(top *frame) error {
	space := f.r.Name.Space
	if top.element.Action()&grammar.HasText != 0 && !top.capture && !top.blank && (space == xmltext.Unknown || space == grammar.NsLoext) {
		f.removed(ruleVendor)
		f.unwrap(top)
		return nil
	}
	return f.skip(unknownRule(space))
}

// unknownRule returns the rule for a name in this namespace that the grammar does not know.
func unknownRule(space xmltext.Space) string {
	switch space {
	case xmltext.Unknown, grammar.NsLoext, grammar.NsOfficeooo, grammar.NsCalcext, grammar.NsDrawooo, grammar.NsChartooo, grammar.NsTableooo, grammar.NsFormx, grammar.NsCss3t:
		return ruleVendor
	}
	if rule := grammar.SpaceRule(space); rule != "" {
		return rulePrefix + rule
	}
	return ruleUnknown
}

// dropped tells the element around one that policy drops, where that matters to it.
func (f *filter) dropped(top *frame, element grammar.Element) {
	switch top.element {
	case grammar.DrawFrame, grammar.TableDataPilotTable:
		top.lost = true
	}
}

// unwrap goes into an element without writing it.
func (f *filter) unwrap(top *frame) {
	f.frames = append(f.frames, frame{element: top.element, gone: true, blank: top.blank, capture: top.capture})
}

// handle lets the code of an element decide about it.
func (f *filter) handle(element grammar.Element) error {
	if element == grammar.OfficeScripts {
		return f.skipEmpty(ruleScript)
	}
	f.ref = ""
	v, rule := f.decide(element)
	if f.err != nil {
		return f.err
	}
	switch v {
	case drop:
		f.dropped(&f.frames[len(f.frames)-1], element)
		return f.skip(rule)
	case unwrap:
		f.removed(rule)
		f.unwrap(&f.frames[len(f.frames)-1])
		return nil
	case capture:
		f.open(element)
		f.frames[len(f.frames)-1].capture = true
		f.text = f.text[:0]
		return nil
	}
	f.open(element)
	return nil
}

// skip reads over the element whose start tag was read. An empty rule tells nothing.
func (f *filter) skip(rule string) error {
	f.removed(rule)
	_, err := f.r.Skip()
	return err
}

// skipEmpty is skip for an element that every document has, mostly with nothing in it: then nothing is told.
func (f *filter) skipEmpty(rule string) error {
	n, err := f.r.Skip()
	if n > 0 {
		f.removed(rule)
	}
	return err
}

// open begins an element in the output.
func (f *filter) open(element grammar.Element) {
	fr := frame{element: element}
	if revocable(element) {
		fr.mark, fr.held = f.w.Mark(), true
	}
	if n := len(f.frames); n > 0 {
		f.frames[n-1].kept++
		fr.blank = f.frames[n-1].blank || element == grammar.TableTableRow && !f.d.pass.Policy.Hidden && hiddenRow(f.r)
	}
	fr.linked = f.ref != ""
	f.startNamed(element.Space(), element.Local())
	fr.lost = f.attributes(element, &fr)
	f.frames = append(f.frames, fr)
}

// root begins the part: its element must be the one of the part, and declares all namespaces that may come.
func (f *filter) root(element grammar.Element) error {
	spaces, err := f.rootSpaces(element)
	if err != nil {
		return err
	}
	f.startNamed(element.Space(), element.Local())
	for _, s := range spaces {
		f.w.AttrNamed([]byte("xmlns"), []byte(grammar.Prefix(s)), []byte(grammar.URI(s)))
	}
	fr := frame{element: element}
	f.attributes(element, &fr)
	f.frames = append(f.frames, fr)
	return nil
}

var (
	metaSpaces     = [...]xmltext.Space{grammar.NsDc, grammar.NsMeta, grammar.NsOffice, grammar.NsXlink}
	settingsSpaces = [...]xmltext.Space{grammar.NsConfig, grammar.NsOffice, grammar.NsOoo, grammar.NsXlink}
	mathSpaces     = [...]xmltext.Space{grammar.NsMath}
)

// rootSpaces checks the root element of the part, and returns the namespaces that it declares (OpenDocument 1.3 Part 3, 3.1).
func (f *filter) rootSpaces(element grammar.Element) ([]xmltext.Space, error) {
	switch {
	case f.name == flatName && element == grammar.OfficeDocument:
		return grammar.Spaces(), f.checkType()
	case f.name == "content.xml" && element == grammar.OfficeDocumentContent, f.name == "styles.xml" && element == grammar.OfficeDocumentStyles:
		return grammar.Spaces(), nil
	case f.name == "meta.xml" && element == grammar.OfficeDocumentMeta:
		return metaSpaces[:], nil
	case f.name == "settings.xml" && element == grammar.OfficeDocumentSettings:
		return settingsSpaces[:], nil
	case f.name == "content.xml" && element == grammar.MathMath && f.to != "":
		return mathSpaces[:], nil
	}
	return nil, fmt.Errorf("%w: the element %q begins the part", sanitize.ErrMalformed, f.r.Name.Local)
}

// checkType refuses a flat document that does not say what it is.
func (f *filter) checkType() error {
	mime := attr(f.r, grammar.NsOffice, "mimetype")
	if v := flatVariant(mime); v != f.d.variant || variants[v].mime != mime && variants[v].mime+template != mime {
		return fmt.Errorf("%w: a flat document of type %q", sanitize.ErrUnsupported, mime)
	}
	return nil
}

// end ends the innermost element.
func (f *filter) end() error {
	n := len(f.frames)
	fr := &f.frames[n-1]
	if fr.capture && !fr.gone {
		if err := f.captured(fr); err != nil {
			return err
		}
	}
	if fr.element == grammar.DrawFrame && !fr.gone && fr.lost && fr.shown == 0 {
		if err := f.drawNeutral(); err != nil {
			return err
		}
	}
	if !fr.gone {
		f.w.EndNamed([]byte(grammar.Prefix(fr.element.Space())), []byte(fr.element.Local()))
		stays := !fr.held || f.closing(fr)
		if fr.held {
			if !stays {
				f.w.Back(fr.mark)
			}
			f.w.Release()
		}
		if n > 1 {
			f.told(&f.frames[n-2], fr, stays)
		}
	} else if n > 1 {
		top := &f.frames[n-2]
		top.kept, top.lost, top.shown = top.kept+fr.kept, top.lost || fr.lost, top.shown+fr.shown
	}
	f.frames = f.frames[:n-1]
	return nil
}

// closing looks at an element that is whole now and may still be taken back. It reports whether it stays.
func (f *filter) closing(fr *frame) bool {
	if fr.element.Action()&grammar.NotEmpty != 0 {
		return fr.seen == 0 || fr.kept > 0
	}
	return f.settle(fr)
}

// told tells the frame around an element what became of it.
func (f *filter) told(top, fr *frame, stays bool) {
	switch {
	case !stays:
		top.kept--
		top.lost = top.lost || fr.element == grammar.DrawImage || fr.element == grammar.OfficeBinaryData
	case top.element == grammar.DrawFrame && shows(fr.element):
		top.shown++
	}
}

// shows reports whether an element in a frame shows something, and is not about what does.
func shows(e grammar.Element) bool {
	switch e.Local() {
	case "image", "object", "text-box", "table":
		return true
	}
	return false
}

// characters copies text where it may stand. White space between elements is no content.
func (f *filter) characters() error {
	fr := &f.frames[len(f.frames)-1]
	switch {
	case fr.capture:
		if int64(len(f.text)+len(f.r.Text)) <= 2*f.d.limits.FileSize {
			f.text = append(f.text, f.r.Text...)
		}
	case fr.element.Action()&grammar.HasText != 0 && !fr.blank:
		f.w.Text(f.r.Text)
	case !isBlank(f.r.Text):
		f.removed(ruleUnknown)
	}
	return nil
}

func isBlank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

func (f *filter) startNamed(space xmltext.Space, local string) {
	f.w.StartNamed([]byte(grammar.Prefix(space)), []byte(local))
}

func (f *filter) attrNamed(space xmltext.Space, local, value string) {
	f.w.AttrNamed([]byte(grammar.Prefix(space)), []byte(local), []byte(value))
}

func (f *filter) endNamed(space xmltext.Space, local string) {
	f.w.EndNamed([]byte(grammar.Prefix(space)), []byte(local))
}
