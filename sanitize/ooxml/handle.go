package ooxml

import (
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// decide is the code of the elements that have some, at their start. The rule is told when something goes; an empty one
// tells nothing.
func (f *filter) decide(element grammar.Element) (verdict, string) {
	switch element {
	case grammar.WFldChar, grammar.WInstrText, grammar.WDelInstrText, grammar.WFldSimple:
		return f.decideField(element)
	case grammar.OOLEObject:
		return f.decideOLE()
	case grammar.WDataBinding, grammar.W15DataBinding:
		return f.decideBinding()
	case grammar.POleObj, grammar.PEmbed, grammar.PPic, grammar.PCNvPr, grammar.PGraphicFrame:
		return f.decideObject(element)
	case grammar.PCmd, grammar.PAudio, grammar.PVideo:
		return f.decideTiming(element)
	case grammar.XSheet, grammar.XDefinedName, grammar.XF, grammar.XFormula, grammar.XFormula1, grammar.XFormula2,
		grammar.XneF, grammar.XCalculatedColumnFormula, grammar.XTotalsRowFormula, grammar.X14DefinedName,
		grammar.CF, grammar.C15F, grammar.C15FormulaRef, grammar.CxF, grammar.XvmlFmlaRange, grammar.XvmlFmlaLink,
		grammar.XvmlFmlaPict, grammar.XvmlFmlaTxbx, grammar.XvmlFmlaGroup:
		return f.decideFormula(element)
	case grammar.P14SldId: // of a section (MS-PPTX 2.2.12.2)
		if f.slidesGone[attr(f.r, xmltext.None, "id")] {
			return drop, ruleDangling
		}
		return keep, ""
	case grammar.ApHyperlinkBase:
		return capture, ""
	case grammar.VShape:
		if f.p.shapesGone[shapeID(f.r)] {
			return drop, ""
		}
		return keep, ""
	case grammar.ApHeadingPairs, grammar.ApTitlesOfParts:
		if f.d.lostPages() {
			return drop, ruleMetadata
		}
		return keep, ""
	case grammar.XRow:
		if !f.d.pass.Policy.Hidden && isTrue(attr(f.r, xmltext.None, "hidden")) {
			return drop, ruleHidden
		}
	}
	return f.decideReview(element)
}

func isTrue(v string) bool { return v == "1" || v == "true" || v == "on" }

// opened is the code of an element after its start tag was written.
func (f *filter) opened(element grammar.Element) {
	switch element {
	case grammar.PGraphicFrame:
		f.object = slideObject{depth: f.r.Depth() - 1}
	case grammar.WVanish:
		f.vanish()
	}
}

// settle is the code of an element at its end, when it is whole in the output. It reports whether it stays.
func (f *filter) settle(fr *frame) bool {
	switch fr.element {
	case grammar.WFldChar, grammar.WInstrText, grammar.WDelInstrText, grammar.WR:
		return f.settleField(fr)
	case grammar.WObject, grammar.WPict:
		return f.settleWordObject(fr)
	case grammar.PGraphicFrame, grammar.PPic, grammar.POleObj:
		return f.settleObject(fr)
	case grammar.AHlinkClick, grammar.AHlinkHover, grammar.AHlinkMouseOver:
		return f.settleHyperlink(fr)
	case grammar.XHyperlink:
		return !fr.flag || f.located(fr)
	case grammar.XCfRule, grammar.XDataValidation, grammar.X14CfRule, grammar.X14DataValidation, grammar.X14Sparkline,
		grammar.XCfvo, grammar.X14Cfvo:
		return !fr.flag
	case grammar.CNumRef, grammar.CStrRef, grammar.CMultiLvlStrRef:
		return f.settleReference(fr)
	}
	if fr.capture {
		return f.settleFormula(fr)
	}
	return true
}

// parent returns the frame n elements above the innermost one of the output, or nil.
func (f *filter) parent(n int) *frame {
	for i := len(f.frames) - 2; i >= 0; i-- {
		if f.frames[i].kind == written {
			if n--; n == 0 {
				return &f.frames[i]
			}
		}
	}
	return nil
}
