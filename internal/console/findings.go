package console

import (
	"strings"

	"sekisho/internal/audit"
)

// classes lists the classes in which people are told about findings, the most telling one first.
func classes() []string {
	return []string{
		"program", "action", "outside", "embedded", "formula", "hidden", "note", "metadata", "signature", "drawn", "repaired", "surplus", "rest",
	}
}

// things says for each class which things of rules ("pdf/javascript") belong to it. A thing that stands nowhere is "rest".
func things() map[string]string {
	return map[string]string{
		"program": "macro javascript script activex ooxml/control applet custom-ui web-extension plugin postscript xfa smart-tag",
		"action": "open-action additional-actions action-chain launch named-action event slide-action hide set-state thread import-data " +
			"reset-form submit-form form-action presentation frameset floating-frame requirements variables",
		"outside": "external-link relationship connection remote-goto uri hyperlink dde web-publish web-video external-stream mail-merge " +
			"sub-document database reference-xobject web-capture opi link remote",
		"embedded": "embedded-file embedded ole binary alt-chunk rich-media movie sound media 3d rendition collection metafile picture " +
			"image page-template form drawing font ink",
		"formula":   "formula field calculation calculation-chain sep escape function",
		"hidden":    "hidden very-hidden bidi control markup",
		"note":      "comment xml-note revision revisions tags",
		"metadata":  "metadata exif xmp iptc icc profile color-profile thumbnail preview text time custom-xml piece-info rdf printer-settings settings app",
		"signature": "signature permissions encryption-removed encryption legal private-key",
		"drawn":     "rendered reencoded converted pixels font-substituted animation rich-text alternate-image inline-image",
		"repaired":  "repaired damaged-stream missing-object filter no-end checksum table value wrong-type invalid palette screen",
		"surplus":   "trailing leading gap padding surplus unknown unknown-object unreferenced dangling vendor extra header zip dtd chunk tag sub-ifd mpf operator recursion",
	}
}

// classOf returns the class of a rule.
func classOf(rule string) string {
	_, thing, _ := strings.Cut(rule, "/")
	for _, spelled := range []string{rule, thing} { // a rule that is spelled out goes before its thing alone
		for class, words := range things() {
			for word := range strings.FieldsSeq(words) {
				if word == spelled {
					return class
				}
			}
		}
	}
	return "rest"
}

// takenView is one class of findings as a person reads it.
type takenView struct {
	What, Why, Means string
	Count            int
}

// takenOf tells findings in classes. No text of a file is in it.
func takenOf(p *page, findings []audit.Finding) []takenView {
	counts := map[string]int{}
	for _, f := range findings {
		counts[classOf(f.Rule)] += max(f.Count, 1)
	}
	var all []takenView
	for _, class := range classes() {
		if n := counts[class]; n > 0 {
			all = append(all, takenView{
				What: p.say("class." + class + ".what"), Why: p.say("class." + class + ".why"), Means: p.say("class." + class + ".means"), Count: n,
			})
		}
	}
	return all
}

// found counts findings.
func found(findings []audit.Finding) int {
	n := 0
	for _, f := range findings {
		n += max(f.Count, 1)
	}
	return n
}
