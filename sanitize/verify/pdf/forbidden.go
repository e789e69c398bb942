package pdf

import (
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/link"
)

// forbidden returns the rule that a key violates wherever it stands, or "" (ISO 32000-2, clause in brackets).
func forbidden(key name, policy sanitize.Policy) string {
	switch key {
	case "JS", "JavaScript", "JavaScriptActions": // 12.6.4.17, 7.7.4
		return RuleJavaScript
	case "AA", "AAPL:AA": // 12.6.3
		return RuleTrigger
	case "FFilter", "FDecodeParms", "OPI", "FS": // 7.3.8.2, 14.11.7, 7.11.3
		return RuleExternal
	case "AF", "EmbeddedFiles": // 14.13, 7.7.4: the ways to an embedded file
		if policy.Attachments {
			return ""
		}
		return RuleEmbedded
	case "EF", "RF", "UF", "AFRelationship", "Collection", "DefEmbeddedFile", "EFF", "ResFork": // 7.11.3, 7.11.4, 12.3.5
		return RuleEmbedded
	case "Movie", "Sound", "Renditions", "RichMediaContent", "RichMediaSettings", "RichMediaExecute", "3DA", "3DB", "3DD", "3DI", "3DU", "3DV":
		return RuleMedia
	case "XFA", "XFAResources", "NeedsRendering": // 12.7.8
		return RuleForm
	case "ByteRange", "DSS", "Perms", "Legal", "DocMDP", "UR3", "Cert", "FieldMDP", "VRI", "SubFilter": // 12.8
		return RuleSignature
	case "PieceInfo", "SpiderInfo", "Thumb", "Alternates", "IDS", "URLS", "Private", "Requirements", "Threads", "Navigator", "Templates":
		return RulePrivate
	case "Metadata": // 14.3
		if policy.Metadata {
			return ""
		}
		return RuleMetadata
	case "Encrypt", "Level1", "Extends":
		return RuleStructure
	}
	return ""
}

// action returns the rule that an action type violates, or "" (ISO 32000-2 table 201): only places in the document
// and, by policy, links are kept.
func action(s name, policy sanitize.Policy) string {
	switch s {
	case "GoTo", "Named":
		return ""
	case "URI":
		if policy.Links {
			return ""
		}
		return RuleLink
	case "JavaScript":
		return RuleJavaScript
	}
	return RuleAction
}

// isAction reports whether s is the type of an action of the standard that may never stand.
func isAction(s name) bool {
	switch s {
	case "GoToR", "GoToE", "GoToDp", "Launch", "Thread", "Sound", "Movie", "Hide", "SubmitForm", "ResetForm", "ImportData",
		"SetOCGState", "Rendition", "Trans", "GoTo3DView", "JavaScript", "RichMediaExecute", "NOP", "SetState":
		return true
	}
	return false
}

// moves are the page moves of named actions (12.6.4.12).
var moves = [...]name{"FirstPage", "LastPage", "NextPage", "PrevPage"}

// checkAction judges a dictionary that is an action, or stands where one would be.
func (w *walk) checkAction(d dict, where string) error {
	s, _ := w.f.resolve(d["S"]).(name)
	if rule := action(s, w.policy); rule != "" {
		return verify.Fail(rule, where, "an action of the type %q", string(s))
	}
	switch s {
	case "Named":
		if n, _ := w.f.resolve(d["N"]).(name); !slices.Contains(moves[:], n) {
			return verify.Fail(RuleAction, where, "the named action %q", string(n))
		}
	case "GoTo":
		switch w.f.resolve(d["D"]).(type) {
		case list, name, text:
		default:
			return verify.Fail(RuleAction, where, "no destination")
		}
	case "URI":
		u, _ := w.f.resolve(d["URI"]).(text)
		if !link.Public(string(u)) {
			return verify.Fail(RuleLink, where, "the link %q", string(u))
		}
	}
	return nil
}

// subtypes are the values of Subtype that our writer writes: annotations that draw or mark, pictures and forms, fonts,
// font programs, and measures.
var subtypes = [...]name{
	"Text", "Link", "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline", "Squiggly",
	"StrikeOut", "Caret", "Stamp", "Ink", "Popup", "Widget", "Watermark", "Redact", "PrinterMark", "FileAttachment",
	"Image", "Form",
	"Type0", "Type1", "MMType1", "Type3", "TrueType", "CIDFontType0", "CIDFontType2",
	"Type1C", "CIDFontType0C", "OpenType",
	"DeviceN", "NChannel", "RL", "GEO", "XML", "Artwork", "Technical", "Foreground", "Background", "BG", "FG", "HF", "L", "R", "Header", "Footer", "PageNum", "Trapping", "PrintersMarks", "Cloud",
}

// types are the values of Type that our writer writes.
var types = [...]name{
	"Catalog", "Pages", "Page", "Outlines", "OutlineItem", "Font", "FontDescriptor", "Encoding", "CMap", "XObject", "ExtGState", "Pattern",
	"Mask", "Group", "OCG", "OCMD", "Annot", "Border", "Action", "StructTreeRoot", "StructElem", "MCR", "OBJR", "Metadata",
	"OutputIntent", "PageLabel", "Halftone", "NumberFormat", "Measure", "Viewport", "PtData", "Trans", "Namespace", "Pagination",
	"Layout", "Background", "FixedPrint", "ExData", "DPart", "DPartRoot", "Extensions", "DeveloperExtensions", "Shading", "Resources", "Names",
	"SigFieldLock", "SV",
	"Ind", "Ttl", "Org", "ON", // of the user of optional content, where Type is no type (8.11.4.4)
}
