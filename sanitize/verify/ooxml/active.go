package ooxml

import (
	"strings"

	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/link"
	"sekisho/sanitize/verify/internal/xmlread"
)

// activeElement reports whether an element of the vocabulary runs, loads or links something, whatever is in it.
func activeElement(n xmlread.Name) bool {
	switch n.Space {
	case nsW:
		switch n.Local {
		case "altChunk", "subDoc", "control", "objectLink", "mailMerge", "attachedTemplate", "frameset", "saveThroughXslt", "entryMacro", "exitMacro",
			"embedRegular", "embedBold", "embedItalic", "embedBoldItalic", "sourceFileName", "movie", "linkToQuery", "printerSettings":
			return true
		}
	case nsX:
		switch n.Local {
		case "ddeLink", "oleLink", "controls", "control", "webPublishItems", "webPublishItem", "dbPr", "webPr", "olapPr", "textPr", "connection",
			"externalReference", "externalLink", "queryTable", "volType", "webPublishing", "dialogsheet", "smartTagPr":
			return true
		}
	case nsP:
		switch n.Local {
		case "control", "controls", "link", "htmlPubPr", "webPr", "audio", "video", "embeddedFontLst", "embeddedFont":
			return true
		}
	case nsA:
		switch n.Local {
		case "audioCd", "audioFile", "videoFile", "quickTimeFile", "wavAudioFile":
			return true
		}
	case nsO:
		switch n.Local {
		case "LinkType", "OLELink":
			return true
		}
	case nsXvml:
		switch n.Local {
		case "FmlaMacro", "DDE", "ScriptText", "ScriptExtended", "ScriptLanguage", "ScriptLocation", "MapOCX":
			return true
		}
	}
	switch n.Local {
	case "macrosheet", "webVideoPr", "webExtension", "webextension", "taskpane", "customUI", "ocx", "model3d", "oembed":
		return true
	}
	return false
}

// activeAttribute reports whether an attribute that is not empty runs, loads or links something.
func activeAttribute(element xmlread.Name, local string) bool {
	switch local {
	case "macro", "fmlaMacro", "onAction", "onLoad", "invalidUrl", "sigProvUrl", "sigprovurl", "althref", "url":
		return true
	case "src":
		return element.Space == nsV || element.Space == nsO
	case "link":
		return element.Space == nsX && element.Local == "oleObject"
	}
	return false
}

// activeStyle reports whether a style of VML reaches for something.
func activeStyle(style string) bool {
	s := strings.ToLower(style)
	return strings.Contains(s, "url(") || strings.Contains(s, "expression") || strings.Contains(s, "behavior") || strings.Contains(s, "@import")
}

// slideMove reports whether an action of a slide moves inside the presentation ([MS-PPTX] and ECMA-376 Part 1
// 21.1.2.3.5).
func slideMove(action string) bool {
	switch action {
	case "", "ppaction://hlinksldjump", "ppaction://noaction",
		"ppaction://hlinkshowjump?jump=nextslide", "ppaction://hlinkshowjump?jump=previousslide", "ppaction://hlinkshowjump?jump=firstslide",
		"ppaction://hlinkshowjump?jump=lastslide", "ppaction://hlinkshowjump?jump=lastslideviewed", "ppaction://hlinkshowjump?jump=endshow":
		return true
	}
	rest, ok := strings.CutPrefix(action, "ppaction://customshow?id=")
	return ok && strings.Trim(strings.TrimSuffix(rest, "&return=true"), "0123456789") == ""
}

// element judges an element by what it is and by its attributes together.
func (j *xmlJudge) element(n xmlread.Name, attrs []xmlread.Attr) error {
	where := j.part.name
	if activeElement(n) {
		return verify.Fail(RuleActive, where, "the element %q", n.Local)
	}
	switch {
	case n.Space == nsMC:
		j.openBranch(n.Local)
	case n.Space == nsW && len(j.fields) > 0 && (n.Local == "tab" || n.Local == "br" || n.Local == "cr" || n.Local == "sym"):
		return j.fieldText(" ", false, false) // they part words, in codes too
	case n.Space == nsW && n.Local == "fldChar":
		return j.fieldChar(get(attrs, "fldCharType"))
	case n.Space == nsX && n.Local == "definedName":
		return j.definedName(attrs)
	case n.Space == nsX && n.Local == "cfvo" && get(attrs, "type") == "formula":
		return j.formula(get(attrs, "val"))
	case n.Space == nsP && n.Local == "cmd" && get(attrs, "type") != "call":
		return verify.Fail(RuleAction, where, "the command %q", get(attrs, "cmd"))
	case n.Space == nsO && n.Local == "OLEObject":
		if get(attrs, "Type") != "Embed" || !j.isDocument(get(attrs, "id")) {
			return verify.Fail(RuleActive, where, "an object that is no embedded document")
		}
	case n.Local == "oleObj" || n.Local == "oleObject" && n.Space == nsX:
		if id := get(attrs, "id"); id != "" && !j.isDocument(id) {
			return verify.Fail(RuleActive, where, "an object that is no embedded document")
		}
	case !j.pass.Policy.Hidden && (n.Space == nsX && n.Local == "sheet" && get(attrs, "state") == "hidden" || n.Space == nsP && n.Local == "sld" && off(get(attrs, "show"))):
		return verify.Fail(RuleHidden, where, "a hidden sheet or slide")
	case n.Space == nsW && !j.pass.Policy.Comments && reviews(n.Local):
		return verify.Fail(RuleComment, where, "the element %q", n.Local)
	}
	return nil
}

// off reports whether a flag that is on unless it says otherwise is off.
func off(flag string) bool { return flag == "0" || flag == "false" || flag == "off" }

// reviews reports whether an element of Word is a mark of review.
func reviews(local string) bool {
	switch local {
	case "commentReference", "commentRangeStart", "commentRangeEnd", "moveFrom", "moveTo", "delText", "delInstrText", "cellIns", "cellDel", "cellMerge",
		"rPrChange", "pPrChange", "tblPrChange", "trPrChange", "tcPrChange", "sectPrChange", "numberingChange", "tblGridChange", "tblPrExChange":
		return true
	}
	return false
}

// get returns the value of the attribute with a local name, whatever its namespace.
func get(attrs []xmlread.Attr, local string) string {
	for _, a := range attrs {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// isDocument reports whether a relationship leads to an embedded document.
func (j *xmlJudge) isDocument(id string) bool {
	r, ok := j.part.rels[id]
	return ok && !r.external && relation(r.typ) == "R/package"
}

// linkable reports whether a link goes to the public web or to mail.
func linkable(u string) bool { return link.Public(u) }
