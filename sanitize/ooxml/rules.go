package ooxml

// The rules of the findings of this package, a closed set. Those that the grammar's policy names are among them.
const (
	rulePrefix = "ooxml/"

	ruleActiveX      = "ooxml/activex"
	ruleAltChunk     = "ooxml/alt-chunk"
	ruleBinary       = "ooxml/binary"        // data without a grammar inside an XML part
	ruleComment      = "ooxml/comment"       // comments and their people
	ruleConnection   = "ooxml/connection"    // data connections, queries, data models
	ruleControl      = "ooxml/control"       // form controls
	ruleCustomUI     = "ooxml/custom-ui"     // ribbons, toolbars, key maps
	ruleCustomXML    = "ooxml/custom-xml"    // XML data that no content is bound to
	ruleDangling     = "ooxml/dangling"      // a reference to what is not there, or went
	ruleDrawing      = "ooxml/drawing"       // drawings of headers and footers in the old form
	ruleDTD          = "ooxml/dtd"           // a document type declaration, or a reference to what it declares
	ruleEmbedded     = "ooxml/embedded"      // an embedded document that cannot be cleaned, or by policy
	ruleEncryption   = "ooxml/encryption"    // the document is no longer encrypted
	ruleExternalLink = "ooxml/external-link" // a target outside of the package
	ruleField        = "ooxml/field"         // the code of a field; its result stays
	ruleFont         = "ooxml/font"          // an embedded font
	ruleFormula      = "ooxml/formula"       // a formula; its value stays
	ruleFrameset     = "ooxml/frameset"      //
	ruleHidden       = "ooxml/hidden"        // hidden sheets, slides, rows, text
	ruleHyperlink    = "ooxml/hyperlink"     // a link to what policy does not allow
	ruleInk          = "ooxml/ink"           // ink as data; its picture stays
	ruleMacro        = "ooxml/macro"         // VBA, macro sheets, and what names a macro
	ruleMailMerge    = "ooxml/mail-merge"    //
	ruleMedia        = "ooxml/media"         // sound, film, 3D models, edit data of pictures
	ruleMetadata     = "ooxml/metadata"      // document properties
	ruleOLE          = "ooxml/ole"           // OLE objects; their picture stays
	rulePicture      = "ooxml/picture"       // a picture that cannot be cleaned; a neutral one stands for it
	rulePrinter      = "ooxml/printer-settings"
	ruleRelation     = "ooxml/relationship"      // a relationship of another kind than the grammar knows here
	ruleRevision     = "ooxml/revision"          // tracked changes, all accepted
	ruleScript       = "ooxml/script"            //
	ruleSignature    = "ooxml/signature"         // digital signatures: they do not hold for the rebuilt file
	ruleSlideAction  = "ooxml/slide-action"      // actions of slides that are no moves between slides
	ruleSmartTag     = "ooxml/smart-tag"         //
	ruleStub         = "ooxml/stub"              // a program before the package
	ruleSubDocument  = "ooxml/sub-document"      //
	ruleTags         = "ooxml/tags"              // data of add-ins
	ruleThumbnail    = "ooxml/thumbnail"         //
	ruleUnknown      = "ooxml/unknown"           // an element, attribute or text that the grammar does not know there
	ruleUnreferenced = "ooxml/unreferenced"      // a part that nothing leads to
	ruleVariables    = "ooxml/variables"         // document variables
	ruleVendor       = "ooxml/vendor"            // an extension that is not in the grammar
	ruleVeryHidden   = "ooxml/very-hidden"       // sheets that Excel would not offer to show are only hidden now
	ruleWebExtension = "ooxml/web-extension"     //
	ruleWebPublish   = "ooxml/web-publish"       //
	ruleWebVideo     = "ooxml/web-video"         //
	ruleXMLNote      = "ooxml/xml-note"          // comments and processing instructions of XML
	ruleZip          = "ooxml/zip"               // oddities of the zip archive
	ruleCalcChain    = "ooxml/calculation-chain" // Excel makes it again
)
