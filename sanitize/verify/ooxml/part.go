package ooxml

import (
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/xmlread"
)

// part judges one part: its relationships, and its content by its form.
func (p *pkg) part(t *part) error {
	if err := p.relationships(t); err != nil {
		return err
	}
	if err := p.follow(t); err != nil {
		return err
	}
	if t.kind.form >= picture {
		b, err := p.read(t.name)
		if err != nil {
			return err
		}
		return p.member(t, b)
	}
	if t.kind.form == freeXML && !t.leadsTo("R/customXmlProps") {
		return verify.Fail(RulePart, t.name, "data without a name that content could be bound to")
	}
	in, err := p.open(t.name)
	if err != nil {
		return err
	}
	j := &xmlJudge{pkg: p, part: t, r: xmlread.NewStream(in, p.pass.Policy.Limits.Nesting)}
	return j.check()
}

// leadsTo reports whether a part has a relationship of a kind.
func (t *part) leadsTo(kind string) bool {
	for _, r := range t.rels {
		if relation(r.typ) == kind {
			return true
		}
	}
	return false
}

// member judges a picture or an embedded document, whose type must be the one that the package says.
func (p *pkg) member(t *part, b []byte) error {
	if len(t.rels) > 0 {
		return verify.Fail(RuleRelationship, t.name, "a member that leads further")
	}
	in := sanitize.BytesInput(b)
	if err := p.pass.Member(p.ctx, t.name, in); err != nil {
		return err
	}
	want := pictureType(t.content)
	if t.kind.form == document {
		want = documentType(t.content)
	}
	if id := p.pass.Identify(in); id != want {
		return verify.Fail(RuleMember, t.name, "the type is %q, the content %q", t.content, id)
	}
	return nil
}

// xmlJudge reads one part of XML.
type xmlJudge struct {
	*pkg
	part     *part
	r        *xmlread.Reader
	elements numbers // names that were looked up in the lexicon and are there
	attrs    numbers // the same
	fields   []field
	branch   []int           // the alternatives that are open, innermost last
	count    int             // alternatives so far
	inserted int             // tracked insertions that are open
	text     strings.Builder // of the element that is being read, when its text matters
	inside   xmlread.Name    // that element
}

func (j *xmlJudge) check() error {
	broken := func(err error) error { return broken(j.part.name, err) }
	if err := j.r.Each(j.ctx, broken, j.token); err != nil {
		return err
	}
	return j.endFields()
}

func (j *xmlJudge) token(t *xmlread.Token) error {
	switch t.Kind {
	case xmlread.Start:
		return j.start(t)
	case xmlread.End:
		return j.end(t.Name)
	}
	return j.characters(t.Text)
}

func (j *xmlJudge) start(t *xmlread.Token) error {
	name := xmlread.Name{Space: transitional(t.Name.Space), Local: t.Name.Local}
	if j.part.kind.form == freeXML {
		return nil
	}
	if j.r.Depth() == 1 && name.Local != j.part.kind.root {
		return verify.Fail(RuleName, j.part.name, "the root %q, want %q", name.Local, j.part.kind.root)
	}
	if name.Space == "" && (name.Local == "xml") != (j.r.Depth() == 1 && j.part.kind.root == "xml") || !j.elements.has(t.Number) && !j.lexicon.element(name) {
		return verify.Fail(RuleName, j.part.name, "the element %q of %q", name.Local, name.Space)
	}
	j.elements.add(t.Number)
	for i := range t.Attrs {
		a := &t.Attrs[i]
		known := xmlread.Name{Space: transitional(a.Name.Space), Local: a.Name.Local}
		if !j.attrs.has(a.Number) && !j.lexicon.attribute(known) {
			return verify.Fail(RuleName, j.part.name, "the attribute %q of %q on %q", known.Local, known.Space, name.Local)
		}
		j.attrs.add(a.Number)
		if err := j.attribute(name, known, a.Value); err != nil {
			return err
		}
	}
	if err := j.element(name, t.Attrs); err != nil {
		return err
	}
	if inserts(name) {
		j.inserted++
	}
	j.capture(name)
	return nil
}

// inserts reports whether an element is a tracked insertion (17.13.5.18, 17.13.5.25).
func inserts(n xmlread.Name) bool { return n.Space == nsW && (n.Local == "ins" || n.Local == "moveTo") }

// linkBase reports whether an element says what links begin with that do not say it themselves (22.2.2.12).
func linkBase(n xmlread.Name) bool {
	return n.Local == "HyperlinkBase" && n.Space == "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"
}

// capture begins to collect the text of an element whose text matters.
func (j *xmlJudge) capture(name xmlread.Name) {
	if formulaElement(name) || linkBase(name) || name.Space == nsW && (name.Local == "instrText" || name.Local == "delInstrText" || name.Local == "t" && len(j.fields) > 0) {
		j.text.Reset()
		j.inside = name
	}
}

func (j *xmlJudge) characters(b []byte) error {
	if j.inside.Local != "" {
		j.text.Write(b)
	}
	return nil
}

func (j *xmlJudge) end(raw xmlread.Name) error {
	name := xmlread.Name{Space: transitional(raw.Space), Local: raw.Local}
	if name.Space == nsMC && name.Local != "AlternateContent" {
		return j.closeBranch()
	}
	if inserts(name) {
		j.inserted--
	}
	if name != j.inside {
		return nil
	}
	j.inside = xmlread.Name{}
	switch {
	case linkBase(name):
		if base := j.text.String(); strings.TrimSpace(base) != "" {
			return verify.Fail(RuleLink, j.part.name, "a base for links: %q", base)
		}
		return nil
	case name.Space != nsW:
		return j.formula(j.text.String())
	case name.Local == "t":
		return j.fieldText(j.text.String(), false, false)
	}
	return j.fieldText(j.text.String(), true, name.Local == "delInstrText")
}

// attribute judges one attribute.
func (j *xmlJudge) attribute(element, name xmlread.Name, value string) error {
	where := j.part.name
	switch {
	case name.Space == nsR, name.Space == nsO && name.Local == "relid":
		if _, ok := j.part.rels[value]; !ok && value != "" {
			return verify.Fail(RuleRelationship, where, "%q on %q is no relationship", value, element.Local)
		}
	case name.Space == nsMC && (name.Local == "Ignorable" || name.Local == "MustUnderstand"), name.Space == "" && name.Local == "Requires" && element.Space == nsMC:
		for prefix := range strings.FieldsSeq(value) {
			if !j.r.Bound(prefix) {
				return verify.Fail(RuleXML, where, "the prefix %q stands for nothing", prefix)
			}
		}
	case activeAttribute(element, name.Local) && value != "":
		return verify.Fail(RuleActive, where, "%q on %q: %q", name.Local, element.Local, value)
	case name.Local == "action" && element.Space == nsA && !slideMove(value):
		return verify.Fail(RuleAction, where, "%q", value)
	case name.Local == "href" && (element.Space == nsV || element.Space == nsO):
		if value != "" && !strings.HasPrefix(value, "#") && !(j.pass.Policy.Links && linkable(value)) {
			return verify.Fail(RuleLink, where, "a link to %q", value)
		}
	case name.Local == "style" && activeStyle(value):
		return verify.Fail(RuleActive, where, "the style %q", value)
	case name.Local == "state" && value == "veryHidden":
		return verify.Fail(RuleActive, where, "a sheet that no menu shows")
	case name.Local == "storeItemID":
		j.bound[strings.ToLower(value)] = true
	case name.Local == "itemID" && element.Local == "datastoreItem":
		j.stores[strings.ToLower(value)] = where
	case name.Space == nsW && name.Local == "instr":
		return j.code(value, nil)
	case formulaAttribute(element, name.Local):
		return j.formula(value)
	}
	return nil
}
