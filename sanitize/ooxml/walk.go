package ooxml

import (
	"context"
	"fmt"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/weblink"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// document is one rebuild.
type document struct {
	*opcPackage
	ctx     context.Context
	pass    sanitize.Pass
	variant Variant
	root    *part            // the package itself
	main    *part            //
	parts   []*part          // all that the walk reached, in its order, without root
	byKey   map[string]*part //
	sheets  sheetPlan
	workers []*worker
	items   map[string]*part // custom XML by its id, in lower case
	told    map[string]bool  // parts that a finding about a relationship tells of
}

// walk follows the relationships from the package to all parts that are kept.
func (d *document) walk() error {
	d.root = &part{kind: rootKind(d.variant)}
	d.byKey = map[string]*part{"": d.root}
	key, contentType, err := d.mainPart()
	if err != nil {
		return err
	}
	if contentType != variants[d.variant].main {
		return fmt.Errorf("%w: the main part is %q", sanitize.ErrMalformed, contentType)
	}
	if err := d.follow(d.root); err != nil {
		return err
	}
	for i := 0; i < len(d.parts); i++ { // the list grows
		if err := d.ctx.Err(); err != nil {
			return err
		}
		if d.parts[i].kind != media {
			if err := d.follow(d.parts[i]); err != nil {
				return err
			}
		}
	}
	if d.main = d.byKey[key]; d.main == nil {
		return fmt.Errorf("%w: the main part is not reached", sanitize.ErrMalformed)
	}
	return nil
}

// rootKind returns the grammar's name for a package of this variant.
func rootKind(v Variant) grammar.Part {
	switch v.folder() {
	case "word":
		return grammar.WordprocessingDocument
	case "xl":
		return grammar.SpreadsheetDocument
	}
	return grammar.PresentationDocument
}

// follow takes the relationships of p that are kept, and the parts that they lead to.
func (d *document) follow(p *part) error {
	if p.kind.Root() == 0 && p != d.root && p.kind != grammar.CustomXmlPart {
		return nil // pictures and the like lead nowhere
	}
	all, err := d.relations(p.key)
	if err != nil {
		return err
	}
	for _, r := range all {
		if !goodID(r.id) {
			return fmt.Errorf("%w: relationship id %q in %q", sanitize.ErrMalformed, r.id, p.key)
		}
		l, rule, err := d.keep(p, r)
		if err != nil {
			return err
		}
		if l != nil {
			p.links = append(p.links, l)
			continue
		}
		if key, ok := d.resolve(p.key, r.target); ok && !r.external {
			d.told[key] = true
		}
		p.lostControls = p.lostControls || rule == ruleActiveX
		p.addAt(rule, sanitize.Removed, p.where()+" "+lastSegment(r.written))
	}
	return nil
}

// goodID reports whether id may be the id of a relationship. An xsd:ID begins with a letter; not all programs know.
func goodID(id string) bool {
	for _, r := range id {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.', r >= 0x80 && !weblink.Hiding(r):
		default:
			return false
		}
	}
	return id != "" && len(id) <= 255
}

// lastSegment returns the end of a relationship type, for findings.
func lastSegment(kind string) string {
	kind = kind[strings.LastIndexByte(kind, '/')+1:]
	return kind[:min(len(kind), 80)]
}

// keep returns the link for relationship r of p, or why there is none.
func (d *document) keep(p *part, r relation) (*link, string, error) {
	hyperlink := r.kind == relOffice+"hyperlink"
	if r.external {
		if hyperlink && d.pass.Policy.Links && webLink(r.target) {
			return &link{relation: r}, "", nil
		}
		return nil, externalRule(r.kind), nil
	}
	if hyperlink {
		if insideLink(r.target) {
			return &link{relation: r}, "", nil
		}
		return nil, ruleHyperlink, nil
	}
	kind := d.childKind(p, r.kind)
	if kind == 0 {
		return nil, relationRule(r.kind), nil
	}
	key, ok := d.resolve(p.key, r.target)
	if !ok {
		return nil, ruleDangling, nil
	}
	to, err := d.reach(key, kind)
	if err != nil {
		return nil, "", err
	}
	if to.kind != kind {
		return nil, ruleRelation, nil
	}
	return &link{relation: r, to: to}, "", nil
}

// childKind returns the kind of part that a relationship leads to from p, or 0 when it is not kept.
func (d *document) childKind(p *part, relation string) grammar.Part {
	if isMedia(relation) {
		return media
	}
	kind := p.kind.Child(relation)
	if kind == 0 || kind.File() == "" || !d.wanted(kind) {
		return 0
	}
	return kind
}

// wanted reports whether policy keeps parts of this kind.
func (d *document) wanted(kind grammar.Part) bool {
	policy := d.pass.Policy
	switch kind {
	case grammar.CoreFilePropertiesPart, grammar.ExtendedFilePropertiesPart, grammar.CustomFilePropertiesPart:
		return policy.Metadata
	case grammar.EmbeddedPackagePart:
		return policy.Embedded
	}
	return policy.Comments || !commentKind(kind)
}

// commentKind reports whether parts of this kind hold comments or who wrote them.
func commentKind(kind grammar.Part) bool {
	switch kind {
	case grammar.WordprocessingCommentsPart, grammar.WordprocessingCommentsExPart, grammar.WordprocessingCommentsIdsPart,
		grammar.WordCommentsExtensiblePart, grammar.WordprocessingPeoplePart, grammar.WorksheetCommentsPart,
		grammar.WorksheetThreadedCommentsPart, grammar.WorkbookPersonPart, grammar.CommentAuthorsPart,
		grammar.SlideCommentsPart, grammar.PowerPointAuthorsPart, grammar.PowerPointCommentPart:
		return true
	}
	return false
}

// isMedia reports whether a relationship leads to sound or film.
func isMedia(relation string) bool {
	return relation == relOffice+"audio" || relation == relOffice+"video" ||
		relation == "http://schemas.microsoft.com/office/2007/relationships/media"
}

// reach returns the part called key, which is of this kind if it is reached for the first time.
func (d *document) reach(key string, kind grammar.Part) (*part, error) {
	if p := d.byKey[key]; p != nil {
		return p, nil
	}
	if err := d.pass.Entry(); err != nil {
		return nil, err
	}
	p := &part{key: key, kind: kind, entry: d.entries[key]}
	d.byKey[key] = p
	d.parts = append(d.parts, p)
	return p, nil
}

// externalRule returns the rule for a target outside of the package.
func externalRule(kind string) string {
	switch lastSegment(kind) {
	case "hyperlink":
		return ruleHyperlink
	case "oleObject", "package":
		return ruleOLE
	case "audio", "video", "media":
		return ruleMedia
	case "mailMergeSource", "mailMergeHeaderSource":
		return ruleMailMerge
	}
	return ruleExternalLink
}

// relationRule returns the rule for a part that is not kept.
func relationRule(kind string) string {
	switch lastSegment(kind) {
	case "vbaProject", "wordVbaData", "vbaProjectSignature", "vbaProjectSignatureAgile", "vbaProjectSignatureV3",
		"xlMacrosheet", "xlIntlMacrosheet", "dialogsheet":
		return ruleMacro
	case "attachedToolbars", "keyMapCustomizations", "userCustomization", "extensibility":
		return ruleCustomUI
	case "control", "activeXControlBinary":
		return ruleActiveX
	case "ctrlProp":
		return ruleControl
	case "oleObject":
		return ruleOLE
	case "package":
		return ruleEmbedded
	case "aFChunk":
		return ruleAltChunk
	case "subDocument":
		return ruleSubDocument
	case "externalLink":
		return ruleExternalLink
	case "connections", "queryTable", "volatileDependencies", "powerPivotData":
		return ruleConnection
	case "printerSettings":
		return rulePrinter
	case "calcChain":
		return ruleCalcChain
	case "thumbnail":
		return ruleThumbnail
	case "font":
		return ruleFont
	case "tags":
		return ruleTags
	case "customXml", "customXmlProps", "xmlMaps", "tableSingleCells", "customProperty", "customData", "customDataProps":
		return ruleCustomXML
	case "webextension", "webextensiontaskpanes":
		return ruleWebExtension
	case "comments", "commentsExtended", "commentsIds", "commentsExtensible", "people", "threadedComment", "person",
		"commentAuthors", "authors":
		return ruleComment
	case "core-properties", "extended-properties", "custom-properties", "classificationlabels":
		return ruleMetadata
	case "model3d", "hdphoto", "legacyDiagramText", "legacyDocTextInfo":
		return ruleMedia
	case "recipientData":
		return ruleMailMerge
	case "revisionHeaders", "revisionLog", "usernames":
		return ruleRevision
	case "origin", "signature":
		return ruleSignature
	}
	return ruleRelation
}
