package odf

// The rules of the findings of this package, a closed set. Those that the grammar's policy names are among them.
const (
	rulePrefix = "odf/"

	ruleApplet        = "odf/applet"
	ruleCache         = "odf/cache"         // how LibreOffice laid the pages out last
	ruleComment       = "odf/comment"       //
	ruleConfiguration = "odf/configuration" // menus, toolbars and keys of the program
	ruleDangling      = "odf/dangling"      // a reference to what is not there
	ruleDatabase      = "odf/database"      // data sources, queries
	ruleDDE           = "odf/dde"           //
	ruleDTD           = "odf/dtd"           // a document type declaration, or a reference to what it declares
	ruleEmbedded      = "odf/embedded"      // an embedded document that policy or its kind does not let stay
	ruleEncryption    = "odf/encryption"    // the document is no longer encrypted
	ruleEvent         = "odf/event"         // event listeners
	ruleExternalLink  = "odf/external-link" // a reference to something outside of the document
	ruleField         = "odf/field"         // codes of Word fields; their text stays
	ruleFloatingFrame = "odf/floating-frame"
	ruleFont          = "odf/font"         // an embedded or linked font
	ruleForm          = "odf/form"         // parts of forms that are no plain controls
	ruleFormAction    = "odf/form-action"  // where a form or button sends or leads to
	ruleFormula       = "odf/formula"      // a formula; its value stays
	ruleHidden        = "odf/hidden"       // hidden sheets, slides, rows, text
	ruleHyperlink     = "odf/hyperlink"    // a link to what policy does not allow; its text stays
	ruleMacro         = "odf/macro"        // Basic and other programs, and what names one
	ruleMedia         = "odf/media"        // sound and film
	ruleMetadata      = "odf/metadata"     // document properties
	ruleOLE           = "odf/ole"          // OLE objects; their picture stays
	rulePicture       = "odf/picture"      // a picture that cannot be cleaned; a neutral one stands for it
	rulePlugin        = "odf/plugin"       //
	rulePreview       = "odf/preview"      // the picture of a chart or formula as it was last; it is drawn anew
	ruleRDF           = "odf/rdf"          // RDF metadata
	ruleRevision      = "odf/revision"     // tracked changes, all accepted
	ruleScript        = "odf/script"       //
	ruleSettings      = "odf/settings"     // settings of printers, programs and macros
	ruleSignature     = "odf/signature"    // digital signatures: they do not hold for the rebuilt file
	ruleSlideAction   = "odf/slide-action" // actions of slides that are no moves between slides
	ruleThumbnail     = "odf/thumbnail"    //
	ruleUnknown       = "odf/unknown"      // an element, attribute or text that the grammar does not know there
	ruleUnreferenced  = "odf/unreferenced" // an entry that nothing leads to
	ruleVendor        = "odf/vendor"       // an extension that is not in the grammar
	ruleXMLNote       = "odf/xml-note"     // comments and processing instructions of XML
	ruleZip           = "odf/zip"          // oddities of the zip archive
)
