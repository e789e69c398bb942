package odf

import (
	"fmt"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/odf/internal/grammar"
)

// revocable reports whether an element with code may be taken back at its end, so that it is held in memory until then.
func revocable(e grammar.Element) bool {
	switch e {
	case grammar.DrawImage, grammar.DrawFillImage, grammar.DrawObject, grammar.TextListLevelStyleImage, grammar.ChartSymbolImage,
		grammar.OfficeBinaryData, grammar.TableNamedExpression, grammar.TableNamedRange, grammar.TableDatabaseRange,
		grammar.TableDataPilotTable, grammar.CalcextConditionalFormat, grammar.CalcextCondition, grammar.CalcextSparkline, grammar.StyleMap:
		return true
	}
	return e.Action()&grammar.NotEmpty != 0
}

// href returns xlink:href of the start tag that was read.
func (f *filter) href() string { return strings.TrimSpace(attr(f.r, grammar.NsXlink, "href")) }

// decide is the code of the elements that have some, at their start. The rule is told when something goes; an empty one
// tells nothing.
func (f *filter) decide(element grammar.Element) (verdict, string) {
	switch element {
	case grammar.DrawObject, grammar.DrawObjectOle:
		return f.decideObject(element)
	case grammar.DrawImage, grammar.DrawFillImage, grammar.StyleBackgroundImage, grammar.TextListLevelStyleImage, grammar.ChartSymbolImage:
		return f.decideImage(element)
	case grammar.TextA, grammar.DrawA, grammar.DrawAreaCircle, grammar.DrawAreaPolygon, grammar.DrawAreaRectangle:
		return f.decideLink(element)
	case grammar.OfficeBinaryData, grammar.MathAnnotation, grammar.ConfigConfigItem:
		return f.decideText(element)
	case grammar.ConfigConfigItemSet, grammar.ConfigConfigItemMapNamed, grammar.ConfigConfigItemMapIndexed:
		return f.decideSettings()
	case grammar.ChartChart:
		if href := f.href(); href == ".." || href == "." { // the document that the chart is in
			f.ref = href
		}
	case grammar.OfficeDocument:
		if isDocument(attr(f.r, grammar.NsOffice, "mimetype")) && !f.d.pass.Policy.Embedded {
			return drop, ruleEmbedded
		}
	case grammar.OfficeMeta:
		if !f.d.pass.Policy.Metadata {
			return drop, ruleMetadata
		}
	case grammar.PresentationEventListener:
		return f.decideSlideAction()
	case grammar.OfficeAnnotation, grammar.OfficeAnnotationEnd, grammar.OfficeoooAnnotation:
		if !f.d.pass.Policy.Comments {
			return drop, ruleComment
		}
	case grammar.TextTrackedChanges, grammar.TableTrackedChanges, grammar.TextChange, grammar.TextChangeStart, grammar.TextChangeEnd:
		if !f.d.pass.Policy.Comments {
			return drop, ruleRevision
		}
	case grammar.OfficeText, grammar.OfficeSpreadsheet, grammar.OfficePresentation, grammar.OfficeDrawing, grammar.OfficeChart, grammar.OfficeImage:
		return f.decideBody()
	case grammar.FormProperty:
		return f.decideProperty()
	}
	return f.decideHidden(element)
}

// decideBody refuses a document whose body is of another type than it says.
func (f *filter) decideBody() (verdict, string) {
	if f.to != "" || len(f.frames) != 2 {
		return keep, ""
	}
	stated := strings.TrimSuffix(variants[f.d.variant].mime, "-template")
	if got := bodyType(string(f.r.Name.Local)); got != stated {
		f.err = fmt.Errorf("%w: the body is of type %q", sanitize.ErrMalformed, got)
	}
	return keep, ""
}

// decideObject keeps objects that are documents of this family inside the package, or stand here as XML.
func (f *filter) decideObject(element grammar.Element) (verdict, string) {
	top := &f.frames[len(f.frames)-1]
	if element == grammar.DrawObjectOle {
		return drop, ruleOLE
	}
	href := f.href()
	if href == "" {
		return keep, "" // what it holds decides
	}
	o, rule, err := f.object(href)
	if err != nil {
		f.err = err
		return drop, ""
	}
	if o == nil {
		return drop, rule
	}
	top.object = o.local()
	f.ref = "./" + o.local()
	return keep, ""
}

// decideImage keeps a picture that is rebuilt. What fills an area or marks a list gets the neutral picture instead; a
// frame does when it is left with nothing.
func (f *filter) decideImage(element grammar.Element) (verdict, string) {
	href := f.href()
	if href == "" {
		return keep, "" // what it holds decides
	}
	object := ""
	if element == grammar.DrawImage {
		object = f.frames[len(f.frames)-1].object
	}
	p, err := f.picture(href, object)
	if err != nil {
		f.err = err
		return drop, ""
	}
	if p.name == "" && (element == grammar.DrawImage || element == grammar.StyleBackgroundImage || f.d.archive == nil) {
		if object != "" && p.rule == rulePicture {
			return drop, rulePreview
		}
		return drop, p.rule
	}
	f.ref = p.name
	if p.name == "" {
		f.found(p.rule, sanitize.Replaced)
		if f.ref, f.err = f.neutralName(); f.ref == "" {
			return drop, ""
		}
	}
	return keep, ""
}

// decideLink keeps the links that policy allows; of others, what they stand on stays.
func (f *filter) decideLink(element grammar.Element) (verdict, string) {
	href := f.href()
	isArea := element != grammar.TextA && element != grammar.DrawA
	switch {
	case f.d.allowedLink(href):
		f.ref = href
		return keep, ""
	case href == "" && isArea:
		return keep, ""
	case isArea:
		return drop, ruleHyperlink
	}
	return unwrap, ruleHyperlink
}

// decideText captures the text of elements whose text is data.
func (f *filter) decideText(element grammar.Element) (verdict, string) {
	switch element {
	case grammar.MathAnnotation: // what LibreOffice made the formula from
		if !strings.HasPrefix(attr(f.r, xmltext.None, "encoding"), "StarMath") {
			return drop, ruleVendor
		}
		return keep, ""
	case grammar.ConfigConfigItem:
		if !allowedItem(attr(f.r, grammar.NsConfig, "name"), attr(f.r, grammar.NsConfig, "type")) {
			return drop, ruleSettings
		}
	}
	return capture, ""
}

// decideSlideAction keeps the moves between slides (OpenDocument 1.3 Part 3: presentation:action).
func (f *filter) decideSlideAction() (verdict, string) {
	href := f.href()
	switch attr(f.r, grammar.NsPresentation, "action") {
	case "next-page", "previous-page", "first-page", "last-page", "stop":
		if href == "" {
			return keep, ""
		}
	case "show":
		if insideLink(href) {
			f.ref = href
			return keep, ""
		}
	}
	return drop, ruleSlideAction
}

// decideProperty keeps the properties of form controls that say how they look.
func (f *filter) decideProperty() (verdict, string) {
	switch attr(f.r, grammar.NsForm, "property-name") {
	case "MultiLine", "Border", "BackgroundColor", "VisualEffect", "FocusOnClick", "PaintTransparent", "WritingMode", "HideInactiveSelection", "MouseWheelBehavior",
		"ControlTypeinMSO", "ObjIDinMSO", "Spin", "StrictFormat", "TextColor", "EnableVisible", "VerticalAlign", "AlwaysShowCursor", "HScroll", "VScroll", "ReadOnly":
		return keep, ""
	}
	return drop, ruleForm
}

// captured writes the text of an element that was gathered.
func (f *filter) captured(fr *frame) error {
	switch fr.element {
	case grammar.OfficeBinaryData:
		out, err := f.inline(f.text)
		if err != nil {
			return err
		}
		if fr.lost = out == nil; fr.lost {
			f.removed(rulePicture)
		}
		f.w.Text(out)
	case grammar.ConfigConfigItem:
		f.w.Text(f.text)
	}
	return nil
}

// settle is the code of a revocable element at its end, when it is whole in the output. It reports whether it stays.
func (f *filter) settle(fr *frame) bool {
	switch fr.element {
	case grammar.DrawImage, grammar.DrawFillImage, grammar.DrawObject, grammar.TextListLevelStyleImage, grammar.ChartSymbolImage:
		return fr.linked || fr.kept > 0
	case grammar.CalcextConditionalFormat:
		return fr.seen == 0 || fr.kept > 0
	}
	return !fr.lost
}
