package ooxml

import (
	"bytes"
	"slices"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// decideOLE is decide for an OLE object in a document (ECMA-376 Part 4, 19.3.3.19): it stays when it is an embedded
// package that could be rebuilt.
func (f *filter) decideOLE() (verdict, string) {
	l := f.p.link([]byte(attr(f.r, grammar.NsR, "id")))
	if l != nil && l.to != nil && l.to.kind == grammar.EmbeddedPackagePart && attr(f.r, xmltext.None, "Type") == "Embed" {
		return keep, ""
	}
	for i := len(f.frames) - 1; i >= 0; i-- {
		if e := f.frames[i].element; f.frames[i].kind == written && (e == grammar.WObject || e == grammar.WPict) {
			f.frames[i].flag = true
			break
		}
	}
	return drop, ruleOLE
}

// settleWordObject makes an object that lost its data the picture that it showed (ECMA-376 Part 1, 17.3.3.19 and
// 17.3.3.21): both hold the same drawing.
func (f *filter) settleWordObject(fr *frame) bool {
	if !fr.flag {
		return true
	}
	if fr.kept == 0 {
		return false
	}
	if fr.element != grammar.WObject {
		return true
	}
	whole := bytes.Clone(f.w.Since(fr.mark))
	whole = whole[bytes.IndexByte(whole, '<'):]
	end := bytes.IndexByte(whole, '>')
	tag := dropAttr(dropAttr(whole[:end], "dxaOrig"), "dyaOrig")
	name := bytes.IndexAny(append(tag[:len(tag):len(tag)], ' '), " ")
	closing := bytes.LastIndexByte(whole, '<')
	f.w.Back(fr.mark)
	f.w.Raw(asPict(tag[:name]))
	f.w.Append(tag[name:])
	f.w.Append(whole[end:closing])
	f.w.Append(asPict(whole[closing : len(whole)-1]))
	f.w.Append([]byte(">"))
	return true
}

// asPict returns the start of a tag that ends in "object" as one that ends in "pict".
func asPict(tag []byte) []byte {
	return append(bytes.Clone(bytes.TrimSuffix(tag, []byte("object"))), "pict"...)
}

// dropAttr returns a start tag without the attribute with this local name.
func dropAttr(tag []byte, local string) []byte {
	i := bytes.Index(tag, []byte(":"+local+`="`))
	if i < 0 {
		return tag
	}
	start := bytes.LastIndexByte(tag[:i], ' ')
	value := i + len(local) + 3
	end := value + bytes.IndexByte(tag[value:], '"') + 1
	return append(bytes.Clone(tag[:start]), tag[end:]...)
}

// keepsPackage reports whether an embedded package of the part is in the output.
func (p *part) keepsPackage() bool {
	return slices.ContainsFunc(p.links, func(l *link) bool {
		return l.to != nil && l.to.kind == grammar.EmbeddedPackagePart && l.alive()
	})
}

// The document properties, which content may be bound to without a part of custom XML (MS-OE376 2.1.1.12).
const (
	coreItem     = "{6c3c8bc8-f283-45ae-878a-bab7291924a1}"
	extendedItem = "{6668398d-a668-4e3e-a5eb-62b293d839f1}"
)

// decideBinding is decide for the binding of content to XML (ECMA-376 Part 1, 17.5.2.6). What is shown stands in the
// content, so that a binding to what is not there can go.
func (f *filter) decideBinding() (verdict, string) {
	id := strings.ToLower(attr(f.r, grammar.NsW, "storeItemID"))
	switch {
	case (id == coreItem || id == extendedItem) && f.d.pass.Policy.Metadata:
		return keep, ""
	case id != "" && f.d.items[id] != nil:
		f.p.bound = append(f.p.bound, id)
		return keep, ""
	}
	return drop, ruleCustomXML
}

// decideReview is decide for tracked changes, comments and hidden text: without them in the policy, changes are
// accepted.
func (f *filter) decideReview(element grammar.Element) (verdict, string) {
	switch element {
	case grammar.AHlinkClick, grammar.AHlinkHover, grammar.AHlinkMouseOver:
		return f.decideHyperlink()
	}
	if f.d.pass.Policy.Comments {
		return keep, ""
	}
	switch element {
	case grammar.WIns, grammar.WMoveTo:
		return unwrap, ruleRevision
	case grammar.WDel, grammar.WMoveFrom, grammar.WRPrChange, grammar.WPPrChange, grammar.WSectPrChange, grammar.WTblPrChange,
		grammar.WTblPrExChange, grammar.WTrPrChange, grammar.WTcPrChange, grammar.WTblGridChange, grammar.WNumberingChange,
		grammar.WCellIns, grammar.WCellDel, grammar.WCellMerge, grammar.WMoveFromRangeStart, grammar.WMoveFromRangeEnd,
		grammar.WMoveToRangeStart, grammar.WMoveToRangeEnd, grammar.WTrackRevisions:
		return drop, ruleRevision
	case grammar.WCommentRangeStart, grammar.WCommentRangeEnd, grammar.WCommentReference, grammar.WAnnotationRef:
		return drop, ruleComment
	}
	return keep, ""
}

// vanish says that the run around is hidden text (ECMA-376 Part 1, 17.3.2.41), which policy may not keep.
func (f *filter) vanish() {
	if f.d.pass.Policy.Hidden || isFalse(attr(f.r, grammar.NsW, "val")) {
		return
	}
	if run := f.parent(2); run != nil && run.element == grammar.WR {
		run.flag = true
		f.p.add(ruleHidden, sanitize.Removed)
	}
}
