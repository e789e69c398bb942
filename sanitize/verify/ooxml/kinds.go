package ooxml

import (
	"strings"

	"sekisho/sanitize"
)

// The beginnings of relationship types.
const (
	relOffice    = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	relStrict    = "http://purl.oclc.org/ooxml/officeDocument/relationships/"
	relPackage   = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/"
	relMicrosoft = "http://schemas.microsoft.com/office/"
)

// kind is a kind of part: how it is reached, what its content type is, and its root element. The tables follow
// ECMA-376 Part 1 clauses 11 to 15 and the data of the Open XML SDK, without what may not be released.
type kind struct {
	relation string // the type, the beginning for R/ (officeDocument), P/ (package) and M/ (Microsoft) cut off
	content  string // the content type; a list of beginnings for members
	root     string
	form     form
}

// form is how a part is judged.
type form byte

const (
	vocabularyXML form = iota // every name is looked up
	freeXML                   // data of a form that somebody made: any names
	picture                   // a member that is a picture
	document                  // a member that is a document
)

const (
	wml = mainPrefix + "wordprocessingml."
	sml = mainPrefix + "spreadsheetml."
	pml = mainPrefix + "presentationml."
	dml = mainPrefix + "drawingml."
	mso = "application/vnd.ms-office."
	xls = "application/vnd.ms-excel."
)

var kinds = [...]kind{
	{relation: "R/officeDocument", content: wml + "document.main+xml", root: "document"},
	{relation: "R/officeDocument", content: wml + "template.main+xml", root: "document"},
	{relation: "R/officeDocument", content: sml + "sheet.main+xml", root: "workbook"},
	{relation: "R/officeDocument", content: sml + "template.main+xml", root: "workbook"},
	{relation: "R/officeDocument", content: pml + "presentation.main+xml", root: "presentation"},
	{relation: "R/officeDocument", content: pml + "template.main+xml", root: "presentation"},
	{relation: "R/officeDocument", content: pml + "slideshow.main+xml", root: "presentation"},

	{relation: "P/core-properties", content: "application/vnd.openxmlformats-package.core-properties+xml", root: "coreProperties"},
	{relation: "R/extended-properties", content: mainPrefix + "extended-properties+xml", root: "Properties"},
	{relation: "R/custom-properties", content: mainPrefix + "custom-properties+xml", root: "Properties"},
	{relation: "M/2020/02/relationships/classificationlabels", content: mso + "classificationlabels+xml", root: "labelList"},

	{relation: "R/comments", content: wml + "comments+xml", root: "comments"},
	{relation: "M/2011/relationships/commentsExtended", content: wml + "commentsExtended+xml", root: "commentsEx"},
	{relation: "M/2016/09/relationships/commentsIds", content: wml + "commentsIds+xml", root: "commentsIds"},
	{relation: "M/2018/08/relationships/commentsExtensible", content: wml + "commentsExtensible+xml", root: "commentsExtensible"},
	{relation: "M/2011/relationships/people", content: wml + "people+xml", root: "people"},
	{relation: "R/settings", content: wml + "settings+xml", root: "settings"},
	{relation: "R/endnotes", content: wml + "endnotes+xml", root: "endnotes"},
	{relation: "R/fontTable", content: wml + "fontTable+xml", root: "fonts"},
	{relation: "R/footer", content: wml + "footer+xml", root: "ftr"},
	{relation: "R/footnotes", content: wml + "footnotes+xml", root: "footnotes"},
	{relation: "R/glossaryDocument", content: wml + "document.glossary+xml", root: "glossaryDocument"},
	{relation: "R/header", content: wml + "header+xml", root: "hdr"},
	{relation: "R/numbering", content: wml + "numbering+xml", root: "numbering"},
	{relation: "R/styles", content: wml + "styles+xml", root: "styles"},
	{relation: "M/2007/relationships/stylesWithEffects", content: "application/vnd.ms-word.stylesWithEffects+xml", root: "styles"},
	{relation: "R/webSettings", content: wml + "webSettings+xml", root: "webSettings"},

	{relation: "R/sheetMetadata", content: sml + "sheetMetadata+xml", root: "metadata"},
	{relation: "R/chartsheet", content: sml + "chartsheet+xml", root: "chartsheet"},
	{relation: "R/comments", content: sml + "comments+xml", root: "comments"},
	{relation: "R/pivotCacheDefinition", content: sml + "pivotCacheDefinition+xml", root: "pivotCacheDefinition"},
	{relation: "R/pivotCacheRecords", content: sml + "pivotCacheRecords+xml", root: "pivotCacheRecords"},
	{relation: "R/pivotTable", content: sml + "pivotTable+xml", root: "pivotTableDefinition"},
	{relation: "R/sharedStrings", content: sml + "sharedStrings+xml", root: "sst"},
	{relation: "R/styles", content: sml + "styles+xml", root: "styleSheet"},
	{relation: "R/table", content: sml + "table+xml", root: "table"},
	{relation: "R/worksheet", content: sml + "worksheet+xml", root: "worksheet"},
	{relation: "R/revisionHeaders", content: sml + "revisionHeaders+xml", root: "headers"},
	{relation: "R/revisionLog", content: sml + "revisionLog+xml", root: "revisions"},
	{relation: "R/usernames", content: sml + "userNames+xml", root: "users"},
	{relation: "M/2006/relationships/wsSortMap", content: xls + "wsSortMap+xml", root: "worksheetSortMap"},
	{relation: "M/2007/relationships/slicer", content: xls + "slicer+xml", root: "slicers"},
	{relation: "M/2007/relationships/slicerCache", content: xls + "slicerCache+xml", root: "slicerCacheDefinition"},
	{relation: "M/2011/relationships/timeline", content: xls + "timeline+xml", root: "timelines"},
	{relation: "M/2011/relationships/timelineCache", content: xls + "timelineCache+xml", root: "timelineCacheDefinition"},
	{relation: "M/2017/06/relationships/rdArray", content: xls + "rdarray+xml", root: "arrayData"},
	{relation: "M/2017/06/relationships/rdRichValue", content: xls + "rdrichvalue+xml", root: "rvData"},
	{relation: "M/2017/06/relationships/rdRichValueStructure", content: xls + "rdrichvaluestructure+xml", root: "rvStructures"},
	{relation: "M/2017/06/relationships/rdRichValueTypes", content: xls + "rdrichvaluetypes+xml", root: "rvTypesInfo"},
	{relation: "M/2017/06/relationships/rdSupportingPropertyBag", content: xls + "rdsupportingpropertybag+xml", root: "supportingPropertyBags"},
	{relation: "M/2017/06/relationships/rdSupportingPropertyBagStructure", content: xls + "rdsupportingpropertybagstructure+xml", root: "spbStructures"},
	{relation: "M/2017/06/relationships/richStyles", content: xls + "richstyles+xml", root: "richStyleSheet"},
	{relation: "M/2017/10/relationships/person", content: xls + "person+xml", root: "personList"},
	{relation: "M/2017/10/relationships/threadedComment", content: xls + "threadedcomments+xml", root: "ThreadedComments"},
	{relation: "M/2019/04/relationships/namedSheetView", content: xls + "namedsheetviews+xml", root: "namedSheetViews"},
	{relation: "M/2022/11/relationships/FeaturePropertyBag", content: xls + "featurepropertybag+xml", root: "FeaturePropertyBags"},

	{relation: "R/commentAuthors", content: pml + "commentAuthors+xml", root: "cmAuthorLst"},
	{relation: "R/comments", content: pml + "comments+xml", root: "cmLst"},
	{relation: "M/2018/10/relationships/authors", content: "application/vnd.ms-powerpoint.authors+xml", root: "authorLst"},
	{relation: "M/2018/10/relationships/comments", content: "application/vnd.ms-powerpoint.comments+xml", root: "cmLst"},
	{relation: "R/handoutMaster", content: pml + "handoutMaster+xml", root: "handoutMaster"},
	{relation: "R/notesMaster", content: pml + "notesMaster+xml", root: "notesMaster"},
	{relation: "R/notesSlide", content: pml + "notesSlide+xml", root: "notes"},
	{relation: "R/presProps", content: pml + "presProps+xml", root: "presentationPr"},
	{relation: "R/slide", content: pml + "slide+xml", root: "sld"},
	{relation: "R/slideLayout", content: pml + "slideLayout+xml", root: "sldLayout"},
	{relation: "R/slideMaster", content: pml + "slideMaster+xml", root: "sldMaster"},
	{relation: "R/tableStyles", content: pml + "tableStyles+xml", root: "tblStyleLst"},
	{relation: "R/viewProps", content: pml + "viewProps+xml", root: "viewPr"},

	{relation: "R/chart", content: dml + "chart+xml", root: "chartSpace"},
	{relation: "R/chartUserShapes", content: dml + "chartshapes+xml", root: "userShapes"},
	{relation: "R/diagramColors", content: dml + "diagramColors+xml", root: "colorsDef"},
	{relation: "R/diagramData", content: dml + "diagramData+xml", root: "dataModel"},
	{relation: "R/diagramLayout", content: dml + "diagramLayout+xml", root: "layoutDef"},
	{relation: "R/diagramQuickStyle", content: dml + "diagramStyle+xml", root: "styleDef"},
	{relation: "R/drawing", content: mainPrefix + "drawing+xml", root: "wsDr"},
	{relation: "R/theme", content: mainPrefix + "theme+xml", root: "theme"},
	{relation: "R/themeOverride", content: mainPrefix + "themeOverride+xml", root: "themeOverride"},
	{relation: "R/vmlDrawing", content: mainPrefix + "vmlDrawing", root: "xml"},
	{relation: "M/2007/relationships/diagramDrawing", content: mso + "drawingml.diagramDrawing+xml", root: "drawing"},
	{relation: "M/2011/relationships/chartColorStyle", content: mso + "chartcolorstyle+xml", root: "colorStyle"},
	{relation: "M/2011/relationships/chartStyle", content: mso + "chartstyle+xml", root: "chartStyle"},
	{relation: "M/2014/relationships/chartEx", content: mso + "chartex+xml", root: "chartSpace"},

	{relation: "R/customXml", content: "application/xml", form: freeXML},
	{relation: "R/customXmlProps", content: mainPrefix + "customXmlProperties+xml", root: "datastoreItem"},

	{relation: "R/image", content: "image/", form: picture},
	{relation: "P/thumbnail", content: "image/", form: picture},
	{relation: "R/package", content: "application/vnd.openxmlformats-officedocument.", form: document},
}

// relation returns the name of a relationship type as the table has it, and "" when it can be none of them. The
// strict form of the standard has another beginning for the same.
func relation(typ string) string {
	if typ == "http://schemas.openxmlformats.org/officedocument/2006/relationships/metadata/core-properties" {
		return "P/core-properties" // as Office once wrote it, and still reads it
	}
	for _, p := range [...]struct{ long, short string }{{relOffice, "R/"}, {relStrict, "R/"}, {relPackage, "P/"}, {relMicrosoft, "M/"}} {
		if rest, ok := strings.CutPrefix(typ, p.long); ok {
			switch rest {
			case "metadata/core-properties", "coreProperties":
				return "P/core-properties"
			case "extendedProperties":
				return "R/extended-properties"
			case "customProperties":
				return "R/custom-properties"
			}
			return p.short + rest
		}
	}
	return ""
}

// findKind returns the kind of part that a relationship and a content type are together.
func findKind(typ, content string) (kind, bool) {
	r := relation(typ)
	for _, k := range kinds {
		if k.relation == r && (k.content == content || k.form >= picture && strings.HasPrefix(content, k.content)) {
			return k, true
		}
	}
	return kind{}, false
}

// forbiddenBy returns the rule by which a policy does not keep a kind of part, or "".
func (k kind) forbiddenBy(policy sanitize.Policy) string {
	switch {
	case !policy.Comments && (strings.Contains(strings.ToLower(k.relation), "comment") || strings.HasSuffix(k.relation, "/people") ||
		strings.HasSuffix(k.relation, "/authors") || strings.HasSuffix(k.relation, "/person") || strings.HasPrefix(k.relation, "R/revision")):
		return RuleComment
	case !policy.Metadata && (strings.HasSuffix(k.relation, "-properties") || strings.HasSuffix(k.relation, "classificationlabels")):
		return RuleMetadata
	case !policy.Embedded && k.form == document:
		return RulePart
	}
	return ""
}

// pictureType returns the type of the format that a content type of a picture promises.
func pictureType(content string) string {
	switch content {
	case "image/png":
		return "png"
	case "image/jpeg", "image/jpg", "image/pjpeg":
		return "jpeg"
	case "image/gif":
		return "gif"
	case "image/bmp", "image/x-bmp", "image/x-ms-bmp":
		return "bmp"
	case "image/tiff", "image/tif":
		return "tiff"
	case "image/webp":
		return "webp"
	case "image/svg+xml":
		return "svg"
	case "image/x-emf", "image/emf":
		return "emf"
	case "image/x-wmf", "image/wmf":
		return "wmf"
	}
	return ""
}

// documentType returns the type of the format that a content type of an embedded package promises.
func documentType(content string) string {
	switch strings.TrimPrefix(content, mainPrefix) {
	case "wordprocessingml.document":
		return "docx"
	case "wordprocessingml.template":
		return "dotx"
	case "spreadsheetml.sheet":
		return "xlsx"
	case "spreadsheetml.template":
		return "xltx"
	case "presentationml.presentation":
		return "pptx"
	case "presentationml.template":
		return "potx"
	case "presentationml.slideshow":
		return "ppsx"
	}
	return ""
}
